"""The IndoBERT configs as they stand, on stand-in checkpoints of toy size; and training by `accelerate launch`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like the checkout, with runs of its own."""
    for name in ("configs", "seeds"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind"), [("indobert-base", "bert"), ("indobert-lite", "albert"), ("indobert-large", "bert")]
)
def test_indobert_configs_run_with_another_encoder_and_nothing_else_changed(
    name: str, kind: str, checkout: Path, tiny_encoder: Path, tiny_albert: Path, command: Command
) -> None:
    encoder = tiny_albert if kind == "albert" else tiny_encoder
    done = command("train", f"configs/{name}.yaml", "--set", f"model.encoder={encoder}", folder=checkout)
    assert done.returncode == 0, done.stderr
    run = checkout / "runs" / name
    assert (run / "DONE").exists()
    settings = json.loads((run / "last" / "narasumber.json").read_text())
    assert settings["word_shape"] is True
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_accelerate_launches_the_same_training(checkout: Path, tiny_encoder: Path, command: Command) -> None:
    overrides = [f"model.encoder={tiny_encoder}", "train.epochs=1", "train.precision=fp32"]
    words = [word for override in overrides for word in ("--set", override)]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1", "-m", "train"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launch, "configs/quickstart.yaml", *words, "--set", "name=launched"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert command("train", "configs/quickstart.yaml", *words, folder=checkout).returncode == 0
    one, other = (
        load_file(checkout / "runs" / name / "last" / "model.safetensors") for name in ("launched", "quickstart")
    )
    assert one.keys() == other.keys()
    assert all(one[key].equal(other[key]) for key in one)
