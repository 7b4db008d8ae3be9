"""Training is exact: same seed, same weights; stopped and resumed, the same; cut into parts, the same."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator, tracking
from accelerate.utils import LoggerType
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel
from transformers.models.bert.modeling_bert import BertIntermediate

from data.sources import DataConfig, Source
from data.splits import HeldOut
from eval.evaluate import folds_of
from narasumber import formats
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.memory import forget_peak_memory, peak_memory
from train.config import Config, Stage, dump, load_config
from train.loop import Loop, Update, freeze
from train.run import train
from train.rundir import locked, usage_of

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def config(tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Two epochs of the quickstart on a toy encoder; runs land in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return load_config(
        ROOT / "configs" / "quickstart.yaml",
        [
            f"model.encoder={tiny_encoder}",
            f"data.sources=[{{path: {ROOT / 'seeds'}}}]",
            "train.epochs=2",
            "train.tokens_per_batch=512",
            "train.checkpoint_steps=3",
            "window={pieces: 64, overlap: 16}",
            "train.precision=fp32",
        ],
    )


def named(config: Config, name: str, **train_changes: object) -> Config:
    return config.model_copy(update={"name": name, "train": config.train.model_copy(update=train_changes)})


def replaced(config: Config, **data: object) -> DataConfig:
    return config.data.model_copy(update=data)


def weights(run: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(run / "last" / "model.safetensors")
    return found


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_leaves_its_whole_directory_and_the_same_seed_the_same_weights(config: Config) -> None:
    one, two = train(config), train(named(config, "again"))
    other = train(config.model_copy(update={"name": "other", "seed": 14}))
    names = {path.name for path in one.iterdir()}
    assert names == {
        "config.yaml", "environment.json", "labels.json", "split.json", "lost.json", "metrics.jsonl",
        "train.log", "last", "usage.json", "DONE",
    }  # fmt: skip
    assert {path.name for path in (one / "last").iterdir()} >= {
        "model.safetensors",
        "tokenizer.json",
        "narasumber.json",
    }
    modes = {path.stat().st_mode for path in (one / "last").iterdir()}
    assert modes == {(one / "config.yaml").stat().st_mode}
    assert equal(weights(one), weights(two))
    assert not equal(weights(one), weights(other))
    rows = [json.loads(line) for line in (one / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert json.loads((one / "split.json").read_text())["held_out"] == ["003_e50b77e81069cd99"]
    took = json.loads((one / "usage.json").read_text())
    assert took["seconds"] > 0
    assert 50 < took["peak_memory_mib"] < 50_000
    assert f"at most {took['peak_memory_mib']:,.0f} MiB of memory" in usage_of(one)


DIES = """
import os, signal, sys
from pathlib import Path
import torch
import train.rundir as rundir
from train.config import load_config
from train.run import train

moment, step = sys.argv[2], int(sys.argv[3])
add, save = rundir.Metrics.add, torch.save

def dying_add(self, **values):
    add(self, **values)
    if moment == "update" and values["step"] == step:
        os.kill(os.getpid(), signal.SIGKILL)

def dying_save(content, path):
    save(content, path)
    if moment == "checkpoint" and content["state"]["step"] >= step:
        os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

