"""Which SOURCE and CONTENT belong to which CUE: a rule that needs no training.

Within a line, pairs are made cheapest first, each source, content and cue once. A pair costs the characters between
the two, and more where it stands on the side that the cue does not point to, in another sentence, behind another cue,
or where only one of the two lies inside a third content (a nested attribution keeps to itself). A second content
(a quote in two halves, speech that goes on in the next line) then joins the cue that is left cheapest, and a cue that
got no content shares the cheapest near it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from narasumber.document import Attribution, Span
from narasumber.sentences import sentences
from narasumber.words import lines

REPORTING: Final = (
    "kata|ujar|ucap|ungkap|tutur|terang|jelas|imbuh|tambah|tegas|papar|beber|sebut|tulis|lapor|lanjut|sambung|tutup"
    "|pungkas|cetus"
)
"""Bare verbs."""

QUOTING: Final = (
    rf"{REPORTING}|tandas|jawab|tanya|seru|teriak|bisik|kilah|dalih|kelakar|seloroh|celetuk|timpal|sahut|sindir|keluh"
    "|kisah|cerita|kenang|klaim|harap|kritik|kecam|tukas|sergah|bantah|elak|sesal|puji|urai|rinci|gumam|gerutu|canda"
    "|ledek|protes|cuit|kicau|omel|sanggah|tampik|tepis|tegur|pinta|tuding|tuduh|cibir|cecar|pesan"
)
"""... and others that are so behind a quotation."""

SPEECH_CUE: Final = rf"(?:{REPORTING}|menurut)(?:nya)?"
"""Cues of speech whose source stands behind them or is in them: `kata`, `katanya`, `menurut`."""

CITED: Final = "dikutip|dilansir|disitir"
CITING: Final = "mengutip|melansir|menyitir"
"""Verbs of what is told at second hand."""

SOURCE_FOLLOWS = re.compile(rf"{QUOTING}|menurut|{CITING}|berdasarkan|.*\b(?:dari|oleh)|di\w+", re.IGNORECASE)
"""Cues whose source stands behind them: bare reporting verbs, prepositions and passives."""

CLITIC = re.compile(r"(?:\w+ )?\w{3,}nya", re.IGNORECASE)
"""`katanya`, `diungkapkan olehnya`: the source is in the word."""

PASSIVE = re.compile(r"(?:di|ter)[\w-]+|konon|kabarnya", re.IGNORECASE)
"""`dikabarkan`: without a source the content covers the cue."""

_UNSOURCED: Final = re.compile(r"(?!me|di)\w+an|kabar|spekulasi|proyeksi|informasi|ekspektasi", re.IGNORECASE)
"""Nouns, which have a source or not: `dugaan`."""
_SOURCED: Final = re.compile(rf"{CITED}|.*\b(?:oleh|dari)", re.IGNORECASE)


def needs_source(cue: str) -> bool:
    """Whether a cue of these words has a source: 815 of 817 such ones in annotated articles do, 68 of 360 others."""
    if CLITIC.fullmatch(cue):
        return False
    return bool(_SOURCED.fullmatch(cue)) or not (PASSIVE.fullmatch(cue) or _UNSOURCED.fullmatch(cue))


WRONG_SIDE, OTHER_SENTENCE, CUE_BETWEEN, OTHER_CONTENT, COVERED, LIMIT = 60, 100, 120, 150, 200, 1000


class _Row:
    """Spans in text order, to be asked for those near a place without looking at all."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.starts = [span.start for span in spans]
        self.reached = list(accumulate((span.end for span in spans), max))

    def near(self, *others: Span) -> list[Span]:
        """Those less than `LIMIT` characters from one of the others."""
        first = bisect_right(self.reached, min(other.start for other in others) - LIMIT)
        last = bisect_left(self.starts, max(other.end for other in others) + LIMIT)
        return [span for span in self.spans[first:last] if any(_gap(span, other) < LIMIT for other in others)]

    def beside(self, other: Span) -> Sequence[Span]:
        """The last that begins before it and the first that does not."""
        place = bisect_left(self.starts, other.start)
        return self.spans[max(0, place - 1) : place + 1]

    def between(self, low: int, high: int) -> list[Span]:
        return [
            span
            for span in self.spans[bisect_left(self.starts, low) : bisect_left(self.starts, high)]
            if span.end <= high
        ]


@dataclass
class _Links:
    source: Span | None = None
    contents: list[Span] = field(default_factory=list)


