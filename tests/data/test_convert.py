"""A data set on disk says what its documents say, to the byte the same each time, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from datasets import load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import data.convert
from data.convert import FEATURES, LEAKS, MANIFEST, card, convert, convert_lines, from_row, to_table
from data.sources import with_meta
from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.labels import ATTRIBUTES, HEADS, LABELS, LAYERS, Layer
from narasumber.scope import LayerScope, Scope
from narasumber.tagger import Tagger
from narasumber.tags import MASKED, bio, spans_of
from narasumber.words import words

Command = Callable[..., "subprocess.CompletedProcess[str]"]


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
    found: list[dict[str, Any]] = pq.read_table(folder / "data" / f"{split}.parquet").to_pylist()
    return found


def table_rows(documents: Sequence[Document]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = to_table(documents)[0].to_pylist()
    return found


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
        found = rows(Path(folder, "data-set"))
    assert [from_row(row) for row in found] == [one, other]
    for row, document in zip(found, (one, other), strict=True):
        grid = words(document.text)
        assert list(zip(row["starts"], row["ends"], strict=True)) == grid
        assert {head: row[head] for head in HEADS} == {head: bio(document, head, grid)[0].tolist() for head in HEADS}


def test_the_seeds_by_load_dataset(seeds: list[Document], tmp_path: Path) -> None:
    given = [with_meta(document) for document in seeds]
    returned = convert(given, tmp_path / "set", held_out=[given[3].id])
    loaded = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in loaded.items()} == {"train": 4, "test": 1}
    assert {name: counts["articles"] for name, counts in returned.items()} == {"train": 4, "test": 1}
    assert [from_row(row) for row in loaded["train"]] == [*given[:3], given[4]]
    assert [from_row(row) for row in loaded["test"]] == [given[3]]
    assert all(part.features == FEATURES for part in loaded.values())


def test_label_names_are_fixed_whatever_the_documents_hold() -> None:
    (bare,) = table_rows([Document("a", "Ani pergi")])
    entity = FEATURES["entity"].feature.names
    assert entity[:5] == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"] and len(entity) == 39
    for head, label in (("source", "SOURCE"), ("cue", "CUE"), ("content", "CONTENT"), ("content_inner", "CONTENT")):
        assert FEATURES[head].feature.names == ["O", f"B-{label}", f"I-{label}"]
    assert bare["entity"] == [0, 0]


def test_tag_columns_are_views_of_the_spans(seeds: list[Document]) -> None:
    for row, document in zip(table_rows(seeds), seeds, strict=True):
        grid = list(zip(row["starts"], row["ends"], strict=True))
        assert grid == words(document.text)
        assert row["words"] == [document.text[start:end] for start, end in grid]
        bounds = [(span.label, span.start, span.end) for span in document.layer("entity")]
        assert [(s.label, s.start, s.end) for s in spans_of(row["entity"], "entity", grid)] == bounds
        assert all(len(row[head]) == len(grid) for head in HEADS)
        assert [span["text"] for span in row["spans"]] == [span.text_in(document.text) for span in document.spans]


def test_a_word_that_a_column_cannot_speak_of_is_masked() -> None:
    (row,) = table_rows([Document("a", "Ani pergi", (Span("entity", "PER", 0, 2), Span("cue", "CUE", 4, 9)))])
    assert (row["entity"], row["cue"]) == ([MASKED, 0], [0, 1])


def test_the_same_documents_give_the_same_bytes(seeds: list[Document], tmp_path: Path) -> None:
    for name in ("one", "other"):
        convert(seeds, tmp_path / name, held_out=[seeds[0].id])
    first = content_of(tmp_path / "one")
    assert first == content_of(tmp_path / "other")
    assert sorted(first) == ["README.md", "data/test.parquet", "data/train.parquet", MANIFEST, LEAKS]
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
    rename = os.rename

    class Full(pq.ParquetWriter):  # type: ignore[misc]
        def __init__(self, path: Path, *more: Any, **named: Any) -> None:
            if path.name.startswith("test"):
                raise OSError(28, "No space left on device")
            super().__init__(path, *more, **named)

    def move(source: Any, destination: Any, **named: Any) -> None:
        if Path(destination) == target and any(Path(source).rglob("test.parquet")):
            raise OSError(28, "No space left on device")
        rename(source, destination, **named)

    with monkeypatch.context() as patch:
        if failing == "second split":
            patch.setattr(pq, "ParquetWriter", Full)
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
        (["a", "b"], ("c",), "held out", "no document is called c", "the documents are a, b"),
        (["a", "a"], (), "documents", "id a", "`narasumber agree` settles"),
        (["a", "a", "b"], ("b",), "documents", "id a", "an id of its own"),
        (["a", "b"], ("a", "b"), "held out", "none is left to train on", "hold out fewer"),
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
    returned = convert(seeds, tmp_path / "set", held_out=[seeds[1].id])
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
    assert manifest["splits"] == returned
    assert manifest["splits"]["test"]["spans"]["entity"]["PER"] == expected["PER"][1] > 0
    assert manifest["splits"]["test"]["attributions"] == len(seeds[1].attributions)


def test_losses_are_counted_by_head_and_cause() -> None:
    cut = (Span("entity", "PER", 0, 2), Span("entity", "PER", 4, 6), Span("cue", "CUE", 4, 14))
    counts = to_table([Document("a", "Ani pergi\nBudi", cut), article("b")])[1]
    assert {head: causes for head, causes in counts["lost"].items() if causes} == {
        "entity": {"word": 2},
        "cue": {"line": 1},
    }
    assert "| entity: word | 2 |" in card({"train": counts}) and "| cue: line | 1 |" in card({"train": counts})
    assert "None." in card({"train": to_table([article("a")])[1]})


PARTIAL = Scope((("entity", LayerScope((("PER",), ("LOC", "GPE")), closed=False)),))
ODD = [
    replace(article("scope"), scope=PARTIAL),
    replace(article("title"), meta={"title": 3, "outlet": ["x"], "sections": [["body", 0, 99]]}),
    replace(article("sections"), meta={"sections": "all"}),
    replace(article("numbers"), meta={"sections": [["body", False, True]], "left_out": {"a": "b", "c": True}}),
    replace(article("links"), spans=(Span("cue", "CUE", 4, 9),), attributions=(Attribution(Span("cue", "CUE", 4, 9)),)),
    Document("empty", ""),
]


@pytest.mark.parametrize("document", ODD, ids=[document.id for document in ODD])
def test_odd_documents_come_back_too(document: Document) -> None:
    (row,) = table_rows([document])
    back = from_row(row)
    assert replace(back, meta={}) == replace(document, meta={})
    assert dict(document.meta).items() <= back.meta.items()


@pytest.mark.parametrize("field", ["id", "text", "meta"])
def test_half_a_character_is_told_and_leaves_nothing(tmp_path: Path, field: str) -> None:
    half = {"id": "a\ud800", "text": "Ani \ud800", "meta": {"x": "\ud800"}}[field]
    bad = replace(article("b"), **{field: half})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="half of a character") as caught:
        convert([article("a"), bad], tmp_path / "set")
    assert "'a'" in caught.value.problems[0].where
    assert names(tmp_path) == []


# Many articles.


def lines_of(path: Path, documents: Iterable[Document]) -> Path:
    formats.write(documents, path, "json")
    return path


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of three articles, in batches of two."""
    monkeypatch.setattr(data.convert, "SHARD", 3)
    monkeypatch.setattr(data.convert, "BATCH", 2)


