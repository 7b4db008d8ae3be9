"""Predicted spans made to agree with each other and with the guidelines, in ways that annotated ones always do.

A model learns where spans end from examples, and from few it learns it badly. In 3,270 annotated sources, cues and
contents of 127 articles none ends in the middle of a name or of a pair of brackets, and one content in 1,213 has an odd
number of quotation marks. No content goes on behind its sentence or begins with a cue that has a source. Of 880 sources
none ends with a function word or before `tersebut` or holds an addressee, two end before a name; all of 16 verbs that
`oleh` or `dari` follows hold it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from narasumber.document import Span
from narasumber.linking import SOURCE_FOLLOWS, needs_source
from narasumber.sentences import sentences
from narasumber.words import lines

_QUOTES: Final = '"“”'
_STOPS: Final = " \t\u00a0.,;:"
_OPENING: Final = re.compile(r"[\s.,;:]*(?:bahwa\s+)?")
"""What stands between a cue and its content."""

_CORE: Final = re.compile(r"\w(?:.*[\w)%])?", re.DOTALL)
"""A span without the punctuation around it."""
_HYPHENATED_BEFORE, _HYPHENATED_BEHIND = re.compile(r"(?:\w+-)+$"), re.compile(r"(?:-\w+)+")
_PREPOSITION: Final = re.compile(r" (?:oleh|dari)\b")
_VERB: Final = re.compile(r"di\w|me\w", re.IGNORECASE)
_WORD: Final = re.compile(r"[\w-]+")
_DETERMINER: Final = re.compile(r" (?:tersebut|itu|ini)\b")
_FUNCTION_WORDS: Final = re.compile(
    r"(?:\s+(?:yang|juga|sebelumnya|telah|sudah|akan|di|pada|dalam|dan|oleh|dari|kepada|untuk|saat|bahwa|pun))+$"
)
_ADDRESSEE: Final = re.compile(r"(?:\s+(?:ber|me)\w+)?\s+kepada\b")
_QUOTED: Final = re.compile(r"(?:Mengutip|Melansir|Menyitir|Menurut|Dikutip|Dilansir)(?: dari)?(?: [a-z]\w+)? $")
"""What a sentence may open with, before the first of two sources: `Mengutip pernyataan A, B merinci ...`."""
_CLAUSE: Final = re.compile(r" yang(?: [^\s,.\"“”]+){1,12} ")
"""What stands between a source and its cue, if it is a relative clause of the source."""
_APPOSITION: Final = re.compile(
    r"(?P<apposition>, (?!(?:pada|di|dalam|saat|ketika|tentang|kepada|hari|kemarin"
    r"|Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu)\b)[^,.\n\"“”]+),(?: \w+){0,2} "
)
"""... or who the named one is, between commas."""


def consistent(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in text order, where

    - cues hold the whole of a hyphenated word (`disebut-sebut`) and their preposition (`dikutip dari`),
    - sources and contents hold the whole of a name that they reach into, and the bracket that closes one they hold,
    - sources go on over a name, `tersebut` and the like, a relative clause or an apposition before their cue; they end
      before an addressee and part at the comma of `Mengutip A, B mengatakan`,
    - neither cues nor sources begin or end with punctuation, nor sources end with a function word,
    - contents hold both of a pair of quotation marks of a line, begin behind `mengatakan bahwa` and end with their
      sentence, without its full stop,

    and those of one layer that now overlap partly are one.
    """
    given = sorted(spans, key=lambda span: span.sort_key)
    names = [span for span in given if span.layer == "entity"]
    cues = _placed((span, _whole_cue(text, span.start, span.end)) for span in given if span.layer == "cue")
    bounds = sentences(text) if any(span.layer == "content" for span in given) else []
    contents = _placed(
        (span, _whole_content(text, span, names, cues, bounds)) for span in given if span.layer == "content"
    )
    apart = [part for span in given if span.layer == "source" for part in _apart(text, span, cues)]
    sources = _placed((span, _whole_source(text, span, names, cues)) for span in apart)
    return _without_crossings([*names, *cues, *contents, *sources])


def with_form(text: str, span: Span) -> Span:
    """A content with its Form, which its quotation marks say (so 1,207 of 1,213 annotated ones); others as they are."""
    if span.layer != "content":
        return span
    words = span.text_in(text)
    marks = _marks(words, 0, len(words))
    quoted = marks == 2 and words[0] in _QUOTES and words[-1] in _QUOTES
    form = "Direct" if quoted else "Mixed" if marks else "Indirect"
    return replace(span, attributes=(("Form", form),))


def _placed(found: Iterable[tuple[Span, tuple[int, int]]]) -> list[Span]:
    """The spans at their new places, in text order; none where nothing is left."""
    moved = [replace(span, start=start, end=end) for span, (start, end) in found if start < end]
    return sorted(moved, key=lambda span: span.sort_key)


