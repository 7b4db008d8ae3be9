"""Continued pre-training: an encoder reads raw text of a field before it is trained (Gururangan et al. 2020, DAPT).

The run directory is that of `train` (see `train.rundir`), with `scores.json` for the losses on held-out text before and
after, and, while the run is unfinished, the text as it is read in `text/`. `last/` is the encoder.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from rich.console import Console
from tokenizers import Tokenizer

from data.learned import Learned
from data.text import texts
from models.encoders import Encoder, check_coverage
from models.extend import extend
from models.masked import load_masked, mask_piece, save_masked
from models.trim import count_pieces, trim
from narasumber.casing import cased
from narasumber.errors import InputError
from narasumber.files import new_folder
from narasumber.settings import Settings, WindowSettings
from narasumber.words import words
from train.config import AdaptConfig
from train.loop import Loop
from train.masking import Masked, MaskedText, Masking, Masks, Stored, is_held_out, write_windows
from train.plan import part_seed, plan_epoch, rate_factor
from train.run import RUNS, accelerator_for, check_precision, checked_encoder, run_loop, set_up
from train.rundir import Resume, environment, forget_peak, locked, open_run, write_json, writing

SAMPLE = 100
"""Documents whose words the encoder must know before a run begins."""

BLOCK = 1 << 14
"""Windows whose updates are planned at a time."""


def adapt(config: AdaptConfig, resume: Resume = "auto") -> Path:
    """Reads the text, trains, and returns the run directory; its folder `last` is an encoder for `model.encoder`.

    Raises InputError for text, encoders or an existing directory that do not fit the config.
    """
    folder = RUNS / config.name
    if (folder / "DONE").exists() and resume != "never":
        open_run(folder, config, resume)
        for left in ("text", "state"):
            shutil.rmtree(folder / left, ignore_errors=True)
        return folder
    # PyTorch's kernels for CPUs keep memory for each of so many shapes, and no two updates mask as many places.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    encoder = checked_encoder(config)
    mask_piece(encoder)  # raises, before anything is written, where there is none
    accelerator = accelerator_for(config, folder)
    main = accelerator.is_main_process
    if main:
        if not (folder / "config.yaml").exists() and resume != "must":
            check_coverage(list(islice(texts(config.text), SAMPLE)), encoder)
        open_run(folder, config, resume)
    accelerator.wait_for_everyone()
    check_precision(folder, config)
    with locked(folder, accelerator):
        if not (folder / "DONE").exists():  # by one that held the lock before
            if main and not (folder / "text").exists():
                _read(config, encoder, folder)
            accelerator.wait_for_everyone()
            _learn(config, encoder, folder, accelerator)
    if main:
        shutil.rmtree(folder / "text", ignore_errors=True)
    return folder


def _learn(config: AdaptConfig, encoder: Encoder, folder: Path, accelerator: Accelerator) -> None:
    forget_peak()
    begun = time.perf_counter()
    main = accelerator.is_main_process
    special = _special(encoder)
    set_seed(config.seed)  # before the model is loaded: a head that it lacks is drawn at random
    tokenizer = Tokenizer.from_file(str(folder / "text" / "tokenizer.json"))
    network, has_head = load_masked(encoder, tokenizer, config.model.revision)
    set_up(network.model, config, accelerator)
    ids = {key: _id(tokenizer, piece) for key, piece in special.items()}
    masks = Masks(config.mask, tokenizer, ids["mask_token"], ids.values())
    text = MaskedText(folder / "text", "train", masks, config.seed)
    loop = Loop(accelerator, network, text, Masking(ids["pad_token"]), TextPlan(text.lengths, config), config.train)

    before = Learned.read(config.model.encoder)
    if main:
        found = json.loads((folder / "text" / "text.json").read_text(encoding="utf-8"))
        with writing(folder):
            data = {**found, "corpora": sorted(before.corpora)}
            write_json(folder / "environment.json", environment(accelerator, config, data))

    def measure(when: str) -> None:
        """Puts the loss on held-out text into scores.json, unless it is there."""
        file = folder / "scores.json"
        scores = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"has_own_head": has_head}
        if main and when not in scores and config.text.held_out:
            scores[when] = _score(loop, MaskedText(folder / "text", "held_out", masks, config.seed))
            with writing(folder):
                write_json(file, scores)

    def finish() -> None:
        measure("after")
        if main:
            with writing(folder), new_folder(folder / "last") as aside:
                save_masked(accelerator.unwrap_model(loop.network), tokenizer, special, aside)
                before.write(aside)

    measure("before")
    run_loop(loop, config, folder, begun, lambda _: (None, False), finish)


def summary(run: Path) -> str:
    """What a finished run gained on held-out text, in words; empty where none was held out."""
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8")) if (run / "scores.json").exists() else {}
    if "before" not in scores:
        return ""
    before, after = scores["before"], scores["after"]
    head = "" if scores["has_own_head"] else " (with an untrained head)"
    return (
        f"held-out text: loss {before['loss']:.3f}{head} -> {after['loss']:.3f}, "
        f"perplexity {before['perplexity']:,.1f} -> {after['perplexity']:,.1f}"
    )


class TextPlan:
    """All updates of a run, for `train.loop.Loop`: the text as often as is asked for, the last time perhaps in part."""

    averaged: frozenset[int] = frozenset()

    def __init__(self, lengths: Stored, config: AdaptConfig) -> None:
        self._lengths, self._config = lengths, config
        tokens, windows = config.train.tokens, len(lengths)
        read = max(1, round(tokens / int(lengths.sum()) * windows)) if tokens else (config.train.epochs or 1) * windows
        self._read = [min(windows, read - start) for start in range(0, read, windows)]
        self.epochs = len(self._read)
        self.total = sum(len(self.epoch(epoch)) for epoch in range(self.epochs))

    def epoch(self, epoch: int) -> TextEpoch:
        return TextEpoch(self._lengths, self._read[epoch], self._config, epoch)

    def rate(self, step: int) -> float:
        return rate_factor(step, self.total, self._config.train)

    def seed(self, step: int, part: int) -> int:
        return part_seed(self._config.seed, step, part)


class TextEpoch(Sequence[list[int]]):
    """The updates of an epoch, which reads `windows` windows; they are numbered as `MaskedText` numbers them.

    So that a text of any size can be read, the updates of one block of windows at a time are held in memory.
    """

    def __init__(self, lengths: Stored, windows: int, config: AdaptConfig, epoch: int) -> None:
        self._lengths, self._config, self._epoch = lengths, config, epoch
        self._order = np.random.default_rng([config.seed, epoch, 1]).permutation(len(lengths))[:windows]
        self._block = -1
        self._updates: list[list[int]] = []
        self._starts = [0]
        for block in range(math.ceil(windows / BLOCK)):
            self._starts.append(self._starts[-1] + len(self._planned(block)))

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, update: Any) -> Any:
        if not 0 <= update < len(self):
            raise IndexError(update)
        block = bisect_right(self._starts, update) - 1
        if block != self._block:
            self._block, self._updates = block, self._planned(block)
        return self._updates[update - self._starts[block]]

    def _planned(self, block: int) -> list[list[int]]:
        windows = self._order[block * BLOCK : (block + 1) * BLOCK]
        lengths = self._lengths[windows].tolist()
        plan = plan_epoch(lengths, self._config.train.tokens_per_batch, self._config.seed, self._epoch)
        numbers = (windows + self._epoch * len(self._lengths)).tolist()
        return [[numbers[place] for place in update] for update in plan]


def _read(config: AdaptConfig, encoder: Encoder, folder: Path) -> None:
    """Puts the text into the run directory. Of text that is no good nothing is left."""
    console = Console(stderr=True, highlight=False)
    console.print(f"{folder.name}: reading the text")
    try:
        with new_folder(folder / "text") as aside:
            told = _write_text(config, encoder, aside)
    except OSError as error:
        raise InputError(str(folder), f"cannot be written to: {error.strerror}", "make room, and start again") from None
    except InputError:
        if not (folder / "environment.json").exists():
            shutil.rmtree(folder)
        raise
    if (folder / "state" / "checkpoint.pt").exists() and _fingerprint(folder) != told["fingerprint"]:
        shutil.rmtree(folder / "text")
        cure = "restore it, or remove the folder to begin anew"
        raise InputError(str(folder), "its text has changed since it began", cure)
    learned, held_out = told["train"], told["held_out"]
    console.print(
        f"{folder.name}: {learned['pieces']:,} pieces of {learned['documents']:,} documents to learn from, "
        f"{held_out['pieces']:,} of {held_out['documents']:,} held out"
    )


def _fingerprint(folder: Path) -> str | None:
    """That of the text that a run has learned from; None where it does not tell."""
    try:
        found = json.loads((folder / "environment.json").read_text(encoding="utf-8"))["data"]["fingerprint"]
        return str(found)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write_text(config: AdaptConfig, encoder: Encoder, folder: Path) -> dict[str, Any]:
    """Fills `folder` with the text as pieces of the run's own vocabulary, and says how much there is."""
    tokenizer = _vocabulary(config, encoder)
    tokenizer.save(str(folder / "tokenizer.json"))
    special = _special(encoder)
    settings = Settings(
        name=config.name,
        encoder=encoder.name,
        heads=(),
        labels={},
        window=WindowSettings(unit=config.window.unit, pieces=config.window.pieces, overlap=0),
        cls_id=_id(tokenizer, special["cls_token"]),
        sep_id=_id(tokenizer, special["sep_token"]),
        pad_id=_id(tokenizer, special["pad_token"]),
        unk_id=_id(tokenizer, special["unk_token"]),
    )
    told = write_windows(texts(config.text), tokenizer, settings, config.text.held_out, folder)
    write_json(folder / "text.json", told)
    learned, held_out = told["train"], told["held_out"]
    if not learned["documents"] + held_out["documents"]:
        raise InputError(f"{config.name}: text.sources", "there is no text in them", "name files with text")
    if config.text.held_out and not held_out["documents"]:
        what = f"{config.text.held_out} of {learned['documents']} documents is none"
        raise InputError(f"{config.name}: text.held_out", what, "hold out more, or 0 to hold out and measure nothing")
    if learned["pieces"] < config.window.pieces:
        what = f"{learned['pieces']} pieces of text to learn from are fewer than one window has"
        raise InputError(f"{config.name}: window.pieces", what, "add text, hold out less, or make windows shorter")
    return told