@pytest.mark.usefixtures("small_files")
def test_documents_stream_and_come_in_files_of_one_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, made, most = 0, 0, 0

    def read() -> Iterator[Document]:
        nonlocal given, most
        for given in range(1, 9):
            most = max(most, given - made)
            yield article(f"{given}")

    def counting(documents: Sequence[Document]) -> Any:
        nonlocal made
        made += len(documents)
        return to_table(documents)

    monkeypatch.setattr(data.convert, "to_table", counting)
    counts = convert(read(), tmp_path / "set", held_out=["2"])
    assert most <= 3  # a batch, and the one that is read next
    assert {name: part["articles"] for name, part in counts.items()} == {"train": 7, "test": 1}
    files = names(tmp_path / "set" / "data")
    assert files == ["test.parquet", *(f"train-0000{number}-of-00003.parquet" for number in range(3))]
    loaded = load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"]["id"][:] == ["1", *"345678"] and loaded["test"]["id"][:] == ["2"]
    convert([article("a")], tmp_path / "set")
    assert names(tmp_path / "set" / "data") == ["train.parquet"]


@pytest.mark.usefixtures("small_files")
def test_the_number_of_workers_changes_nothing(seeds: list[Document], tmp_path: Path) -> None:
    many = [replace(document, id=f"{number}{document.id}") for number in range(2) for document in seeds]
    source = lines_of(tmp_path / "many.jsonl", many)
    for workers in (1, 2, 9):
        convert_lines(source, tmp_path / f"{workers}", held_out=[many[4].id], workers=workers)
    convert(many, tmp_path / "stream", held_out=[many[4].id])
    first = content_of(tmp_path / "1")
    assert len(first) == 4 + 1 + 3
    for other in ("2", "9", "stream"):
        assert content_of(tmp_path / other) == first


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_the_last_line_leaves_nothing(tmp_path: Path, workers: int) -> None:
    source = lines_of(tmp_path / "some.jsonl", [article(f"{number}") for number in range(7)])
    source.write_text(source.read_text().replace('"end": 3', '"end": 300', 2) + "{]\n")
    with pytest.raises(InputError) as caught:
        convert_lines(source, tmp_path / "set", workers=workers)
    assert [problem.where for problem in caught.value.problems] == [f"{source}:{line}" for line in (1, 2, 8)]
    assert names(tmp_path) == ["some.jsonl"]