rundir.Metrics.add, torch.save = dying_add, dying_save
train(load_config(Path(sys.argv[1])))
"""


def test_killed_at_any_moment_and_started_again_gives_the_same_weights(config: Config, tmp_path: Path) -> None:
    """SIGKILL before the first checkpoint, between two, and while one is being written."""
    whole = weights(train(config))
    killed = named(config, "killed")
    (tmp_path / "killed.yaml").write_text(dump(killed), encoding="utf-8")
    run = tmp_path / "runs" / "killed"
    for moment, step in (("update", 2), ("checkpoint", 6), ("update", 8)):
        died = subprocess.run(
            [sys.executable, "-c", DIES, str(tmp_path / "killed.yaml"), moment, str(step)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert not (run / "DONE").exists()
    spent = torch.load(run / "state" / "checkpoint.pt")["state"]["seconds"]
    train(killed, "must")
    assert json.loads((run / "usage.json").read_text())["seconds"] > spent > 0
    assert equal(weights(run), whole)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert not (run / "state").exists()


def test_a_full_disk_is_told_and_costs_only_the_updates_since_the_last_checkpoint(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights(train(config))
    save = torch.save

    def filling(content: dict[str, Any], path: Path) -> None:
        save(content, path)
        if content["state"]["step"] == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    full = named(config, "full")
    monkeypatch.setattr(torch, "save", filling)
    with pytest.raises(InputError, match=r"No space left on device; .* MiB are free"):
        train(full)
    monkeypatch.setattr(torch, "save", save)
    run = Path("runs") / "full"
    assert {path.name for path in (run / "state").iterdir()} == {"checkpoint.pt", "lock"}
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (run / f".best.{gone.pid}.new").mkdir()
    (run / f".config.yaml.{gone.pid}.new").touch()
    kept = {".mine", f".eval.{os.getppid()}.new"}  # what another process is still writing, too
    for name in kept:
        (run / name).touch()
    before = (run / "metrics.jsonl").read_text().splitlines()
    assert equal(weights(train(full)), whole)
    assert (run / "metrics.jsonl").read_text().splitlines()[:3] == before[:3]
    assert {path.name for path in run.glob(".*")} == kept


def test_what_other_articles_were_learned_from_is_not_gone_on_with(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "seeds", "articles")
    source = config.data.sources[0].model_copy(update={"path": Path("articles")})
    config = config.model_copy(update={"data": config.data.model_copy(update={"sources": (source,)})})
    save = torch.save

    def filling(content: dict[str, Any], path: Path) -> None:
        save(content, path)
        if content["state"]["step"] == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(torch, "save", filling)
    with pytest.raises(InputError, match="No space left"):
        train(config)
    monkeypatch.setattr(torch, "save", save)
    notation = Path("articles/000_e91c931474bc4544.ann")
    annotated = notation.read_bytes()
    notation.write_bytes(b"")
    with pytest.raises(InputError, match=r"its articles, or .* have changed"):
        train(config)
    notation.write_bytes(annotated)
    parted = Path("runs") / config.name / "split.json"
    before = parted.read_text(encoding="utf-8")
    split = json.loads(before)
    parted.write_text(json.dumps({**split, "train": split["train"][::-1]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"its articles, or .* have changed"):
        train(config)
    parted.write_text(before, encoding="utf-8")
    checkpoint = Path("runs") / config.name / "state" / "checkpoint.pt"
    whole = checkpoint.read_bytes()
    content = torch.load(checkpoint)
    torch.save({**content, "state": {**content["state"], "batch": 1000}}, checkpoint)
    with pytest.raises(InputError, match="other examples"):
        train(config)
    checkpoint.write_bytes(whole)
    assert (train(config) / "DONE").exists()
    notation.write_bytes(b"")
    with pytest.raises(InputError, match=r"its articles, or .* have changed"):
        train(config)
    notation.write_bytes(annotated)
    parted.write_text(json.dumps({**split, "train": split["train"][::-1]}), encoding="utf-8")
    assert (train(config) / "DONE").exists()


def test_an_update_in_parts_is_the_same_update(config: Config) -> None:
    """Dropout draws differ between parts, so it is off here; what is left is floating-point order."""
    plain = config.model_copy(
        update={"model": config.model.model_copy(update={"dropout": 0.0, "encoder_dropout": 0.0}), "name": "whole"}
    )
    whole = weights(train(plain))
    parted = weights(train(named(plain, "parted", accumulate=4)))
    for name, tensor in whole.items():
        assert torch.allclose(tensor, parted[name], atol=2e-4), name


def test_computing_layers_twice_gives_the_same_weights(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    forward = BertIntermediate.forward

    def counting(self: BertIntermediate, states: torch.Tensor) -> Any:
        calls[-1] += 1
        return forward(self, states)

    monkeypatch.setattr(BertIntermediate, "forward", counting)
    plain = config.model_copy(update={"model": config.model.model_copy(update={"encoder_dropout": 0.1})})
    calls.append(0)
    once = weights(train(plain))
    calls.append(0)
    twice = weights(train(named(plain, "twice", gradient_checkpointing=True)))
    assert equal(once, twice)
    assert calls[1] == 2 * calls[0] > 0


@pytest.mark.parametrize("layers", [1, 2])
def test_frozen_layers_and_what_is_below_them_stay_as_they_are(config: Config, layers: int, tiny_encoder: Path) -> None:
    frozen = config.model_copy(update={"model": config.model.model_copy(update={"frozen_layers": layers})})
    before = load_file(tiny_encoder / "model.safetensors")
    after = weights(train(frozen))
    encoder = {name: own for name, own in after.items() if name.startswith("encoder.")}
    kept = {name for name, own in encoder.items() if torch.equal(own, before[name[len("encoder.") :]][: len(own)])}
    learning = tuple(f"encoder.encoder.layer.{number}." for number in range(layers, 2))
    assert kept == {name for name in encoder if not name.startswith(learning)}


def test_embeddings_are_frozen_whatever_an_encoder_calls_them() -> None:
    sizes = {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64}
    encoder = AutoModel.from_config(AutoConfig.for_model("xlnet", vocab_size=50, **sizes))
    freeze(encoder, 1)
    for name, parameter in encoder.named_parameters():
        assert parameter.requires_grad == name.startswith("layer.1."), name


def test_more_frozen_layers_than_there_are_is_told_before_anything_is_written(config: Config) -> None:
    with pytest.raises(InputError, match="frozen_layers: 3 is more layers than the encoder has of its own"):
        train(config.model_copy(update={"model": config.model.model_copy(update={"frozen_layers": 3})}))
    assert not Path("runs").exists()


def test_a_tracker_is_told_the_config_and_every_update(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    class Tracker:
        name = "tensorboard"
        requires_logging_directory = True

        def __init__(self, project: str, folder: str) -> None:
            told.append((project, str(folder)))

        def start(self) -> None:
            told.append("start")

        def store_init_configuration(self, values: dict[str, Any]) -> None:
            told.append(values)

        def log(self, values: dict[str, float], step: int) -> None:
            told.append((step, values))

        def finish(self) -> None:
            told.append("finish")

    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "tensorboard", Tracker)
    monkeypatch.setattr(tracking, "_available_trackers", [LoggerType.TENSORBOARD])
    run = train(named(config, "tracked", trackers=("tensorboard",)))
    project, start, values, *logged, finish = told
    assert (project, start, finish) == (("narasumber", str(run)), "start", "finish")
    assert values["train.tokens_per_batch"] == 512
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert logged == [(row.pop("step"), row) for row in rows]


def test_a_tracker_without_its_package_is_told_before_anything_is_written(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "_available_trackers", [LoggerType.TENSORBOARD])
    with pytest.raises(InputError, match=r"train\.trackers.*mlflow(.|\n)*pip install mlflow"):
        train(named(config, "tracked", trackers=("tensorboard", "mlflow")))
    assert not (tmp_path / "runs").exists()


def test_a_directory_of_another_config_is_refused_with_a_diff(config: Config) -> None:
    run = train(config)
    before = (run / "metrics.jsonl").read_bytes()
    with pytest.raises(InputError, match=r"(?s)another config.*-  epochs: 2.*\+  epochs: 3"):
        train(named(config, config.name, epochs=3))
    with pytest.raises(InputError, match="exists already"):
        train(config, "never")
    assert train(config) == run
    assert (run / "metrics.jsonl").read_bytes() == before


def test_must_resume_wants_a_run_and_a_full_folder_is_left_alone(config: Config, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run to resume"):
        train(config, "must")
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "thesis.txt").touch()
    with pytest.raises(InputError, match="not a run directory"):
        train(named(config, "mine"))


def test_development_articles_choose_the_best_epoch_and_patience_stops(config: Config) -> None:
    chosen = named(config, "patient", patience=1, epochs=6, learning_rate=1e-9, head_learning_rate=1e-9)
    data = load_config(
        ROOT / "configs" / "quickstart.yaml",
        [f"data.sources=[{{path: {ROOT / 'seeds'}}}]", "data.development={documents: [000_e91c931474bc4544]}"],
    ).data
    run = train(chosen.model_copy(update={"data": data}))
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert (run / "best" / "model.safetensors").exists()
    assert rows[-1]["epoch"] == 2
    assert "development_score" in rows[-1]
    assert json.loads((run / "split.json").read_text())["development"] == ["000_e91c931474bc4544"]
    with pytest.raises(InputError, match="needs development articles"):
        train(named(config, "impatient", patience=1))


def test_leave_one_out_trains_a_run_for_each_article(config: Config, seeds: list[Document]) -> None:
    """Whatever the articles are called, each has a folder of its own in the run's."""
    ids = ["ani", "berita/ani", "..", "eval", f"/{'a' * 300}"]
    formats.write([replace(item, id=id) for item, id in zip(seeds, ids, strict=True)], Path("own.jsonl"), "json")
    data = load_config(ROOT / "configs" / "crossval.yaml", ["data.sources=[{path: own.jsonl}]"]).data
    run = train(named(config, "folds", epochs=1).model_copy(update={"data": data}))
    assert {path.name for path in run.iterdir()} > {"config.yaml", "DONE", "ani", "berita%2Fani", "%2E.", "%65val"}
    assert [path.name for path in Path("runs").iterdir()] == ["folds"]
    folds = folds_of(run)
    held_out = [json.loads((fold / "split.json").read_text())["held_out"] for fold in folds]
    assert sorted(name for names in held_out for name in names) == sorted(ids)
    assert len(usage_of(run)) > 0


