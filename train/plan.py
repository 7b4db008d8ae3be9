"""Which examples make up each update, and at which rate it learns: functions of config and examples alone, so that a
resumed run replays them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from train.config import Config, LoopConfig
from train.examples import Example


class Plan:
    """All updates of a run: stages of epochs, each epoch a drawing from the stage's sources, in batches of like length.

    `total` updates in `epochs`, of which those in `averaged` (from 1) end a stage whose weights are averaged;
    `sampling` says what an epoch of each stage draws, as plain JSON values.
    """

    def __init__(self, examples: Sequence[Example], config: Config) -> None:
        self._lengths = [len(example) for example in examples]
        self._config = config
        by_source: dict[str, list[int]] = {source.title: [] for source in config.data.sources}
        titles = list(by_source)
        for index, example in enumerate(examples):
            by_source[titles[example.source]].append(index)
        weights = {source.title: source.weight for source in config.data.sources}
        self._stage_of: list[int] = []
        self._drawn: list[dict[str, tuple[list[int], int]]] = []
        for number, stage in enumerate(config.train.all_stages):
            own = {title: by_source[title] for title in stage.sources or titles if by_source[title]}
            counts = draw([len(places) for places in own.values()], [weights[t] for t in own], config.data.temperature)
            self._drawn.append({title: (own[title], count) for title, count in zip(own, counts, strict=True)})
            self._stage_of += [number] * stage.epochs
        self.epochs = len(self._stage_of)
        stages = config.train.all_stages
        ends = np.cumsum([stage.epochs for stage in stages]).tolist()
        self.averaged = frozenset(end for end, stage in zip(ends, stages, strict=True) if stage.average)
        sizes = [len(self.epoch(epoch)) for epoch in range(self.epochs)]
        self._starts = [0, *np.cumsum(sizes).tolist()]
        self.total: int = self._starts[-1]

    @property
    def sampling(self) -> list[dict[str, Any]]:
        return [
            {title: {"examples": len(places), "an_epoch": count} for title, (places, count) in drawn.items()}
            for drawn in self._drawn
        ]

    def epoch(self, epoch: int) -> list[list[int]]:
        """The places in `examples` of each update of an epoch (from 0)."""
        config = self._config
        chosen = [
            index
            for places, number in self._drawn[self._stage_of[epoch]].values()
            for index in choose(places, number, config.seed, epoch)
        ]
        lengths = [self._lengths[index] for index in chosen]
        batches = plan_epoch(lengths, config.train.tokens_per_batch, config.seed, epoch)
        return [[chosen[index] for index in batch] for batch in batches]

    def rate(self, step: int) -> float:
        """The factor on the config's learning rates at update `step` (from 0): each stage has a schedule of its own."""
        config = self._config.train
        epoch = int(np.searchsorted(self._starts, step, side="right")) - 1
        number = self._stage_of[epoch]
        first = self._stage_of.index(number)
        start, end = self._starts[first], self._starts[first + self._stage_of.count(number)]
        rate = config.all_stages[number].learning_rate or config.learning_rate
        return rate / config.learning_rate * rate_factor(step - start, end - start, config)

    def seed(self, step: int, part: int) -> int:
        """What the random numbers of a part of update `step` (from 0) begin with, whichever process computes it."""
        return part_seed(self._config.seed, step, part)


def part_seed(seed: int, step: int, part: int) -> int:
    """A seed for each part of each update, all unlike each other."""
    return int(np.random.SeedSequence([seed, step, part]).generate_state(1, np.uint64)[0])


def rate_factor(step: int, total: int, config: LoopConfig) -> float:
    """The share of the full learning rate at update `step` (from 0) of `total`."""
    warmup = math.ceil(config.warmup * total)
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, total - warmup)
    return 0.5 * (1 + math.cos(math.pi * progress)) if config.schedule == "cosine" else 1 - progress


def plan_epoch(lengths: Sequence[int], tokens_per_batch: int, seed: int, epoch: int) -> list[list[int]]:
    """Which examples make up each update of an epoch: a function of its arguments alone, so a resumed run replays it.

    Examples of like length come together (`longest x count <= tokens_per_batch`, or one example that is longer
    by itself): shuffled, cut into pools of about 32 batches, sorted within a pool, and the batches shuffled again.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    mean = max(1.0, float(np.mean(lengths)) if len(lengths) else 1.0)
    pool = max(1, int(32 * tokens_per_batch / mean))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        batch: list[int] = []
        for index in sorted(order[start : start + pool].tolist(), key=lambda index: lengths[index]):
            if batch and lengths[index] * (len(batch) + 1) > tokens_per_batch:
                batches.append(batch)
                batch = []
            batch.append(index)
        if batch:
            batches.append(batch)
    return [batches[index] for index in random.permutation(len(batches))]


def draw(counts: Sequence[int], weights: Sequence[float], temperature: float) -> list[int]:
    """How many examples of each source an epoch takes: as many as there are in all, in shares of
    `weight x count^(1 / temperature)`.
    """
    # As logs, which no temperature takes out of a float's range.
    logs = np.log(np.array(weights, dtype=float)) + np.log(np.array(counts, dtype=float)) / temperature
    shares = np.exp(logs - logs.max())
    wanted = shares / shares.sum() * sum(counts)
    return [max(1, round(number)) if count else 0 for number, count in zip(wanted.tolist(), counts, strict=True)]


def choose(places: Sequence[int], number: int, seed: int, epoch: int) -> list[int]:
    """`number` of `places`: each as often as another, give or take once; the same for the same arguments."""
    whole, rest = divmod(number, len(places))
    if not rest:
        return list(places) * whole
    some = np.random.default_rng([seed, epoch, 1]).choice(len(places), size=rest, replace=False)
    return [*(list(places) * whole), *(places[index] for index in sorted(some.tolist()))]
