"""A data set on disk says what its documents say, to the byte the same each time, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from datasets import Dataset, load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from data.convert import FEATURES, MANIFEST, card, convert, count, from_row, to_dataset
from data.sources import with_meta
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.labels import ATTRIBUTES, HEADS, LABELS, LAYERS, Layer
from narasumber.tags import MASKED, spans_of
from narasumber.words import words


@st.composite
def spans(draw: st.DrawFn, layer: Layer, size: int) -> Span:
    offsets = sorted(draw(st.sets(st.integers(0, size), min_size=2, max_size=4)))
    offsets = offsets[: len(offsets) // 2 * 2]
    attributes = tuple(
        (name, draw(st.sampled_from(values)))
        for name, (at, values) in ATTRIBUTES.items()
        if at == layer and draw(st.booleans())
    )
    fragments = tuple(zip(offsets[::2], offsets[1::2], strict=True)) if len(offsets) > 2 else ()
    return Span(layer, draw(st.sampled_from(LABELS[layer])), offsets[0], offsets[-1], attributes, fragments)


@st.composite
def documents(draw: st.DrawFn, id: str) -> Document:
    characters = st.characters(codec="utf-8") | st.sampled_from('ab, "”.\n\r\u200b\u0301')
    text = draw(st.text(characters, min_size=3, max_size=40))
    by_layer = {layer: draw(st.lists(spans(layer, len(text)), unique=True, max_size=4)) for layer in LAYERS}
    attributions = [
        Attribution(cue, *(tuple(draw(st.sets(st.sampled_from(found)))) if found else () for found in roles))
        for roles in [(by_layer["source"], by_layer["content"])]
        for cue in by_layer["cue"]
        if draw(st.booleans())
    ]
    values = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2))
    meta: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["brat", "url", "ä"]), values))
    meta |= draw(st.fixed_dictionaries({}, optional={"title": st.text(max_size=5), "outlet": st.text(max_size=5)}))
    return with_meta(
        Document(id, text, tuple(s for found in by_layer.values() for s in found), tuple(attributions), meta)
    )


def rows(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    with TemporaryDirectory() as cache:
        return list(
            Dataset.from_parquet(str(folder / "data" / f"{split}.parquet"), cache_dir=cache, keep_in_memory=True)
        )


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def article(id: str, text: str = "Ani pergi ke Solo.") -> Document:
    return with_meta(Document(id, text, (Span("entity", "PER", 0, 3),)))


@given(documents("a"), documents("b"))
@settings(max_examples=60, deadline=None)
def test_what_comes_back_from_disk_is_what_was_given(one: Document, other: Document) -> None:
    with TemporaryDirectory() as folder:
        convert([one, other], Path(folder, "data-set"))
        assert [from_row(row) for row in rows(Path(folder, "data-set"))] == [one, other]


def test_the_seeds_by_load_dataset(seeds: list[Document], tmp_path: Path) -> None:
    given = [with_meta(document) for document in seeds]
    returned = convert(given, tmp_path / "set", held_out=[given[3].id])
    loaded = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == list(returned) == ["train", "test"]
    assert [from_row(row) for row in loaded["train"]] == [*given[:3], given[4]]
    assert [from_row(row) for row in loaded["test"]] == [given[3]]
    for name, part in loaded.items():
        assert part.features == FEATURES
        assert part.to_list() == returned[name].to_list()


def test_label_names_are_fixed_whatever_the_documents_hold() -> None:
    bare = to_dataset([Document("a", "Ani pergi")])
    assert bare.features == FEATURES
    entity = bare.features["entity"].feature.names
    assert entity[:5] == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"] and len(entity) == 39
    for head, label in (("source", "SOURCE"), ("cue", "CUE"), ("content", "CONTENT"), ("content_inner", "CONTENT")):
        assert bare.features[head].feature.names == ["O", f"B-{label}", f"I-{label}"]
    assert bare[0]["entity"] == [0, 0]


def test_tag_columns_are_views_of_the_spans(seeds: list[Document]) -> None:
    for row, document in zip(to_dataset(seeds), seeds, strict=True):
        grid = list(zip(row["starts"], row["ends"], strict=True))
        assert grid == words(document.text)
        assert row["words"] == [document.text[start:end] for start, end in grid]
        bounds = [(span.label, span.start, span.end) for span in document.layer("entity")]
        assert [(s.label, s.start, s.end) for s in spans_of(row["entity"], "entity", grid)] == bounds
        assert all(len(row[head]) == len(grid) for head in HEADS)
        assert [span["text"] for span in row["spans"]] == [span.text_in(document.text) for span in document.spans]


def test_a_word_that_a_column_cannot_speak_of_is_masked() -> None:
    row = to_dataset([Document("a", "Ani pergi", (Span("entity", "PER", 0, 2), Span("cue", "CUE", 4, 9)))])[0]
    assert (row["entity"], row["cue"]) == ([MASKED, 0], [0, 1])


def test_the_same_documents_give_the_same_bytes(seeds: list[Document], tmp_path: Path) -> None:
    for name in ("one", "other"):
        convert(seeds, tmp_path / name, held_out=[seeds[0].id])
    first = content_of(tmp_path / "one")
    assert first == content_of(tmp_path / "other")
    assert sorted(first) == ["README.md", "data/test.parquet", "data/train.parquet", MANIFEST]
    convert([seeds[0]], tmp_path / "one")
    assert sorted(content_of(tmp_path / "one")) == ["README.md", "data/train.parquet", MANIFEST]
    convert(seeds, tmp_path / "one", held_out=[seeds[0].id])
    assert first == content_of(tmp_path / "one")
    assert names(tmp_path) == ["one", "other"]


def test_the_order_in_which_a_reader_kept_things_does_not_matter(tmp_path: Path) -> None:
    for name, meta in (("one", {"url": "u", "brat": []}), ("other", {"brat": [], "url": "u"})):
        convert([Document("a", "Ani pergi", meta=meta)], tmp_path / name)
    assert content_of(tmp_path / "one") == content_of(tmp_path / "other")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    convert([article("a")], tmp_path / "set")
    assert len(rows(tmp_path / "set")) == 1


def test_folders_above_are_made(tmp_path: Path) -> None:
    convert([article("a")], tmp_path / "deep" / "set")
    assert names(tmp_path / "deep") == ["set"]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("failing", ["second split", "last rename"])
def test_a_failure_leaves_the_old_data_set_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, is_first: bool
) -> None:
    target = tmp_path / "set"
    if not is_first:
        convert([article("a")], target)
    before = content_of(tmp_path)
    write, rename = Dataset.to_parquet, os.rename

    def to_parquet(self: Dataset, path: Path, *more: Any, **named: Any) -> int:
        if Path(path).name == "test.parquet":
            raise OSError(28, "No space left on device")
        written: int = write(self, path, *more, **named)
        return written

    def move(source: Any, destination: Any, **named: Any) -> None:
        if Path(destination) == target and any(Path(source).rglob("test.parquet")):
            raise OSError(28, "No space left on device")
        rename(source, destination, **named)

    with monkeypatch.context() as patch:
        if failing == "second split":
            patch.setattr(Dataset, "to_parquet", to_parquet)
        else:
            patch.setattr(os, "rename", move)
            patch.setattr(Path, "rename", move)
        with pytest.raises(InputError, match="cannot be written"):
            convert([article("a"), article("b")], target, held_out=["b"])
    assert content_of(tmp_path) == before
    assert names(tmp_path) == ([] if is_first else ["set"])


FOREIGN = {
    "another file": {"notes.txt": "mine"},
    "a file beside ours": {"extra.csv": "mine", MANIFEST: '{"format": "narasumber-dataset-1"}'},
    "a manifest of another kind": {MANIFEST: '{"format": "other"}'},
    "a manifest that is no object": {MANIFEST: "[]"},
    "a manifest that is no JSON": {MANIFEST: "{"},
    "no manifest": {"README.md": "mine"},
    "another split": {"data/more.parquet": "mine", MANIFEST: '{"format": "narasumber-dataset-1"}'},
}


@pytest.mark.parametrize("files", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    before = content_of(tmp_path)
    with pytest.raises(InputError, match="is no earlier data set") as caught:
        convert([article("a")], tmp_path / "set")
    (problem,) = caught.value.problems
    assert (problem.where, problem.cure) == (str(tmp_path / "set"), "name a new folder, or delete this one")
    assert content_of(tmp_path) == before


@pytest.mark.parametrize("kind", ["file", "link", "broken link"])
def test_what_is_no_folder_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "set"
    if kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path if kind == "link" else tmp_path / "gone")
    before = names(tmp_path)
    with pytest.raises(InputError, match="exists and is no folder"):
        convert([article("a")], target)
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("given", "held_out", "where", "what", "cure"),
    [
        ([], (), "documents", "none", "at least one article"),
        (["a", "b"], ("c",), "data.held_out.documents", "no document is called c", "the documents are a, b"),
        (["a", "a"], (), "documents", "id a", "file name"),
        (["a", "a", "b"], ("b",), "data.sources", "one id: a", "file name"),
        (["a", "b"], ("a", "b"), "data.held_out", "none is left to train on", "hold out fewer"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(
    tmp_path: Path, given: list[str], held_out: tuple[str, ...], where: str, what: str, cure: str
) -> None:
    with pytest.raises(InputError) as caught:
        convert([article(id) for id in given], tmp_path / "set", held_out)
    (problem,) = caught.value.problems
    assert problem.where == where and what in problem.what and cure in problem.cure
    assert names(tmp_path) == []


def test_counts_in_card_and_manifest(seeds: list[Document], tmp_path: Path) -> None:
    convert(seeds, tmp_path / "set", held_out=[seeds[1].id])
    training = [*seeds[:1], *seeds[2:]]
    page = (tmp_path / "set" / "README.md").read_text()

    def of(found: list[Document], layer: str, label: str | None = None) -> int:
        return sum(s.layer == layer and label in (None, s.label) for document in found for s in document.spans)

    expected: dict[str, tuple[int, int]] = {layer: (of(training, layer), of(seeds[1:2], layer)) for layer in LAYERS}
    expected |= {label: (of(training, "entity", label), of(seeds[1:2], "entity", label)) for label in LABELS["entity"]}
    expected["articles"] = (4, 1)
    expected["words"] = (sum(len(words(document.text)) for document in training), len(words(seeds[1].text)))
    for name, row in expected.items():
        assert (f"| {name} | {row[0]} | {row[1]} |" in page) == (row != (0, 0))
    assert "| content_inner: nested | 0 | 1 |" in page
    manifest = json.loads((tmp_path / "set" / MANIFEST).read_bytes())
    assert manifest["splits"] == {"train": count(training), "test": count(seeds[1:2])}
    assert manifest["splits"]["test"]["spans"]["entity"]["PER"] == expected["PER"][1] > 0
    assert manifest["splits"]["test"]["attributions"] == len(seeds[1].attributions)


def test_losses_are_counted_by_head_and_cause() -> None:
    cut = (Span("entity", "PER", 0, 2), Span("entity", "PER", 4, 6), Span("cue", "CUE", 4, 14))
    counts = count([Document("a", "Ani pergi\nBudi", cut), article("b")])
    assert {head: causes for head, causes in counts["lost"].items() if causes} == {
        "entity": {"word": 2},
        "cue": {"line": 1},
    }
    assert "| entity: word | 2 |" in card({"train": counts}) and "| cue: line | 1 |" in card({"train": counts})
    assert "None." in card({"train": count([article("a")])})
