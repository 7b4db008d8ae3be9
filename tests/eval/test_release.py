"""A run's evaluation and its exports, on a run that the command line made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement
from transformers import pipeline

from data.corpora import credit_lines
from data.learned import Learned
from data.sources import load_documents
from eval.evaluate import evaluate_run
from eval.release import card, export_run
from models.export import check_target
from models.network import load, torch_tagger
from narasumber import Tagger, formats
from narasumber.document import Document
from narasumber.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = "003_e50b77e81069cd99"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def export(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_run(tiny_run, tmp_path_factory.mktemp("export") / "model")


@pytest.fixture(scope="module")
def article(seeds: list[Document]) -> Document:
    return next(document for document in seeds if document.id == HELD_OUT)


def test_evaluation_writes_scores_errors_predictions_and_reports(tiny_run: Path) -> None:
    scores, report = evaluate_run(tiny_run)
    folder = tiny_run / "eval"
    assert {path.name for path in folder.iterdir()} == {
        "scores.json", "predictions.jsonl", "errors.jsonl", "report.html", "report.md",
    }  # fmt: skip
    assert json.loads((folder / "scores.json").read_text()) == scores
    assert scores["model"]["layers"]["entity"]["micro"]["f1"] > 0.3
    assert scores["baselines"]["rules"]["layers"]["entity"]["micro"]["f1"] > 0.3
    (line,) = (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert Document.from_json(json.loads(line)).id == HELD_OUT
    assert report == folder / "report.html"
    before = (folder / "scores.json").read_bytes()
    evaluate_run(tiny_run)
    assert (folder / "scores.json").read_bytes() == before


def test_spans_from_onnx_equal_spans_from_pytorch(export: Path, tiny_run: Path, article: Document) -> None:
    assert {path.name for path in export.iterdir()} - {"model.int8.onnx"} == {
        "model.onnx", "tokenizer.json", "narasumber.json", "README.md",
    }  # fmt: skip
    found = Tagger.load(export)(article.text, id=article.id)
    expected = torch_tagger(*load(tiny_run / "last")).annotate(load_documents(ROOT / "seeds" / f"{HELD_OUT}.txt")[0])
    assert found.spans == expected.spans
    assert found.attributions == expected.attributions
    assert len(found.spans) > 20
    card = (export / "README.md").read_text(encoding="utf-8")
    assert "Scores on the held-out articles" in card and "| whole attribution |" in card


def test_8_bits_are_judged_on_the_layers_that_were_learned(
    train_tiny: Callable[..., Path], tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, named = Tagger.load, article.with_annotation(article.layer("entity"))

    def loads(folder: Path, weights: str = "model.onnx") -> Any:
        if weights == "model.onnx":
            return load(folder)
        full = load(folder).annotate(article.bare())
        right = next(span for span in full.spans if span in named.spans)
        return SimpleNamespace(annotate=lambda _: full.with_annotation(set(full.spans) - {right}))

    monkeypatch.setattr(Tagger, "load", loads)
    exported = export_run(train_tiny("layers=[entity]"), tmp_path / "model")
    full = load(exported).annotate(article.bare())
    # One of the names that it gets right less, 2 r / (p + g) becomes 2 (r - 1) / (p - 1 + g).
    right, found, gold = len(set(full.spans) & set(named.spans)), len(full.spans), len(named.spans)
    loss = 2 * right / (found + gold) - 2 * (right - 1) / (found - 1 + gold)
    assert f"costs {100 * round(loss, 4):.2f} points of F1" in (exported / "README.md").read_text(encoding="utf-8")
    assert (exported / "model.int8.onnx").exists() == (round(loss, 4) <= 0.005)


@pytest.mark.parametrize("has_held_out", [True, False])
def test_8_bits_that_nothing_judges_are_left_out(
    train_tiny: Callable[..., Path], tmp_path: Path, article: Document, has_held_out: bool
) -> None:
    formats.write([replace(article.with_annotation(()), id="silent")], tmp_path / "silent.jsonl", "json")
    held_out = f"[{{path: {tmp_path / 'silent.jsonl'}}}]" if has_held_out else "null"
    run = train_tiny("layers=[cue]", "train.epochs=1", f"data.held_out={held_out}")
    exported = export_run(run, tmp_path / "model")
    assert not (exported / "model.int8.onnx").exists()
    assert (
        "8-bit" not in (card_text := (exported / "README.md").read_text(encoding="utf-8")) and "int8" not in card_text
    )


def test_transformers_reads_the_entity_layer(
    tiny_run: Path, train_tiny: Callable[..., Path], tmp_path: Path, seeds: list[Document]
) -> None:
    with pytest.raises(InputError, match="word_shape=false"):
        export_run(tiny_run, tmp_path / "hf", "transformers")
    assert not (tmp_path / "hf").exists()
    plain = train_tiny("model.word_shape=false", "train.epochs=30")
    exported = export_run(plain, tmp_path / "hf", "transformers")
    assert export_run(plain, exported, "transformers") == exported
    assert Learned.read(str(exported)) == Learned.read(str(plain / "last")) != Learned()
    ner = pipeline("token-classification", str(exported), aggregation_strategy="first")
    tagger = torch_tagger(*load(plain / "last"))
    shared = total = 0
    for line in filter(str.strip, seeds[1].text.split("\n")):
        found = {(item["entity_group"], item["start"], item["end"]) for item in ner(line)}
        own = {(span.label, span.start, span.end) for span in tagger(line).layer("entity")}
        shared, total = shared + len(own & found), total + len(own)
    # The pipeline joins pieces to words, and words to spans, by rules of its own.
    assert total > 20
    assert shared / total > 0.7


def base_environment(folder: Path) -> Path:
    """A virtual environment that holds narasumber and the closure of its base dependencies, nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    wanted, seen = ["narasumber"], set[str]()
    while wanted:
        name = wanted.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        found = distribution(name)
        for line in found.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
        if name != "narasumber":
            for top in {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}:
                if not (site / top).exists():
                    (site / top).symlink_to(Path(str(found.locate_file(top))))
    shutil.copytree(ROOT / "narasumber", site / "narasumber", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "bin" / "python"


def test_prediction_needs_the_base_dependencies_only(export: Path, tmp_path: Path, article: Document) -> None:
    python = base_environment(tmp_path / "venv")
    (tmp_path / "artikel.txt").write_text(article.text, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        code = "from narasumber.cli import main; main()"
        return subprocess.run([python, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True)

    assert subprocess.run([python, "-c", "import torch"], cwd=tmp_path, capture_output=True).returncode == 1
    done = run("predict", str(export), "artikel.txt")
    assert done.returncode == 0, done.stderr
    found = Document.from_json(json.loads(done.stdout))
    assert found.spans == Tagger.load(export)(article.text).spans
    refused = run("train", "configs/quickstart.yaml")
    assert refused.returncode == 2
    assert "this command needs a checkout" in refused.stderr


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "narasumber.json"])
def test_an_export_that_is_cut_off_is_refused(export: Path, tmp_path: Path, here: Command, file: str) -> None:
    broken = shutil.copytree(export, tmp_path / "broken")
    path = broken / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = here("predict", str(broken), str(ROOT / "seeds" / f"{HELD_OUT}.txt"))
    assert done.returncode == 2
    assert file in done.stderr
    assert "Traceback" not in done.stderr
    path.unlink()
    assert here("predict", str(broken), str(ROOT / "seeds" / f"{HELD_OUT}.txt")).returncode == 2


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("narasumber.json", lambda values: values | {"cls_id": -1}),
        ("narasumber.json", lambda values: values | {"pad_id": "0"}),
        ("narasumber.json", lambda values: values | {"sep_id": 1_000_000}),
        ("narasumber.json", lambda values: values | {"heads": values["heads"][::-1]}),
        ("tokenizer.json", lambda values: values["model"]["vocab"].update(jakarta=1_000_000) or values),
    ],
)
def test_an_export_whose_files_do_not_fit_is_refused(
    export: Path, tmp_path: Path, file: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    mixed = shutil.copytree(export, tmp_path / "mixed")
    (mixed / file).write_text(json.dumps(change(json.loads((mixed / file).read_text()))))
    with pytest.raises(InputError):
        Tagger.load(mixed)


@pytest.mark.parametrize("transitions", [{}, {"entity": [[0.0]]}])
def test_an_export_without_the_transitions_of_its_tags_is_refused(
    export: Path, tmp_path: Path, here: Command, transitions: dict[str, list[list[float]]]
) -> None:
    """As an export of a version that had none."""
    old = shutil.copytree(export, tmp_path / "old")
    values = json.loads((old / "narasumber.json").read_text())
    (old / "narasumber.json").write_text(json.dumps({**values, "transitions": transitions}))
    done = here("predict", str(old), str(ROOT / "seeds" / f"{HELD_OUT}.txt"))
    assert done.returncode == 2
    assert "narasumber.json" in done.stderr and "train and export again" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_card_credits_corpora_also_of_the_run_that_it_goes_on_from(
    tiny_run: Path, train_tiny: Callable[..., Path], tmp_path: Path, seeds: list[Document]
) -> None:
    documents = [replace(item, meta={} if item.id == HELD_OUT else {"corpus": "pfsa-id"}) for item in seeds]
    formats.write(documents, tmp_path / "articles.jsonl", "json")
    first = train_tiny(f"data.sources=[{{path: {tmp_path / 'articles.jsonl'}}}]", "train.epochs=1")
    second = train_tiny(f"model.encoder={first / 'last'}", "train.epochs=1")
    credit = credit_lines(["pfsa-id"])[0]
    for run, is_credited in ((first, True), (second, True), (tiny_run, False)):
        assert (credit in card(run, "onnx", {})) == is_credited
    assert credit in (export_run(second, tmp_path / "out") / "README.md").read_text(encoding="utf-8")


def test_the_card_of_a_run_that_held_nothing_out_says_how_to_score_it(train_tiny: Callable[..., Path]) -> None:
    run = train_tiny("data.held_out=null", "train.epochs=1")
    told = card(run, "onnx", {"megabytes": 1.0})
    assert f"no article was held out. `narasumber evaluate {run} --on PATH`" in told
    with pytest.raises(InputError, match=r"held no article out\n.*--on PATH"):
        evaluate_run(run)


def test_exports_replace_exports_only(tiny_run: Path, tiny_encoder: Path, tmp_path: Path, export: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    encoder = shutil.copytree(tiny_encoder, tmp_path / "encoder")
    run = shutil.copytree(tiny_run, tmp_path / "run")
    for folder in (tmp_path / "mine", encoder, run, run / "last"):
        with pytest.raises(InputError, match="is no export"):
            export_run(run, folder)
    assert (run / "last" / "model.safetensors").exists() and (encoder / "model.safetensors").exists()
    again = shutil.copytree(export, tmp_path / "again")
    assert export_run(tiny_run, again) == again
    (again / "corrected.jsonl").touch()
    with pytest.raises(InputError, match=r"holds corrected\.jsonl"):
        export_run(tiny_run, again)
    (again / "corrected.jsonl").unlink()
    (tmp_path / "empty").mkdir()
    assert export_run(tiny_run, tmp_path / "empty").exists()
    assert (again / "model.onnx").read_bytes() == (export / "model.onnx").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_runs_that_cannot_be_read_are_refused(tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run directory"):
        evaluate_run(tmp_path)
    unfinished = shutil.copytree(tiny_run, tmp_path / "unfinished")
    (unfinished / "DONE").unlink()
    with pytest.raises(InputError, match="not finished"):
        export_run(unfinished, tmp_path / "out")
    (unfinished / "DONE").touch()
    weights = unfinished / "last" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:4000])
    with pytest.raises(InputError, match="cannot be loaded"):
        evaluate_run(unfinished)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["config.yaml", "split.json", "environment.json", "lost.json", "metrics.jsonl"])
def test_a_run_with_a_file_gone_or_broken_is_refused_by_its_name(tiny_run: Path, tmp_path: Path, name: str) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.rmtree(run / "eval", ignore_errors=True)
    file = run / name
    file.write_text(f'[{{"a": \n{file.read_text()}')
    with pytest.raises(InputError, match=rf"{name}: is cut off"):
        evaluate_run(run)
    file.unlink()
    with pytest.raises(InputError, match=name if name != "config.yaml" else "no run directory"):
        evaluate_run(run)
    assert not (run / "eval").exists()


def test_an_encoder_or_a_runs_own_model_is_not_taken_for_an_older_export(tiny_encoder: Path, tiny_run: Path) -> None:
    for folder in (tiny_encoder, tiny_run / "last"):
        with pytest.raises(InputError, match="exists and is no export"):
            check_target(folder)
