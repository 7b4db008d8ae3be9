"""The benchmark measures what it says: articles that hold together, both ways to the end, and a table."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval import benchmark, training_speed
from eval.benchmark import WAYS, Used, app, write_articles
from models.encoders import load_encoder
from narasumber import formats
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.words import words


def test_articles_are_the_seeds_under_other_ids_and_names(seeds: list[Document], tmp_path: Path) -> None:
    counted = write_articles(tmp_path / "a.jsonl", 12)
    found = list(formats.read(tmp_path / "a.jsonl", "json"))
    assert len({document.id for document in found}) == len({document.text for document in found}) == 12
    assert counted == sum(len(words(document.text)) for document in found)
    for document, seed in zip(found, [*seeds, *seeds, *seeds], strict=False):
        assert document.spans == seed.spans and document.id.endswith(seed.id)


def test_both_ways_keep_every_article_and_its_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spacy = pytest.importorskip("spacy")
    monkeypatch.setattr(benchmark, "FILE", 3)
    write_articles(tmp_path / "a.jsonl", 5)
    for way, start in WAYS.items():
        start()(tmp_path / "a.jsonl", tmp_path / way)
    assert "| articles | 5 |" in (tmp_path / "narasumber" / "README.md").read_text()
    files = sorted((tmp_path / "spacy").iterdir())
    assert len(files) == 2
    vocabulary = spacy.blank("id").vocab
    docs = [doc for file in files for doc in spacy.tokens.DocBin().from_disk(file).get_docs(vocabulary)]
    for doc, document in zip(docs, formats.read(tmp_path / "a.jsonl", "json"), strict=True):
        assert doc.text == document.text
        kept = sum(len(spans) for spans in doc.spans.values()) + len(doc.ents)
        assert 0.9 * len(document.spans) < kept <= len(document.spans)


def test_a_process_of_its_own_is_measured(tmp_path: Path) -> None:
    write_articles(tmp_path / "a.jsonl", 1)
    line = [sys.executable, "-m", "eval.benchmark", "measure", "narasumber"]
    folder = Path(benchmark.__file__).parent.parent
    used = benchmark._measured("narasumber", tmp_path / "a.jsonl", tmp_path / "out")
    assert used.seconds > 0 and 50 < used.peak < 5000 and (tmp_path / "out" / "dataset.json").exists()
    done = subprocess.run(
        [*line, str(tmp_path / "none"), str(tmp_path / "x")], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 1 and "cannot be read" in done.stderr and "Traceback" not in done.stderr


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(way: str, source: Path, target: Path) -> Used:
        return Used(2.0 if way == "narasumber" else 11.0, 300)

    monkeypatch.setattr(benchmark, "_measured", measured)
    monkeypatch.setattr(benchmark, "find_spec", lambda name: True)
    done = CliRunner().invoke(app, ["convert", "--articles", "2"])
    head, rule, *rows = [line for line in done.output.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in (head, rule, *rows)} == {11}
    assert [row.split(" | ")[0] for row in rows] == ["| 2", "| 4", "| 8"]
    assert all(row.endswith("| 5.5 |") for row in rows)


def test_spacy_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["convert"])
    assert isinstance(done.exception, InputError)
    assert "pip install" in str(done.exception)


def test_training_is_measured_beside_the_standard_recipe(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(benchmark.__file__).parent.parent
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    keys = [f"model.encoder={tiny_encoder}", f"data.sources=[{{path: {root / 'seeds'}}}]", "train.epochs=1"]
    words = [word for key in keys for word in ("--set", key)]
    told = CliRunner().invoke(app, ["train", str(root / "configs" / "quickstart.yaml"), *words]).stdout.splitlines()
    rows = [line.strip("| ").split(" | ") for line in told[2:] if line.startswith("|")]
    ways = [row[0] for row in rows]
    assert ways in (
        ["Narasumber, bf16", "standard recipe, fp32", "Narasumber, fp32"],
        ["Narasumber, fp32", "standard recipe, fp32"],
    )
    assert rows[1][2] == "1.0" and all(float(row[1].replace(",", "")) > 0 <= float(row[3]) <= 1 for row in rows)
    assert list((tmp_path / "runs").iterdir()) == []
    with pytest.raises(InputError, match=r"train\.epoch: is no key there"):
        training_speed.table(root / "configs" / "quickstart.yaml", [*keys, "train.epoch=1"])
    chosen = [*keys, "data.development={documents: [000_e91c931474bc4544]}"]
    with pytest.raises(InputError, match=r"data\.development: chooses an epoch"):
        training_speed.table(root / "configs" / "quickstart.yaml", chosen)
    staged = [*keys, "train.epochs=null", "train.stages=[{epochs: 1, sources: [seeds]}]"]
    with pytest.raises(InputError, match=r"train\.stages: name sources"):
        training_speed.table(root / "configs" / "quickstart.yaml", staged)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.txt").write_text("Ani Yudhoyono pergi ke Jakarta.", encoding="utf-8")
    (tmp_path / "more" / "a.ann").write_text("T1\tPER 0 13\tAni Yudhoyono\n", encoding="utf-8")
    weighed = [*keys, f"data.sources=[{{path: {root / 'seeds'}}}, {{path: {tmp_path / 'more'}, weight: 3}}]"]
    with pytest.raises(InputError, match="draws from its sources"):
        training_speed.table(root / "configs" / "quickstart.yaml", weighed)
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_standard_recipe_learns(tiny_encoder: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_encoder))
    documents = [Document(seed.id, seed.text, tuple(seed.layer("entity"))) for seed in seeds[:2]]
    sentences = [sentence for own in training_speed.sentences_of(documents, encoder) for sentence in own]
    assert sum(len(sentence.bounds) for sentence in sentences) == sum(len(words(item.text)) for item in documents)
    network, pieces, seconds = training_speed.learn(encoder, documents, 3, 13, "cpu")
    assert pieces == 3 * sum(len(sentence.ids) for sentence in sentences) and seconds > 0
    found = training_speed.read(network, encoder, [item.bare() for item in documents])
    assert [item.text for item in found] == [item.text for item in documents]


def test_the_standard_recipe_learns_where_the_run_did(tiny_run: Path, tmp_path: Path) -> None:
    """The device `meta` stands for a GPU: what is computed there has a shape, and no value that could be read."""
    run = shutil.copytree(tiny_run, tmp_path / "run")
    environment = json.loads((run / "environment.json").read_text())
    (run / "environment.json").write_text(json.dumps({**environment, "device": "meta"}))
    with pytest.raises(RuntimeError, match="meta tensors"):
        training_speed.learned(run)
