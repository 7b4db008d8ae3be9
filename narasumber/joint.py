"""Layers read together: a cue that must have a source gets the likeliest of its sentence.

Each layer is read by itself, and a source is the harder to see of the two: no form marks it, while cues are a small set
of words. Of 834 annotated cues that call for a source (`linking.needs_source`) 829 have one, 825 in their sentence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np

from narasumber.decode import Scores, span_losses
from narasumber.document import Span
from narasumber.linking import SOURCE_FOLLOWS, link, needs_source
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
    starts = [start for start, _ in words]
    found: list[Span] = []
    for start, end in sentences(text):
        inside = [cue for cue in needy if start <= cue.start < end]
        if not inside:
            continue
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        losses = span_losses(scores[first:last], transitions, LONGEST)
        taken = [span for span in spans if span.layer in ("source", "cue") and span.start < end and start < span.end]
        for cue in inside:
            best = _best(text, words[first:last], losses + _turned_away(text, cue, words[first:last]), taken)
            if best is not None:
                taken.append(best)
                found.append(best)
    return found


def _turned_away(text: str, cue: Span, words: Offsets) -> Scores:
    """[words, 1] what a source that begins there loses for standing on the side that the cue does not point to."""
    follows = bool(SOURCE_FOLLOWS.fullmatch(cue.text_in(text)))
    return np.array([[0.0 if (start > cue.start) == follows else WRONG_SIDE] for start, _ in words], dtype=np.float32)


def _best(text: str, words: Offsets, losses: Scores, taken: Sequence[Span]) -> Span | None:
    """The source of the least loss that begins and ends with a word and overlaps none that is taken."""
    free = [not any(start < span.end and span.start < end for span in taken) for start, end in words]
    covered = np.cumsum([0, *(not one for one in free)])
    last = np.minimum(np.arange(len(words))[:, None] + np.arange(losses.shape[1]), len(words) - 1)
    opens = np.array([text[start].isalnum() for start, _ in words])
    closes = np.array([text[end - 1].isalnum() or text[end - 1] in ")%" for _, end in words])
    allowed = (covered[last + 1] == covered[:-1, None]) & opens[:, None] & closes[last]
    ranked = np.where(allowed, losses, np.inf)
    place, more = divmod(int(ranked.argmin()), ranked.shape[1])
    if ranked[place, more] >= UNLIKELY:
        return None
    return Span("source", "SOURCE", words[place][0], words[place + more][1])
