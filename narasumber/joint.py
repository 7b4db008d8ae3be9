"""Layers read together.

Each layer is read by itself, and some are harder to see than others. Words and marks alone tell 677 cues of 127
annotated articles, all right, and 635 of 636 contents: quotations that a reporting verb stands right behind, that verb
(`"...," kata A`), `kata` and the like behind a comma, and what stands behind `mengatakan` or `menilai, ` to the end of
its sentence. A source is the hardest: no form marks it, while cues are a small set of words. Of 817 annotated cues
that call for a source (`linking.needs_source`) 815 have one, 811 in their sentence; so such a cue gets the likeliest
of its sentence. And each of the 3,270 annotated sources, cues and contents belongs to one of 1,177 attributions, each
of which has a content. Of 2,399 annotated names that their article has more than once 2,396 have the same label there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from narasumber.consistency import FUNCTION_WORDS, QUOTES, WEEKDAYS, around, is_addressee, marks_in, next_from, within
from narasumber.decode import Scores, span_losses
from narasumber.document import Span
from narasumber.labels import head_labels
from narasumber.linking import CITED, CITING, LIMIT, REPORTING, SOURCE_FOLLOWS, SPEECH_CUE, link, needs_source
from narasumber.sentences import sentences
from narasumber.tags import Offsets
from narasumber.words import BREAKS

_BLANK: Final = rf"[^\S{BREAKS}]"
_SAID: Final = re.compile(
    rf"(?P<content>(?<![^\s(])[{QUOTES}](?=\S)[^{QUOTES}{BREAKS}]*[,.?!…][{QUOTES}])"
    rf"{_BLANK}+(?P<cue>(?:{REPORTING})(?:nya)?)\b"
)
_KATA: Final = "(?:kata|ujar|ucap|tutur|lapor|menurut)(?:nya)?"
_SAID_BEHIND: Final = re.compile(rf", (?P<cue>{_KATA})\b")
"""Behind indirect speech, the words that are nothing but cues there: `terang` and the like may be adjectives."""
_SAYS: Final = (
    "mengatakan|mengaku|menyatakan|bilang|berkata|berujar|menerangkan|menuturkan|menekankan|memperkirakan|memprediksi"
    "|memproyeksikan|menduga|meyakini|berpendapat|berpandangan"
)
"""Verbs that are nothing but cues."""
_MAY_SAY: Final = (
    "menjelaskan|menambahkan|menegaskan|memaparkan|membeberkan|menyebut(?:kan)?|menulis(?:kan)?|melaporkan|melanjutkan"
    "|menyampaikan|menilai|mencatat|mengungkap(?:kan)?|meng(?:e)?klaim|mengingatkan|memperingatkan|menceritakan"
    "|bercerita|mengakui|merinci|mencontohkan|mengumumkan|memberitahukan|mengabarkan|mengutarakan|mengemukakan"
    "|menyoroti|membantah|menyangkal|beralasan|berdalih|yakin|optimistis|percaya"
)
"""Words that are before a comma or `bahwa`: others of them do something, or say it in a noun."""
_NOT_SAID: Final = "".join(
    rf"(?<!\b{word} )" for word in "yang tidak tak belum enggan untuk tanpa bisa dapat menolak dan".split()
)
_WHEN: Final = (
    rf"(?: (?:kembali|sebelumnya|kemarin|pada|hari|pekan|minggu|bulan|lalu|ini|itu|{WEEKDAYS}|\([\d/]+\)),?)*"
)
_THAT: Final = rf"(?:{_WHEN},? bahwa |, )"
_ADVERBIAL: Final = (
    rf"(?:kepada|ke|pada|di|dalam|saat|ketika|melalui|lewat|usai|seusai|hal|itu|ini|demikian|bahwa|{WEEKDAYS})\b"
)
"""What stands between a verb and what is said, where that begins is left to the model."""
_SAYS_THAT: Final = re.compile(
    rf"\b{_NOT_SAID}(?P<cue>(?:{_SAYS})(?={_THAT}| )|(?:{_MAY_SAY})(?={_THAT}))(?:{_THAT}| )"
    rf"(?P<content>(?!{_ADVERBIAL})\w)?"
)
_CLAUSE_ENDS: Final = re.compile(
    rf"[,.?!…][{QUOTES}]|;|, {SPEECH_CUE}\b|, (?:sementara|sedangkan)\b"
    rf"|,? (?:seperti )?(?:{CITED}) |, (?:seperti )?(?:{CITING}) "
    r"|,? (?:saat|ketika|usai|seusai) (?:di(?:temui|hubungi|konfirmasi|tanya)|memberi)"
)
"""What ends what is said, in its sentence; in a quotation `_QUOTATION_ENDS` does."""
_QUOTATION_ENDS: Final = re.compile(rf"[{QUOTES}]|[.?!…] (?=[A-Z])")
_AT_SECOND_HAND: Final = re.compile(rf",?{_BLANK}*(?:seperti{_BLANK}+)?(?:{CITED}|{CITING})\b", re.IGNORECASE)
"""What stands behind a content that holds all of `"...," kata A`."""

_ACTIVE: Final = re.compile(rf"me\w+|{_SAYS}|{_MAY_SAY}", re.IGNORECASE)

LONGEST: Final = 25
"""Words of a source that is looked for; one of 880 annotated ones has more."""
WRONG_SIDE: Final = 3.5
"""Nats: 794 of 815 annotated sources stand on the side that `linking.SOURCE_FOLLOWS` tells, odds of 38 to 1."""
UNLIKELY: Final = 5.0
"""How many nats a source may score below what was read in its place (docs/experiments.md)."""


def with_marked_speech(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans, and cues and contents that words and marks alone tell: quotations that a reporting verb stands right
    behind, these verbs, some behind a comma, and verbs that say what stands behind them to the end of the sentence.

    They take the place of cues that they touch and of contents that go beyond a quotation, but for what is quoted
    itself, or begin elsewhere in what is said; and sources end before these verbs or begin behind them.
    """
    quotations = [Span("content", "CONTENT", *match.span("content")) for match in _SAID.finditer(text)]
    saying = list(_SAYS_THAT.finditer(text))
    said = [match.span("cue") for pattern in (_SAID, _SAID_BEHIND) for match in pattern.finditer(text)]
    cues = [Span("cue", "CUE", *place) for place in sorted([*said, *(match.span("cue") for match in saying)])]
    kept = []
    for span in spans:
        if span.layer == "content":
            if not any(_goes_beyond(text, span, one) for one in _touched(quotations, span)):
                kept.append(span)
        elif span.layer == "entity" or not (touched := _touched(cues, span)):
            kept.append(span)
        elif span.layer == "source":
            follows = SOURCE_FOLLOWS.fullmatch(touched[-1].text_in(text))
            start, end = (touched[-1].end, span.end) if follows else (span.start, touched[0].start)
            if words := text[start:end].strip(" ,"):
                start = text.index(words, start)
                kept.append(replace(span, start=start, end=start + len(words)))
    found = sorted({*kept, *cues, *quotations}, key=lambda span: span.sort_key)
    verbs = [span for span in found if span.layer == "cue"]
    contents = [span for span in found if span.layer == "content"]
    others: set[Span] = set()
    clauses = []
    for cue, clause in _clauses(text, saying, quotations):
        verb = next_from(verbs, clause.start + 1)
        own = within(contents, cue, min(clause.end, verb.start) if verb else clause.end)
        if not own or (own[0].start > clause.start and not text.endswith("bahwa ", cue, own[0].start)):
            others.update(own)
            clauses.append(clause)
    return sorted([*(span for span in found if span not in others), *clauses], key=lambda span: span.sort_key)