@pytest.mark.parametrize("content", [None, b"", b"\n \n"])
def test_a_file_without_articles_is_told(tmp_path: Path, content: bytes | None) -> None:
    source = tmp_path / "some.jsonl"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read" if content is None else "there are none"):
        convert_lines(source, tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, InputError("x", "y")])
def test_a_crash_in_the_midst_leaves_nothing(tmp_path: Path, error: type[BaseException] | InputError) -> None:
    def read() -> Iterator[Document]:
        yield from (article(f"{number}") for number in range(4))
        raise error

    with pytest.raises(error if isinstance(error, type) else InputError):
        convert(read(), tmp_path / "set")
    assert names(tmp_path) == []


@pytest.mark.usefixtures("small_files")
def test_a_process_that_is_killed_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = lines_of(tmp_path / "some.jsonl", [article(f"{number}") for number in range(7)])
    parent = os.getpid()
    monkeypatch.setattr(data.convert, "_write_part", lambda *given: os.getpid() == parent or os._exit(9))
    with pytest.raises(InputError, match="was ended"):
        convert_lines(source, tmp_path / "set", workers=2)
    assert names(tmp_path) == ["some.jsonl"]


@pytest.mark.usefixtures("small_files")
def test_ids_are_compared_across_files_and_not_by_their_hashes_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [article(f"{number}") for number in range(7)]
    with pytest.raises(InputError, match="id 0, 3"):
        convert([*many, many[3], many[0], many[0]], tmp_path / "set")
    monkeypatch.setattr(data.convert, "hash", lambda id: 1, raising=False)
    convert(many, tmp_path / "set")


@pytest.mark.usefixtures("small_files")
def test_held_out_sentences_that_training_has_seen_are_told(tmp_path: Path) -> None:
    said = "Ani pergi ke Solo lewat jalan tol"
    many = [Document(f"{number}", f"Ini nomor {number}.\n{said} {number}.") for number in (3, 4, 5)]
    unlike = [Document(f"x{number}", f"{number} {number}") for number in range(5)]
    out = Document("out", f"Budi diam saja di rumah.\n{said}.")
    counts = convert([*unlike, *many, out], tmp_path / "set", held_out=["out"])
    assert counts["test"]["leaks"] == {"sentences": 2, "near_duplicates": 1} and "leaks" not in counts["train"]
    (leak,) = map(json.loads, (tmp_path / "set" / LEAKS).read_text().splitlines())
    assert out.text[leak["start"] : leak["end"]] == leak["text"] == f"{said}."
    assert (leak["document"], leak["training_document"], leak["training_text"]) == ("out", "3", f"{said} 3.")
    assert "\n1 of 2 sentences of `test` have a near-duplicate" in (tmp_path / "set" / "README.md").read_text()
    convert(many, tmp_path / "set")
    assert "near-duplicate" not in (tmp_path / "set" / "README.md").read_text()


