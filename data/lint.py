"""What is odd about annotated articles: what training would lose, what the guidelines rule out, what other articles
contradict, what is damaged in the text, what is scarce.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from data.sources import is_uncorrected
from data.splits import normalised
from narasumber.document import Document, Span
from narasumber.formats.common import left_out_of
from narasumber.html import POLICY, STYLE
from narasumber.labels import ATTRIBUTES, HEADS, Layer
from narasumber.scope import joined
from narasumber.sections import DOMAIN, sections
from narasumber.sentences import END_BEFORE_CAPITAL, sentences
from narasumber.tags import bio, unknown
from narasumber.words import words

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")

REPEATED_WORDS: Final = 6
"""Sentences of fewer words (`Baca juga:`) may stand in many articles."""

QUOTED_WORDS: Final = 5
"""A quotation of fewer words may be a term or a title, but for one that ends with a comma: `"Ya," kata Ani`."""

CLEAR: Final = 0.8
"""The share of a name's annotations from which on its label is clear."""

CLEAR_FROM: Final = 5
"""Annotations of a name, of which there must be as many for that."""

CUE_DOCUMENTS: Final = 20
"""With fewer documents, a cue that no other has says nothing."""

CUE_ELSEWHERE: Final = 3
"""The other documents that must use the words of a cue, and for none."""

CONTEXT: Final = 80
"""Characters shown on each side of a finding."""

_LONGEST: Final = 60
"""Letters of two words that may have lost the blank between them."""

_EDGES: Final = " \t\r\n\u00a0.,;:!?-\u2013\u2014/"

# The full stop of `Inc.`, `Jr.`, `D.C.` is theirs.
_ABBREVIATED: Final = re.compile(rf"(?i)\b({'|'.join(END_BEFORE_CAPITAL)}|cos?|plc|[a-z]|[a-z]\.[a-z]{{1,2}})\.$")

_LOST: Final[dict[str, tuple[Severity, str, str]]] = {
    "word": ("warning", "cuts a word, so training cannot use it", "let it begin and end where words do"),
    "line": ("error", "crosses a line break", "give each line a span of its own"),
    "gap": ("warning", "has a gap, so training cannot use it", "mark its parts as spans of their own"),
    "nested": ("info", "lies deeper in spans of its layer than training reaches", "nothing needs to be done"),
    "crossing": ("warning", "overlaps a span of its layer partly, so training cannot use it", "part the two"),
}

_NAMES: Final = frozenset("PER ORG GPE LOC FAC EVT PRD LAW NOR REG LAN WOA".split())
"""Labels of what has a name of its own; `dua` and `Senin` are something else elsewhere."""

_MARK: Final = re.compile('["“”]')
_ANY_MARK: Final = re.compile("[\"'“”‘’]")
_QUOTATION: Final = re.compile('["“”]([^"“”\n]+)["“”]')
# What is called by a quotation is not said: `bertajuk "..."`.
_CALLED: Final = re.compile(
    r"\b(ber)?(tajuk|judul|tema|nama|arti|slogan|moto|tagar|istilah|sebutan|lagu|film|buku|video|artikel|disebut|"
    r"dinamai|dijuluki|sertifikat|program)(nya)?\b\W*(\w+\W+)?$",
    re.IGNORECASE,
)
_NOT_BODY: Final = frozenset(("link", "furniture", "caption", "byline"))


@dataclass(frozen=True)
class Finding:
    """Something odd. `start`, `end`, `line` and `text` say where; one about all documents has no `document` (empty).

    `line` counts the lines of the text from 1; `annotator` is who annotated, where the document says it.
    """

    code: str
    severity: Severity
    what: str
    cure: str
    document: str = ""
    annotator: str = ""
    line: int = 0
    start: int = 0
    end: int = 0
    text: str = ""


