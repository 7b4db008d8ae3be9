"""From scores to spans: of each line those that are likely, by all its legal BIO sequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

NEVER: Final = -1e4
"""A score without a chance, that sums and gradients stay finite with."""
TINY: Final = 1e-200
"""A share that is none: its inverse is finite."""


@lru_cache
def illegal(tags: int) -> npt.NDArray[np.float32]:
    """[tags, tags] penalties: minus infinity where tag j may not follow tag i: I-x after neither B-x nor I-x."""
    before, after = np.arange(tags)[:, None], np.arange(tags)[None, :]
    inside = (after > 0) & (after % 2 == 0)
    continues = (before == after) | (before == after - 1)
    return np.where(inside & ~continues, -np.inf, 0.0).astype(np.float32)


class Likely(NamedTuple):
    """A span from the `first` word to the `last`, and how probable it is that its label is one of a group."""

    first: int
    last: int
    group: int
    probability: float


def likely_spans(
    scores: Scores, transitions: Scores, groups: Sequence[Sequence[int]], least: float = 0.5
) -> list[Likely]:
    """The spans that are more probable than `least`, by groups of labels, which are numbered from 0.

    `scores` is [words, tags], tags as in `labels.bio_tags`; `transitions` [tags, tags] is added from each word's tag to
    the next one's, and from `O` to the first. A span's probability is the share, in all legal tag sequences, of those
    that have it, whichever label of the group it has there (forward-backward: Rabiner 1989; of spans: Culotta and
    McCallum 2004, N04-4028). More probable than a half is never more than one of two that overlap.
    """
    count, tags = scores.shape
    if not count:
        return []
    follow = np.exp(illegal(tags) + transitions, dtype=np.float64)
    gain = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float64)
    upto = np.empty((count, tags))  # the share of each tag in what may stand up to its word
    for word in range(count):
        expected = upto[word - 1] @ follow if word else follow[0]  # a line starts as if an O stood before it
        shares = expected * gain[word]
        if (total := shares.sum()) < TINY:  # what scores by far the most may not stand here
            may = expected > TINY
            gain[word] = np.where(may, np.exp(np.minimum(scores[word] - scores[word, may].max(), 0)), 0)
            shares = expected * gain[word]
            total = shares.sum()
        upto[word] = shares / total
        gain[word] /= total
    gain[upto < TINY] = 0
    behind = np.ones((count, tags))
    for word in range(count - 1, 0, -1):
        behind[word - 1] = follow @ (gain[word] * behind[word])

    found: list[Likely] = []
    for number, group in enumerate(groups):
        opens = 2 * np.array(group) + 1
        inside = opens + 1
        goes_on = gain[:, inside] * behind[:, inside]
        for first in np.flatnonzero((upto * behind)[:, opens].sum(axis=1) > least).tolist():
            share, tag = upto[first, opens], opens
            for last in range(first, count):
                further = follow[tag, inside]
                rest = further * goes_on[last + 1] if last + 1 < count else np.zeros(len(group))
                probability = float(share @ (behind[last, tag] - rest))
                if probability > least:
                    found.append(Likely(first, last, number, probability))
                if share @ rest <= least:
                    break
                share, tag = share * further * gain[last + 1, inside], inside
    return found


def likeliest_apart(spans: Iterable[Likely]) -> list[Likely]:
    """Again and again the most probable of the spans that overlap it, where more than half a span is expected of them.

    Where bounds are in doubt, no one reading may be more probable than not, but that one of them is right is.
    """
    ordered = sorted(spans)
    reached = accumulate((span.last for span in ordered), max)
    apart = [
        place for place, (last, span) in enumerate(zip(reached, ordered[1:], strict=False), 1) if span.first > last
    ]
    found: list[Likely] = []
    for begin, end in pairwise([0, *apart, len(ordered)]):
        rest = ordered[begin:end]
        while rest:
            best = max(rest, key=lambda span: span.probability)
            near = [span for span in rest if span.first <= best.last and best.first <= span.last]
            if sum(span.probability for span in near) > 0.5:
                found.append(best)
            rest = [span for span in rest if span not in near]
    return sorted(found)


def count_transitions(sequences: Iterable[Sequence[int]], tags: int) -> npt.NDArray[np.float64]:
    """[tags, tags] how often a tag follows another, `O` before the first; a tag below 0 (masked) breaks the count."""
    counts = np.zeros((tags, tags))
    for sequence in sequences:
        before = 0
        for tag in sequence:
            if before >= 0 and tag >= 0:
                counts[before, tag] += 1
            before = tag
    return counts
