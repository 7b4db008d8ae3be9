"""The best legal sequence is found, and spans are as probable as the legal sequences that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from narasumber.decode import NEVER, count_transitions, likely_spans, viterbi

finite = st.floats(-4, 4, width=32)


def legal(tags: tuple[int, ...]) -> bool:
    pairs = zip((0, *tags), tags, strict=False)
    return all(after % 2 == 1 or after == 0 or before in (after, after - 1) for before, after in pairs)


def spans(tags: tuple[int, ...], groups: list[list[int]]) -> Iterator[tuple[int, int, int]]:
    """First word, last word and group of each span of a legal sequence."""
    for first, tag in enumerate(tags):
        if tag % 2 == 1:
            inside = next((place for place in range(first + 1, len(tags)) if tags[place] != tag + 1), len(tags))
            yield from ((first, inside - 1, number) for number, group in enumerate(groups) if tag // 2 in group)


none = np.zeros((5, 5), dtype=np.float32)
transitions = st.just(none) | arrays(np.float32, (5, 5), elements=finite)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.just(5)), elements=finite), transitions)
def test_no_legal_sequence_scores_higher(scores: np.ndarray, follow: np.ndarray) -> None:
    found = tuple(viterbi(scores, follow).tolist())
    assert legal(found)

    def total(tags: tuple[int, ...]) -> float:
        steps = sum(follow[pair] for pair in zip((0, *tags), tags, strict=False))
        return float(sum(scores[place, tag] for place, tag in enumerate(tags)) + steps)

    best = max(total(tags) for tags in product(range(5), repeat=len(scores)) if legal(tags))
    assert np.isclose(total(found), best, atol=1e-4)


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.just(5)), elements=finite), transitions)
@pytest.mark.parametrize("groups", [[[0], [1]], [[0, 1]], [[1]]], ids=["two labels", "one coarse label", "one of two"])
def test_a_span_is_as_probable_as_all_sequences_that_have_it(
    groups: list[list[int]], scores: np.ndarray, follow: np.ndarray
) -> None:
    shares: Counter[tuple[int, int, int]] = Counter()
    total = 0.0
    for tags in product(range(5), repeat=len(scores)):
        if not legal(tags):
            continue
        steps = sum(follow[pair] for pair in zip((0, *tags), tags, strict=False))
        share = float(np.exp(sum(scores[place, tag] for place, tag in enumerate(tags)) + steps))
        total += share
        shares.update(dict.fromkeys(spans(tags, groups), share))
    found = {one[:3]: one.probability for one in likely_spans(scores, follow, groups, 0.0)}
    assert found.keys() == shares.keys()
    assert all(np.isclose(probability, shares[span] / total, atol=1e-6) for span, probability in found.items())
    for least in (0.5, 0.1):
        likely = {one[:3] for one in likely_spans(scores, follow, groups, least)}
        assert likely == {span for span, probability in found.items() if probability > least}


@given(arrays(np.float32, st.tuples(st.integers(1, 30), st.just(5)), elements=finite), transitions)
def test_of_spans_more_probable_than_not_no_two_overlap(scores: np.ndarray, follow: np.ndarray) -> None:
    likely = sorted(likely_spans(scores, follow, [[0], [1]]))
    assert all(before.last < after.first for before, after in pairwise(likely))


def test_labels_of_a_coarse_one_are_read_together() -> None:
    scores = np.log(np.array([[0.4, 0.3, 0.0, 0.3, 0.0]], dtype=np.float32) + 1e-9)
    assert likely_spans(scores, none, [[0], [1]]) == []
    [one] = likely_spans(scores, none, [[0, 1]])
    assert one[:3] == (0, 0, 0)
    assert np.isclose(one.probability, 0.6)


@pytest.mark.parametrize("size", [1.0, 100.0, 10_000.0])
def test_scores_of_any_size_are_read(size: float) -> None:
    """Of 3,000 words every other is a span, however sure a network is of it, and of what may not stand there."""
    scores = np.full((3000, 3), -size, dtype=np.float32)
    scores[::2, 1], scores[1::2, 0], scores[:, 2] = size, size, 3 * size
    follow = np.array([[0.0, 0.0, NEVER]] * 3, dtype=np.float32)
    found = likely_spans(scores, follow, [[0]])
    assert [(one.first, one.last) for one in found] == [(place, place) for place in range(0, 3000, 2)]


def test_an_inside_tag_cannot_open_a_line() -> None:
    [one] = likely_spans(np.array([[0.0, 1.0, 5.0]], dtype=np.float32), none[:3, :3], [[0]])
    assert np.isclose(one.probability, np.e / (1 + np.e))
    assert viterbi(np.array([[0.0, 1.0, 5.0]], dtype=np.float32), none[:3, :3]).tolist() == [1]


def test_no_words_no_spans() -> None:
    assert likely_spans(np.zeros((0, 3), dtype=np.float32), none[:3, :3], [[0]]) == []
    assert viterbi(np.zeros((0, 3), dtype=np.float32), none[:3, :3]).tolist() == []


def test_transitions_are_counted_from_an_o_before_the_line_and_not_over_masked_words() -> None:
    counts = count_transitions([[0, 1, 2], [1, -100, 2, 0]], 3)
    assert counts.tolist() == [[1, 2, 0], [0, 0, 1], [1, 0, 0]]