def lint(documents: Sequence[Document], min_examples: int = 5) -> list[Finding]:
    """All findings, document by document in text order, then those about all documents.

    Errors are what the guidelines rule out and no reader can mean: `crosses-line`, `overlap`, `edge` (white space),
    `no-content`, `no-attribution`, `source-in-content`. Warnings are what training loses or may learn wrong:
    `cut-word`, `gap`, `crossing`, `edge` (punctuation), `no-form`, `no-kind`, `form`, `open-quote`, `other-label`,
    `unusual-cue`, `no-entity`, `no-speech`, `encoding`, `lost-space`, and over all documents `uncorrected` (what a
    model read). Infos are good to know: `too-deep`, `repeated-sentence`, and over all documents `two-labels` (a name
    that is of several, none of them clearly its own), `left-out` (what a reader could not take over) and
    `few-examples` (labels with fewer than `min_examples`).

    What a document's scope does not speak of is not missed. Where an article is there more than once, each
    annotator's documents are looked at by themselves.
    """
    findings: list[Finding] = []
    for own in _sets(documents):
        known = _Known.of(own)
        first_in: dict[tuple[str, ...], str] = {}
        for document in own:
            found = [
                *_lost(document),
                *_overlaps(document),
                *_edges(document),
                *_roles(document),
                *_forms(document),
                *_other_labels(document, known),
                *_unusual_cues(document, known),
                *_unmarked_names(document, known),
                *_unmarked_speech(document),
                *_damage(document),
                *_lost_spaces(document, known),
                *_repeated(document, first_in),
            ]
            findings += sorted(found, key=lambda finding: (finding.start, finding.end, finding.code))
        findings += [*_two_labels(own, known), *_uncorrected(own), *_left_out(own), *_scarce(own, min_examples)]
    return findings


def _sets(documents: Sequence[Document]) -> list[list[Document]]:
    """All in one; or, where an id is there twice, one for each annotator."""
    if len({document.id for document in documents}) == len(documents):
        return [list(documents)]
    sets: dict[str, list[Document]] = {}
    for document in documents:
        sets.setdefault(str(document.meta.get("annotator", "")), []).append(document)
    return list(sets.values())


def _at(
    document: Document, place: Span | tuple[int, int], code: str, severity: Severity, what: str, cure: str
) -> Finding:
    start, end = (place.start, place.end) if isinstance(place, Span) else place
    return Finding(
        code,
        severity,
        f"{place.label} {what}" if isinstance(place, Span) else what,
        cure,
        document.id,
        str(document.meta.get("annotator", "")),
        document.text.count("\n", 0, start) + 1,
        start,
        end,
        place.text_in(document.text) if isinstance(place, Span) else document.text[start:end],
    )


def _closed(document: Document, layer: Layer) -> bool:
    """Whether what is unmarked has no label of the layer, so that something may be missing."""
    scope = document.scope.layer(layer)
    return scope is not None and scope.closed


def _complete(document: Document, layer: Layer) -> bool:
    """Whether all of the layer is marked, in all of the text."""
    return _closed(document, layer) and next(unknown(document.meta, layer), None) is None


def _tells_apart(document: Document, label: str) -> bool:
    """Whether this label of an entity is not one for several, such as a LOC that may be a GPE."""
    scope = document.scope.layer("entity")
    return scope is not None and scope.group_of(label) == (label,)


# What one document says by itself.


def _lost(document: Document) -> Iterator[Finding]:
    """Spans that no head can be trained on."""
    codes = {"word": "cut-word", "line": "crosses-line", "gap": "gap", "nested": "too-deep", "crossing": "crossing"}
    grid = words(document.text)
    for head in HEADS:
        for item in bio(document, head, grid)[1]:
            # The flat entity layer has a finding of its own for these two.
            if head != "entity" or item.cause not in ("nested", "crossing"):
                severity, what, cure = _LOST[item.cause]
                yield _at(document, item.span, codes[item.cause], severity, what, cure)


def _overlaps(document: Document) -> Iterator[Finding]:
    reached: Span | None = None
    for span in document.layer("entity"):
        if reached and span.start < reached.end:
            what = f"overlaps {reached.label} {reached.start}..{reached.end}"
            yield _at(document, span, "overlap", "error", what, "entities are flat: keep the longest name")
        if not reached or span.end > reached.end:
            reached = span


def _edges(document: Document) -> Iterator[Finding]:
    """White space at an edge; punctuation too, but for CUE (which may be a colon) and CONTENT (`"Ya."`)."""
    for span in document.spans:
        for start, end in span.parts:
            text = document.text[start:end]
            if text != text.strip():
                yield _at(document, span, "edge", "error", "begins or ends with white space", "leave it outside")
            elif span.layer in ("entity", "source") and text != text.strip(_EDGES) and not _ABBREVIATED.search(text):
                cure = "leave it outside, unless it belongs to the name"
                yield _at(document, span, "edge", "warning", "begins or ends with punctuation", cure)