def _vocabulary(config: AdaptConfig, encoder: Encoder) -> Tokenizer:
    """The encoder's tokenizer, trimmed and extended by what the text uses."""
    change, tokenizer = config.vocabulary, encoder.tokenizer
    special = _special(encoder)

    def read() -> Iterator[str]:
        """The text to learn from, with the casing that it will be read with."""
        unknown = _id(tokenizer, special["unk_token"])
        share = config.text.held_out
        return (cased(text, tokenizer, unknown) for text in texts(config.text) if not is_held_out(text, share))

    if change.trim:
        counts = count_pieces(read(), tokenizer)
        keep = {piece for piece, _ in counts.most_common(change.trim)}
        tokenizer = trim(tokenizer, keep | set(special.values()))
    if change.extend:
        counts = Counter(text[start:end] for text in read() for start, end in words(text))
        tokenizer = extend(tokenizer, counts, change.extend)
    return tokenizer


def _special(encoder: Encoder) -> dict[str, str]:
    """The special pieces by what tokenizer_config.json calls them."""
    ids = {"cls": encoder.cls_id, "sep": encoder.sep_id, "pad": encoder.pad_id, "unk": encoder.unk_id}
    pieces = {f"{key}_token": encoder.tokenizer.id_to_token(id) for key, id in ids.items()}
    return {**{key: piece for key, piece in pieces.items() if piece}, "mask_token": mask_piece(encoder)}


def _id(tokenizer: Tokenizer, piece: str) -> int:
    found = tokenizer.token_to_id(piece)
    assert found is not None
    return found


def _score(loop: Loop[Masked], text: MaskedText) -> dict[str, float]:
    """The mean loss of a piece to find, over all windows of a part."""
    accelerator = loop.accelerator
    network = accelerator.unwrap_model(loop.network).eval()
    size = max(16, loop.config.tokens_per_batch // loop.config.accumulate)
    loss, places = 0.0, 0
    with torch.no_grad():
        for windows in plan_epoch(text.lengths.tolist(), size, 0, 0):
            examples = [text[window] for window in windows]
            with accelerator.autocast():
                loss += float(loop.objective.loss(network, examples))
            places += sum(len(example.places) for example in examples)
    mean = loss / max(1, places)
    return {"loss": mean, "perplexity": math.exp(mean), "places": places}
