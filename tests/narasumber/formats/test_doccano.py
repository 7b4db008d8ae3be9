"""doccano: the forms of its versions, its zips, and what scripts and people make of them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats import doccano
from tests.strategies import characters, documents

TEXT = "Ani berkata Solo aman."
Item = dict[str, Any]
Read = Callable[..., list[Document]]

PER = Span("entity", "PER", 0, 3)
GPE = Span("entity", "GPE", 12, 16)
SOURCE = Span("source", "SOURCE", 0, 3)
CUE = Span("cue", "CUE", 4, 11)
CONTENT = Span("content", "CONTENT", 12, 21)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What a file of these rows holds."""

    def read(*rows: Any, labels: dict[str, str] | None = None, format: str = "doccano") -> list[Document]:
        path = tmp_path / "admin.jsonl"
        lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text("\n".join(lines), encoding="utf-8")
        return list(formats.read(path, format, labels))

    return read


def problems(read: Read, *rows: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(*rows)
    return [str(problem)[str(problem).index("admin.jsonl") :] for problem in caught.value.problems]


def entity(id: int, label: str | int, start: int, end: int, **more: Any) -> Item:
    return {"id": id, "label": label, "start_offset": start, "end_offset": end, **more}


FORMS = {
    "1.7": {"id": 7, "text": TEXT, "label": [[0, 3, "PER"], [12, 16, "GPE"]], "Comments": []},
    "1.5": {"id": 7, "data": TEXT, "label": [[0, 3, "PER"], [12, 16, "GPE"]]},
    "1.0": {"id": 7, "text": TEXT, "labels": [[0, 3, "PER"], [12, 16, "GPE"]], "meta": {}, "annotation_approver": None},
    "2018": {"doc_id": 7, "text": TEXT, "entities": [[0, 3, "PER"], [12, 16, "GPE"]]},
    "relations": {
        "id": 7, "text": TEXT, "entities": [entity(3, "PER", 0, 3), entity(9, "GPE", 12, 16)], "relations": [],
    },
    "old": {
        "id": 7, "text": TEXT, "meta": {}, "annotation_approver": None,
        "annotations": [entity(1, "PER", 0, 3, user=1), entity(2, "GPE", 12, 16, user=1)],
    },
}  # fmt: skip


@pytest.mark.parametrize("row", FORMS.values(), ids=FORMS)
def test_the_forms_of_all_versions_are_read(read: Read, row: Item) -> None:
    expected = Document("7", TEXT, (PER, GPE))
    assert read(row, format="auto") == [expected]
    assert read(json.dumps([row, row], indent=1), format="auto") == [expected] * 2
    assert read(json.dumps(row, indent=1), "", json.dumps(row)) == [expected] * 2


def test_relations_are_attributions_either_way_round(read: Read) -> None:
    entities = [
        entity(3, "SOURCE", 0, 3),
        entity(4, "CUE", 4, 11),
        entity(5, "CONTENT", 12, 21),
        entity(6, "GPE", 12, 16),
    ]
    relations = [
        {"id": 1, "from_id": 4, "to_id": 3, "type": "Source"},
        {"id": 2, "from_id": 5, "to_id": 4, "type": "said"},
        {"id": 3, "from_id": 6, "to_id": 5, "type": "in"},
    ]
    (document,) = read({"id": 7, "text": TEXT, "entities": entities, "relations": relations})
    assert document.attributions == (Attribution(CUE, (SOURCE,), (CONTENT,)),)
    assert document.meta == {"left_out": {"relations between GPE and CONTENT": 1}}


def test_labels_may_be_numbers_or_of_another_scheme(read: Read) -> None:
    row = {"text": TEXT, "annotations": [{"label": 4, "start_offset": 0, "end_offset": 3, "user": 1}]}
    (document,) = read(row, {"text": TEXT, "label": [[0, 3, 4], [12, 16, "kota"]]}, labels={"4": "PER", "kota": ""})[1:]
    assert document.spans == (PER,) and document.meta["left_out"] == {"spans labelled kota": 1}
    assert document.id == "admin-jsonl-2"
    assert problems(read, row)[0].startswith(
        "admin.jsonl:1, annotations 1: unknown label '4'\n    map it with --label 4="
    )


def test_users_of_one_row_give_a_document_each(read: Read) -> None:
    both = [entity(1, "PER", 0, 3, user=1), entity(2, "ORG", 0, 3, user=5), entity(3, "GPE", 12, 16, user=1)]
    one, two = read({"id": 7, "text": TEXT, "annotations": both})
    assert (one.id, one.meta, one.spans) == ("7", {"annotator": "1"}, (PER, GPE))
    assert (two.id, two.meta["annotator"], two.spans[0].label) == ("7", "5", "ORG")
    (named,) = read({"doc_id": 7, "text": TEXT, "entities": [[0, 3, "PER"]], "username": "ani"})
    assert named.meta == {"annotator": "ani"}


def test_other_fields_go_to_meta_and_what_has_a_form_is_counted(read: Read) -> None:
    row = {
        "id": "x", "text": TEXT, "label": [[0, 3, "PER"], "politik"], "cats": ["a", "b"], "Comments": ["hm"],
        "outlet": "x.id", "n": 2, "tags": ["a"], "meta": {"title": "Aman", "sections": [1]},
        "annotation_approver": "ani",
    }  # fmt: skip
    (document,) = read(row)
    assert document.meta == {
        "outlet": "x.id", "n": 2, "title": "Aman", "annotation_approver": "ani",
        "left_out": {"categories": 3, "comments": 1, "fields tags": 1, "fields sections": 1},
    }  # fmt: skip


EMOJI = "👨🏻🚒 Ani\r\nkata 😀\r\nAda e\u0301 Budi"
WAYS = {
    "UTF-16": ((7, 10), (21, 24), (28, 32)),
    "code points": ((4, 7), (17, 20), (24, 28)),
    "UTF-16, CRLF as one": ((7, 10), (19, 22), (26, 30)),
    "code points, CRLF as one": ((4, 7), (15, 18), (22, 26)),
    "grapheme clusters": ((3, 6), (14, 17), (20, 24)),
}


@pytest.mark.parametrize("offsets", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("with_text", [True, False])
def test_every_way_of_counting_is_understood(read: Read, offsets: tuple[tuple[int, int], ...], with_text: bool) -> None:
    names = ["Ani", "Ada", "Budi"]
    entities: list[Any] = [[*bounds, "PER"] for bounds in offsets]
    if with_text:
        entities = [entity(n, "PER", *offsets[n], text=name) for n, name in enumerate(names)]
    (document,) = read({"text": EMOJI, "entities": entities})
    assert [span.text_in(EMOJI) for span in document.spans] == names


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder of three users' files, and of what else is in such folders."""
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("ani", "budi", "all"):
        (folder / f"{name}.jsonl").write_text(json.dumps(FORMS["1.7"]) + "\n")
    (folder / "label_config.json").write_text("[]")
    (folder / "._ani.jsonl").write_text("\0")
    return folder


def packed(folder: Path, **more: Any) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"in/{file.name}", **more)
        archive.writestr("__MACOSX/ani.jsonl", "\0")
    return path


def test_a_folder_or_zip_has_a_file_for_each_annotator(export: Path) -> None:
    for path in (export, packed(export)):
        documents = list(formats.read(path))
        assert [document.meta.get("annotator") for document in documents] == [None, "ani", "budi"]
        assert all(document.spans == (PER, GPE) for document in documents)
    (export / "sub").mkdir()  # as some unpack it
    (export / "budi.jsonl").rename(export / "sub" / "budi.jsonl")
    assert [document.meta.get("annotator") for document in formats.read(export)] == [None, "ani", "budi"]


def test_faults_in_folders_and_zips_name_the_file(export: Path) -> None:
    (export / "budi.jsonl").write_text("{}\n")
    for path, told in ((export, "export/budi.jsonl:1"), (packed(export), "export.zip/in/budi.jsonl:1")):
        with pytest.raises(InputError) as caught:
            list(formats.read(path, "doccano"))
        assert caught.value.problems[0].where.endswith(told)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_a_zip_are_read_whatever_their_names(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(("a.jsonl", "a.jsonl", "//b.jsonl")):
            archive.writestr(name, json.dumps({"id": number, "text": "Ani kata", "label": [[0, 3, "PER"]]}) + "\n")
    assert formats.detect(path)[0].name == "doccano"
    assert [document.id for document in doccano.read(path, {})] == ["0", "1", "2"]


def test_zips_that_are_broken_or_too_large_are_refused(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            list(formats.read(path, "doccano"))
        return str(caught.value)

    path = packed(export)
    whole = path.read_bytes()
    for damage in (whole[:-30], whole.replace(b"PK\x03\x04", b"PK\x03\x05"), b"not a zip"):
        path.write_bytes(damage)
        assert "cannot be unpacked: " in told(path)
    inner = bytearray(whole)
    inner[60:90] = bytes(30)
    path.write_bytes(inner)
    assert "cannot be unpacked: " in told(path)
    assert "is encrypted, or packed in a rare way" in told(packed(export, compress_type=zipfile.ZIP_LZMA))
    path = packed(export)
    monkeypatch.setattr(doccano, "MOST_UNPACKED", 100)
    assert re.search(r"holds \d{3} bytes packed into \d{3}; ", told(path))
    monkeypatch.undo()
    (export / "all.jsonl").write_text("\n" * 1_000_000)
    assert "a zip may hold 200 times its size" in told(packed(export))
    for file in export.glob("*.jsonl"):
        file.unlink()
    assert "no .jsonl or .json1 file in it" in told(packed(export))
    assert "no .jsonl or .json1 file in it" in told(export)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "admin.jsonl: item 1: is not JSON: "),
        ('{"text": }', "admin.jsonl:1: is not JSON: Expecting value at 1:10"),
        ({}, "admin.jsonl:1: has no text: it is 'None'"),
        ({"text": 5}, "admin.jsonl:1: has no text: it is 5"),
        ({"text": " "}, "admin.jsonl:1: the article is empty"),
        ({"text": TEXT, "label": 5}, "admin.jsonl:1: label is 5, not a list"),
        ({"text": TEXT, "label": [5]}, "admin.jsonl:1, label 1: is no span: 5\n    a span is [START, END, LABEL]"),
        ({"text": TEXT, "label": [[0, 3]]}, "admin.jsonl:1, label 1: is no span: '[0, 3]'"),
        ({"text": TEXT, "label": [[True, 3, "PER"]]}, "admin.jsonl:1, label 1: is no span: "),
        ({"text": TEXT, "label": [[0, "3", "PER"]]}, "admin.jsonl:1, label 1: is no span: "),
        ({"text": TEXT, "label": [[3, 0, "PER"]]}, "admin.jsonl:1, label 1: PER 3..0 does not lie in the text"),
        ({"text": TEXT, "label": [[-1, 3, "PER"]]}, "admin.jsonl:1, label 1: PER -1..3 does not lie in the text"),
        ({"text": TEXT, "label": [[0, 10**30, "PER"]]}, "admin.jsonl:1, label 1: PER 0..more than 10^12 does not lie"),
        ({"text": "x\r\n\r\n\r\nAni", "label": [[4, 7, "PER"], [7, 9, "PER"]]}, "admin.jsonl:1, label 2: PER 10..12"),
        ({"text": TEXT, "label": [[0, 3, "orang"]]}, "admin.jsonl:1, label 1: unknown label 'orang'"),
        ({"text": TEXT, "entities": [{"id": 1}]}, "admin.jsonl:1, entities 1: is no span: "),
        ({"text": TEXT, "entities": [entity(1, "PER", 0, 3, text="Budi")]}, "admin.jsonl:1, entities 1: PER says"),
        (
            {"text": TEXT, "entities": [entity(1, "PER", 0, 3), entity(1, "GPE", 12, 16)]},
            "admin.jsonl:1, entities 2: a second span has the id '1'",
        ),
        ({"text": TEXT, "relations": 5}, "admin.jsonl:1: relations is 5, not a list"),
        ({"text": TEXT, "relations": [5]}, "admin.jsonl:1, relations 1: is no relation: 5"),
        ({"text": TEXT, "relations": [{"from_id": 1, "to_id": 2}]}, "admin.jsonl:1, relations 1: joins '1', which is"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_place(read: Read, row: Any, told: str) -> None:
    assert problems(read, row)[0].startswith(told)


def test_good_rows_come_before_the_faults_of_others(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_bytes(b'{"text": "\xff"}\n' + json.dumps(FORMS["1.7"]).encode() + b"\n{}\n[]\n")
    found: list[Document] = []
    with pytest.raises(InputError) as caught:
        found.extend(formats.read(path, "doccano"))
    assert len(found) == 1
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["1", "3", "4"]


def test_written_articles_are_what_doccano_imports(tmp_path: Path, seeds: list[Document]) -> None:
    emoji = Document("e", "😀 Ani 😀", (Span("entity", "PER", 2, 5),), meta={"outlet": "x.id", "label": "no"})
    path = tmp_path / "out.jsonl"
    formats.write([emoji, *seeds], path, "doccano")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (own,) = rows[0].pop("entities")
    assert rows[0] == {"id": "e", "text": emoji.text, "relations": [], "outlet": "x.id"}
    assert (own["start_offset"], own["end_offset"], own["label"]) == (3, 6, "PER")
    ids = [item["id"] for row in rows[1:] for name in ("entities", "relations") for item in row[name]]
    assert len(set(ids)) == len(ids) and all(isinstance(id, int) for id in ids)
    read = list(formats.read(path))
    assert [document.id for document in read] == ["e", *(document.id for document in seeds)]
    assert [len(document.attributions) for document in read[1:]] == [len(document.attributions) for document in seeds]
    assert set(formats.losses(seeds, "doccano")) == {"attributes (Form, Kind)"}


@pytest.mark.parametrize("field", ["label", "labels", "entities"])
def test_articles_without_a_span_are_known_too(export: Path, field: str) -> None:
    row = json.dumps({"id": 1, "text": TEXT, field: [], "Comments": []}) + "\n"
    for file in export.iterdir():
        file.write_text(row * 2)
    for path in (export, packed(export), export / "budi.jsonl"):
        assert formats.detect(path)[0].name == "doccano"
        assert {document.spans for document in formats.read(path)} == {()}


OTHERS = {
    "prodigy": {"text": "Ani kata", "spans": [{"start": 0, "end": 3, "label": "PER"}], "_input_hash": 1},
    "label studio": {"data": {"text": "Ani"}, "annotations": [{"result": [{"value": {"start": 0}}]}]},
    "json-min": {"text": "Ani", "label": [{"start": 0, "end": 3, "labels": ["PER"]}], "annotation_id": 1},
    "web annotation": {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "body": [], "target": {}},
    "cas": {"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "begin": 0, "end": 3}], "%VIEWS": {}},
    "ours": Document("a", "Ani", (Span("entity", "PER", 0, 3),)).to_json(),
    "dataset": {"text": "Ani", "tokens": ["Ani"], "ner_tags": [1], "label": [[0, 1]], "labels": ["B-PER"]},
    "quoting": {"text": 'the key "label": [[0, 3, "PER"]]'},
}  # fmt: skip


@pytest.mark.parametrize("value", OTHERS.values(), ids=OTHERS)
def test_other_json_is_not_taken_for_doccano(tmp_path: Path, value: Item) -> None:
    path = tmp_path / "x.json"
    for content in (json.dumps(value), json.dumps([value, value], indent=1)):
        path.write_text(content)
        assert not doccano.sniff(path, content)
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("x.jsonl", content)
        assert not doccano.sniff(tmp_path / "x.zip", "PK")
    (tmp_path / "broken.zip").write_bytes(b"PK")
    assert not doccano.sniff(tmp_path / "broken.zip", "PK")
    assert not doccano.sniff(tmp_path, "")


ALPHABET = characters(" \t\n\r\u2028\x85\ufeff\u200b\u0301\u200d\u00a0İß😀🇮🇩\"'“”.;:Aa1", never="\0")
FIELDS = st.dictionaries(
    st.sampled_from(["outlet", "title", "annotator", "n"]),
    st.one_of(st.text(ALPHABET, max_size=5), st.integers(), st.booleans()),
    max_size=3,
)
# What doccano can hold: no gaps, no attributes, no CUE alone in its attribution.
DOCUMENTS = documents(
    st.one_of(ALPHABET, st.sampled_from(["\r\n", "😀Ani "])),
    ids=st.text(ALPHABET, min_size=1, max_size=8),
    meta=FIELDS,
    attributes=False,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_written_and_read_documents_are_the_same(tmp_path_factory: pytest.TempPathFactory, own: list[Document]) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip-doccano.jsonl"
    formats.write(own, path, "doccano")
    assert list(formats.read(path, "doccano")) == own


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", "PER", "CUE", TEXT])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "id doc_id text data label labels entities annotations relations start_offset end_offset from_id to_id "
                "user username meta Comments cats".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


damaged = st.builds(
    lambda row, more: {**row, **more},
    st.sampled_from([*FORMS.values()]),
    st.dictionaries(st.sampled_from("id text label entities annotations relations meta Comments".split()), values),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.one_of(values, damaged, st.text(st.sampled_from('[]{}",: 1a\\u\n'), max_size=20)))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any-doccano.jsonl"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    told: tuple[Problem, ...] = ()
    try:
        for document in formats.read(path, "doccano"):
            Document.from_json(json.loads(json.dumps(document.to_json())))
    except InputError as error:
        told = error.problems
    assert all(re.match(r".*any-doccano\.jsonl:", str(problem)) for problem in told)
