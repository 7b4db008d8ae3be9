"""Kills a small training at random moments, takes its disk away, and starts it again.

By hand, from the checkout (about three minutes): `python -m tests.crashes`. Prints a tally and exits with 1 if a run
did not come back to the same weights, bit for bit, or lost more than the updates since its last checkpoint, or was
refused without a clear message. As root, a full disk is a small tmpfs, else a limit on the size of files.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch

from narasumber import formats
from narasumber.cli import main as narasumber
from tests.conftest import ROOT, write_tiny_bert
from train import run  # noqa: F401  # imported once, here, so that the processes below start at once

SEED: Final = 13
KILLS: Final = 25
NOBODY: Final = 65534
RUN: Final = Path("runs") / "crash"
CONFIG: Final = """
name: crash
data:
  sources: [{{path: {root}/seeds}}]
  held_out: {{documents: [003_e50b77e81069cd99]}}
  development: {{documents: [000_e91c931474bc4544]}}
model: {{encoder: {encoder}, dropout: 0.1, encoder_dropout: 0.1}}
window: {{pieces: 64, overlap: 16}}
train:
  {{epochs: 8, tokens_per_batch: 512, checkpoint_steps: 3, precision: fp32,
   learning_rate: 1.0e-3, head_learning_rate: 1.0e-2}}
"""

OPERATIONS = multiprocessing.RawValue("q", 0)
"""On files of runs, by the processes that `dying` watches."""

Before = Callable[[], None]


def start(folder: Path, config: Path, before: Before | None = None) -> int:
    """The id of a process that trains in `folder`, after calling `before`; what it says goes to `folder/said`."""
    folder.mkdir(exist_ok=True)
    if child := os.fork():
        return child
    code = 1
    try:
        os.chdir(folder)
        said = os.open(folder.with_suffix(".said"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        for stream in (1, 2):
            os.dup2(said, stream)
        if before:
            before()
        sys.argv = ["narasumber", "train", str(config)]
        narasumber()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def end(child: int) -> int:
    """The exit code of a process, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def said(folder: Path) -> str:
    return folder.with_suffix(".said").read_text(encoding="utf-8")