def test_the_card_credits_public_corpora(tmp_path: Path) -> None:
    own = [replace(article(name), meta={"corpus": name}) for name in ("pfsa-id", "my-own")]
    counts = convert([article("a"), *own, replace(article("b"), meta={"corpus": ["x"]})], tmp_path / "set")
    assert counts["train"]["corpora"] == {"pfsa-id": 1}
    page = (tmp_path / "set" / "README.md").read_text()
    assert "## Licence and citation\n\n- `pfsa-id`: licence CC BY-NC-SA" in page and "my-own" not in page
    convert([article("a")], tmp_path / "set")
    assert "Licence" not in (tmp_path / "set" / "README.md").read_text()


LEFT_OUT = replace(article("a"), meta={"left_out": {"relations of left-out spans": 2}})


def test_what_a_reader_left_out_is_counted_and_refused_if_strict(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"relations of left-out spans \(2\)"):
        convert([LEFT_OUT, article("b")], tmp_path / "set", strict=True)
    assert names(tmp_path) == []
    counts = convert([LEFT_OUT, replace(LEFT_OUT, id="b")], tmp_path / "set")
    assert counts["train"]["left_out"] == {"relations of left-out spans": 4}
    assert "| relations of left-out spans | 4 |" in (tmp_path / "set" / "README.md").read_text()


# The commands.

ROOT = Path(__file__).resolve().parent.parent.parent


def test_from_one_format_to_another_and_a_data_set(here: Command, seeds: list[Document], tmp_path: Path) -> None:
    source = tmp_path / "articles"
    done = here("convert", str(ROOT / "seeds"), "--format", "json", "--to", str(source), "--strict")
    assert done.returncode == 0, done.stderr
    assert "read as brat: the folder holds .ann files" in done.stderr and "not carried over" not in done.stderr
    assert list(formats.read(source, "json")) == seeds
    for workers in ("1", "2"):
        done = here("convert", str(source), "--to", str(tmp_path / workers), "--workers", workers)
        assert done.returncode == 0, done.stderr
        assert "read as json" in done.stderr and "train 5 articles" in done.stdout
    assert content_of(tmp_path / "1") == content_of(tmp_path / "2")


def test_what_a_format_cannot_carry_is_listed_and_refused_if_strict(here: Command, tmp_path: Path) -> None:
    words = ("convert", str(ROOT / "seeds"), "--from", "brat", "--format", "conll", "--to", str(tmp_path / "out"))
    done = here(*words, "--strict")
    assert done.returncode == 2
    assert "not carried over: attributes (Form, Kind): 133" in done.stderr
    assert names(tmp_path) == []
    done = here(*words, "--workers", "2")
    assert done.returncode == 0
    assert "not carried over: attributes (Form, Kind): 133" in done.stderr and "one process" in done.stderr
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("target", ["dataset", "json"])
def test_what_reading_left_out_is_listed_and_refused_if_strict(here: Command, tmp_path: Path, target: str) -> None:
    source = lines_of(tmp_path / "some.jsonl", [LEFT_OUT])
    words = ("convert", str(source), "--format", target, "--to", str(tmp_path / "out"))
    assert here(*words, "--strict").returncode == 2
    assert names(tmp_path) == ["some.jsonl"]
    done = here(*words)
    assert "not carried over: relations of left-out spans, left out in reading: 2" in done.stderr
    assert done.returncode == 0 and names(tmp_path) == ["out", "some.jsonl"]


