"""Text as training examples for masked language modelling, kept on disk, and the objective of reading them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from narasumber.settings import Settings
from narasumber.windows import Ints, Row, pieces_of, row, windows
from train.config import MaskConfig

PARTS: Final = ("train", "held_out")

Stored = npt.NDArray[np.int32]


def write_windows(
    texts: Iterable[str], tokenizer: Tokenizer, settings: Settings, held_out: float, folder: Path
) -> dict[str, Any]:
    """Fills `folder` with every window of every text, as it is read, and returns what there is.

    `PART.pieces` (int32) holds the windows of a part one behind the other, a piece that goes on with a word as `~id`;
    `PART.lengths` (int32) the pieces of each. A share `held_out` of the texts is held out, and with one all its copies.
    """
    counts = {part: {"documents": 0, "windows": 0, "pieces": 0} for part in PARTS}
    known = hashlib.sha256()
    with ExitStack() as stack:
        files = {
            (part, kind): stack.enter_context((folder / f"{part}.{kind}").open("wb"))
            for part in PARTS
            for kind in ("pieces", "lengths")
        }
        for text in texts:
            known.update(_digest(text))
            part = PARTS[is_held_out(text, held_out)]
            pieces = pieces_of(text, tokenizer, settings.unk_id)
            cut = [_stored(row(pieces, window, settings)) for window in windows(pieces, settings)]
            lengths = [len(window) for window in cut]
            files[part, "pieces"].write(b"".join(window.tobytes() for window in cut))
            files[part, "lengths"].write(np.array(lengths, dtype=np.int32).tobytes())
            for key, number in (("documents", 1), ("windows", len(cut)), ("pieces", sum(lengths))):
                counts[part][key] += number
    return {**counts, "fingerprint": known.hexdigest()}


def is_held_out(text: str, share: float) -> bool:
    """Whether a text, and with it all its copies, is of the share that is held out."""
    return int.from_bytes(_digest(text)[:8], "big") < share * 2**64


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _stored(item: Row) -> Stored:
    goes_on = item.shapes > 0  # all but separators have a shape
    goes_on[item.places] = False
    return np.where(goes_on, ~item.ids, item.ids).astype(np.int32)


@dataclass(frozen=True)
class Masked:
    """A window as the network reads it; at `places` it has to find `targets`."""

    ids: Ints
    places: Ints
    targets: Ints

    def __len__(self) -> int:
        return len(self.ids)


class Masks:
    """Draws what is masked: words, or pieces, each with the chance `rate`.

    Of the pieces that are to be found, 80 % are read as the mask, 10 % as any other piece, and 10 % as they are.
    """

    def __init__(self, config: MaskConfig, tokenizer: Tokenizer, mask_id: int, special: Iterable[int]) -> None:
        self.config, self.mask_id = config, mask_id
        known = list(tokenizer.get_vocab().values())
        self.ordinary = np.zeros(1 + max(known), dtype=bool)  # a number may be without a piece
        self.ordinary[known] = True
        self.ordinary[[mask_id, *special]] = False
        self.pieces = np.flatnonzero(self.ordinary)

    def draw(self, stored: Stored, random: np.random.Generator) -> Masked:
        """`stored`: a window as `write_windows` wrote it."""
        ids = np.where(stored < 0, ~stored, stored).astype(np.int64)
        units = np.cumsum(stored >= 0) - 1 if self.config.whole_words else np.arange(len(stored))
        drawn = random.random(units[-1] + 1) < self.config.rate
        places = np.flatnonzero(drawn[units] & self.ordinary[ids])
        read = ids.copy()
        fate = random.random(len(places))
        read[places[fate < 0.8]] = self.mask_id
        others = places[fate >= 0.9]
        read[others] = random.choice(self.pieces, size=len(others))
        return Masked(read, places, ids[places])


class MaskedText:
    """The windows of a part, masked anew in each epoch: number `epoch * windows + window` is always the same."""

    def __init__(self, folder: Path, part: str, masks: Masks, seed: int) -> None:
        self.masks, self.seed = masks, seed
        self.lengths: Stored = np.fromfile(folder / f"{part}.lengths", dtype=np.int32)
        self.ends = np.cumsum(self.lengths, dtype=np.int64)
        self.pieces = np.memmap(folder / f"{part}.pieces", dtype=np.int32, mode="r")

    def __getitem__(self, number: int, /) -> Masked:
        epoch, window = divmod(number, len(self.lengths))
        end = self.ends[window]
        stored = np.asarray(self.pieces[end - self.lengths[window] : end])
        return self.masks.draw(stored, np.random.default_rng([self.seed, epoch, window]))


class Masking:
    """The objective, for `train.loop.Loop`: minus the log probability of what stood at the places to find."""

    def __init__(self, pad_id: int) -> None:
        self.pad_id = pad_id

    def size(self, examples: Sequence[Masked]) -> int:
        return max(1, sum(len(example.places) for example in examples))

    def loss(self, network: nn.Module, examples: Sequence[Masked]) -> Tensor:
        width = max(map(len, examples))
        ids = np.full((len(examples), width), self.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, example in enumerate(examples):
            ids[number, : len(example)] = example.ids
            mask[number, : len(example)] = 1
        places = np.concatenate([number * width + example.places for number, example in enumerate(examples)])
        targets = np.concatenate([example.targets for example in examples])
        device = next(network.parameters()).device
        given = (torch.from_numpy(array).to(device) for array in (ids, mask, places))
        logits: Tensor = network(*given)
        return functional.cross_entropy(logits.float(), torch.from_numpy(targets).to(device), reduction="sum")