def _whole_cue(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start:end] == ":":
        return start, end
    start, end = _core(text, start, end)
    if before := _HYPHENATED_BEFORE.search(text, max(0, start - 40), start):
        start = before.start()
    if behind := _HYPHENATED_BEHIND.match(text, end):
        end = behind.end()
    if " " in text[start:end] and not _PREPOSITION.search(text, start, end):
        start, end = next(
            (word.span() for word in _WORD.finditer(text, start, end) if _VERB.match(word[0])), (start, end)
        )
    if _VERB.match(text, start, end) and (preposition := _PREPOSITION.match(text, end)):
        end = preposition.end()
    return start, end


def _whole_content(
    text: str, span: Span, names: Sequence[Span], cues: Sequence[Span], bounds: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    start, end = _with_both_quotes(text, span.start, span.end)
    start, end = _with_its_bracket(text, *_with_whole_names(names, start, end, within=False))
    cue = _next(cues, start)
    if cue and cue.start == start and needs_source(cue.text_in(text)):
        start = cue.end
    if opening := _OPENING.match(text, start, end):
        start = opening.end()
    sentence = bisect_right(bounds, start, key=lambda bound: bound[0]) - 1
    end = min(end, max(bounds[sentence][1], start))
    while start < end and text[end - 1] in _STOPS and text[start] not in _QUOTES:
        end -= 1
    return start, end


def _whole_source(text: str, span: Span, names: Sequence[Span], cues: Sequence[Span]) -> tuple[int, int]:
    start, end = _with_its_bracket(text, *_with_whole_names(names, span.start, span.end, within=True))
    if addressee := _ADDRESSEE.search(text, start, end):
        end = addressee.start()
    start, end = _core(text, start, end)
    if hanging := _FUNCTION_WORDS.search(text, start, end):
        end = hanging.start()
    while text[end : end + 1] == " " and (name := _next(names, end)) and name.start == end + 1:
        end = name.end
    if determiner := _DETERMINER.match(text, end):
        end = determiner.end()
    cue = _next(cues, end)
    if cue and not SOURCE_FOLLOWS.fullmatch(cue.text_in(text)):
        if _CLAUSE.fullmatch(text, end, cue.start):
            end = cue.start - 1
        elif apposition := _APPOSITION.fullmatch(text, end, cue.start):
            end = apposition.end("apposition")
    return start, end


def _apart(text: str, source: Span, cues: Sequence[Span]) -> list[Span]:
    """The two that were read as one, of a cue before them and a cue behind."""
    cue = _next(cues, source.end)
    comma = text.rfind(", ", source.start, source.end)
    behind = (
        cue is not None and len(text[source.end : cue.start].split()) <= 2 and "\n" not in text[source.end : cue.start]
    )
    if comma > source.start and behind and _QUOTED.search(text, max(0, source.start - 40), source.start):
        return [replace(source, end=comma), replace(source, start=comma + 2)]
    return [source]


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    found = _CORE.search(text, start, end)
    return found.span() if found else (end, end)


def _next(spans: Sequence[Span], place: int) -> Span | None:
    """The first, of some in text order, that begins there or behind."""
    number = bisect_left(spans, place, key=lambda span: span.start)
    return spans[number] if number < len(spans) else None


def _with_its_bracket(text: str, start: int, end: int) -> tuple[int, int]:
    is_open = text.count("(", start, end) > text.count(")", start, end)
    return start, end + (is_open and text[end : end + 1] == ")")


def _with_whole_names(names: Sequence[Span], start: int, end: int, *, within: bool) -> tuple[int, int]:
    """`names` in text order, none overlapping another."""
    place = max(0, bisect_left(names, start, key=lambda name: name.start) - 1)
    while place < len(names) and names[place].start < end:
        name = names[place]
        inside = name.start <= start and end <= name.end
        if start < name.end and (within or not inside):
            start, end = min(start, name.start), max(end, name.end)
        place += 1
    return start, end


def _with_both_quotes(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds drawn out to the mark that is missing, before or behind, if the line has it."""
    if _marks(text, start, end) % 2 == 0:
        return start, end
    first, last = next((bounds for bounds in lines(text) if bounds[0] <= start < bounds[1]), (start, end))
    opened_before = _marks(text, first, start) % 2 == 1
    if not opened_before or text[start] in _QUOTES:
        place = next((place for place in range(end, last) if text[place] in _QUOTES), None)
        return (start, end) if place is None else (start, place + 1)
    place = next((place for place in range(start - 1, first - 1, -1) if text[place] in _QUOTES), None)
    return (start, end) if place is None else (place, end)


def _marks(text: str, start: int, end: int) -> int:
    return sum(text.count(mark, start, end) for mark in _QUOTES)


def _without_crossings(spans: Iterable[Span]) -> list[Span]:
    """Sources and cues that overlap, and contents that cross, become one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.sort_key):
        for place in range(len(kept) - 1, -1, -1):
            other = kept[place]
            overlaps = other.layer == span.layer and span.start < other.end
            if overlaps and (span.layer in ("source", "cue") or (span.layer == "content" and span.end > other.end)):
                kept[place] = replace(other, end=max(other.end, span.end))
                break
        else:
            kept.append(span)
    return sorted(set(kept), key=lambda span: span.sort_key)