def link(text: str, spans: Iterable[Span]) -> tuple[Attribution, ...]:
    """Attributions made of the given spans; a cue that gets no content and no source makes none."""
    starts = [start for start, _ in sentences(text)]
    attributions: list[Attribution] = []
    for group in _by_line(text, spans):
        cues = [span for span in group if span.layer == "cue"]
        sources = [span for span in group if span.layer == "source"]
        contents = [span for span in group if span.layer == "content"]
        if not cues:
            if contents and attributions:
                last = attributions.pop()
                attributions.append(Attribution(last.cue, last.sources, (*last.contents, *contents)))
            continue
        links = {cue: _Links() for cue in cues}
        row, source_row, content_row = _Row(cues), _Row(sources), _Row(contents)
        holders = _holders(group, contents)
        near_sources = ((cue, source) for cue in cues for source in source_row.near(cue))
        for cue, source in _pairs(near_sources, _source_cost(text, row, holders)):
            links[cue].source = source
        content_cost = _content_cost(text, starts, row, holders, links)
        near = {cue: content_row.near(*filter(None, (cue, links[cue].source))) for cue in cues}
        paired = set()
        near_contents = ((cue, content) for cue in cues for content in near[cue])
        for cue, content in _pairs(near_contents, content_cost):
            links[cue].contents.append(content)
            paired.add(content)
        for content in contents:
            if content not in paired:
                around = row.near(content) or row.beside(content)
                links[min(around, key=lambda cue: content_cost(cue, content))].contents.append(content)
        for cue in cues:
            if not links[cue].contents and near[cue]:
                nearest = min(near[cue], key=lambda content: content_cost(cue, content))
                if content_cost(cue, nearest) < LIMIT:
                    links[cue].contents.append(nearest)
        for cue, found in links.items():
            if found.source or found.contents:
                attributions.append(Attribution(cue, (found.source,) if found.source else (), tuple(found.contents)))
    return tuple(attributions)


Cost = Callable[[Span, Span], float]


def _pairs(near: Iterable[tuple[Span, Span]], cost: Cost) -> Iterable[tuple[Span, Span]]:
    """One-to-one pairs, cheapest first."""
    ranked = sorted(
        ((cost(cue, other), cue.start, other.start, cue, other) for cue, other in near), key=lambda item: item[:3]
    )
    used: set[Span] = set()
    for price, _, _, cue, other in ranked:
        if price < LIMIT and cue not in used and other not in used:
            used |= {cue, other}
            yield cue, other


_Holders = Mapping[Span, frozenset[Span]]


def _holders(spans: Iterable[Span], contents: Sequence[Span]) -> _Holders:
    """The contents that each of the spans, in text order, lies in; a content lies in itself."""
    found: dict[Span, frozenset[Span]] = {}
    open_, place = list[Span](), 0
    for span in spans:
        while place < len(contents) and (contents[place].start, -contents[place].end) <= (span.start, -span.end):
            open_.append(contents[place])
            place += 1
        open_ = [content for content in open_ if content.end > span.start]
        found[span] = frozenset(content for content in open_ if _inside(span, content))
    return found


def _source_cost(text: str, cues: _Row, holders: _Holders) -> Cost:
    def cost(cue: Span, source: Span) -> float:
        word = text[cue.start : cue.end]
        if CLITIC.fullmatch(word) or _overlap(cue, source):
            return LIMIT
        follows = bool(SOURCE_FOLLOWS.fullmatch(word))
        return (
            _gap(cue, source)
            + WRONG_SIDE * (follows != (source.start >= cue.end))
            + CUE_BETWEEN * _between(cue, source, cues)
            + OTHER_CONTENT * len(holders[cue] ^ holders[source])
        )

    return cost


def _content_cost(
    text: str, starts: Sequence[int], cues: _Row, holders: _Holders, links: Mapping[Span, _Links]
) -> Cost:
    def cost(cue: Span, content: Span) -> float:
        if _inside(cue, content):
            passive = PASSIVE.fullmatch(text[cue.start : cue.end]) and links[cue].source is None
            return 5.0 if passive else float(COVERED)
        source = links[cue].source
        gap = min(_gap(cue, content), _gap(source, content)) if source else _gap(cue, content)
        sentence = bisect_right(starts, cue.start)
        return (
            gap
            + OTHER_SENTENCE
            * (not bisect_right(starts, content.start) <= sentence <= bisect_right(starts, content.end))
            + CUE_BETWEEN * _between(cue, content, cues)
            + OTHER_CONTENT * len((holders[cue] ^ holders[content]) - {content})
        )

    return cost


def _by_line(text: str, spans: Iterable[Span]) -> list[list[Span]]:
    bounds = lines(text)
    groups: list[list[Span]] = [[] for _ in bounds]
    place = 0
    for span in sorted(spans, key=lambda span: span.sort_key):
        while place + 1 < len(bounds) and bounds[place][1] <= span.start:
            place += 1
        groups[place].append(span)
    return groups


def _gap(one: Span, other: Span) -> int:
    return max(0, one.start - other.end, other.start - one.end)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _inside(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _between(cue: Span, other: Span, cues: _Row) -> int:
    low, high = min(cue.end, other.end), max(cue.start, other.start)
    return sum(third is not cue for third in cues.between(low, high))
