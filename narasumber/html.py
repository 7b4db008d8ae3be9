"""Articles as HTML that reads on paper, in the dark and without JavaScript: who is named and who said what.

The text is cut at the bounds of all spans, and each piece carries the classes of the spans over it; so spans may
overlap, nest and have gaps. Labels are drawn by CSS: without its tags, a page holds the text of the article as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final, Literal

from narasumber.document import Attribution, Document, Span
from narasumber.labels import LAYERS
from narasumber.sections import sections
from narasumber.tags import outermost
from narasumber.words import lines

Mark = Literal["near", "wrong"]
"""How a span or attribution is unlike those of another annotation: it overlaps one there, or none."""

SYMBOLS: Final[dict[Mark, str]] = {"near": "≈", "wrong": "✗"}

# Nothing that an article says may load or run anything.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

STYLE: Final = """
:root { color-scheme: light dark;
  --paper: #fff; --panel: #f5f6f8; --ink: #1c1e22; --soft: #555b65; --rule: #d5d9df; --link: #1f5fa8;
  --content: #e7f0fb; --inner: #c8ddf6; --edge: #2f6db5; --source: #c2560c; --cue: #6b2a91;
  --on: #ffe28a; --near: #835300; --wrong: #b3261e; --on-wrong: #fff;
  --per: #a3195b; --org: #0a5f68; --place: #2a611e; --time: #724c00; --other: #4a5160 }
@media (prefers-color-scheme: dark) { :root {
  --paper: #16181c; --panel: #1f2228; --ink: #e6e8eb; --soft: #a6adb8; --rule: #3a3f48; --link: #8ab8f5;
  --content: #1d2c40; --inner: #2a4668; --edge: #78aeee; --source: #f0914a; --cue: #dcb0f5;
  --on: #4a3c00; --near: #f0bd62; --wrong: #ff9a90; --on-wrong: #2b0805;
  --per: #ff9fca; --org: #76d6df; --place: #9ad888; --time: #f0c674; --other: #c0c8d6 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem clamp(.9rem, 3vw, 2.5rem) 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
h1, h2, h3, h4, h5 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere }
a { color: var(--link) }
:focus-visible, .article :target { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px }

.legend { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center;
  margin: 1rem 0; padding: .5rem 0; background: var(--paper); border-bottom: 1px solid var(--rule); font-size: .88rem }
.legend label { display: inline-flex; gap: .4rem; align-items: center; cursor: pointer }
.legend input { margin: 0 }

.article { container-type: inline-size; min-width: 0 }
.article > h2 { margin: 2.2rem 0 .2rem } .article > .id { margin: 0 0 1rem; color: var(--soft); font-size: .85rem }
.article .text { min-width: 0; max-width: 46rem; overflow-wrap: anywhere;
  font-family: Charter, Georgia, "Noto Serif", "DejaVu Serif", serif; font-size: 1.04rem }
.article .text p { margin: 0 0 .55em; line-height: 2.05; white-space: pre-wrap }
.article .text .title { font-size: 1.25em; font-weight: 600; line-height: 1.9 }
.article .text :is(.byline, .caption, .link, .furniture) { padding-left: .8em; border-left: 3px solid var(--rule);
  font-size: .92em }
.article .side { margin-top: 1.5rem; font-size: .9rem }
.article .side > :first-child { margin: 0 0 .4rem; font-size: 1rem }
.article ol { margin: 0; padding: 0; list-style: none; counter-reset: place }
.article li { counter-increment: place; border-left: 4px solid transparent }
.article li > a { display: block; padding: .35rem .5rem .35rem 2.3rem; color: inherit; text-decoration: none;
  border-bottom: 1px solid var(--rule); overflow-wrap: anywhere }
.article li > a::before { content: counter(place); float: left; margin-left: -1.8rem; color: var(--soft);
  font-variant-numeric: tabular-nums }
.article li .said { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden }
.article li:is(.on, :focus-within) .said { -webkit-line-clamp: none }
.article .none { color: var(--soft) }
@container (min-width: 58rem) {
  .article .columns { display: grid; grid-template-columns: minmax(0, 46rem) minmax(16rem, 1fr); gap: 2.5rem }
  .article .side { position: sticky; top: 3.5rem; align-self: start; margin: 0 }
  .article .side ol { max-height: calc(100vh - 7rem); overflow-y: auto; overscroll-behavior: contain } }

.entity { --chip: var(--other); color: var(--chip); border-bottom: 1.5px dotted var(--chip) }
.PER { --chip: var(--per) } .ORG { --chip: var(--org) } .GPE, .LOC, .FAC { --chip: var(--place) }
.DAT, .TIM { --chip: var(--time) }
.content { --from: 0 0 transparent; --to: 0 0 transparent; padding-block: .2em; background-color: var(--content);
  box-shadow: var(--from), var(--to) }
.inner { background-color: var(--inner) }
.content-start { --from: -2.5px 0 0 var(--edge); margin-inline-start: 2.5px }
.content-end { --to: 2.5px 0 0 var(--edge); margin-inline-end: 3px }
.cue { color: var(--cue); font-weight: 700; text-decoration: none;
  border: 1.5px solid var(--cue); border-inline-width: 0; padding-block: .05em }
.cue-start { border-inline-start-width: 1.5px; border-start-start-radius: 4px; border-end-start-radius: 4px;
  padding-inline-start: .2em }
.cue-end { border-inline-end-width: 1.5px; border-start-end-radius: 4px; border-end-end-radius: 4px;
  padding-inline-end: .2em }
.source { text-decoration: underline .16em var(--source); text-underline-offset: .24em; text-decoration-skip-ink: none }
.glued { white-space: nowrap }
[data-before]::before, [data-after]::after { display: inline-block; vertical-align: .3em;
  font: 600 .6em/1.35 system-ui, "DejaVu Sans", sans-serif; color: var(--chip, var(--cue)) }
[data-before]::before { content: attr(data-before); margin-inline-end: .25em }
[data-after]::after { content: attr(data-after); margin-inline-start: .25em; padding: 0 .3em; border: 1px solid;
  border-radius: .35em; background: var(--paper) }
.content-near { --hatch: var(--near) } .content-wrong { --hatch: var(--wrong) }
.content-near, .content-wrong { background-image: repeating-linear-gradient(-45deg, transparent 0 5px,
  color-mix(in srgb, var(--hatch) 32%, transparent) 5px 6.5px) }
.cue-near { border-style: dashed; border-color: var(--near) }
.cue-wrong { border-style: dashed; border-color: var(--wrong); color: var(--wrong) }
.source-near { text-decoration: underline wavy .11em var(--near) }
.source-wrong { text-decoration: underline wavy .11em var(--wrong) }
.entity-near { --chip: var(--near) } .entity-wrong { --chip: var(--wrong) }
.entity-wrong[data-after]::after { color: var(--on-wrong); background: var(--wrong); border-color: var(--wrong) }
.verdict { font-weight: 700 } .verdict.near { color: var(--near) } .verdict.wrong { color: var(--wrong) }
.article .text .on { background-color: var(--on) }
.article li.on { border-left-color: var(--edge); background: var(--panel) }

/* Layers that are switched off keep their text. */
body:has(#show-content:not(:checked)) .text .content { background: none; box-shadow: none; margin: 0 }
body:has(#show-source:not(:checked)) .text .source { text-decoration: none }
body:has(#show-cue:not(:checked)) .text .cue { color: inherit; font-weight: inherit; border: 0;
  padding-inline: 0 }
body:has(#show-cue:not(:checked)) .text .cue::before { content: none }
body:has(#show-entity:not(:checked)) .text .entity:not(.cue) { color: inherit; border: 0 }
body:has(#show-entity:not(:checked)) .text .entity::after { content: none }

@media print {
  body { max-width: none; padding: 0; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact }
  .legend { position: static } .legend input { display: none }
  .article .side { position: static !important } .article .side ol { max-height: none !important }
  .article li { break-inside: avoid } .article li .said { display: inline } }
"""

SCRIPT: Final = """
for (const article of document.querySelectorAll('.article')) {
  const show = event => {
    for (const one of article.querySelectorAll('.on')) one.classList.remove('on');
    const at = event.type.endsWith('out') ? null : event.target.closest('[data-a]');
    for (const number of at ? (at.dataset.on ?? at.dataset.a).split(' ') : []) {
      for (const one of article.querySelectorAll(`[data-a~="${number}"]`)) one.classList.add('on');
    }
    const item = article.querySelector('li.on'), list = item?.parentElement;
    if (at && item && !item.contains(at)) list.scrollTop = item.offsetTop - list.offsetTop - 40;
  };
  for (const type of ['pointerover', 'pointerout', 'focusin', 'focusout']) article.addEventListener(type, show);
}
"""


def page(documents: Sequence[Document], title: str) -> str:
    """One whole page that needs nothing else: the articles, one below the other."""
    articles = "\n".join(article(document, key=f"a{place}") for place, document in enumerate(documents, 1))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{_text(title)}</h1>\n{legend()}\n"
        f"{articles or '<p>No articles.</p>'}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def legend(more: str = "") -> str:
    """What the marks mean, and switches for them; once a page. `more`: HTML to set beside it."""
    samples = (
        '<span class="source">source</span>',
        '<span class="cue cue-start cue-end">cue</span>',
        '<span class="content content-start content-end">&nbsp;content&nbsp;</span>',
        '<span class="entity PER" data-after="PER">entity</span>',
    )
    switches = "".join(
        f'<label><input type="checkbox" id="show-{layer}" checked autocomplete="off">{sample}</label>'
        for layer, sample in zip(("source", "cue", "content", "entity"), samples, strict=True)
    )
    return f'<div class="legend">{switches}{more}</div>'


def article(
    document: Document,
    *,
    heading: str | None = None,
    level: int = 2,
    key: str = "a",
    marks: Mapping[Span | Attribution, Mark] | None = None,
) -> str:
    """The article as an HTML fragment, for a page with `STYLE` and, where hovering is to link, `SCRIPT`.

    `heading`: what stands above it instead of the article's title and id. `key`: of letters and digits, another for
    each article of the page. `marks`: what is not as in the annotation that this one is compared with.
    """
    told = f"<h{level}>{_text(heading)}</h{level}>" if heading is not None else _title(document, level)
    items = "\n".join(
        _item(document, number, item, key, marks or {}) for number, item in enumerate(document.attributions, 1)
    )
    listed = f'<ol lang="id">\n{items}\n</ol>' if items else '<p class="none">No attributions.</p>'
    return (
        f'<article class="article">\n{told}\n<div class="columns">\n<div class="text" lang="id">'
        f'{_paragraphs(document, key, marks or {})}</div>\n<div class="side">\n'
        f"<h{level + 1}>Who said what</h{level + 1}>\n{listed}\n</div>\n</div>\n</article>"
    )


def _title(document: Document, level: int) -> str:
    title = document.meta.get("title")
    below = " · ".join(str(part) for part in (document.meta.get("outlet"), document.id if title else None) if part)
    small = f'\n<p class="id">{_text(below)}</p>' if below else ""
    return f"<h{level}>{_text(str(title or document.id))}</h{level}>{small}"


def _item(
    document: Document, number: int, item: Attribution, key: str, marks: Mapping[Span | Attribution, Mark]
) -> str:
    """A line of the list: `Watson · kata “Kami memiliki …”`."""

    def said(classes: str, spans: Sequence[Span], empty: str = "") -> str:
        told = _text(" … ".join(span.text_in(document.text) for span in spans))
        return f'<span class="{classes if spans else "none"}">{told or empty}</span>'

    mark = marks.get(item)
    verdict = f'<span class="verdict {mark}">{SYMBOLS[mark]}</span> ' if mark else ""
    return (
        f'<li id="{key}-l{number}" data-a="{number}"><a href="#{key}-c{number}">{verdict}'
        f"{said('source', item.sources, 'no source')} · {said('cue cue-start cue-end', (item.cue,))} "
        f"{said('said', item.contents, 'no content')}</a></li>"
    )


def _paragraphs(document: Document, key: str, marks: Mapping[Span | Attribution, Mark]) -> str:
    """The whole text: each line a paragraph, what stands between lines as it is."""
    text = document.text
    kinds = sorted((start, kind) for kind, start, _ in sections(text))
    numbers: defaultdict[Span, list[int]] = defaultdict(list)
    for number, item in enumerate(document.attributions, 1):
        for span in item.spans:
            numbers[span].append(number)
    inner = set(outermost(document.layer("content"))[1])
    parts: list[str] = []
    done = begun = 0
    here: list[Span] = []
    for start, end in lines(text):
        place = bisect_left(kinds, (start,))
        kind = kinds[place][1] if place < len(kinds) and kinds[place][0] < end else "body"
        first, begun = begun, bisect_left(document.spans, end, key=lambda span: span.start)
        here = [span for span in (*here, *document.spans[first:begun]) if start < span.end]
        cuts = sorted({start, end} | {cut for span in here for cut in _cuts(text, span) if start < cut < end})
        pieces = (
            _piece(text, one, two, here, inner, numbers, key, marks) for one, two in zip(cuts, cuts[1:], strict=False)
        )
        parts.append(f'{_text(text[done:start])}<p class="{kind}">{"".join(pieces)}</p>')
        done = end
    return "".join(parts) + _text(text[done:])


def _cuts(text: str, span: Span) -> set[int]:
    """Where a span cuts the text; a label is a piece with the one word beside it, which no line break parts from it."""
    cuts = {cut for part in span.parts for cut in part}
    if span.layer == "entity":
        cuts.add(text.rfind(" ", span.start, span.end) + 1 or span.start)
    if span.layer == "cue" and (first := text.find(" ", span.start, span.end)) > 0:
        cuts.add(first)
    return cuts


def _piece(
    text: str,
    start: int,
    end: int,
    near: Iterable[Span],
    inner: set[Span],
    numbers: Mapping[Span, list[int]],
    key: str,
    marks: Mapping[Span | Attribution, Mark],
) -> str:
    """`text[start:end]`, which no span ends in, with what the spans over it say."""
    over = [span for span in near if any(first <= start and end <= last for first, last in span.parts)]
    if not over:
        return _text(text[start:end])
    classes: list[str] = []
    before: list[str] = []
    after: list[str] = []
    anchor = ""
    for span in sorted(over, key=lambda span: LAYERS.index(span.layer)):
        classes.append(span.layer)
        mark = marks.get(span)
        if mark:
            classes.append(f"{span.layer}-{mark}")
        if span.layer == "entity":
            classes.append(span.label)
        if span in inner:
            classes.append("inner")
        if span.start == start:
            classes.append(f"{span.layer}-start")
            if span.layer == "cue" and numbers.get(span):
                before.append(str(numbers[span][0]))
                anchor = f' id="{key}-c{numbers[span][0]}"'
        elif any(first == start for first, _ in span.fragments):
            before.append("…")
        if span.end == end:
            classes.append(f"{span.layer}-end")
            if span.layer == "entity":
                after.append(f"{SYMBOLS[mark]} {span.label}" if mark else span.label)
        elif any(last == end for _, last in span.fragments):
            after.append("…")
    if before or after:
        classes.append("glued")

    linked = [span for span in over if numbers.get(span)]
    cue = next((span for span in linked if span.layer == "cue"), None)
    told = " · ".join(_told(span, marks.get(span)) for span in over)
    attributes = f'{anchor} class="{" ".join(dict.fromkeys(classes))}" title="{told}"'
    if linked:
        every = sorted({number for span in linked for number in numbers[span]})
        attributes += f' data-a="{" ".join(map(str, every))}"'
        # Pointed at, a piece means the shortest span over it.
        nearest = numbers[min(linked, key=lambda span: span.end - span.start)]
        if nearest != every:
            attributes += f' data-on="{" ".join(map(str, nearest))}"'
    if before:
        attributes += f' data-before="{" ".join(before)}"'
    if after:
        attributes += f' data-after="{" ".join(after)}"'
    if cue:
        return f'<a href="#{key}-l{numbers[cue][0]}"{attributes}>{_text(text[start:end])}</a>'
    return f"<span{attributes}>{_text(text[start:end])}</span>"


def _told(span: Span, mark: Mark | None) -> str:
    return " ".join((span.label, *(value for _, value in span.attributes), *((SYMBOLS[mark],) if mark else ())))


def _text(text: str) -> str:
    """Escaped; a carriage return is named, since browsers make a line feed of a bare one."""
    return escape(text).replace("\r", "&#13;")