def test_labels_of_others_are_mapped(here: Command, tmp_path: Path) -> None:
    task = {"id": 1, "text": "Ani ke Solo", "entities": [[0, 3, "ORANG"], [7, 11, "KOTA"]]}
    tasks = {**task, "entities": [], "label": [[0, 3, "ORANG"], [7, 11, "KOTA"]]}
    source = tmp_path / "some.jsonl"
    source.write_text(json.dumps(tasks) + "\n")
    words = ("convert", str(source), "--from", "doccano", "--format", "json", "--to", str(tmp_path / "out"))
    assert "ORANG" in here(*words).stderr
    done = here(*words, "--label", "ORANG=PER", "--label", "KOTA=")
    assert done.returncode == 0, done.stderr
    (document,) = formats.read(tmp_path / "out", "json")
    assert document.spans == (Span("entity", "PER", 0, 3),)


def test_a_public_corpus_by_name(here: Command, tmp_path: Path) -> None:
    source = tmp_path / "mine.txt"
    source.write_text("Ani N B-PER\npergi V O\n\nSolo N B-LOC\n")
    words = ("convert", str(source), "--from", "idner-news-2k")
    done = here(*words, "--to", str(tmp_path / "set"))
    assert done.returncode == 0 and "train 2 articles" in done.stdout, done.stderr
    assert "`idner-news-2k`: licence MIT" in (tmp_path / "set" / "README.md").read_text()
    done = here(*words, "--to", str(tmp_path / "out"), "--format", "json")
    assert done.returncode == 0, done.stderr
    ids = [document.id for document in formats.read(tmp_path / "out", "json")]
    assert ids == ["idner-news-2k-mine-00001", "idner-news-2k-mine-00002"]
    done = here(*words, "--to", str(tmp_path / "other"), "--label", "PER=ORG")
    assert done.returncode == 2 and "has a table of its own" in done.stderr
    assert "mine.txt: read as conll: lines are words" in here("lint", str(source)).stderr
    done = here("lint", str(source), "--from", "idner-news-2k")
    assert done.returncode == 0 and "few-examples" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "word"], "--from: 'word'"),
        (["--format", "word"], "--format: 'word'"),
        (["--format", "text"], "--format: 'text'"),
        (["--format", "json", "--held-out", "a"], "--held-out: json has no splits"),
        (["--label", "PERSON"], "--label: 'PERSON' names no label"),
        (["--label", "PERSON=Person"], "--label: 'PERSON=Person' names no label"),
        (["--from", "json", "--label", "PERSON=PER"], "--label: json has the labels"),
        (["--from", "json"], "cannot be read"),
    ],
)
def test_options_that_mean_nothing_are_told(here: Command, tmp_path: Path, words: list[str], told: str) -> None:
    done = here("convert", str(ROOT / "seeds"), "--to", str(tmp_path / "out"), *words)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr and "Traceback" not in done.stderr
    assert names(tmp_path) == []


def test_labels_are_printed_for_people_and_for_label_studio(here: Command) -> None:
    assert "cue: CUE\n" in here("labels").stdout
    assert here("labels", "--format", "labelstudio").stdout.startswith("<View>")


@pytest.mark.parametrize("target", [item.name for item in formats.FORMATS.values() if item.writes])
def test_predictions_go_to_every_format_that_is_written(
    here: Command, seeds: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    if formats.FORMATS[target].extra:
        pytest.importorskip({"inception": "cassis"}.get(formats.FORMATS[target].extra, formats.FORMATS[target].extra))

    class Known:
        settings = SimpleNamespace(name="news")

        def annotate(self, document: Document) -> Document:
            return next(seed for seed in seeds if seed.id == document.id)

    monkeypatch.setattr(Tagger, "load", lambda *given: Known())
    words = ("predict", "model", str(ROOT / "seeds" / f"{seeds[0].id}.txt"), "--format", target)
    done = here(*words, "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    (document,) = formats.read(tmp_path / "out", target)
    assert document.text == seeds[0].text and set(document.layer("entity")) == set(seeds[0].layer("entity"))
    printed = here(*words)
    if formats.FORMATS[target].is_text:
        assert printed.stdout == (tmp_path / "out").read_text(encoding="utf-8")
    else:
        assert printed.returncode == 2 and "name a folder or file" in printed.stderr