def _clauses(text: str, saying: Sequence[re.Match[str]], quotations: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Where the verbs stand that say what begins behind them, and that, to the end of its sentence or quotation.

    `quotations`: some in text order, which belong to another verb. What is longer than a cue reaches is left out.
    """
    bounds = sentences(text) if saying else []
    ends = [match.start() for match in _CLAUSE_ENDS.finditer(text)] if saying else []
    for match in saying:
        start = match.start("content")
        if start < 0:
            continue
        first, end = around(bounds, start)
        end = min([end, *ends[(place := bisect_left(ends, start)) : place + 1]])
        if quotation := next_from(quotations, start):
            end = min(end, quotation.start)
        if end - start > LIMIT or start - first > 5 * LIMIT:
            continue
        if marks_in(text, first, start) % 2 and (stop := _QUOTATION_ENDS.search(text, start, end)):
            end = stop.start()
        opened = text.count("(", start, end)
        while text.count(")", start, end) > opened:
            end = text.rindex(")", start, end)
        while text[end - 1] in ",.;:" or text[end - 1].isspace():
            end -= 1
        yield match.start("cue"), Span("content", "CONTENT", start, end)


def _touched(spans: Sequence[Span], span: Span) -> Sequence[Span]:
    """Those of some in text order, none overlapping another, that overlap one more."""
    first = bisect_right(spans, span.start, key=lambda own: own.end)
    return spans[first : bisect_left(spans, span.end, key=lambda own: own.start)]


def _goes_beyond(text: str, content: Span, quotation: Span) -> bool:
    """Whether a content goes beyond the quotation that it overlaps, and is not quoted itself."""
    if quotation.start <= content.start and content.end <= quotation.end:
        return False
    holds = content.start <= quotation.start and quotation.end < content.end
    return not (holds and _AT_SECOND_HAND.match(text, content.end))


def with_one_label(text: str, names: Sequence[Span], words: Offsets, scores: Scores) -> list[Span]:
    """The entities, those that are written alike with the one of their labels that all their scores together are for.

    `words` of the text, and the entity layer's `scores` [words, tags]; each entity begins and ends with one.
    """
    place_of = {start: place for place, (start, _) in enumerate(words)}
    behind = {end: place + 1 for place, (_, end) in enumerate(words)}
    alike: dict[str, list[Span]] = {}
    for name in names:
        alike.setdefault(name.text_in(text), []).append(name)
    found: list[Span] = []
    for own in alike.values():
        if len(own) > 1:
            parts = [scores[place_of[name.start] : behind[name.end]] for name in own]
            sums = sum(part[0, 1::2] + part[1:, 2::2].sum(axis=0) for part in parts)
            labels = head_labels("entity")
            label = max(sorted({name.label for name in own}), key=lambda label: float(sums[labels.index(label)]))
            found += [replace(name, label=label) for name in own]
        else:
            found += own
    return sorted(found, key=lambda span: span.sort_key)


def missing_sources(
    text: str, spans: Sequence[Span], words: Offsets, scores: Scores, transitions: Scores
) -> list[Span]:
    """Sources of those cues among `spans` that call for one and are linked to none.

    `words` of the text, and the source layer's `scores` [words, tags] and `transitions`, as for `decode.viterbi`.
    """
    needy = [
        attribution.cue
        for attribution in link(text, spans)
        if not attribution.sources and needs_source(attribution.cue.text_in(text))
    ]
    if not needy:
        return []
    starts, ends = np.array(words, dtype=np.int64).T
    free = np.ones(len(words), dtype=np.bool_)

    def take(span: Span) -> None:
        free[np.searchsorted(ends, span.start, side="right") : np.searchsorted(starts, span.end)] = False

    for span in spans:
        if span.layer in ("source", "cue"):
            take(span)
    bounds = sentences(text)
    found: list[Span] = []
    for place, cues in groupby(needy, lambda cue: bisect_right(bounds, cue.start, key=lambda bound: bound[0]) - 1):
        first, last = np.searchsorted(starts, bounds[place])
        losses = span_losses(scores[first:last], transitions, LONGEST)
        for cue in cues:
            # What stands further away is not linked to it.
            begin = max(first, np.searchsorted(starts, cue.start - LIMIT))
            end = min(last, np.searchsorted(starts, cue.end + LIMIT))
            follows = bool(SOURCE_FOLLOWS.fullmatch(cue.text_in(text)))
            turned_away = np.where((starts[begin:end] > cue.start) == follows, 0.0, WRONG_SIDE)
            own = losses[begin - first : end - first] + turned_away[:, None]
            best = _best(text, words[begin:end], own, free[begin:end])
            if best is not None:
                take(best)
                found.append(best)
    return found


def attributed(text: str, spans: Sequence[Span]) -> list[Span]:
    """The entities, and of the other layers what belongs to a whole attribution.

    That is one with a content, and with a source where its cue calls for one, unless the cue is an active verb behind
    its subject, which may stand sentences before.
    """
    whole = {
        span
        for one in link(text, spans)
        if one.contents and (one.sources or _needs_none_beside_it(one.cue.text_in(text)))
        for span in (one.cue, *one.sources, *one.contents)
    }
    return [span for span in spans if span.layer == "entity" or span in whole]


def _needs_none_beside_it(cue: str) -> bool:
    is_behind_its_subject = _ACTIVE.fullmatch(cue) and not SOURCE_FOLLOWS.fullmatch(cue)
    return bool(is_behind_its_subject) or not needs_source(cue)


def _best(text: str, words: Offsets, losses: Scores, free: npt.NDArray[np.bool_]) -> Span | None:
    """The source of the least loss that begins and ends with a word, none that no source ends with, and is all free."""
    covered = np.cumsum([0, *~free])
    last = np.arange(len(words))[:, None] + np.arange(losses.shape[1])
    fits = last < len(words)
    last[~fits] = 0
    opens = np.array([text[start].isalnum() and not is_addressee(text, start) for start, _ in words])
    closes = np.array(
        [
            (text[end - 1].isalnum() or text[end - 1] in ")%") and text[start:end].lower() not in FUNCTION_WORDS
            for start, end in words
        ]
    )
    allowed = fits & (covered[last + 1] == covered[:-1, None]) & opens[:, None] & closes[last]
    ranked = np.where(allowed, losses, np.inf)
    place, more = divmod(int(ranked.argmin()), ranked.shape[1])
    if ranked[place, more] >= UNLIKELY:
        return None
    return Span("source", "SOURCE", words[place][0], words[place + more][1])
