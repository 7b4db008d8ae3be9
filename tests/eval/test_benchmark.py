"""The benchmark measures what it says: articles that hold together, both ways to the end, and a table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval import benchmark
from eval.benchmark import WAYS, Used, app, write_articles
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
