"""A sweep: what is done is left alone, the table tells means, spread and differences, mistakes are told first."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

from eval.score import compare, span_counts
from eval.sweep import SCORES, compare_rows, write_sweep
from narasumber.document import Document
from narasumber.errors import InputError
from train.sweep import table_name

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., "subprocess.CompletedProcess[str]"]
HELD_OUT = ("001_718e06cf24c873e4", "003_e50b77e81069cd99")


@pytest.fixture
def sweep(here: Command, tiny_encoder: Path, tmp_path: Path) -> Command:
    """`sweep("--over", ...)`: of the quickstart on the toy encoder, in the test's own folder."""
    keys = (
        f"model.encoder={tiny_encoder}",
        f"data.sources=[{{path: {ROOT / 'seeds'}}}]",
        f"data.held_out={{documents: [{', '.join(HELD_OUT)}]}}",
        "train={epochs: 4, learning_rate: 1e-3, head_learning_rate: 1e-2, tokens_per_batch: 512, precision: fp32}",
    )
    words = [word for key in keys for word in ("--set", key)]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return here("sweep", str(ROOT / "configs" / "quickstart.yaml"), *words, *more, folder=tmp_path)

    return run


def predictions(run: Path) -> list[Document]:
    lines = (run / "eval" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return [Document.from_json(json.loads(line)) for line in lines]


def test_rows_and_seeds_are_trained_once_and_compared(sweep: Command, tmp_path: Path, seeds: list[Document]) -> None:
    words = ("--over", "train.learning_rate=1e-3,1e-6", "--seeds", "1,2")
    done = sweep(*words)
    assert done.returncode == 0, done.stderr
    runs = tmp_path / "runs"
    rows = {
        f"train.learning_rate={rate}": [runs / f"quickstart-train.learning_rate_{rate}-{seed}" for seed in (1, 2)]
        for rate in ("1e-3", "1e-6")
    }
    found_in = runs / "quickstart-train.learning_rate-sweep"
    assert set(runs.iterdir()) == {found_in, *(run for own in rows.values() for run in own)}
    found = json.loads((found_in / "sweep.json").read_text())["rows"]
    assert [row["name"] for row in found] == list(rows)
    assert [row["runs"] for row in found] == [[str(run.relative_to(tmp_path)) for run in own] for own in rows.values()]
    for row, own in zip(found, rows.values(), strict=True):
        models = [json.loads((run / "eval" / "scores.json").read_text())["model"] for run in own]
        for head in ("entity", "source", "cue", "content"):
            values = [model["layers"][head]["micro"]["f1"] for model in models]
            told = row["scores"][head]
            assert (told["values"], told["mean"], told["deviation"]) == (values, mean(values), stdev(values))
        assert row["scores"]["attribution"]["values"] == [model["attribution"]["exact"]["f1"] for model in models]
    gold = [document for document in seeds if document.id in HELD_OUT]
    first, second = (
        np.stack([span_counts(gold, predictions(run), "entity") for run in own], axis=1) for own in rows.values()
    )
    assert found[1]["scores"]["entity"]["against_first"] == compare(second, first)
    assert found[1]["scores"]["entity"]["against_first"]["difference"] < 0
    assert len(found[1]["scores"]["entity"]["against_first"]["interval"]) == 2
    assert "against_first" not in found[0]["scores"]["entity"]
    table = (found_in / "sweep.md").read_text(encoding="utf-8")
    assert table in done.stdout
    entity = found[0]["scores"]["entity"]
    low, high = entity["interval"]
    assert low <= entity["mean"] <= high
    worse = found[1]["scores"]["entity"]
    assert worse["against_first"]["difference"] == pytest.approx(worse["mean"] - entity["mean"])
    assert "{mean:.3f} ±{deviation:.3f} ({:.3f} to {:.3f})".format(low, high, **entity) in table

    finished, half, unread = rows["train.learning_rate=1e-3"][0], *rows["train.learning_rate=1e-6"]
    before = [(run / "eval" / "scores.json").read_bytes() for run in (half, unread)]
    (half / "DONE").unlink()
    shutil.rmtree(half / "eval")
    shutil.rmtree(unread / "eval")
    times = [file.stat().st_mtime_ns for file in sorted(finished.rglob("*"))]
    log = (half / "train.log").read_text(), (unread / "train.log").read_text()
    again = sweep(*words)
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout
    assert [(run / "eval" / "scores.json").read_bytes() for run in (half, unread)] == before
    assert [file.stat().st_mtime_ns for file in sorted(finished.rglob("*"))] == times
    assert len((half / "train.log").read_text()) > len(log[0])
    assert (unread / "train.log").read_text() == log[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "data.held_out=null"], "data.held_out: holds no articles out"),
        (["--set", "data.held_out=[]"], "data.held_out: holds no articles out"),
        (["--over", "train.epoch=1,2"], "train.epoch: is no key there"),
        (["--over", "train.epochs=1,-2"], "train.epochs: Input should be greater than or equal to 1"),
        (["--over", "train.epochs"], "not of the form key=a,b,c"),
        (["--over", "train.epochs="], "has no values"),
        (["--over", "train.epochs=!!bool x"], "not a list in YAML"),
        (["--over", "data.held_out={2020-01-01: x}"], "not a list in YAML"),
        (["--over", "train.epochs=[1"], "not a list"),
        (["--over", "data.held_out.after=2025-02-30"], "not a list"),
        (["--over", "train.epochs=1", "--over", "train.epochs=2"], "names train.epochs twice"),
        (["--over", "train.learning_rate=0.001,1e-3"], "train.learning_rate=0.001 and train.learning_rate=1e-3, seed"),
        (["--over", "name=a,b"], "two runs would be the same"),
        (["--over", "model.encoder=a/b,a b"], "would both be runs/quickstart-model.encoder_a_b-13"),
        (["--over", "model.frozen_layers=0,99"], "99 is more layers than the encoder has"),
        (["--over", "model.encoder=no-such-folder/x/y"], "there is no such folder"),
        (["--seeds", "1,1"], "two runs would be the same"),
        (["--seeds", "one"], "seed: Input should be a valid integer"),
        (
            ["--over", "data.held_out={documents: [000_e91c931474bc4544]},{documents: [003_e50b77e81069cd99]}"],
            "holds other articles out",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_before_anything_is_trained(
    sweep: Command, tmp_path: Path, words: list[str], told: str
) -> None:
    done = sweep(*words)
    assert done.returncode == 2, done.stdout
    assert told in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_row_that_diverges_is_told_and_the_others_are_compared(sweep: Command, tmp_path: Path) -> None:
    done = sweep("--over", "train.learning_rate=1e-3,1e30,2e-3")
    assert done.returncode == 2
    assert "train.learning_rate" in done.stderr and "is no number any more" in done.stderr
    (folder,) = (tmp_path / "runs").glob("*-sweep")
    rows = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))["rows"]
    assert [row["name"] for row in rows] == ["train.learning_rate=1e-3", "train.learning_rate=2e-3"]