def _roles(document: Document) -> Iterator[Finding]:
    used = {span for attribution in document.attributions for span in attribution.spans}
    for attribution in document.attributions:
        if not attribution.contents and _complete(document, "content"):
            cure = "relate the CONTENT, or take the CUE out"
            yield _at(document, attribution.cue, "no-content", "error", "has no CONTENT in its attribution", cure)
        said = [part for content in attribution.contents for part in content.parts]
        for source in attribution.sources:
            if any(start < source.end and source.start < end for start, end in said):
                what, cure = "lies in its own CONTENT", "let the CONTENT stand around it, in parts if need be"
                yield _at(document, source, "source-in-content", "error", what, cure)
    for span in document.spans:
        if span.layer != "entity" and span not in used and _complete(document, "cue"):
            cure = "relate it, or take it out"
            yield _at(document, span, "no-attribution", "error", "is in no attribution", cure)
        for name, (layer, values) in ATTRIBUTES.items():
            if span.layer == layer and span.attribute(name) is None:
                what, cure = f"has no {name}", f"one of {', '.join(values)}"
                yield _at(document, span, f"no-{name.lower()}", "warning", what, cure)


def _forms(document: Document) -> Iterator[Finding]:
    """Quotation marks that have no partner in their attribution, or that say another Form."""
    for attribution in document.attributions:
        marks = [len(_MARK.findall(content.text_in(document.text))) for content in attribution.contents]
        for content, number in zip(attribution.contents, marks, strict=True):
            form, text = content.attribute("Form"), content.text_in(document.text)
            # Speech over several lines opens in the first and closes in the last.
            if number % 2 and sum(marks) % 2:
                what = "has a quotation mark without its partner"
                cure = "take both marks in or leave both out; one that the article lacks stays lacking"
                yield _at(document, content, "open-quote", "warning", what, cure)
            elif form == "Direct" and not any(marks) and not _ANY_MARK.match(text):
                yield _at(document, content, "form", "warning", "is Direct without quotation marks", "Form=Indirect")
            elif form in ("Indirect", "Mixed") and number == 2 and _MARK.match(text) and _MARK.match(text[-1]):
                yield _at(document, content, "form", "warning", f"is {form}, all in quotation marks", "Form=Direct")


def _unmarked_speech(document: Document) -> Iterator[Finding]:
    if not _closed(document, "content"):
        return
    body = [(start, end) for kind, start, end in sections(document.text) if kind not in _NOT_BODY]
    said = [*((span.start, span.end) for span in document.layer("content")), *unknown(document.meta, "content")]
    for match in _QUOTATION.finditer(document.text):
        start, end = match.span()
        before = document.text[max(0, start - 40) : start]
        if (
            any(first <= start < last for first, last in body)
            and (len(normalised(match[1])) >= QUOTED_WORDS or match[1].endswith(","))
            and not any(first < end and start < last for first, last in said)
            and not _CALLED.search(before)
        ):
            cure = "mark who says it and how; a quotation without a cue stays unmarked"
            yield _at(document, (start, end), "no-speech", "warning", "this quotation is no CONTENT", cure)


# Damage to the text.

# What was UTF-8 once and was read as Windows-1252 or Latin-1: `â€œ`, `Ã©`.
_BYTES: Final = {chr(byte): byte for byte in range(128, 256)} | {
    character: byte for byte in range(128, 256) if (character := bytes([byte]).decode("cp1252", errors="ignore"))
}
_SCRAMBLED: Final = re.compile(f"[{''.join(_BYTES)}]{{2,}}")
_DAMAGED: Final[dict[str, re.Pattern[str]]] = {
    "a character that could not be read": re.compile("\ufffd"),
    "a control character": re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]"),
    "a character in the way of HTML": re.compile(r"&(?:[a-z]{2,6}|#\d{2,5}|#x[\da-f]{2,5});", re.IGNORECASE),
}


