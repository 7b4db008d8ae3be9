"""From a run to its scores, where public corpora are held out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from data.sources import Source
from eval.evaluate import compare_runs, evaluate_run, predictions_of, read_of, summary
from eval.release import card
from eval.report import NONE, num
from narasumber import formats
from narasumber.document import Document, Span
from narasumber.errors import InputError
from narasumber.scope import UNMARKED
from narasumber.sentences import sentences

ROOT = Path(__file__).resolve().parent.parent.parent

CORPORA = {
    "indonlu-nergrit/valid_preprocess.txt": "Vladimir/B-PERSON Putin/I-PERSON tiba/O di/O Rusia/B-PLACE ./O",
    "indonlu-nerp/valid_preprocess.txt": "vladimir/B-PPL putin/I-PPL minum/O teh/B-FNB di/O rusia/B-PLC ./O",
    "pfsa-id/dev-30.txt": "MOSKWA/O ,/O KOMPAS/O —/O Dua/B-ISSUE orang/I-ISSUE bertemu/L-ISSUE ./O\n\n"
    '"/B-STATEMENT Kami/I-STATEMENT datang/I-STATEMENT ,/I-STATEMENT "/L-STATEMENT '
    "kata/U-CUE Vladimir/B-PERSON Putin/L-PERSON ./O",
}


@pytest.fixture(scope="module")
def run(train_tiny: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    for name, text in CORPORA.items():
        file = folder / name
        file.parent.mkdir()
        rows = [" ".join(line.split()).replace(" ", "\n") for line in text.split("\n")]
        file.write_text("\n".join(rows).replace("/", "\t") + "\n\n", encoding="utf-8")
    held_out = ", ".join(
        f"{{corpus: {name.split('/')[0]}, path: {(folder / name).parent}, split: dev}}" for name in CORPORA
    )
    return train_tiny("train.epochs=1", f"data.held_out=[{held_out}]")


@pytest.mark.filterwarnings("ignore:.* is of an unknown release")
def test_held_out_corpora_are_scored_in_their_own_terms(run: Path, here: Callable[..., CompletedProcess[str]]) -> None:
    done = here("evaluate", str(run), folder=run.parent.parent)
    assert done.returncode == 0, done.stderr
    again = here("evaluate", str(run), "--against", str(run), folder=run.parent.parent)
    told = again.stdout.partition(" minus ")[2]
    assert [line.split()[0] for line in told.splitlines()[1:-1]] == [
        "entity",
        "source",
        "cue",
        "content",
        "attribution",
    ]
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert rows == ["entity", "source", "cue", "content", "attribution", "report:"]  # no content_inner: none is in gold
    rules = json.loads((run / "eval" / "scores.json").read_text(encoding="utf-8"))["baselines"]["rules"]
    # Both corpora have his name and a country, which is GPE in the articles that the rules know.
    entities = rules["layers"]["entity"]["labels"]
    assert {label: own["support"] for label, own in entities.items()} == {"PER": 2, "LOC": 2}
    assert entities["PER"]["recall"] == entities["LOC"]["recall"] == 0.5  # they do not know small letters
    assert rules["attribution"]["exact"]["f1"] == 1.0
    assert (run / "eval" / "report.html").exists()
    (corpus,) = (source for source in read_of(run, "config.yaml")["data"]["held_out"] if "nergrit" in source["corpus"])
    words = ("--on", str(corpus["path"]), "--from", "indonlu-nergrit", "--split", "dev")
    done = here("evaluate", str(run), *words, folder=run.parent.parent)
    assert done.returncode == 0, done.stderr
    entity = json.loads((run / "eval-indonlu-nergrit-dev" / "scores.json").read_text())["model"]["layers"]["entity"]
    assert entity["micro"]["support"] == 2


def test_articles_with_line_separators_of_unicode_are_read_back(tmp_path: Path) -> None:
    document = Document("a", "Ani\u2028pergi.\x85Budi tiba.")
    (tmp_path / "eval").mkdir()
    line = json.dumps(document.to_json(), ensure_ascii=False) + "\n"
    (tmp_path / "eval" / "predictions.jsonl").write_text(line, encoding="utf-8")
    assert predictions_of(tmp_path) == [document]


def test_predictions_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    (tmp_path / "eval").mkdir()
    rows = [json.dumps(Document(name, "Ani pergi.").to_json()) for name in "ab"]
    (tmp_path / "eval" / "predictions.jsonl").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(InputError, match="is cut off or changed"):
        predictions_of(tmp_path)


@pytest.fixture(scope="module")
def names_alone(train_tiny: Callable[..., Path]) -> Path:
    held_out = "data.held_out={documents: [000_e91c931474bc4544, 003_e50b77e81069cd99]}"
    return train_tiny("train.epochs=1", "layers=[entity]", held_out)


def test_a_run_is_scored_on_what_it_learned(names_alone: Path) -> None:
    run = names_alone
    summed, _ = evaluate_run(run)
    assert summed["learned"] == ["entity"]
    assert summed["model"]["attribution"]["exact"]["support"] == summed["model"]["layers"]["cue"]["lost"] == 0
    assert [line.split()[0] for line in summary(summed).splitlines()[1:]] == ["entity"]
    told = [line.split()[0] for line in compare_runs(run, run).splitlines()[1:]]
    assert told == ["entity"]
    errors = (run / "eval" / "errors.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["head"] for line in errors} == {"entity"}
    markdown = (run / "eval" / "report.md").read_text(encoding="utf-8")
    assert "SOURCE" not in markdown.partition("## Lost spans")[0]
    rows = [line for line in card(run, "onnx", {"megabytes": 1.0}).splitlines() if line.startswith("| ")]
    assert [row.split()[1] for row in rows] == ["layer", "entity"]


def test_a_run_is_scored_on_other_articles(
    names_alone: Path, run: Path, here: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    evaluate_run(names_alone)
    own = {document.id: document for document in predictions_of(names_alone)}
    article = ROOT / "seeds" / "003_e50b77e81069cd99.txt"
    done = here("evaluate", str(names_alone), "--on", str(article), "--from", "brat")
    assert done.returncode == 0, done.stderr
    folder = names_alone / "eval-003_e50b77e81069cd99"
    assert f"report: {folder / 'report.html'}" in done.stdout
    (read,) = predictions_of(names_alone, Source(path=article))
    assert read.spans == own[read.id].spans
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert (scores["on"], list(scores["model"]["documents"])) == (str(article), [read.id])
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert f"# quickstart on {article}\n" in report and "scored on" in report

    unseen = Document("new", "Watson bertemu Kim.", (Span("entity", "PER", 0, 6),))
    formats.write([unseen], tmp_path / "new.jsonl", "json")
    told = here("evaluate", str(names_alone), "--on", str(tmp_path / "new.jsonl"), "--against", str(run))
    assert told.returncode == 2 and "eval-new/predictions.jsonl: is missing" in told.stderr
    assert not (names_alone / "eval-new").exists()
    for one in (run, names_alone):
        assert here("evaluate", str(one), "--on", str(tmp_path / "new.jsonl")).returncode == 0
    told = here("evaluate", str(names_alone), "--on", str(tmp_path / "new.jsonl"), "--against", str(run))
    assert told.returncode == 0 and "entity" in told.stdout.partition(" minus ")[2]
    (tmp_path / "other").mkdir()
    formats.write(
        [replace(unseen, id="x"), Document("bare", "Kim.", scope=UNMARKED)], tmp_path / "other" / "new.jsonl", "json"
    )
    told = here("evaluate", str(names_alone), "--on", str(tmp_path / "other" / "new.jsonl"))
    assert told.returncode == 2 and f"eval-new: holds the scores on {tmp_path / 'new.jsonl'}" in told.stderr
    shutil.rmtree(names_alone / "eval-new")
    told = here("evaluate", str(names_alone), "--on", str(tmp_path / "other" / "new.jsonl"))
    assert "note: left out: articles that nobody has annotated: 1" in told.stdout
    shutil.rmtree(names_alone / "eval-new")


def test_sentences_that_recur_are_told_and_training_articles_are_refused(
    names_alone: Path, here: Callable[..., CompletedProcess[str]], tmp_path: Path, seeds: list[Document]
) -> None:
    learned = next(document for document in seeds if document.id.startswith("001"))
    line = max(learned.text.split("\n"), key=len)
    known = Document("known", line[: sentences(line)[0][1]])
    new = [Document(f"new{number}", f"Ibu {number} bertemu Kim di Solo.") for number in range(2)]
    name = new[0].with_annotation([Span("entity", "PER", 14, 17)])
    formats.write([known, name, new[1]], tmp_path / "test.jsonl", "json")
    done = here("evaluate", str(names_alone), "--on", str(tmp_path / "test.jsonl"))
    assert done.returncode == 0, done.stderr
    assert "note: 1 of 3 texts stand in what the model has learned from; the report scores apart" in done.stdout
    formats.write([known, replace(known, id="again"), name], tmp_path / "most.jsonl", "json")
    formats.write([learned, *(replace(name, id=f"n{number}") for number in range(9))], tmp_path / "whole.jsonl", "json")
    for file, which in (("most", "known, again"), ("whole", learned.id)):
        with pytest.raises(InputError, match=f"has learned from {which}, or was chosen by it"):
            evaluate_run(names_alone, Source(path=tmp_path / f"{file}.jsonl"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Document("a", "Kim tiba.", scope=UNMARKED), "annotates none of entity"),
        (Document("a", "Kim tiba.", meta={"annotator": "model:m"}), "a: what a model has read, corrected by nobody"),
        (Document("eval", "x"), "what a model has read, corrected by nobody"),
        (None, "has learned from 001_718e06cf24c873e4, 002_"),
    ],
)
def test_articles_that_cannot_measure_a_model_are_refused(
    names_alone: Path, tmp_path: Path, document: Document | None, said: str
) -> None:
    path = ROOT / "seeds"
    if document and document.id == "eval":  # its own predictions
        evaluate_run(names_alone)
        path = names_alone / "eval" / "predictions.jsonl"
    elif document:
        formats.write([document], path := tmp_path / "a.jsonl", "json")
    with pytest.raises(InputError, match=re.escape(said)):
        evaluate_run(names_alone, Source(path=path))
    assert not list(names_alone.glob("eval-a*")) and not list(names_alone.glob("eval-seeds*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--split", "dev"], "name these: --on PATH"),
        (["--on", "x", "--split", "dev"], "--split: goes with a public corpus"),
        (["--on", "x", "--from", "indonlu-nerp", "--label", "A=PER"], "has a table of its own"),
        (["--on", "x", "--from", "nerp"], "'nerp' is none of its values"),
        (["--on", "x"], "x: no such file or folder in "),
    ],
)
def test_articles_that_are_named_wrongly_are_told(
    names_alone: Path, here: Callable[..., CompletedProcess[str]], words: list[str], said: str
) -> None:
    done = here("evaluate", str(names_alone), *words)
    assert done.returncode == 2 and said in done.stderr


def test_a_figure_reads_the_same_in_every_table() -> None:
    """0.8125 is rounded to an even digit by Python."""
    own = {"precision": 0.8125, "recall": 0.8125, "f1": 0.8125, "support": 16, "interval": [0.0625, 0.8125]}
    model = {"layers": {"entity": {"micro": own}}, "attribution": {"exact": own}}
    summed = {
        "model": model,
        "baselines": {"rules": model},
        "learned": ["entity"],
        "articles_changed": False,
        "known": 0,
        "left_out": {},
    }
    (line,) = summary(summed).splitlines()[1:]
    assert line.split() == "entity 0.813 0.813 0.813 0.063 to 0.813 16 0.813".split()
    assert (num(0.8125), num(0.8125 - 1e-12), num(-1e-12, "+"), num(None)) == ("0.813", "0.813", "+0.000", NONE)


def test_runs_are_compared_whatever_the_order_of_their_articles(names_alone: Path, tmp_path: Path) -> None:
    evaluate_run(names_alone)
    other = Path(shutil.copytree(names_alone, tmp_path / "other"))
    file = other / "eval" / "predictions.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == 2
    file.write_text("".join(reversed(lines)), encoding="utf-8")
    assert "entity        +0.000" in compare_runs(names_alone, other)
    file.write_text(lines[0], encoding="utf-8")
    with pytest.raises(InputError, match="was scored on other articles than"):
        compare_runs(names_alone, other)
