"""Spans are as probable as the legal sequences that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from narasumber.decode import NEVER, Likely, count_transitions, likeliest_apart, likely_spans

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


def test_of_spans_whose_bounds_are_in_doubt_the_likeliest_is_read() -> None:
    short, long, other = Likely(3, 4, 0, 0.3), Likely(2, 4, 0, 0.4), Likely(4, 9, 0, 0.1)
    apart = Likely(10, 12, 0, 0.6)
    assert likeliest_apart([short, long, other, apart]) == [long, apart]
    assert likeliest_apart([short, other]) == []
    assert likeliest_apart([]) == []


likely = st.builds(Likely, st.integers(0, 12), st.integers(0, 12), st.just(0), st.floats(0.01, 0.9))


@given(st.lists(likely.filter(lambda one: one.first <= one.last), unique_by=lambda one: one[:2]))
def test_those_read_stand_apart_and_none_more_probable_is_left(spans: list[Likely]) -> None:
    found = likeliest_apart(spans)
    assert set(found) <= set(spans)
    assert all(before.last < after.first for before, after in pairwise(found))
    assert {one for one in spans if one.probability > 0.5} <= {
        one for one in spans if any(best.first <= one.last and one.first <= best.last for best in found)
    }


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


def test_no_words_no_spans() -> None:
    assert likely_spans(np.zeros((0, 3), dtype=np.float32), none[:3, :3], [[0]]) == []


def test_transitions_are_counted_from_an_o_before_the_line_and_not_over_masked_words() -> None:
    counts = count_transitions([[0, 1, 2], [1, -100, 2, 0]], 3)
    assert counts.tolist() == [[1, 2, 0], [0, 0, 1], [1, 0, 0]]
