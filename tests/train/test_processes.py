"""Training in several processes: the same curve, an end for all when one dies, and resuming in any number of them.

Exact, bit for bit: stopped and resumed in as many processes. Up to floating-point order: another number of processes,
and, with dropout, where processes times `accumulate` stay the same.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from train.config import dump, load_config

ROOT = Path(__file__).resolve().parents[2]

# What `accelerate launch` does, in processes that need not import PyTorch anew: much quicker.
LAUNCHES = """
import json, os, socket, sys
from pathlib import Path
from train.config import load_config
from train.run import train

def launch(folder, config, processes):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    children = []
    for rank in range(processes):
        if child := os.fork():
            children.append(child)
            continue
        os.chdir(folder)
        if processes > 1:
            names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
            os.environ.update({name: str(value) for name, value in names.items()})
            os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
        try:
            train(load_config(Path(config)))
            sys.stderr.flush()
            os._exit(0)
        finally:
            os._exit(1)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

print(json.dumps([launch(*job) for job in json.loads(sys.argv[1])]))
"""

# `python -m train`, in which the second process is killed in its fifth update.
DIES = """
import os, signal
from train.loop import Loop
update = Loop._update

def dying(self, *words):
    if os.environ["RANK"] == "1" and self.state.step == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return update(self, *words)

Loop._update = dying
from narasumber.cli import train_main
train_main()
"""


RUN = Path("runs") / "tiny"


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    """Folders with runs: `dead`, of two processes, one of which was killed; `whole-N` and `resumed-N`, of N processes,
    the latter gone on with from `dead`; and with dropout `parted`, of two processes, `halves`, of one that computes
    updates in two parts, and `one`. `died` holds how the launch of `dead` ended.
    """
    base = tmp_path_factory.mktemp("processes")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    plain = written(base / "plain.yaml", tiny_encoder, dropout=0.0, parts=1)
    dropout = written(base / "dropout.yaml", tiny_encoder, dropout=0.1, parts=1)
    halves = written(base / "halves.yaml", tiny_encoder, dropout=0.1, parts=2)
    (base / "dies.py").write_text(DIES, encoding="utf-8")
    (base / "dead").mkdir()
    accelerate = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    died = subprocess.run(
        [*accelerate, str(base / "dies.py"), str(plain)],
        cwd=base / "dead", env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    (base / "died").write_text(f"{died.returncode}\n{died.stderr}", encoding="utf-8")
    jobs = [(f"whole-{count}", plain, count) for count in (1, 2, 4)]
    jobs += [(f"resumed-{count}", plain, count) for count in (1, 2, 4)]
    jobs += [("parted", dropout, 2), ("halves", halves, 1), ("one", dropout, 1)]
    for name, _, _ in jobs:
        shutil.copytree(base / "dead", base / name) if "resumed" in name else (base / name).mkdir()
    told = json.dumps([(str(base / name), str(config), count) for name, config, count in jobs])
    done = subprocess.run([sys.executable, "-c", LAUNCHES, told], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout.splitlines()[-1])
    assert codes == [[0] * count for _, _, count in jobs], done.stderr
    return base


def written(path: Path, encoder: Path, dropout: float, parts: int) -> Path:
    """A config of ten updates on the toy encoder, with a checkpoint behind the third."""
    keys = (
        "name=tiny",
        f"model={{encoder: {encoder}, encoder_dropout: {dropout}, dropout: {dropout}}}",
        f"data.sources=[{{path: {ROOT / 'seeds'}}}]",
        "window={pieces: 64, overlap: 16}",
        f"train={{epochs: 2, tokens_per_batch: 512, accumulate: {parts}, checkpoint_steps: 3, precision: fp32}}",
    )
    path.write_text(dump(load_config(ROOT / "configs" / "quickstart.yaml", keys)), encoding="utf-8")
    return path


def losses(folder: Path) -> list[float]:
    lines = (folder / RUN / "metrics.jsonl").read_text().splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [row["step"] for row in rows] == list(range(1, 11))
    return [row["loss"] for row in rows]


def same(one: Path, other: Path, atol: float) -> None:
    """Asserts that two runs' losses and weights differ by `atol` at most."""
    assert losses(one) == pytest.approx(losses(other), abs=atol)
    left, right = (load_file(folder / RUN / "last" / "model.safetensors") for folder in (one, other))
    for name, tensor in left.items():
        assert torch.allclose(tensor, right[name], rtol=0, atol=atol), name


def test_one_dead_process_ends_all_and_leaves_the_checkpoint(launched: Path) -> None:
    code, _, told = (launched / "died").read_text(encoding="utf-8").partition("\n")
    assert code != "0"
    assert f"exitcode  : -{signal.SIGKILL:d}" in told
    run = launched / "dead" / RUN
    assert not (run / "DONE").exists()
    assert json.loads((run / "environment.json").read_text())["processes"] == 2
    assert torch.load(run / "state" / "checkpoint.pt")["state"]["step"] == 3


@pytest.mark.parametrize("count", [2, 4])
def test_more_processes_give_the_same_curve(launched: Path, count: int) -> None:
    same(launched / f"whole-{count}", launched / "whole-1", atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_any_number_of_processes_goes_on(launched: Path, count: int) -> None:
    same(launched / f"resumed-{count}", launched / "whole-2", atol=0 if count == 2 else 1e-4)
    assert losses(launched / f"resumed-{count}")[:3] == losses(launched / "whole-2")[:3]
    assert not (launched / f"resumed-{count}" / RUN / "state").exists()


def test_dropout_is_that_of_the_part_whichever_process_computes_it(launched: Path) -> None:
    same(launched / "parted", launched / "halves", atol=1e-4)
    assert losses(launched / "parted") != pytest.approx(losses(launched / "one"), abs=1e-4)
