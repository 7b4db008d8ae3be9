"""From scores to spans: the best legal BIO sequence (Viterbi 1967) of each line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


@lru_cache
def _illegal(tags: int) -> npt.NDArray[np.float32]:
    """[tags, tags] penalties: minus infinity where tag j may not follow tag i: I-x after neither B-x nor I-x."""
    before, after = np.arange(tags)[:, None], np.arange(tags)[None, :]
    inside = (after > 0) & (after % 2 == 0)
    continues = (before == after) | (before == after - 1)
    return np.where(inside & ~continues, -np.inf, 0.0).astype(np.float32)


def viterbi(scores: Scores) -> npt.NDArray[np.int64]:
    """The legal tag sequence of the highest summed score; `scores` is [words, tags], tags as in `labels.bio_tags`."""
    count, tags = scores.shape
    if not count:
        return np.zeros(0, dtype=np.int64)
    illegal = _illegal(tags)
    greedy = scores.argmax(axis=1)
    if not np.isinf(illegal[np.concatenate(([0], greedy[:-1])), greedy]).any():
        return np.asarray(greedy, dtype=np.int64)
    best = scores[0] + illegal[0]  # a line starts as if an O stood before it
    back = np.zeros((count, tags), dtype=np.int16)
    for index in range(1, count):
        paths = best[:, None] + illegal
        back[index] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[index]
    path = np.zeros(count, dtype=np.int64)
    path[-1] = best.argmax()
    for index in range(count - 1, 0, -1):
        path[index - 1] = back[index, path[index]]
    return path


def coarsen(scores: Scores, labels: Sequence[str], groups: Sequence[Sequence[str]]) -> Scores:
    """Scores [words, tags of `labels`] as log probabilities [words, tags of `groups`]: sums of their labels' tags.

    What is in no group counts as `O`. Scores of groups that are the labels come back as they are.
    """
    if [list(group) for group in groups] == [[label] for label in labels]:
        return scores
    peak = scores.max(axis=1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - peak)
    columns = [weights[:, 0]]
    for group in groups:
        places = [2 * labels.index(label) + 1 for label in group]
        columns += [weights[:, places].sum(axis=1), weights[:, [place + 1 for place in places]].sum(axis=1)]
    rest = [2 * place + 1 for place, label in enumerate(labels) if not any(label in group for group in groups)]
    columns[0] = columns[0] + weights[:, [place + edge for place in rest for edge in (0, 1)]].sum(axis=1)
    summed: Scores = (np.log(np.stack(columns, axis=1) + 1e-30) + peak).astype(np.float32)
    return summed
