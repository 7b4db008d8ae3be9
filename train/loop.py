"""The training loop: epochs of updates on one network, by Accelerate, resumable at every update."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set, Sized
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from models.masked import MaskedNetwork
from models.network import Network
from narasumber.errors import Diverged, InputError
from train.config import LoopConfig

TRANSITION_RATE = 10
"""How much faster a head's transitions learn than its weights: each is one number, not a sum of hundreds."""


@dataclass
class TrainState:
    """Where a run stands: `step` updates are done, `batch` of them in epoch `epoch`."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best_score: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0
    """Wall time up to here."""
    peak_memory: float = 0.0
    """The most that its first process has held up to here, MiB."""
    peak_gpu_memory: float = 0.0
    """And on its GPU; 0 without one."""


@dataclass(frozen=True)
class Update:
    """What one update did. `loss`: summed, over `Objective.size`; `tokens` counts padding too."""

    step: int
    epoch: int
    loss: float
    gradient_norm: float
    learning_rate: float
    tokens: int
    ends_epoch: bool


def _layer(name: str) -> int | None:
    """The number, from the bottom, of the encoder layer that a parameter is of."""
    found = re.search(r"\.layers?\.(\d+)\.", f".{name}")
    return int(found[1]) if found else None


_EMBEDS: Final = "emb"
"""In the name of what embeds: `embeddings`, XLNet's `word_embedding` and `mask_emb`."""


def freeze(encoder: nn.Module, layers: int) -> None:
    """Keeps so many of the lowest layers, and with any the embeddings, from learning.

    Raises InputError for more layers than have weights of their own (ALBERT's share theirs).
    """
    if layers == 0:
        return
    numbers = {number for name, _ in encoder.named_parameters() if (number := _layer(name)) is not None}
    if layers > len(numbers):
        cure = f"at most {len(numbers)}" if numbers else "leave it out"
        raise InputError("model.frozen_layers", f"{layers} is more layers than the encoder has of its own", cure)
    for name, parameter in encoder.named_parameters():
        number = _layer(name)
        if number < layers if number is not None else _EMBEDS in name:
            parameter.requires_grad_(False)


def parameter_groups(network: Network | MaskedNetwork, config: LoopConfig) -> list[dict[str, object]]:
    """AdamW groups: heads at their own rate, encoder layers at rates that fall with depth, no decay on vectors."""
    depth = network.encoder.config.num_hidden_layers
    encoder = {id(parameter) for parameter in network.encoder.parameters()}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if id(parameter) in encoder:
            layer = _layer(name)
            below = depth - 1 - layer if layer is not None else depth if _EMBEDS in name else 0
            rate = config.learning_rate * config.layer_decay**below
        else:
            rate = config.head_learning_rate * (TRANSITION_RATE if name.startswith("transitions.") else 1)
        decay = config.weight_decay if parameter.ndim > 1 and not name.startswith("transitions.") else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "initial_lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


Example = TypeVar("Example", bound=Sized)
Learned = TypeVar("Learned", contravariant=True)
Found = TypeVar("Found", covariant=True)


class Objective(Protocol[Learned]):
    """What is learned. `len` of an example is its tokens."""

    def size(self, examples: Sequence[Learned]) -> int:
        """What the summed loss of an update is divided by, at least 1; called by every process with all of it."""

    def loss(self, network: nn.Module, examples: Sequence[Learned]) -> Tensor:
        """The summed loss of a part of an update, for backward."""


class Examples(Protocol[Found]):
    """What there is to learn from, by number."""

    def __getitem__(self, number: int, /) -> Found: ...


class Updates(Protocol):
    """Which examples make up each update, at which rate it learns, and what its random numbers begin with."""

    total: int
    epochs: int

    @property
    def averaged(self) -> Set[int]:
        """Epochs (from 1) at whose end the weights go into the mean."""

    def epoch(self, epoch: int) -> Sequence[Sequence[int]]:
        """The numbers of the examples of each update of an epoch (from 0)."""

    def rate(self, step: int) -> float:
        """The factor on the config's learning rates at update `step` (from 0)."""

    def seed(self, step: int, part: int) -> int:
        """For a part of update `step` (from 0), whichever process computes it."""