def _damage(document: Document) -> Iterator[Finding]:
    """Each kind of damage once a document."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in _SCRAMBLED.finditer(document.text):
        if plain := _unscrambled(match[0]):
            found.setdefault(f"{match[0]!r} was {plain!r} once", []).append(match.span())
    covered = sorted(place for places in found.values() for place in places)
    for what, pattern in _DAMAGED.items():
        for match in pattern.finditer(document.text):
            before = bisect_right(covered, (match.start(), len(document.text))) - 1
            if before < 0 or covered[before][1] <= match.start():
                found.setdefault(f"{what}, {match[0]!r}", []).append(match.span())
    for what, places in found.items():
        times = f", {len(places)} times" if len(places) > 1 else ""
        yield _at(document, places[0], "encoding", "warning", what + times, "get the article anew, or mend its text")


def _unscrambled(text: str) -> str:
    """The text that was read in the wrong encoding, or nothing."""
    try:
        return bytes(_BYTES[character] for character in text).decode()
    except UnicodeDecodeError:
        return "”" if text == "â€" else ""


_WORD: Final = re.compile(r"[^\W\d_]+")
_TOKEN: Final = re.compile(r"\S+")
_GLUED: Final = re.compile(
    r"[^\W\d_]{2}[.!?,;:][^\W\d_]{2}"  # pulang.Dia, katanya,tidak
    r"|[.,?!][\"”][^\W\d_]"  # pergi,"katanya
    r"|[^\W\d_]{2}\((?:[A-Z]{2}|[^\W\d_]{4})"  # Indonesia(BI)
    r"|(?:[A-Z]{2}|[^\W\d_]{4})\)[^\W\d_]{2}"  # (BI)mengungkap
)
_CASES: Final = re.compile(r"([^\W\d_][a-z]{2,})([A-Z][a-z]{2,})")
_ADDRESS: Final = re.compile(rf"{DOMAIN.pattern}|www\.|://|@|^\W*\[")
# They make one word with the next: `antarnegara`.
_PREFIXES: Final = frozenset("anti antar inter maha mega multi nara para pasca semi supra swa tuna ultra".split())
# They make none with any.
_FUNCTION_WORDS: Final = frozenset(
    """adalah agar antara atau bahwa beberapa belum bisa bukan dalam dapat dengan harus juga kalau karena ketika masih
    menjadi merupakan namun oleh pada saat sebelum sebuah sehingga selain seperti serta setelah sudah supaya telah
    tersebut tetap tetapi tidak untuk yang""".split()
)


def _lost_spaces(document: Document, known: _Known) -> Iterator[Finding]:
    """Words that run together: over a mark, with a capital inside, or both known and the whole seen nowhere else."""
    names = [*((span.start, span.end) for span in document.layer("entity")), *unknown(document.meta, "entity")]

    def is_two(start: int, end: int) -> bool:
        word = document.text[start:end]
        cases = _CASES.fullmatch(word)
        # What is not marked may be a brand, `PeduliLindungi`, where nobody marks any.
        if any(first <= start and end <= last for first, last in names) or (
            cases and word[0].isupper() and not _closed(document, "entity")
        ):
            return False
        return all(known.words[part.casefold()] for part in cases.groups()) if cases else word.casefold() in known.glued

    for kind, start, end in sections(document.text):
        for token in _TOKEN.finditer(document.text, start, end) if kind not in ("link", "furniture") else ():
            if _ADDRESS.search(token[0]):
                continue
            if _GLUED.search(token[0]) or any(
                is_two(*match.span()) for match in _WORD.finditer(document.text, *token.span())
            ):
                what, cure = "a space seems to be lost here", "put it back into the article, and move the annotation"
                yield _at(document, token.span(), "lost-space", "warning", what, cure)


# What other documents say.

Name = tuple[str, ...]
"""The words of a name, or of a cue."""


@dataclass(frozen=True)
class _Known:
    """What a set of documents says together.

    `labels`: by name, without case, how often it is marked as what. `names`: those that are marked wherever they
    stand, but for oversights, and as what; `index` has them by first word. `unusual_cues`: those of one document only,
    though others use their words. `words`: how often each stands in the texts, without case. `glued`: those that stand
    once and are two that stand side by side elsewhere, or of which one never makes a word with another.
    """

    labels: Mapping[str, Counter[str]]
    names: Mapping[Name, Counter[str]]
    index: _Index
    unusual_cues: frozenset[Name]
    words: Counter[str]
    glued: frozenset[str]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> _Known:
        labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for document in documents:
            for span in document.layer("entity"):
                if _tells_apart(document, span.label):
                    labels[_caseless(document, span)][span.label] += 1
        texts = [[word.casefold() for word in _WORD.findall(document.text)] for document in documents]
        words = Counter(word for text in texts for word in text)
        names = _clear_names(documents)
        return cls(labels, names, _by_first_word(names), _unusual(documents), words, _glued(texts, words))


def _glued(texts: Sequence[Sequence[str]], words: Counter[str]) -> frozenset[str]:
    pairs = {
        (word[:cut], word[cut:]): word
        for word, number in words.items()
        if number == 1
        for cut in range(4, min(len(word), _LONGEST) - 3)
        if words[word[:cut]] and words[word[cut:]] and word[:cut] not in _PREFIXES
    }
    side_by_side = {pair for text in texts for pair in zip(text, text[1:], strict=False) if pair in pairs}
    return frozenset(
        word
        for pair, word in pairs.items()
        if pair in side_by_side or (_FUNCTION_WORDS.intersection(pair) and all(words[part] > 1 for part in pair))
    )


def _caseless(document: Document, span: Span) -> str:
    return " ".join(span.text_in(document.text).casefold().split())


def _other_labels(document: Document, known: _Known) -> Iterator[Finding]:
    """Names that are clearly something else elsewhere; each once a document."""
    marked: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in document.layer("entity"):
        marked[_caseless(document, span), span.label].append(span)
    for (name, label), spans in marked.items():
        labels = known.labels.get(name, Counter({label: 1}))
        usual, number = labels.most_common(1)[0]
        # An article that says so throughout means it: the initials `AS` of a person.
        is_meant = len(spans) > 2 and (name, usual) not in marked
        told_apart = _tells_apart(document, label) and _tells_apart(document, usual)
        if label != usual and _is_name(name) and _is_clear(labels) and told_apart and not is_meant:
            times = f" ({len(spans)} times)" if len(spans) > 1 else ""
            what = f"here{times}, but {usual} in {number} of {labels.total()} places"
            yield _at(document, spans[0], "other-label", "warning", what, f"mark it as {usual}, unless it is another")


def _is_name(text: str) -> bool:
    return any(map(str.isalpha, text))


def _is_clear(labels: Counter[str]) -> bool:
    """Whether one of a name's labels is clearly its own."""
    return labels.total() >= CLEAR_FROM and labels.most_common(1)[0][1] >= CLEAR * labels.total()


