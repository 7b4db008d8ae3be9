"""From scores to spans: the best legal BIO sequence (Viterbi 1967) of each line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

NEVER: Final = -1e4
"""A score without a chance, that sums and gradients stay finite with."""


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


def span_losses(scores: Scores, transitions: Scores, longest: int) -> npt.NDArray[np.float32]:
    """[words, longest] how much less than the best path scores the best one with a span of the first label from word i
    over i + 1, i + 2 ... words; infinite where that is beyond the last.

    `scores` and `transitions` as for `viterbi`.
    """
    count, tags = scores.shape
    follow = illegal(tags) + transitions
    before = np.zeros((count, tags), dtype=np.float32)  # the best path up to a word of some tag, its score left out
    before[0] = follow[0]
    for word in range(1, count):
        before[word] = (before[word - 1] + scores[word - 1] + follow.T).max(axis=1)
    behind = np.zeros((count, tags), dtype=np.float32)  # the best path behind it
    closing = np.zeros((count, tags), dtype=np.float32)  # the best one that does not go on with `I-`
    ends = np.arange(tags) != 2
    for word in range(count - 1, 0, -1):
        onwards = follow + scores[word] + behind[word]
        behind[word - 1], closing[word - 1] = onwards.max(axis=1), onwards[:, ends].max(axis=1)

    losses = np.full((count, longest), np.inf, dtype=np.float32)
    held = before[:, 1] + scores[:, 1]
    for length in range(min(longest, count)):
        if length:
            held = held[:-1] + follow[min(length, 2), 2] + scores[length:, 2]
        losses[: count - length, length] = (before[-1] + scores[-1]).max() - held - closing[length:, min(length + 1, 2)]
    return losses


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