class Loop(Generic[Example]):
    """Runs the updates. The plan, the rates, the loss's scale and the random numbers are functions of config and step
    alone, so all that a checkpoint has to hold is weights, their mean, optimizer and `TrainState`.

    `accelerator.accumulate()` is not used: it counts micro-batches and weighs each the same, whatever it holds. Here an
    update is planned first and then cut into parts, over processes and over `accumulate`, and each part's summed
    loss is divided by the labelled words of the whole update; so neither number changes the result. Dropout is drawn
    for each part: it is the same where processes times `accumulate` are.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        network: Network | MaskedNetwork,
        examples: Examples[Example],
        objective: Objective[Example],
        plan: Updates,
        config: LoopConfig,
    ) -> None:
        self.accelerator = accelerator
        self.examples = examples
        self.objective = objective
        self.plan = plan
        self.config = config
        self.state = TrainState()
        self.mean = AveragedModel(network, accelerator.device) if plan.averaged else None
        optimizer = torch.optim.AdamW(parameter_groups(network, config), fused=True)
        self.network, self.optimizer = accelerator.prepare(network, optimizer)

    @property
    def learned(self) -> Any:
        """The network with the mean of the weights that were to be averaged; as it is, while there are none."""
        if self.mean is not None and self.mean.n_averaged > 0:
            return self.mean.module
        return self.accelerator.unwrap_model(self.network)

    def updates(self) -> Iterator[Update]:
        """Runs from where the state stands to the end of the last epoch, one update a turn.

        Raises Diverged as soon as the loss, or at the end of an epoch a weight, is no number.
        """
        state = self.state
        while state.epoch < self.plan.epochs:
            plan = self.plan.epoch(state.epoch)
            while state.batch < len(plan):
                update = self._update(
                    [self.examples[index] for index in plan[state.batch]], state.batch + 1 == len(plan)
                )
                state.step += 1
                state.batch += 1
                if update.ends_epoch:
                    state.epoch, state.batch = state.epoch + 1, 0
                    own = self.accelerator.unwrap_model(self.network)
                    if not all(torch.isfinite(parameter).all() for parameter in own.parameters()):
                        raise _diverged(f"after update {state.step} a weight")
                    if self.mean is not None and state.epoch in self.plan.averaged:
                        self.mean.update_parameters(own)
                    plan = []
                yield update

    def _update(self, examples: list[Example], ends_epoch: bool) -> Update:
        accelerator, config, state = self.accelerator, self.config, self.state
        factor = self.plan.rate(state.step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor
        parts = accelerator.num_processes * config.accumulate
        own = range(parts)[accelerator.process_index :: accelerator.num_processes]
        size = self.objective.size(examples)
        self.network.train()
        self.optimizer.zero_grad()
        loss = torch.zeros((), device=accelerator.device)
        tokens = 0
        for number in own:
            part = examples[number::parts]
            torch.manual_seed(self.plan.seed(state.step, number))
            with nullcontext() if number == own[-1] else accelerator.no_sync(self.network):
                # A process without examples of its own still takes part in the others' gradients.
                with accelerator.autocast():
                    summed = self.objective.loss(self.network, part or examples[:1])
                part_loss = summed / size * (1.0 if part else 0.0)
                accelerator.backward(part_loss * accelerator.num_processes)
            loss += part_loss.detach()
            tokens += len(part) * max(map(len, part), default=0)
        norm = accelerator.clip_grad_norm_(self.network.parameters(), config.clip_norm)
        self.optimizer.step()
        total = accelerator.reduce(torch.stack([loss, loss.new_tensor(tokens)]))
        if not torch.isfinite(total[0]):
            raise _diverged(f"the loss of update {state.step + 1}")
        return Update(
            step=state.step + 1,
            epoch=state.epoch + 1,
            loss=float(total[0]),
            gradient_norm=float(norm),
            learning_rate=config.learning_rate * factor,
            tokens=int(total[1]),
            ends_epoch=ends_epoch,
        )


def _diverged(what: str) -> Diverged:
    return Diverged("train.learning_rate", f"{what} is no number any more", "lower it, or train.head_learning_rate")