def _two_labels(documents: Sequence[Document], known: _Known) -> Iterator[Finding]:
    """Names of several labels, none of them clearly their own; each once, where its rarest label comes first."""
    rarest = {
        name: labels.most_common()[-1][0]
        for name, labels in known.labels.items()
        if len(labels) > 1 and _is_name(name) and not _is_clear(labels)
    }
    for document in documents:
        for span in document.layer("entity"):
            name = _caseless(document, span)
            if rarest.get(name) == span.label and _tells_apart(document, span.label):
                del rarest[name]
                places = ", ".join(f"{label} in {number}" for label, number in known.labels[name].most_common())
                cure = "mark it as one of them throughout, unless it is two things"
                yield _at(document, span, "two-labels", "info", f"here; of all places this is {places}", cure)


def _unusual(documents: Sequence[Document]) -> frozenset[Name]:
    """Cues of one document that the words of several others hold, none of them as a cue."""
    complete = [document for document in documents if _complete(document, "cue")]
    if len(complete) < CUE_DOCUMENTS:
        return frozenset()
    holders: defaultdict[Name, set[int]] = defaultdict(set)
    for place, document in enumerate(complete):
        for cue in document.layer("cue"):
            holders[normalised(cue.text_in(document.text))].add(place)
    rare = {cue: next(iter(places)) for cue, places in holders.items() if cue and len(places) == 1}
    index = _by_first_word(rare)
    seen: Counter[Name] = Counter()
    for place, document in enumerate(complete):
        found = {cue for _, cue in _phrases(normalised(document.text), index)}
        seen.update(cue for cue in found if rare[cue] != place)
    return frozenset(cue for cue, number in seen.items() if number >= CUE_ELSEWHERE)


