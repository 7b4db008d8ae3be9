"""W3C Web Annotation in and out, as JSON-LD (https://www.w3.org/TR/annotation-model/).

A file is written as one AnnotationPage. Of each article it has first an annotation of the whole text, which carries
the text itself; then one for each span, then one for each attribution:

    {"id": "a.txt#text", "type": "Annotation", "motivation": "describing",
     "target": {"id": "a.txt", "type": "Text", "format": "text/plain", "label": TITLE, "value": TEXT}}
    {"id": "a.txt#1", "type": "Annotation", "motivation": "tagging",
     "body": [{"type": "TextualBody", "purpose": "tagging", "value": "SOURCE"},
              {"type": "TextualBody", "purpose": "tagging", "value": "Kind=Person"}],
     "target": {"source": "a.txt", "selector": [
         {"type": "TextPositionSelector", "start": 17, "end": 20},
         {"type": "TextQuoteSelector", "exact": "Ani", "prefix": "kata ", "suffix": " di Solo."}]}}
    {"id": "a.txt#link-1", "type": "Annotation", "motivation": "linking",
     "body": "a.txt#2", "target": ["a.txt#1", "a.txt#3"]}                         from a CUE to its SOURCE and CONTENT

Read are an AnnotationPage, an AnnotationCollection, a list or `@graph`, one annotation, and JSON Lines of these. Tags
are bodies for `tagging`, `classifying` or `identifying`; several are several spans. A link is also what Recogito calls
a connection: two annotations as targets. Other bodies and annotations are counted in `meta["left_out"]`.

The text of a source is its `value`, wherever in the file that stands, or the file beside that it names: a relative
path that ends in `.txt`, or for annotations without a source the name of the JSON file with that ending. Nothing is
fetched, and no other folder is looked into. The id of an article is its source without `.txt`.

Positions count code points, as the model says. Tools that run in browsers often count UTF-16 code units, or a line
end of two characters as one: where the text has such, the way of counting that fits the quotations best is taken. A
position whose quotation is another text is an error; a quotation without a position must stand in the text once, with
the prefix and suffix that it has.
"""

from __future__ import annotations

import json
import os.path
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import (
    CRLF_AS_ONE,
    LabelMap,
    Mark,
    Problems,
    Tie,
    build,
    json_lines,
    parse_json,
    read_text,
    recount,
    short,
    units,
)
from narasumber.labels import layer_of_label

_CONTEXT: Final = "http://www.w3.org/ns/anno.jsonld"
_TAGGING: Final = ("tagging", "classifying", "identifying")
_QUOTE_WIDTH: Final = 32
"""Characters of the prefixes and suffixes that are written."""


def sniff(path: Path, head: str) -> str:
    if path.is_dir() or head.lstrip()[:1] not in ("{", "["):
        return ""
    if f'"{_CONTEXT}"' in head:
        return "is JSON with the context of Web Annotation"
    is_typed = re.search(r'"type"\s*:\s*\[?\s*"Annotation"', head) and re.search(r'"target"\s*:', head)
    return "is JSON with annotations and their targets" if is_typed else ""


@dataclass(frozen=True)
class _Pick:
    """A tag and the selectors of what it stands on."""

    key: str
    label: str
    attributes: Mapping[str, str]
    where: str
    position: tuple[int, int] | None
    quotation: tuple[str, str, str] | None  # prefix, exact, suffix