def test_a_folder_of_another_run_is_told_before_anything_is_trained(sweep: Command, tmp_path: Path) -> None:
    there = tmp_path / "runs" / "quickstart-train.epochs_2-13"
    there.mkdir(parents=True)
    (there / "config.yaml").write_text("name: other\n", encoding="utf-8")
    done = sweep("--over", "train.epochs=1,2")
    assert done.returncode == 2, done.stdout
    assert "holds a run of another config" in done.stderr
    assert list((tmp_path / "runs").iterdir()) == [there]


def test_rows_of_other_articles_are_not_compared(tiny_run: Path, tmp_path: Path, here: Command) -> None:
    assert here("evaluate", str(tiny_run)).returncode == 0
    other = tmp_path / "other"
    shutil.copytree(tiny_run, other)
    (line,) = (other / "eval" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    twice = f"{line}\n{line}\n"
    (other / "eval" / "predictions.jsonl").write_text(twice, encoding="utf-8")
    with pytest.raises(InputError, match="compare on the same articles"):
        compare_rows({"one": [tiny_run], "other": [other]})
    file = other / "eval" / "predictions.jsonl"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="its held-out articles are not those of"):
        compare_rows({"one": [tiny_run, other]})
    alone = compare_rows({"one": [tiny_run]})["rows"]
    assert [set(own) for own in alone[0]["scores"].values()] == [{"mean", "values"}] * 5


def test_a_sweep_leaves_the_table_of_one_over_other_keys() -> None:
    config = ROOT / "configs" / "quickstart.yaml"
    names = [
        table_name(config, over)
        for over in ([], ["seed=1,2"], ["train.epochs=1"], ["train.epochs=1", "seed=1"], ["data.sources=[{path: a}]"])
    ]
    assert names[:2] == ["quickstart-sweep", "quickstart-seed-sweep"]
    assert len(set(names)) == len(names)
    assert table_name(config, ["train.epochs=2,3"]) == names[2]


def test_what_a_row_does_not_learn_is_not_scored(tiny_run: Path, tmp_path: Path, here: Command) -> None:
    assert here("evaluate", str(tiny_run)).returncode == 0
    names = tmp_path / "names"
    shutil.copytree(tiny_run, names)
    config = (names / "config.yaml").read_text(encoding="utf-8")
    (names / "config.yaml").write_text(re.sub(r"(?s)\nlayers:.*?\nwindow", "\nlayers: [entity]\nwindow", config))
    found = compare_rows({"names": [names], "all": [tiny_run]})
    assert [set(row["scores"]) for row in found["rows"]] == [{"entity"}, set(SCORES)]
    assert "against_first" not in found["rows"][1]["scores"]["cue"]
    means, differences, _ = write_sweep(found, tmp_path).split("\n\n")
    (row,) = (line.split("|")[2:-1] for line in means.splitlines() if "names" in line)
    assert [cell.strip() for cell in row[2:]] == ["–"] * 4
    assert "entity" in differences and "cue" not in differences
