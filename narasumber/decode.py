"""From scores to spans: the best legal BIO sequence of a line (Viterbi 1967), and what is probable by all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
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


def viterbi(scores: Scores, transitions: Scores) -> npt.NDArray[np.int64]:
    """The legal tag sequence of the highest summed score; `scores` is [words, tags], tags as in `labels.bio_tags`.

    `transitions` [tags, tags] is added from each word's tag to the next one's, and from `O` to the first.
    """
    count, tags = scores.shape
    if not count:
        return np.zeros(0, dtype=np.int64)
    follow = illegal(tags) + transitions
    best = scores[0] + follow[0]  # a line starts as if an O stood before it
    back = np.zeros((count, tags), dtype=np.int16)
    for index in range(1, count):
        paths = best[:, None] + follow
        back[index] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[index]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = best.argmax()
    for index in range(count - 1, 0, -1):
        path[index - 1] = back[index, path[index]]
    return path


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

    `scores` and `transitions` as for `viterbi`. A span's probability is the share, in all legal tag sequences, of those
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