@dataclass
class _Article:
    where: str
    picks: list[_Pick] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    is_sound: bool = True


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """The whole file is read at once. Raises InputError, with all problems, at the end."""
    problems = Problems()
    annotations: dict[str, tuple[str, dict[str, Any]]] = {}
    for where, value in _annotations(path, problems):
        key = value["id"] if isinstance(value.get("id"), str) else where
        if key in annotations:
            problems.add(where, f"the id {short(key)} is given twice", "give each annotation an id of its own")
        annotations[key] = where, value
    is_whole = not problems
    texts = _Texts(path)
    articles: dict[str, _Article] = {}
    home: dict[str, _Article] = {}
    links: list[tuple[str, list[str], list[str]]] = []
    for key, (where, value) in annotations.items():
        bodies, ends = _iris(value.get("body")), _iris(value.get("target"))
        if ends and len(ends) == len(_list(value["target"])) and annotations.keys() & {*bodies, *ends}:
            links.append((where, [iri for iri in bodies if iri in annotations or _is_for(value, "linking")], ends))
            continue
        before, touched = problems.count, []
        for iri, target in _targets(value, where, texts, problems):
            home[key] = articles.setdefault(iri, _Article(where))
            touched.append(home[key])
            _gather(home[key], key, value, target, where, labels, problems)
        for article in touched:
            article.is_sound &= problems.count == before
    for where, bodies, ends in links:
        _link(where, bodies, ends, home, problems)
    for iri, article in articles.items():
        try:
            text = texts.of(iri, article.where)
        except InputError as error:
            problems.take(error)
            continue
        before = problems.count
        marks = _marks(article.picks, text, problems)
        title = texts.titles.get(iri)
        meta = {**({"title": title} if title else {}), "left_out": +article.left_out}
        id = iri if _has_scheme(iri) else unquote(iri.removeprefix("./")).removesuffix(".txt")
        document = build(id, text, marks, article.ties, labels, problems, where=article.where, meta=meta)
        if document and is_whole and article.is_sound and problems.count == before:
            yield document
    problems.raise_if_any()