def rows(folder: Path) -> list[dict[str, Any]]:
    file = folder / RUN / "metrics.jsonl"
    lines = file.read_text(encoding="utf-8").split("\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in lines]


def checkpoint(folder: Path) -> int:
    """How many updates a stopped run would not do again."""
    if (folder / RUN / "DONE").exists():
        return len(rows(folder))
    file = folder / RUN / "state" / "checkpoint.pt"
    return int(torch.load(file)["state"]["step"]) if file.exists() else 0


def differences(folder: Path, whole: Path, before: list[dict[str, Any]], step: int) -> str:
    """What is not as in a run that was never stopped, or was done again though the checkpoint at `step` held it."""
    found = []
    for model in ("best", "last"):
        one, other = (place / RUN / model / "model.safetensors" for place in (folder, whole))
        if not one.exists() or one.read_bytes() != other.read_bytes():
            found.append(f"{model} differs")
    if [row["loss"] for row in rows(folder)] != [row["loss"] for row in rows(whole)]:
        found.append("losses differ")
    if rows(folder)[:step] != before[:step]:
        found.append("updates before the checkpoint were done again")
    names = ({path.name for path in (place / RUN).iterdir()} for place in (folder, whole))
    if left := set.symmetric_difference(*names):
        found.append(f"files left or missing: {', '.join(sorted(left))}")
    return "; ".join(found)


def resumed(folder: Path, config: Path, whole: Path) -> str:
    """Starts again what was stopped; says how that went."""
    before, step = rows(folder), checkpoint(folder)
    if len(before) - step > 3:
        return f"WRONG: {len(before)} updates were done, the checkpoint holds {step}"
    if code := end(start(folder, config)):
        return f"WRONG: exit code {code} when started again: {said(folder)}"
    wrong = differences(folder, whole, before, step)
    return f"WRONG: {wrong}" if wrong else "resumed to the same weights, bit for bit"


def refused(folder: Path, code: int, clear: str) -> str:
    """Whether a start ended with a message that has `clear` in it, rather than with a traceback; empty if so."""
    told = said(folder)
    return "" if code == 2 and clear in told and "Traceback" not in told else f"WRONG: exit code {code}: {told}"


def dying(at: int) -> Before:
    """Kills the process as it is about to do its `at`th operation on a file of the run, its last file half-written."""

    def watch() -> None:
        left = at

        def hook(event: str, words: tuple[Any, ...]) -> None:
            nonlocal left
            if event not in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir") or "runs/" not in str(words[0]):
                return
            if event == "open" and not words[2] & (os.O_WRONLY | os.O_RDWR):
                return
            OPERATIONS.value += 1
            left -= 1
            if left < 0:
                if event == "os.rename" and os.path.isfile(words[0]) and at % 2:
                    os.truncate(words[0], os.path.getsize(words[0]) // 2)
                os.write(2, f"\ndied at {words[0]}".encode())
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)

    return watch


@contextmanager
def full_disk(folder: Path, size: int) -> Iterator[Before | None]:
    """A folder that takes `size` bytes in all, or, for want of rights, a limit of it on each file."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return
    try:
        yield None
        kept = folder.with_suffix(".kept")
        shutil.copytree(folder, kept)
    finally:
        subprocess.run(["umount", folder], check=True)
    folder.rmdir()
    kept.rename(folder)


def unprivileged() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def main() -> None:
    drawn = random.Random(SEED)  # noqa: S311  # nothing secret
    work = Path(tempfile.mkdtemp(prefix="crashes-"))
    work.chmod(0o755)
    encoder = write_tiny_bert(work / "tiny-bert", [item.text for item in formats.read(ROOT / "seeds", "brat")])
    for file in encoder.iterdir():
        file.chmod(0o644)  # for whoever has no rights, below
    config = work / "crash.yaml"
    config.write_text(CONFIG.format(root=ROOT, encoder=encoder), encoding="utf-8")
    tally: Counter[tuple[str, str]] = Counter()

    whole = work / "whole"
    begun = time.perf_counter()
    assert end(start(whole, config, dying(sys.maxsize))) == 0, said(whole)
    seconds, count = time.perf_counter() - begun, OPERATIONS.value
    for number in range(KILLS):
        folder = work / f"moment-{number}"
        times = 1 + number % 2
        for _ in range(times):
            child = start(folder, config)
            time.sleep(drawn.uniform(0, seconds / times))
            os.kill(child, signal.SIGKILL)
            end(child)
        tally[f"killed at a random moment{', twice' * (times - 1)}", resumed(folder, config, whole)] += 1

    for number, at in enumerate(sorted(drawn.sample(range(count), KILLS))):
        folder = work / f"file-{number}"
        assert end(start(folder, config, dying(at))) == -signal.SIGKILL
        place = said(folder).rpartition("died at ")[2]
        kind = "a checkpoint" if "/state" in place else "a model" if re.search("best|last", place) else "other files"
        tally[f"killed in one of {count} operations on files, on {kind}", resumed(folder, config, whole)] += 1

    size = sum(file.stat().st_size for file in (whole / RUN).rglob("*"))
    for share in (0.001, 0.05, 0.3, 0.6, 0.9):
        folder = work / f"full-{share}"
        with full_disk(folder, max(4096, int(share * size))) as before:
            wrong = refused(folder, end(start(folder, config, before)), "cannot be written")
        told = wrong or f"refused with a clear message; with room again {resumed(folder, config, whole)}"
        tally["full disk", told] += 1

    for kind in ("unwritable folder", "unwritable half-done run"):
        folder = work / kind.replace(" ", "-")
        if "half-done" in kind:
            end(start(folder, config, dying(count // 2)))
        folder.mkdir(exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        folder.with_suffix(".said").touch()
        folder.with_suffix(".said").chmod(0o666)
        wrong = refused(folder, end(start(folder, config, unprivileged)), "cannot be written")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        told = wrong or f"refused with a clear message; with the right again {resumed(folder, config, whole)}"
        tally[kind, told] += 1

    folder, builtin = work / "cache", work / "builtin.yaml"
    builtin.write_text(CONFIG.format(root=ROOT, encoder="builtin"), encoding="utf-8")
    (work / "read-only").mkdir(mode=0o555)

    def read_only_cache() -> None:
        os.environ["XDG_CACHE_HOME"] = str(work / "read-only")
        unprivileged()

    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    folder.with_suffix(".said").touch()
    folder.with_suffix(".said").chmod(0o666)
    wrong = refused(folder, end(start(folder, builtin, read_only_cache)), "set XDG_CACHE_HOME")
    left = "something was written" if any(folder.iterdir()) else "nothing was written"
    tally["read-only cache", wrong or f"refused with a clear message; {left}"] += 1

    for (kind, told), number in sorted(tally.items()):
        print(f"{number:3}  {kind}: {told}")  # noqa: T201
    shutil.rmtree(work)
    sys.exit(any("WRONG" in told for _, told in tally))


if __name__ == "__main__":
    main()
