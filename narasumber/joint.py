"""Layers read together: a cue that must have a source gets the likeliest of its sentence.

Each layer is read by itself, and a source is the harder to see of the two: no form marks it, while cues are a small set
of words. Of 834 annotated cues that call for a source (`linking.needs_source`) 829 have one, 825 in their sentence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from narasumber.consistency import FUNCTION_WORDS
from narasumber.decode import Scores, span_losses
from narasumber.document import Span
from narasumber.linking import LIMIT, SOURCE_FOLLOWS, link, needs_source
from narasumber.sentences import sentences
from narasumber.tags import Offsets

LONGEST: Final = 25
"""Words of a source that is looked for; one of 880 annotated ones has more."""
WRONG_SIDE: Final = 3.5
"""Nats: 794 of 815 annotated sources stand on the side that `linking.SOURCE_FOLLOWS` tells, odds of 38 to 1."""
UNLIKELY: Final = 5.0
"""How many nats a source may score below what was read in its place (docs/experiments.md)."""


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


def _best(text: str, words: Offsets, losses: Scores, free: npt.NDArray[np.bool_]) -> Span | None:
    """The source of the least loss that begins and ends with a word, none that no source ends with, and is all free."""
    covered = np.cumsum([0, *~free])
    last = np.arange(len(words))[:, None] + np.arange(losses.shape[1])
    fits = last < len(words)
    last[~fits] = 0
    opens = np.array([text[start].isalnum() for start, _ in words])
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
