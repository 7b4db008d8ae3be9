"""Viterbi finds the best legal sequence."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from narasumber.decode import count_transitions, span_losses, viterbi

finite = st.floats(-4, 4, width=32)


def legal(tags: tuple[int, ...]) -> bool:
    pairs = zip((0, *tags), tags, strict=False)
    return all(after % 2 == 1 or after == 0 or before in (after, after - 1) for before, after in pairs)


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
def test_the_loss_of_a_span_is_that_of_the_best_sequence_that_has_it(scores: np.ndarray, follow: np.ndarray) -> None:
    best: dict[tuple[int, int], float] = {}
    highest = -np.inf
    for tags in product(range(5), repeat=len(scores)):
        if not legal(tags):
            continue
        total = float(sum(scores[place, tag] for place, tag in enumerate(tags)))
        total += float(sum(follow[pair] for pair in zip((0, *tags), tags, strict=False)))
        highest = max(highest, total)
        for place in [place for place, tag in enumerate(tags) if tag == 1]:
            more = next((more for more, tag in enumerate(tags[place + 1 :]) if tag != 2), len(tags) - place - 1)
            best[place, more] = max(best.get((place, more), -np.inf), total)
    losses = span_losses(scores, follow, 4)
    assert losses.shape == (len(scores), 4)
    for (place, more), loss in np.ndenumerate(losses):
        wanted = highest - best[place, more] if (place, more) in best else np.inf
        assert np.isclose(loss, wanted, atol=1e-4)


def test_an_inside_tag_cannot_open_a_line() -> None:
    assert viterbi(np.array([[0.0, 1.0, 5.0]], dtype=np.float32), none[:3, :3]).tolist() == [1]


def test_no_words_no_tags() -> None:
    assert viterbi(np.zeros((0, 3), dtype=np.float32), none[:3, :3]).tolist() == []


def test_transitions_are_counted_from_an_o_before_the_line_and_not_over_masked_words() -> None:
    counts = count_transitions([[0, 1, 2], [1, -100, 2, 0]], 3)
    assert counts.tolist() == [[1, 2, 0], [0, 0, 1], [1, 0, 0]]