def test_a_window_longer_than_the_encoder_reads_is_refused(config: Config) -> None:
    wide = config.model_copy(update={"window": config.window.model_copy(update={"pieces": 600})})
    with pytest.raises(InputError, match="at most 512"):
        train(wide)


def test_the_model_is_the_mean_of_the_stages_that_say_so_however_often_it_was_stopped(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = Stage(epochs=2, average=True), Stage(epochs=1, learning_rate=5e-5, average=True)
    train(named(config, "first", stages=(first,)))
    train(named(config, "last", stages=(first.model_copy(update={"average": False}), last)))
    averaged = named(config, "mean", stages=(first, last))
    step, stops = Loop._update, [4, len((Path("runs/last") / "metrics.jsonl").read_text().splitlines()) - 1]

    def stopping(loop: Loop[Any], examples: list[Any], ends_epoch: bool) -> Update:
        if loop.state.step in stops:
            stops.remove(loop.state.step)
            raise KeyboardInterrupt
        return step(loop, examples, ends_epoch)

    monkeypatch.setattr(Loop, "_update", stopping)
    while stops:
        with pytest.raises(KeyboardInterrupt):
            train(averaged)
    train(averaged)
    found, ends = weights(Path("runs/mean")), [weights(Path(f"runs/{name}")) for name in ("first", "last")]
    assert (Path("runs/mean") / "DONE").exists()
    for name, mean in found.items():
        torch.testing.assert_close(mean, (ends[0][name] + ends[1][name]) / 2, msg=name)
    assert not equal(found, ends[1])


def test_a_model_of_a_run_is_trained_further(config: Config) -> None:
    first = train(named(config, "first"))
    still = {"learning_rate": 1e-12, "head_learning_rate": 1e-12, "epochs": 1}
    further = named(config, "further", **still).model_copy(
        update={
            "model": config.model.model_copy(update={"encoder": str(first / "last")}),
            "layers": ("entity", "cue"),
        }
    )
    before, after = weights(first), weights(train(further))
    assert {name.split(".")[1] for name in after if name.startswith("heads.")} == {"entity", "cue"}
    assert all(torch.allclose(value, before[name], atol=1e-6) for name, value in after.items())
    (first / "last" / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(InputError, match="cannot be loaded"):
        train(named(further, "broken"))


def test_one_run_is_trained_by_one_process_at_a_time(config: Config) -> None:
    run = Path("runs") / config.name
    (run / "state").mkdir(parents=True)
    (run / "config.yaml").write_text(dump(config))
    with (
        locked(run, Accelerator(cpu=True)),
        pytest.raises(InputError, match="another process is training this very run"),
    ):
        train(config)
    assert (train(config) / "DONE").exists()
    assert not (run / "state").exists()


def test_a_loss_that_is_no_number_ends_the_run(config: Config) -> None:
    with pytest.raises(InputError, match=r"train\.learning_rate: the loss of update \d+ is no number"):
        train(named(config, "wild", learning_rate=1e30, clip_norm=1e30, weight_decay=0.0))
    assert not (Path("runs") / "wild" / "DONE").exists()


def test_what_an_encoder_has_learned_from_is_asked_before_anything_is_written(
    config: Config, tiny_encoder: Path
) -> None:
    folder = Path(shutil.copytree(tiny_encoder, "earlier"))
    (folder / "learned.json").write_text('{"corpora": "all", "learned": [], "chosen_by": []}')
    named_encoder = config.model_copy(update={"model": config.model.model_copy(update={"encoder": str(folder)})})
    with pytest.raises(InputError, match="does not tell what the encoder has learned"):
        train(named_encoder)
    assert not Path("runs").exists()


def test_an_encoder_that_has_learned_what_is_held_out_is_refused(config: Config, tmp_path: Path) -> None:
    """Nor does a run in between, or another name of the article, make it forget."""

    def begun_with(run: Path, name: str, **data: object) -> Config:
        model = config.model.model_copy(update={"encoder": str(run / "last")})
        return named(config, name, epochs=1).model_copy(update={"model": model, "data": replaced(config, **data)})

    whole = train(named(config, "whole", epochs=1).model_copy(update={"data": replaced(config, held_out=None)}))
    between = train(begun_with(whole, "between", held_out=None))
    own = next(article for article in config.data.documents().values() if article.id == "003_e50b77e81069cd99")
    a_letter = replace(own, id="other", text=own.text.replace("yang", "yanq", 1))  # known again, too
    formats.write([a_letter], tmp_path / "renamed.jsonl", "json")
    renamed = (Source(path=tmp_path / "renamed.jsonl"),)
    told = "has seen 003_e50b77e81069cd99, held out or for development here"
    ways: tuple[dict[str, object], ...] = ({}, {"held_out": renamed}, {"held_out": None, "development": renamed})
    for number, data in enumerate(ways):
        with pytest.raises(InputError, match=told if not data else "has seen other, held out"):
            train(begun_with(between, f"leak{number}", **data))
    # Another article than those that it has learned may be held out, and what chose it may choose again, not measure.
    chosen_by = {"development": HeldOut(documents=("004_fd3c2c62b3b5200f",))}
    parted = named(config, "parted", epochs=1).model_copy(update={"data": replaced(config, **chosen_by)})
    first = train(parted)
    assert train(begun_with(first, "fine", **chosen_by)).exists()
    with pytest.raises(InputError, match="has seen 004_fd3c2c62b3b5200f"):
        train(begun_with(first, "measured", held_out=chosen_by["development"]))


def test_a_run_does_not_go_on_in_another_precision(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = named(config, "begun").model_copy(update={"train": config.train.model_copy(update={"precision": "auto"})})
    monkeypatch.setattr("train.run.precision_of", lambda _: "fp32")
    run = train(begun)
    (run / "DONE").unlink()
    (run / "state").mkdir()
    (run / "state" / "checkpoint.pt").touch()
    monkeypatch.setattr("train.run.precision_of", lambda _: "bf16")
    with pytest.raises(InputError, match="began in fp32, and would go on in bf16 here"):
        train(begun)


def test_what_reading_left_out_is_told(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (article,) = Source(path=ROOT / "seeds" / "003_e50b77e81069cd99.txt").load()
    kinds = {f"spans labelled {number}": number for number in range(2, 8)}
    formats.write([replace(article, meta={"left_out": kinds})], tmp_path / "whole.jsonl", "json")
    names = Source(path=tmp_path / "whole.jsonl", annotates=("entity",))
    data = replaced(config, sources=(names,), held_out=None)
    train(named(config, "names", epochs=1).model_copy(update={"data": data, "layers": ("entity",)}))
    err = " ".join(capsys.readouterr().err.split())
    others = len(article.spans) - len(article.layer("entity"))
    assert f"names: left out in reading: spans that annotates does not name: {others} names: left out" in err
    assert "left out in reading: spans labelled 4: 4 names: left out in reading: 2 more kinds; lint says which" in err


def test_a_layer_that_no_article_of_a_source_marks_is_told(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Source(path=ROOT / "seeds" / "003_e50b77e81069cd99.txt", name="whole")
    (article,) = whole.load()
    names = replace(article.with_annotation(article.layer("entity")), id="names")
    formats.write([names], tmp_path / "names.jsonl", "json")
    told = "names marks no source, cue, content, and its words are learned as none"
    for annotates, is_told in ((None, True), (("entity",), False)):
        source = Source(path=tmp_path / "names.jsonl", name="names", annotates=annotates)
        data = replaced(config, sources=(source, whole), held_out=None)
        train(named(config, f"names-{is_told}", epochs=1).model_copy(update={"data": data}))
        err = " ".join(capsys.readouterr().err.split())
        assert (told in err) == ("give it annotates: [entity]" in err) == is_told


def test_what_a_model_read_and_nobody_corrected_may_teach_and_measures_nothing(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = list(Source(path=ROOT / "seeds").load())
    read = [replace(own, meta={"model": "m"}) if own.id[:3] == "003" else own for own in seeds]
    formats.write((own for own in read if own.meta.get("model")), tmp_path / "read.json", "labelstudio")
    formats.write((own for own in read if not own.meta.get("model")), tmp_path / "gold.jsonl", "json")
    gold, predicted = Source(path=tmp_path / "gold.jsonl"), Source(path=tmp_path / "read.json")
    taught = replaced(config, sources=(gold, predicted), held_out=None)
    train(named(config, "taught", epochs=1).model_copy(update={"data": taught}))
    err = " ".join(capsys.readouterr().err.split())
    assert "read.json: 1 articles hold what a model has read, corrected by nobody" in err
    for key in ("held_out", "development"):
        measured = replaced(config, **{"sources": (gold,), "held_out": None, key: (predicted,)})
        with pytest.raises(
            InputError, match=rf"data\.{key}: what a model has read, corrected by nobody, measures none"
        ):
            train(named(config, "measured", epochs=1).model_copy(update={"data": measured}))
    assert not (Path("runs") / "measured").exists()


def test_heads_of_an_earlier_run_are_kept_or_refused(config: Config) -> None:
    earlier = train(named(config, "earlier", epochs=1))
    for shape, told in ((True, None), (False, "was trained with it"), ("auto", None)):
        model = config.model.model_copy(update={"encoder": str(earlier / "last"), "word_shape": shape})
        later = named(config, f"later-{shape}", epochs=1).model_copy(update={"model": model})
        if told:
            with pytest.raises(InputError, match=told):
                train(later)
        else:
            train(later)


def test_weights_that_the_last_update_breaks_are_no_model(config: Config) -> None:
    one_update = {"epochs": 1, "tokens_per_batch": 100_000, "warmup": 0.0}
    with pytest.raises(InputError, match=r"train\.learning_rate: after update 1 a weight is no number"):
        train(named(config, "broken", learning_rate=1e39, **one_update))
    assert not (Path("runs") / "broken" / "last").exists()


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="the system does not forget its peak")
def test_peak_memory_is_that_of_the_run_and_not_of_what_came_before(config: Config) -> None:
    before = torch.ones(2**28)  # a GiB
    small = [
        bytearray(2**16) for _ in range(2**13)
    ]  # half a GiB that is not given back by itself, for the last one stays
    last = small[-1]
    del before, small
    assert peak_memory() > 1000
    took = json.loads((train(config) / "usage.json").read_text())
    forget_peak_memory()
    assert took["peak_memory_mib"] < peak_memory() + 400
    assert len(last) == 2**16


def test_a_source_that_teaches_no_layer_of_the_run_is_refused(config: Config, tmp_path: Path) -> None:
    (tmp_path / "names.conll").write_text("Ani B-PER\npulang O\nlagi O\n")
    source = {"path": tmp_path / "names.conll", "labels": {"PER": "PER"}, "held_out": False}
    data = {**config.data.model_dump(), "sources": [*config.data.model_dump()["sources"], source]}
    config = Config.model_validate({**config.model_dump(), "data": data, "layers": ("source", "cue", "content")})
    with pytest.raises(InputError, match=r"data\.sources: names\.conll annotates none of source, cue, content"):
        train(config)
    assert not Path("runs").exists()