def _annotations(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(where, annotation)` of each in the file, in order, whatever they are packed in."""
    text = read_text(path)
    packed: list[tuple[str, Any]]
    try:
        packed = [(str(path), parse_json(text, str(path)))]
    except InputError:
        first, _, rest = text.lstrip().partition("\n")
        if not rest.strip() or not _is_json(first):
            raise
        packed = list(json_lines(path, problems))
    waiting = packed[::-1]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(f"{where}: [{index}]", item) for index, item in enumerate(value)][::-1]
        elif not isinstance(value, dict):
            problems.add(where, f"is {short(value)}, not an annotation", "all annotations stand in one file")
        elif {"first", "items", "@graph"} & set(value) and "target" not in value:
            parts = [(f"{where}: {key}", value[key]) for key in ("first", "items", "next", "@graph") if key in value]
            waiting += parts[::-1]
        else:
            yield where, value


def _is_json(text: str) -> bool:
    try:
        parse_json(text, "")
    except InputError:
        return False
    return True


class _Texts:
    """The texts that are annotated, by the IRI of the source; those in the file are known from the first pass on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.unnamed: dict[str, str] = {}

    def add(self, source: Mapping[str, Any], where: str, problems: Problems) -> str:
        """The IRI of a source; one that only has a text is given one."""
        iri, text, title = source.get("id"), source.get("value"), source.get("label")
        if not isinstance(iri, str):
            number = len(self.unnamed) + 1
            iri = quote(self.path.stem, errors="replace") + ".txt"
            if isinstance(text, str):
                iri = self.unnamed.setdefault(text, quote(f"{self.path.stem}-{number}", errors="replace") + ".txt")
        if isinstance(text, str) and self.known.setdefault(iri, text) != text:
            problems.add(where, f"the source {short(iri)} has another text than before", "give each text its own id")
        if isinstance(title, str):
            self.titles[iri] = title
        return iri

    def of(self, iri: str, where: str) -> str:
        """Raises InputError where the text is neither in the file nor beside it."""
        if iri in self.known:
            return self.known[iri]
        name = unquote(iri)
        is_plain = name.endswith(".txt") and not _has_scheme(iri) and not {"\\", "\0"} & set(name)
        folder = os.path.realpath(self.path.parent)
        file = os.path.realpath(os.path.join(folder, name)) if is_plain else ""
        if not file.startswith(os.path.join(folder, "")) or not os.path.isfile(file):
            cure = "give it as `value` of a target with this id, or put it beside this file under a name in .txt"
            raise InputError(where, f"the text of {short(iri)} is not here", cure)
        return read_text(self.path.parent / name)


def _has_scheme(iri: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", iri) is not None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _targets(
    annotation: Mapping[str, Any], where: str, texts: _Texts, problems: Problems
) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(IRI, target)` of each: what it names, a text or another annotation, and the object that may have selectors."""
    targets = _list(annotation.get("target"))
    if not targets:
        problems.add(where, "has no target", "an annotation is about a text, which its target names")
    for target in targets:
        if isinstance(target, str):
            yield target, {}
        elif isinstance(target, dict):
            source = target.get("source", {} if "selector" in target else target)
            if isinstance(source, str):
                yield source, target
            elif isinstance(source, dict):
                yield texts.add(source, where, problems), target
            else:
                problems.add(where, f"has the source {short(source)}", "a source is an IRI, or an object with an id")
        else:
            problems.add(where, f"has the target {short(target)}", "a target is an IRI, or an object")


def _iris(value: Any) -> list[str]:
    """What bodies or targets name as a whole: not the texts that stand in them, nor parts of what they name."""
    items = [
        item.get("id") if isinstance(item, dict) and not {"selector", "value"} & set(item) else item
        for item in _list(value)
    ]
    return [item for item in items if isinstance(item, str)]


def _is_for(annotation: Mapping[str, Any], motivation: str) -> bool:
    return motivation in _list(annotation.get("motivation"))


def _bodies(annotation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`(purpose, text or IRI)` of each body; the annotation's motivation is the purpose of those that have none."""
    motivation = next((item for item in _list(annotation.get("motivation")) if isinstance(item, str)), "")
    for body in [*_list(annotation.get("body")), *_list(annotation.get("bodyValue"))]:
        if isinstance(body, dict):
            purpose = next((item for item in _list(body.get("purpose")) if isinstance(item, str)), motivation)
            value = next((body[key] for key in ("value", "source", "id") if isinstance(body.get(key), str)), "")
            yield purpose, value
        else:
            yield motivation, body if isinstance(body, str) else ""


def _gather(
    article: _Article,
    key: str,
    annotation: Mapping[str, Any],
    target: Mapping[str, Any],
    where: str,
    labels: LabelMap,
    problems: Problems,
) -> None:
    """Puts what an annotation says of one target to the article that it is about."""
    tags: list[str] = []
    attributes: dict[str, str] = {}
    for purpose, value in _bodies(annotation):
        name, is_attribute, text = value.partition("=")
        if purpose not in _TAGGING or not value:
            article.left_out[f"bodies for {purpose or 'no purpose'}"[:80]] += 1
        elif is_attribute and name.isalnum() and value not in labels:
            attributes[name] = text
        else:
            tags.append(value)
    selectors = _list(target.get("selector"))
    if not selectors:
        article.left_out["tags of whole articles"] += len(tags) + len(attributes)
        return
    if not tags:
        article.left_out["annotations without a tag"] += 1
    before = problems.count
    position, quotation = _selected(selectors, where, problems)
    if problems.count > before:
        return
    # A link to an annotation with several tags means the one that can be linked.
    tags.sort(key=lambda tag: layer_of_label(labels.get(tag, tag)) in (None, "entity"))
    for tag in tags:
        name = f"{key} {len(article.picks)}" if key in article.keys else key
        article.keys.add(name)
        article.picks.append(_Pick(name, tag, attributes, where, position, quotation))


def _selected(
    selectors: Sequence[Any], where: str, problems: Problems
) -> tuple[tuple[int, int] | None, tuple[str, str, str] | None]:
    """The position and the quotation that selectors give, which are ways to say the same."""
    position: tuple[int, int] | None = None
    quotation: tuple[str, str, str] | None = None
    before = problems.count
    for selector in selectors:
        kinds = _list(selector.get("type")) if isinstance(selector, dict) else []
        if "TextPositionSelector" in kinds:
            start, end = selector.get("start"), selector.get("end")
            if type(start) is int and type(end) is int:
                position = position or (start, end)
            else:
                problems.add(where, f"goes from {short(start)} to {short(end)}", "start and end are whole numbers")
        elif "TextQuoteSelector" in kinds:
            prefix, exact, suffix = (selector.get(key) or "" for key in ("prefix", "exact", "suffix"))
            if exact and isinstance(prefix, str) and isinstance(exact, str) and isinstance(suffix, str):
                quotation = quotation or (prefix, exact, suffix)
            else:
                problems.add(where, f"quotes {short(exact)}", "`exact` is the text that is meant")
        else:
            continue
        if selector.get("refinedBy"):
            problems.add(where, "has a selector that is refined by another", "give the place in the whole text")
    if not position and not quotation and problems.count == before:
        cure = "give it a TextPositionSelector, a TextQuoteSelector, or both"
        problems.add(where, "has no selector that is of use for plain text", cure)
    return position, quotation


def _link(
    where: str, bodies: Sequence[str], targets: Sequence[str], home: Mapping[str, _Article], problems: Problems
) -> None:
    """Puts an annotation of annotations to the article that these are about: as ties, or counted as left out."""
    article = next((home[end] for end in (*bodies, *targets) if end in home), None)
    firsts, seconds = (bodies, targets) if bodies else (targets[:1], targets[1:])
    if article is None:
        problems.add(where, "is about no annotation of a text", "take it out, or add the text")
    elif len(firsts) > 1 < len(seconds):
        article.is_sound = False
        problems.add(where, "links several annotations with several", "link one CUE with its SOURCE and CONTENT")
    elif bodies or len(targets) == 2:
        article.ties += [Tie(first, second, where) for first in firsts for second in seconds]
    else:
        article.left_out["annotations of annotations"] += 1


def _marks(picks: Sequence[_Pick], text: str, problems: Problems) -> list[Mark]:
    """The picks with their places in the text."""
    placed: list[Mark] = []
    found: list[Mark] = []
    for pick in picks:
        if pick.position:
            quoted = pick.quotation[1] if pick.quotation else None
            placed.append(Mark(pick.key, pick.label, *pick.position, pick.where, quoted, pick.attributes))
            continue
        assert pick.quotation is not None
        prefix, exact, suffix = pick.quotation
        whole = prefix + exact + suffix
        place = text.find(whole)
        if place < 0 or text.find(whole, place + 1) >= 0:
            what = f"quotes {short(exact)}, which the text has {'nowhere' if place < 0 else 'more than once'}"
            cure = "quote it as it stands there, with a prefix or suffix that makes clear which one is meant"
            problems.add(pick.where, what, cure)
        else:
            start = place + len(prefix)
            end = start + len(exact)
            found.append(Mark(pick.key, pick.label, start, end, pick.where, exact, pick.attributes))
    ways = (units(text, one, utf16=utf16) for utf16 in (False, True) for one in (r"[\s\S]", CRLF_AS_ONE))
    return found + recount(text, placed, ways)


def render(documents: Iterable[Document]) -> Iterator[str]:
    yield f'{{"@context": "{_CONTEXT}", "id": "#page", "type": "AnnotationPage", "items": ['
    gap = "\n"
    seen: set[str] = set()
    for document in documents:
        if document.id in seen:  # its annotations' ids would be too
            raise InputError(document.id, "two documents have this id", "rename one of them")
        seen.add(document.id)
        for annotation in _written(document):
            yield gap + json.dumps(annotation, ensure_ascii=False)
            gap = ",\n"
    yield "\n]}\n"


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: meta[name] for name in ("title",) if isinstance(meta.get(name), str)}