def _unusual_cues(document: Document, known: _Known) -> Iterator[Finding]:
    for cue in document.layer("cue"):
        if normalised(cue.text_in(document.text)) in known.unusual_cues:
            what = "is one in no other document, though others have these words"
            yield _at(document, cue, "unusual-cue", "warning", what, "check that it says how we know the CONTENT")


def _clear_names(documents: Sequence[Document]) -> dict[Name, Counter[str]]:
    """Names that are long enough, of one label, and more often marked than not; and never written small."""
    names: defaultdict[Name, Counter[str]] = defaultdict(Counter)
    holders: defaultdict[Name, set[str]] = defaultdict(set)
    for document in documents:
        for span in document.layer("entity"):
            if name := tuple(_words(span.text_in(document.text))):
                names[name][span.label] += 1
                holders[name].add(document.id)
    clear = {
        name: labels
        for name, labels in names.items()
        if labels.most_common(1)[0][1] >= CLEAR * labels.total()
        and labels.most_common(1)[0][0] in _NAMES
        and name[0][0].isupper()
        and (len(name) > 1 or len(name[0]) > 3 or (len(name[0]) == 3 and name[0].isupper()))
        and (len(name) > 1 or len(holders[name]) > 1 or labels.total() > 2)
    }
    index, small = _by_first_word(clear), _by_first_word({tuple(word.lower() for word in name) for name in clear})
    unmarked: Counter[Name] = Counter()
    written_small: set[Name] = set()
    for document in documents:
        unmarked.update(name for _, name in _unmarked(document, index))
        written_small.update(name for _, name in _phrases(_words(document.text), small))
    return {
        name: labels
        for name, labels in clear.items()
        if unmarked[name] <= labels.total() and tuple(word.lower() for word in name) not in written_small
    }


def _unmarked_names(document: Document, known: _Known) -> Iterator[Finding]:
    scope = document.scope.layer("entity")
    if scope is None or not scope.closed:
        return
    for place, name in _unmarked(document, known.index):
        label, number = known.names[name].most_common(1)[0]
        if scope.group_of(label):
            what = f"this is not marked, but {label} in {number} other places"
            yield _at(document, place, "no-entity", "warning", what, f"mark it as {label}, unless it is something else")


def _unmarked(document: Document, index: _Index) -> Iterator[tuple[tuple[int, int], Name]]:
    """Bounds of names in the text that overlap no entity and nothing that the annotation is silent about."""
    grid = words(document.text)
    taken = sorted([*((span.start, span.end) for span in document.layer("entity")), *unknown(document.meta, "entity")])
    for place, name in _phrases([document.text[start:end] for start, end in grid], index):
        start, end = grid[place][0], grid[place + len(name) - 1][1]
        if not any(first < end and start < last for first, last in taken):
            yield (start, end), name


_Index = Mapping[str, Sequence[Name]]


def _by_first_word(names: Iterable[Name]) -> _Index:
    """Names by their first word, the longest first."""
    index: defaultdict[str, list[Name]] = defaultdict(list)
    for name in sorted(names, key=len, reverse=True):
        index[name[0]].append(name)
    return index


def _phrases(text: Sequence[str], index: _Index) -> Iterator[tuple[int, Name]]:
    """Where names stand among the words of a text; where several begin, the longest."""
    place = 0
    while place < len(text):
        own = next(
            (name for name in index.get(text[place], ()) if tuple(text[place : place + len(name)]) == name), None
        )
        if own:
            yield place, own
        place += len(own) if own else 1


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


def _repeated(document: Document, first_in: dict[Name, str]) -> Iterator[Finding]:
    for start, end in sentences(document.text):
        key = normalised(document.text[start:end])
        if len(key) >= REPEATED_WORDS and first_in.setdefault(key, document.id) != document.id:
            what = f"this sentence stands in {first_in[key]} too"
            cure = "if the articles are the same, drop one; `fraction` and `folds` keep near-duplicates together"
            yield _at(document, (start, end), "repeated-sentence", "info", what, cure)


