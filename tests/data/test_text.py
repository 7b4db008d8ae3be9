"""Raw text in: files, folders and data sets of any kind as one stream, and what cannot be read told with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

import data.text
from data.text import TextConfig, TextSource, texts
from narasumber.document import Document
from narasumber.errors import InputError

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def read(path: Path, **keys: Any) -> list[str]:
    return list(texts(TextConfig(sources=(TextSource(path=path, **keys),))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A text of each kind, one of them in a folder below."""
    (tmp_path / "a.txt").write_text("\ufeffSatu.\n", encoding="utf-8")
    (tmp_path / "blank.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "deep").mkdir()
    lines = [{"text": "Dua.", "id": 1}, {"text": ""}, {"text": "Tiga."}]
    (tmp_path / "deep" / "b.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    Dataset.from_dict({"n": [1, 2], "text": ["Empat.", None]}).to_parquet(tmp_path / "deep" / "c.parquet")
    (tmp_path / "notes.md").write_text("none of it", encoding="utf-8")
    return tmp_path


def test_a_folder_gives_all_text_in_it(folder: Path) -> None:
    assert read(folder) == ["Satu.\n", "Dua.", "Tiga.", "Empat."]
    assert read(folder, format="jsonl") == read(folder / "deep" / "b.jsonl") == ["Dua.", "Tiga."]
    assert read(folder, format="datasets") == read(folder / "deep" / "c.parquet") == ["Empat."]
    assert read(folder, format="text") == ["Satu.\n"]


def test_saved_data_sets_give_all_their_parts(tmp_path: Path) -> None:
    one, other = (Dataset.from_dict({"text": [text]}) for text in ("a", "b"))
    one.save_to_disk(str(tmp_path / "one"))
    DatasetDict({"train": one, "test": other}).save_to_disk(str(tmp_path / "both"))
    assert read(tmp_path / "one") == ["a"]
    assert read(tmp_path / "both") == ["a", "b"]


def test_annotated_articles_give_their_text_whatever_their_labels(tmp_path: Path, seeds: list[Document]) -> None:
    wanted = sorted(document.text for document in seeds)
    assert sorted(read(SEEDS)) == sorted(read(SEEDS, format="brat")) == wanted
    (tmp_path / "x.conll").write_text("Ani\tB-PERSON\ntiba\tO\n\nDi\tO\nSolo\tB-KOTA\n", encoding="utf-8")
    assert read(tmp_path / "x.conll")[0].split() == ["Ani", "tiba", "Di", "Solo"]


@given(st.lists(st.sampled_from(["", "kata", "kata lain", "é\u2028x"]), max_size=30), st.integers(1, 40))
def test_a_long_file_is_parted_where_lines_end_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], part: int
) -> None:
    path = tmp_path_factory.mktemp("long") / "a.txt"
    content = "\n".join(lines)
    path.write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data.text, "PART", part)
        found = read(path)
    assert "".join(found).split() == content.split()
    assert all(text.endswith("\n") for text in found[:-1])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"satu\n\xff\n", r"a\.txt:2: byte 0xff is not UTF-8"),
        ("a.jsonl", b'{"text": "x"}\n{"teks": "x"}\n[1]\n{', r"(?s)jsonl:2: has no string.*jsonl:3.*jsonl:4"),
        ("a.jsonl", b'{"text": 5}\n', "has no string under the key text"),
        ("a.parquet", b"PAR", "cannot be read"),
    ],
)
def test_what_is_no_text_is_told_with_its_place(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=told):
        read(tmp_path / name)


def test_data_sets_without_a_column_of_text_are_refused(tmp_path: Path) -> None:
    Dataset.from_dict({"isi": ["x"]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="has no column text; its columns are isi"):
        read(tmp_path / "a.parquet")
    Dataset.from_dict({"text": [5]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="row 0: its text is no string"):
        read(tmp_path / "b.parquet")


def test_places_without_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match="holds no file that ends in"):
        read(tmp_path)
    with pytest.raises(ValueError, match="is no format; formats are auto, text, jsonl"):
        TextSource(path=tmp_path, format="docx")