def _written(document: Document) -> Iterator[dict[str, Any]]:
    text = document.text
    iri = quote(document.id, safe="") + ".txt"
    label = {"label": title} if (title := kept(document.meta).get("title")) is not None else {}
    yield {
        "id": f"{iri}#text",
        "type": "Annotation",
        "motivation": "describing",
        "target": {"id": iri, "type": "Text", "format": "text/plain", **label, "value": text},
    }
    ids = {span: f"{iri}#{number}" for number, span in enumerate(document.spans, start=1)}
    for span in document.spans:
        tags = [span.label, *(f"{name}={value}" for name, value in span.attributes)]
        position = {"type": "TextPositionSelector", "start": span.start, "end": span.end}
        quotation = {
            "type": "TextQuoteSelector",
            "exact": text[span.start : span.end],
            "prefix": text[max(0, span.start - _QUOTE_WIDTH) : span.start],
            "suffix": text[span.end : span.end + _QUOTE_WIDTH],
        }
        yield {
            "id": ids[span],
            "type": "Annotation",
            "motivation": "tagging",
            "body": [{"type": "TextualBody", "purpose": "tagging", "value": tag} for tag in tags],
            "target": {"source": iri, "selector": [position, quotation]},
        }
    for number, attribution in enumerate(document.attributions, start=1):
        cue, *others = (ids[span] for span in attribution.spans)
        if others:
            yield {
                "id": f"{iri}#link-{number}",
                "type": "Annotation",
                "motivation": "linking",
                "body": cue,
                "target": others,
            }