def _uncorrected(documents: Sequence[Document]) -> Iterator[Finding]:
    if read := list(filter(is_uncorrected, documents)):
        what = f"{len(read)} documents hold what a model has read, corrected by nobody"
        yield _at(read[0], (0, 0), "uncorrected", "warning", what, "correct it, or it is learned as if it were right")


def _left_out(documents: Sequence[Document]) -> Iterator[Finding]:
    """What the reader of the files could not take over, each kind at the first document that had it."""
    count: Counter[str] = Counter()
    holders: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        told = left_out_of(document)
        illegal = document.meta.get("illegal_tags")
        if type(illegal) is int and illegal > 0:
            told["tags that their scheme does not allow"] = illegal
        for what, number in told.items():
            count[what] += number
            holders[what].append(document)
    for what, own in holders.items():
        told_of = f"left out of {len(own)} documents: {what} ({count[what]})"
        yield _at(own[0], (0, 0), "left-out", "info", told_of, "if it matters, map its label or mend the source")


def _scarce(documents: Sequence[Document], least: int) -> Iterator[Finding]:
    count = Counter((span.layer, span.label) for document in documents for span in document.spans)
    held = Counter(key for document in documents for key in {(span.layer, span.label) for span in document.spans})
    for layer, scope in joined(document.scope for document in documents).layers:
        for label in scope.labels:
            if (number := count[layer, label]) < least:
                what = f"{label}: examples {number}, documents with it {held[layer, label]}"
                yield Finding("few-examples", "info", what, "annotate more of it, or expect no score for it")


# A page.

_STYLE: Final = """
.finding { margin: 0 0 1rem; padding: .1rem 0 .1rem .8rem; border-left: 4px solid var(--rule) }
.finding.error { border-color: var(--wrong) } .finding.warning { border-color: var(--near) }
.finding p { margin: .1rem 0 } .finding .place, .finding .cure { color: var(--soft); font-size: .9rem }
.finding blockquote { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font-family: Charter, Georgia, "Noto Serif", "DejaVu Serif", serif }
.finding mark { background: var(--on); color: inherit }
table { border-collapse: collapse } td, th { padding: .2rem .8rem .2rem 0; text-align: left }
td:last-child { text-align: right; font-variant-numeric: tabular-nums }
"""


def page(findings: Sequence[Finding], documents: Sequence[Document], title: str) -> str:
    """One whole page that needs nothing else: how many findings of each kind, then each with the text around it."""
    texts = {(document.id, str(document.meta.get("annotator", ""))): document.text for document in documents}
    count = Counter((SEVERITIES.index(finding.severity), finding.code) for finding in findings)
    rows = "\n".join(
        f"<tr><td>{SEVERITIES[severity]}</td><td>{code}</td><td>{number}</td></tr>"
        for (severity, code), number in sorted(count.items())
    )
    parts: list[str] = []
    for (document, annotator), own in _by_document(findings).items():
        heading = " · ".join(filter(None, (document or "All documents", annotator)))
        items = "\n".join(_item(finding, texts.get((document, annotator), "")) for finding in own)
        parts.append(f"<section>\n<h2>{escape(heading)}</h2>\n{items}\n</section>")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"<table>\n<tr><th>severity</th><th>code</th><th>findings</th></tr>\n{rows}\n</table>\n"
        f"{chr(10).join(parts) or '<p>Nothing is odd.</p>'}\n</body>\n</html>\n"
    )


def _by_document(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.document, finding.annotator), []).append(finding)
    return groups


def _item(finding: Finding, text: str) -> str:
    place = f" · line {finding.line}, {finding.start}..{finding.end}" if finding.document else ""
    quoted = ""
    if finding.start < finding.end:
        before = text[max(0, finding.start - CONTEXT) : finding.start].rpartition("\n")[2]
        after = text[finding.end : finding.end + CONTEXT].partition("\n")[0]
        here = text[finding.start : finding.end]
        quoted = f'<blockquote lang="id">{escape(before)}<mark>{escape(here)}</mark>{escape(after)}</blockquote>\n'
    return (
        f'<div class="finding {finding.severity}">\n<p><b>{escape(finding.what)}</b></p>\n{quoted}'
        f'<p class="cure">{escape(finding.cure)}</p>\n'
        f'<p class="place">{finding.severity} · {finding.code}{place}</p>\n</div>'
    )
