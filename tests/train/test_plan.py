"""Plans are functions of seed and epoch, and hold every example once; rates rise and fall."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from train.config import TrainConfig
from train.plan import plan_epoch, rate_factor

lengths = st.lists(st.integers(3, 512), min_size=1, max_size=80)


@given(lengths, st.integers(16, 2048), st.integers(0, 9), st.integers(0, 9))
def test_a_plan_holds_each_example_once_within_the_token_limit(
    sizes: list[int], limit: int, seed: int, epoch: int
) -> None:
    plan = plan_epoch(sizes, limit, seed, epoch)
    assert sorted(index for batch in plan for index in batch) == list(range(len(sizes)))
    for batch in plan:
        assert len(batch) == 1 or max(sizes[index] for index in batch) * len(batch) <= limit
    assert plan == plan_epoch(sizes, limit, seed, epoch)


def test_epochs_and_seeds_differ() -> None:
    sizes = list(range(3, 103))
    plans = [plan_epoch(sizes, 256, seed, epoch) for seed, epoch in ((1, 0), (1, 1), (2, 0))]
    assert plans[0] != plans[1] != plans[2] != plans[0]


def test_rates_rise_then_fall_to_nothing() -> None:
    for schedule in ("linear", "cosine"):
        config = TrainConfig(schedule=schedule, warmup=0.1)
        rates = np.array([rate_factor(step, 100, config) for step in range(100)])
        assert rates[9] == rates.max() == 1.0
        assert (np.diff(rates[:10]) > 0).all()
        assert (np.diff(rates[10:]) < 0).all()
        assert 0 < rates[-1] < 0.02
