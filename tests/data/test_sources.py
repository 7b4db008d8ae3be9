"""Files to documents, with outlet, title and sections out of their text; what cannot be read is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from data.sources import Source, fingerprint, load_documents, with_meta
from narasumber import formats
from narasumber.document import Document, Span
from narasumber.errors import InputError
from narasumber.scope import LayerScope, Scope

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def write(path: Path, text: str = "Ani pergi.", ann: str | None = "T1\tPER 0 3\tAni\n") -> Path:
    path.write_text(text, encoding="utf-8")
    if ann is not None:
        path.with_suffix(".ann").write_text(ann, encoding="utf-8")
    return path


def test_the_seeds_with_what_their_text_tells(seeds: list[Document]) -> None:
    loaded = load_documents(SEEDS)
    assert [(d.id, d.text, d.spans, d.attributions) for d in loaded] == [
        (d.id, d.text, d.spans, d.attributions) for d in seeds
    ]
    assert [document.meta["outlet"] for document in loaded] == [
        "tribunnews.com", "wahananews.co", "kontan.co.id", "tribunnews.com", "tribunnews.com",
    ]  # fmt: skip
    title = "Jarang Tinggalkan Pyongyang, Presiden Korea Utara Kim Jong Un Dikabarkan akan ke Rusia"
    assert [document.meta.get("title") for document in loaded] == [None, None, None, title, None]
    assert loaded[2].meta["sections"][:2] == [["byline", 0, 32], ["dateline", 33, 59]]


@pytest.mark.parametrize("ending", [".txt", ".ann"])
def test_one_file_is_one_document(tmp_path: Path, ending: str) -> None:
    write(tmp_path / "b.txt")
    (document,) = load_documents(write(tmp_path / "a.b.txt").with_suffix(ending))
    assert document.id == "a.b" and document.spans[0].text_in(document.text) == "Ani"
    assert document.meta == {"sections": [["body", 0, 10]]}
    assert [document.id for document in load_documents(str(tmp_path), "brat")] == ["a.b", "b"]


@pytest.mark.parametrize(
    ("text", "outlet", "title"),
    [
        ("Harga Beras Naik\nKONTAN.CO.ID - SOLO. Ani pergi.", "kontan.co.id", "Harga Beras Naik"),
        ("Solo - Ani pergi.\n(Tribunnews.com/Ani)", "tribunnews.com", None),
        ("Solo, Pasar.net - Ani pergi.\n(Tribunnews.com/Ani)", "pasar.net", None),
        ("(Tribunnews.com/Ani)\nTRIBUN.CO - Ani pergi.\n(Kompas.com/Budi)", "tribun.co", None),
        ("(Tribunnews.com/Ani)\nAni pergi.\n(Kompas.com/Budi)", "tribunnews.com", None),
        # Running text names other outlets.
        ("Ani pergi, tulis Pasar.com di situsnya.", None, None),
    ],
)
def test_outlet_and_title(text: str, outlet: str | None, title: str | None) -> None:
    meta = with_meta(Document("a", text)).meta
    assert (meta.get("outlet"), meta.get("title")) == (outlet, title)
    assert [name for name, value in meta.items() if value is None] == []


def test_what_the_document_says_of_itself_stays() -> None:
    meta = {"outlet": "koran", "title": "Judul", "sections": [["body", 0, 4]], "brat": {"lines": []}}
    assert with_meta(Document("a", "Judul Lain\nSOLO.CO - Ani.", meta=meta)).meta == meta
    once = with_meta(Document("a", "Judul\nSOLO.CO - Ani."))
    assert with_meta(once) == once


def test_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="conl: is no known format") as caught:
        load_documents(tmp_path, "conl")
    assert "brat" in caught.value.problems[0].cure


@pytest.mark.parametrize(
    ("name", "what", "cure"),
    [
        ("gone", "no such file or folder", "name a file or folder"),
        ("gone/a.txt", "no such file or folder", "name a file or folder"),
        ("empty", "is of no known format", "--from json|brat"),
        ("notes.md", "is of no known format", "--from json|brat"),
        ("blank.txt", "the article is empty", "put the text back"),
    ],
)
def test_what_cannot_be_read_is_told_with_place_and_cure(tmp_path: Path, name: str, what: str, cure: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "notes.md", ann=None)
    write(tmp_path / "blank.txt", " \n", "")
    with pytest.raises(InputError) as caught:
        load_documents(tmp_path / name)
    (problem,) = caught.value.problems
    assert problem.where.startswith(str(tmp_path / name).removesuffix(".txt"))
    assert what in problem.what and cure in problem.cure


def test_all_faults_of_a_folder_are_told(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", ann="T1\tPER 0 3\tBudi\n")
    write(tmp_path / "b.txt")
    write(tmp_path / "c.txt", ann="T1\tPERSON 0 3\tAni\nx\n")
    with pytest.raises(InputError) as caught:
        load_documents(tmp_path)
    places = [problem.where.rpartition("/")[2] for problem in caught.value.problems]
    assert places == ["a.ann:1", "c.ann:1", "c.ann:2"]


def test_the_fingerprint_is_of_what_a_model_learns_from() -> None:
    document = Document("a", "Ani beli Avanza.")
    known = replace(document, meta={"outlet": "kontan.co.id"})
    masked = replace(document, meta={"unknown": [["entity", 9, 15]]})
    assert fingerprint([document]) == fingerprint([known]) != fingerprint([masked])


@pytest.mark.parametrize("format", ["auto", "json"])
def test_labels_of_json_lines_are_refused_and_not_passed_over(
    tmp_path: Path, seeds: list[Document], format: str
) -> None:
    formats.write(seeds[:1], tmp_path / "own.jsonl", "json")
    with pytest.raises(InputError, match="json has the labels of the scheme already"):
        Source(path=tmp_path / "own.jsonl", format=format, labels={"PER": ""}).load()


def test_what_annotators_did_not_look_for_is_neither_learned_nor_absent(tmp_path: Path) -> None:
    text = "Ani di Solo, kata Budi."
    marks = [("PER", 0, 3), ("GPE", 7, 11), ("LOC", 7, 11), ("CUE", 13, 17), ("SOURCE", 18, 22)]
    line = {"id": "a", "text": text, "label": [[start, end, label] for label, start, end in marks]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")

    def read(*annotates: str | tuple[str, ...]) -> Document:
        return Source(path=tmp_path / "a.jsonl", format="doccano", annotates=annotates).load()[0]

    assert {(span.label, span.start) for span in read("entity", "cue").spans} == {
        ("PER", 0), ("GPE", 7), ("LOC", 7), ("CUE", 13),
    }  # fmt: skip
    coarse = read("PER", ("LOC", "GPE"))
    assert [(span.label, span.start) for span in coarse.spans] == [("PER", 0), ("LOC", 7)]
    assert coarse.scope == Scope((("entity", LayerScope((("PER",), ("LOC", "GPE")))),))
    assert not coarse.attributions


def test_what_a_file_has_as_one_is_not_told_apart(tmp_path: Path) -> None:
    scope = Scope.of(["PER", ["LOC", "GPE", "FAC"]])
    formats.write([Document("a", "Ani di Solo.", (Span("entity", "LOC", 7, 11),), scope=scope)], tmp_path / "a", "json")
    for annotates in ("entity",), ("PER", "GPE"), ("PER", ("LOC", "GPE")):
        with pytest.raises(InputError, match="has LOC, GPE, FAC as one"):
            Source(path=tmp_path / "a", format="json", annotates=annotates).load()
    (document,) = Source(path=tmp_path / "a", format="json", annotates=("ORG", ("LOC", "GPE", "FAC"))).load()
    assert [span.label for span in document.spans] == ["LOC"]


@pytest.mark.parametrize("annotates", [["PERSON"], [["PER", "CUE"]], ["PER", "PER"], [[]]])
def test_labels_that_the_scheme_lacks_are_refused(annotates: list[Any]) -> None:
    with pytest.raises(ValidationError, match="annotates"):
        Source.model_validate({"path": "a", "annotates": annotates})


def test_unmarked_articles_stay_unmarked_whatever_they_are_said_to_annotate(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ani di Solo.", encoding="utf-8")
    (document,) = Source(path=tmp_path / "a.txt", annotates=("entity",)).load()
    assert document.scope.layers == ()
