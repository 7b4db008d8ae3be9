"""Label Studio: what its versions export, what it imports, and everything that is neither."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats.labelstudio import labelling_config
from narasumber.labels import LABELS
from tests.strategies import characters, documents

TEXT = "Ani berkata Solo aman.\nKata Budi, itu benar."
Item = dict[str, Any]
Read = Callable[..., list[Document]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What a file holds, given as JSON values or as the text of the file."""

    def read(content: Any, labels: dict[str, str] | None = None, format: str = "labelstudio") -> list[Document]:
        path = tmp_path / "tasks.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return list(formats.read(path, format, labels))

    return read


def problems(read: Read, content: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(content)
    return [str(problem)[str(problem).index("tasks.json") :] for problem in caught.value.problems]


def region(id: str, label: str, start: Any, end: Any, text: str | None = None, **more: Any) -> Item:
    said = TEXT[start:end] if text is None else text
    value = {"start": start, "end": end, "text": said, "labels": [label]}
    return {"value": value, "id": id, "from_name": "label", "to_name": "text", "type": "labels", **more}


def choice(id: str, name: str, value: str) -> Item:
    return {"value": {"choices": [value]}, "id": id, "from_name": name, "to_name": "text", "type": "choices"}


def relation(first: str, second: str, *labels: str) -> Item:
    return {"from_id": first, "to_id": second, "type": "relation", "direction": "right", "labels": list(labels)}


def task(*results: Item, **more: Any) -> Item:
    """A task as version 1.10 exports it."""
    annotation = {
        "id": 22,
        "completed_by": 1,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2024-01-30T02:40:43.893565Z",
        "lead_time": 8.65,
        "prediction": {},
        "task": 87,
        "parent_prediction": None,
    }
    return {
        "id": 87,
        "annotations": [annotation],
        "file_upload": "1f0a-articles.json",
        "drafts": [],
        "predictions": [],
        "data": {"text": TEXT},
        "meta": {},
        "inner_id": 1,
        "project": 29,
        **more,
    }


WHOLE = [
    region("a", "PER", 0, 3),
    region("b", "SOURCE", 0, 3),
    choice("b", "Kind", "Person"),
    region("c", "CUE", 4, 11),
    choice("d", "form", "Indirect"),
    region("d", "CONTENT", 12, 21),
    region("e", "GPE", 12, 16),
    relation("c", "b", "Source"),
    relation("d", "c"),
]
SOURCE = Span("source", "SOURCE", 0, 3, (("Kind", "Person"),))
CUE = Span("cue", "CUE", 4, 11)
CONTENT = Span("content", "CONTENT", 12, 21, (("Form", "Indirect"),))
SPANS = (Span("entity", "PER", 0, 3), SOURCE, CUE, CONTENT, Span("entity", "GPE", 12, 16))
EXPECTED = Document("87", TEXT, SPANS, (Attribution(CUE, (SOURCE,), (CONTENT,)),))


def test_an_export_is_read_with_choices_and_relations_either_way_round(read: Read) -> None:
    assert read([task(*WHOLE)]) == [EXPECTED]
    assert read([task(*WHOLE)], format="auto") == [EXPECTED]


def test_lines_a_single_task_an_annotation_of_cloud_storage_and_old_completions(read: Read) -> None:
    own = task(*WHOLE)
    old = {"id": 87, "data": own["data"], "completions": [{**own["annotations"][0], "completed_by": None}]}
    stored = {**own["annotations"][0], "task": {"id": 87, "data": own["data"]}}
    for value in (own, stored, old):
        line = json.dumps(value)
        for content in (f"{line}\n\n{line}\n", f"[{line},\n {line}]", f"{json.dumps(value, indent=1)}\n{line}"):
            assert read("\ufeff" + content, format="auto") == [EXPECTED] * 2


def test_who_said_what_is_lost_where_two_regions_are_one_cue(read: Read) -> None:
    (document,) = read([task(*WHOLE, region("again", "CUE", 4, 11), relation("again", "b"))])
    assert document.attributions == EXPECTED.attributions
    assert document.meta["left_out"] == {"pairings of attributions that share a CUE": 2}


def test_json_min_is_read_without_relations(read: Read) -> None:
    rows = [
        {
            "id": 87,
            "text": TEXT,
            "title": "Solo",
            "label": [
                {"start": 0, "end": 3, "text": "Ani", "labels": ["PER"]},
                {"start": 12, "end": 16, "labels": ["GPE"]},
            ],
            "Kind": "Person",
            "annotator": who,
            "annotation_id": 22,
            "created_at": "2024-01-30",
            "updated_at": "2024-01-30",
            "lead_time": 8.65,
        }
        for who in (1, "b@x.id")
    ]
    one, two = read(rows, format="auto")
    assert (one.id, one.spans) == ("87", (SPANS[0], SPANS[4])) and two.spans == one.spans
    assert dict(one.meta) == {"title": "Solo", "Kind": "Person", "annotator": "1"}
    assert two.meta["annotator"] == "b@x.id"
    (alone,) = read(rows[:1])
    assert "annotator" not in alone.meta


def test_each_annotator_gives_a_document(read: Read) -> None:
    first = {"completed_by": {"id": 3, "email": "ani@x.id"}, "result": [region("a", "PER", 0, 3)]}
    second = {"completed_by": 4, "result": []}
    third = {"completed_by": 5, "was_cancelled": True, "result": [region("a", "ORG", 0, 3)]}
    fourth = {"id": 9, "result": [], "skipped": False}
    own = task(data={"id": "x-1", "text": TEXT}, annotations=[first, third, second, fourth])
    one, two, three = read([own])
    assert [document.id for document in (one, two, three)] == ["x-1"] * 3
    assert [document.meta["annotator"] for document in (one, two, three)] == ["ani@x.id", "4", "annotation 9"]
    assert one.meta["left_out"] == {"annotations that were skipped": 1} and "left_out" not in two.meta
    assert [span.label for span in one.spans] == ["PER"] and not two.spans


def test_predictions_are_read_where_nobody_annotated(read: Read) -> None:
    models = [{"model_version": "m 1", "score": 0.5, "result": [region("a", "PER", 0, 3)]}, {"result": []}]
    one, two = read([task(annotations=[], predictions=models)])
    assert one.meta == {"annotator": "model:m 1", "score": 0.5} and len(one.spans) == 1
    assert two.meta == {"annotator": "model:"}
    (gold,) = read([task(region("a", "ORG", 0, 3), predictions=models)])
    assert [span.label for span in gold.spans] == ["ORG"]
    assert gold.meta == {"left_out": {"predictions beside annotations": 2}}


def test_predictions_among_annotated_tasks_are_what_nobody_has_corrected_yet(read: Read) -> None:
    bare = task(annotations=[], predictions=[{"model_version": "m 1", "result": [region("a", "ORG", 0, 3)]}])
    left = {"tasks with predictions that nobody corrected": 2}
    for tasks in ([bare, bare, task(*WHOLE)], [task(*WHOLE), bare, bare]):
        (document,) = read(tasks)
        assert document == replace(EXPECTED, meta={"left_out": left})


def test_tasks_that_say_nothing_are_counted(read: Read) -> None:
    skipped = task(annotations=[{"was_cancelled": True, "result": []}], predictions=[{"result": []}])
    bare = task(annotations=[])
    one, two = read([skipped, task(*WHOLE), bare, task(), bare])
    assert one.meta["left_out"] == {"annotations that were skipped": 1, "predictions beside annotations": 1}
    assert two.meta["left_out"] == {"tasks without annotation": 2}
    (told,) = problems(read, [skipped, bare])
    assert told.startswith("tasks.json: no task has an annotation: 1 annotations that were skipped; 1 predictions")
    assert "; 1 tasks without annotation\n" in told
    assert "there is no task" in problems(read, [])[0]
    assert "there is no task" in problems(read, "")[0]


@pytest.mark.parametrize(
    ("data", "results", "id"),
    [
        ({"article": TEXT, "lead": "Ani"}, [region("a", "PER", 0, 3, to_name="article")], "87"),
        ({"body": TEXT, "url": "https://x.id"}, [region("a", "PER", 0, 3, source="$body", to_name="t")], "87"),
        ({"body": TEXT, "id": "n 1"}, [region("a", "PER", 0, 3, to_name="t")], "n 1"),
        ({"body": TEXT, "document": "Ani 1"}, [region("a", "PER", 0, 3, to_name="t")], "Ani 1"),
        ({"document": TEXT}, [region("a", "PER", 0, 3, to_name="t")], "87"),
        ({"body": TEXT, "title": "Aman", "doc_id": 5}, [region("a", "PER", 0, 3, to_name="t")], "5"),
        ({"text": TEXT, "title": "Ani"}, [region("a", "PER", 0, 3, to_name="t")], "87"),
    ],
)
def test_the_text_is_found_under_any_name(read: Read, data: Item, results: list[Item], id: str) -> None:
    (document,) = read([task(*results, data=data)])
    assert (document.text, document.id, len(document.spans)) == (TEXT, id, 1)
    assert set(document.meta.values()) == {value for value in data.values() if value not in (TEXT, id, 5)}


def test_an_id_that_several_texts_have_names_none_but_the_first(read: Read) -> None:
    def part(number: int, text: str) -> Item:
        return task(region("a", "PER", 0, 3, "Ani"), id=number, data={"text": text, "document_id": "berita"})

    documents = read([part(1, "Ani berkata"), part(2, "Ani pergi"), part(3, "Ani berkata"), part(4, "Ani tidur")])
    assert [document.id for document in documents] == ["berita", "2", "berita", "4"]
    assert [document.meta.get("document_id") for document in documents] == [None, "berita", None, "berita"]


def test_a_text_that_cannot_be_told_is_asked_for(read: Read) -> None:
    own = task(region("a", "PER", 0, 3, to_name="t"), data={"one": TEXT, "two": TEXT, "n": 1})
    (told,) = problems(read, [own])
    assert told.startswith(
        "tasks.json: item 1: which field of its data is the text? Those with strings are: one, two\n"
    )
    assert "Those with strings are: none" in problems(read, [task(data={"n": 1})])[0]


@pytest.mark.parametrize("first", [True, False])
def test_where_a_task_does_not_tell_the_text_is_in_the_field_of_the_others(read: Read, first: bool) -> None:
    told = task(region("a", "PER", 0, 3, to_name="body"), data={"body": TEXT, "text": "Ani", "title": "Aman"})
    empty = task(data={"body": "Budi diam.", "text": "Budi", "title": "Aman"})
    other = task(data={"text": "Solo", "title": "Aman"})
    texts = [document.text for document in read([empty, told, other] if first else [told, empty, other])]
    assert sorted(texts) == sorted([TEXT, "Budi diam.", "Solo"])


def test_other_data_goes_to_meta_and_what_has_a_form_is_counted(read: Read) -> None:
    data = {"text": TEXT, "outlet": "x.id", "n": 3, "ok": True, "none": None, "tags": ["a"], "sections": "politik"}
    (document,) = read([task(data=data)])
    left_out = {"fields tags": 1, "fields sections": 1}
    assert document.meta == {"outlet": "x.id", "n": 3, "ok": True, "left_out": left_out}
    (unnamed,) = read([{"data": {"text": TEXT}, "annotations": [{"result": []}]}])
    assert unnamed.id == "tasks-json-item-1"


EMOJI = "😀 Ani\r\nkata 😀\r\nAda"


WAYS = {
    "code points": ((2, 5), (15, 18)),
    "UTF-16": ((3, 6), (17, 20)),
    "code points, CRLF as one": ((2, 5), (13, 16)),
    "UTF-16, CRLF as one": ((3, 6), (15, 18)),
}


@pytest.mark.parametrize(("ani", "ada"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("with_text", [True, False])
def test_every_way_of_counting_is_understood(
    read: Read, ani: tuple[int, int], ada: tuple[int, int], with_text: bool
) -> None:
    own = task(region("a", "PER", *ani, "Ani"), region("b", "PER", *ada, "Ada"), data={"text": EMOJI})
    if not with_text:
        for item in own["annotations"][0]["result"]:
            del item["value"]["text"]
    (document,) = read([own])
    assert [span.text_in(EMOJI) for span in document.spans] == ["Ani", "Ada"]


def test_line_ends_in_the_text_of_a_region_are_two_characters(read: Read) -> None:
    own = region("a", "CONTENT", 17, 27, "aman.\\nKata")
    (document,) = read([task(own)])
    assert document.spans[0].text_in(TEXT) == "aman.\nKata"
    code = "kode \\n Solo"
    (document,) = read([task(region("a", "GPE", 8, 12, "Solo"), region("b", "PRD", 5, 7, "\\n"), data={"text": code})])
    assert len(document.spans) == 2
    both = f"{TEXT} kode \\n"
    (document,) = read([task(own, region("b", "PRD", 50, 52, "\\n"), data={"text": both})])
    assert [span.text_in(both) for span in document.spans] == ["aman.\nKata", "\\n"]


def test_what_the_scheme_lacks_is_counted(read: Read) -> None:
    results = [
        region("a", "PER", 0, 3, meta={"text": ["sure?"]}),
        {**region("n", "", 4, 11), "value": {"start": 4, "end": 11, "labels": []}},
        choice("none", "topic", "politik"),
        choice("a", "Kind", "Person"),
        {"type": "rating", "value": {"rating": 3}, "id": "r", "from_name": "stars", "to_name": "text"},
        {"type": "rectanglelabels", "value": {"x": 1.5, "rectanglelabels": ["Car"]}, "id": "q"},
        relation("a", "n", "near"),
        region("g", "GPE", 12, 16),
        relation("a", "g", "lives"),
    ]
    (document,) = read([task(*results)])
    assert [span.label for span in document.spans] == ["PER", "GPE"]
    assert document.meta["left_out"] == {
        "notes on regions": 1,
        "regions without a label": 1,
        "results of type rating": 1,
        "results of type rectanglelabels": 1,
        "choices topic of no span": 1,
        "relations of regions without a label": 1,
        "attributes Kind=Person": 1,
        "relations between PER and GPE": 1,
    }


def test_a_region_with_two_labels_is_two_spans_and_links_mean_its_role(read: Read) -> None:
    both = region("b", "PER", 0, 3)
    both["value"]["labels"] = ["PER", "SOURCE"]
    cue = region("c", "ucap", 4, 11)
    (document,) = read([task(both, choice("b", "Kind", "Person"), cue, relation("c", "b"))], {"ucap": "CUE"})
    assert document.spans == (SPANS[0], SOURCE, CUE)
    assert document.attributions == (Attribution(CUE, (SOURCE,)),)
    assert not document.meta


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "tasks.json: item 1: is not JSON: Expecting property name"),
        ('[{"data": {"text": "Ani"}, "annotations": [{"result": []}]}', "tasks.json: item 2: the list has no end"),
        ('[{"data": {"text": "Ani"}, "annotations": [{"result"', "tasks.json: item 1: is not JSON: Expecting ':'"),
        ("[] x", "tasks.json: item 1: something stands behind the end of the list"),
        ('[3, "x"]', "tasks.json: item 1: holds a int, not an object"),
        ("[" * 100_000, "tasks.json: item 1: is not JSON that can be read: nests too deep"),
        ('{"data": ' * 100_000 + "}", "tasks.json:1: is not JSON that can be read: nests too deep"),
        ('{"data": {"text": "\\ud83d"}}', "tasks.json:1: is not JSON that can be read: 'utf-8' codec can't encode"),
        ('[{"data": {"text": "\\ud83d"}}]', "tasks.json: item 1: is not JSON that can be read: 'utf-8' codec"),
        ('[{"data": NaN}]', "tasks.json: item 1: is not JSON that can be read: NaN"),
        ([{"text": TEXT}], "tasks.json: item 1: is no task: it has neither data nor regions with labels"),
        ([{"data": TEXT}], "tasks.json: item 1: is no task"),
        ([{"task": {"data": None}, "result": []}], "tasks.json: item 1: is no task"),
        ([task(annotations=[7])], "tasks.json: item 1: annotations or predictions are '[7]', not a list of objects"),
        ([task(annotations="x")], "tasks.json: item 1: annotations or predictions are 'x'"),
        ([task(annotations=[{"result": {"a": 1}}])], "tasks.json: item 1, annotation 1: result is "),
        ([task(annotations=[{"result": ["x"]}])], "tasks.json: item 1, annotation 1: result is "),
        ([task(annotations=[{"result": [{}]}] * 2)], "tasks.json: item 1, annotation 1, result 1: is no result"),
        ([task({"type": "labels", "value": 3})], "tasks.json: item 1, result 1: is no result"),
        ([task(region("a", "PERSON", 0, 3))], "tasks.json: item 1, result 1: unknown label 'PERSON'\n    map it with"),
        ([task(region("a", "PER", 0, 3, "Budi"))], "tasks.json: item 1, result 1: PER says 'Budi', the text has 'Ani'"),
        ([task(region("a", "PER", 3, 3))], "tasks.json: item 1, result 1: PER 3..3 does not lie in the text"),
        ([task(region("a", "PER", -3, 3, ""))], "tasks.json: item 1, result 1: PER -3..3 does not lie in the text"),
        ([task(region("a", "PER", 0, 10**40, ""))], "tasks.json: item 1, result 1: PER 0..more than 10^12 does not"),
        ([task(region("a", "PER", True, 3, ""))], "tasks.json: item 1, result 1: a region from True to 3: these"),
        ([task(region("a", "PER", "/p[1]/text()[1]", 3, ""))], "tasks.json: item 1, result 1: a region from '/p[1]"),
        ([task({**region("a", "", 0, 3), "value": {"start": 0, "end": 3, "labels": "PER"}})], "tasks.json: item 1, re"),
        ([task(region("a", "CUE", 4, 11), relation("a", "b"))], "tasks.json: item 1, result 2: joins 'b', which is"),
        ([task(relation("a", "b"))], "tasks.json: item 1, result 1: joins 'a'"),
        ([task({"type": "relation"})], "tasks.json: item 1, result 1: joins 'None'"),
        ([task(data={"text": " "})], "tasks.json: item 1: the article is empty"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_place(read: Read, content: Any, told: str) -> None:
    assert problems(read, content)[0].startswith(told)


def test_good_tasks_come_before_the_faults_of_others(read: Read, tmp_path: Path) -> None:
    (tmp_path / "tasks.json").write_text(json.dumps([task(*WHOLE), task(region("a", "PERSON", 0, 3)), task(), 5]))
    found: list[Document] = []
    with pytest.raises(InputError) as caught:
        found.extend(formats.read(tmp_path / "tasks.json"))
    assert found[0] == EXPECTED and len(caught.value.problems) == 2


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    for content in (b'[{"data": {"text": "\xff"}}]', b'{"data": {"text": "\xff"}}\n'):
        path.write_bytes(content)
        with pytest.raises(InputError, match="UTF-8"):
            list(formats.read(path, "labelstudio"))


def test_a_long_list_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    text = "Ani 😀 " * 60_000  # more than one piece
    own = json.dumps(task(region("a", "PER", 0, 3, "Ani"), data={"text": text}), ensure_ascii=False, indent=1)
    path.write_text("[" + ",\n".join([own] * 5 + [json.dumps(task())] * 2000) + "]", encoding="utf-8")
    documents = list(formats.read(path))
    assert [document.text == text for document in documents[:6]] == [True] * 5 + [False]
    assert len(documents) == 2005


def test_written_tasks_fit_the_labelling_config_and_are_read_back(tmp_path: Path, seeds: list[Document]) -> None:
    meta = {"annotator": "model:m", "n": 1, "score": 0.25}
    documents = [Document("e", "😀 Ani", (Span("entity", "PER", 2, 5),), meta=meta), *seeds]
    path = tmp_path / "out.json"
    formats.write(documents, path, "labelstudio")
    assert list(formats.read(path)) == documents

    config = ET.fromstring(labelling_config())  # noqa: S314  our own text
    controls = {tag.get("name"): {child.get("value") for child in tag} for tag in config if tag.get("toName") == "text"}
    roles = {tag.get("value") for tag in config.iter("Relation")}
    (object_tag,) = config.iter("Text")
    assert (object_tag.get("name"), object_tag.get("value")) == ("text", "$text")
    assert controls["label"] == {label for labels in LABELS.values() for label in labels}
    ids: set[str] = set()
    for own in json.loads(path.read_text(encoding="utf-8")):
        (prediction,) = own["predictions"]
        told = prediction["model_version"], prediction["score"]
        assert told == (("m", 0.25) if own["data"]["id"] == "e" else ("narasumber", None))
        regions = {item["id"]: item for item in prediction["result"] if item["type"] == "labels"}
        assert not ids & regions.keys()
        ids |= regions.keys()
        for item in prediction["result"]:
            if item["type"] == "relation":
                assert {item["from_id"], item["to_id"]} <= regions.keys() and set(item["labels"]) <= roles
            else:
                value, to_name = item["value"], item["to_name"]
                assert set(value[item["type"]]) <= controls[item["from_name"]] and to_name == "text"
                assert own["data"]["text"][value["start"] : value["end"]] == value["text"]


@pytest.mark.parametrize(
    ("meta", "version", "score", "data"),
    [
        ({"model": "news", "score": 1}, "news", 1, {}),
        ({"annotator": "ani", "model": "news"}, "news", None, {"annotator": "ani"}),
        ({"model": 3, "score": 7.5}, "narasumber", None, {"model": 3, "score": 7.5}),
        ({"score": True}, "narasumber", None, {"score": True}),
        ({"score": "tinggi"}, "narasumber", None, {"score": "tinggi"}),
    ],
)
def test_the_version_and_score_of_predictions(
    tmp_path: Path, meta: Item, version: str, score: float | None, data: Item
) -> None:
    """Label Studio takes scores from 0 to 1, and null for none."""
    path = tmp_path / "a.json"
    formats.write([Document("a", TEXT, meta=meta)], path, "labelstudio")
    (own,) = json.loads(path.read_text(encoding="utf-8"))
    assert own["predictions"] == [{"model_version": version, "score": score, "result": []}]
    assert own["data"] == {**data, "id": "a", "text": TEXT}


def test_losses_are_told(seeds: list[Document]) -> None:
    assert not formats.losses(seeds, "labelstudio")
    parts = Span("entity", "PER", 0, 11, (), ((0, 3), (4, 11)))
    assert formats.losses([Document("a", TEXT, (parts,))], "labelstudio") == {"spans in several parts": 1}


def test_a_span_in_parts_is_written_as_one(tmp_path: Path) -> None:
    parts = Span("entity", "PER", 0, 11, (), ((0, 3), (4, 11)))
    formats.write([Document("a", TEXT, (parts,))], tmp_path / "a.json", "labelstudio")
    (document,) = formats.read(tmp_path / "a.json")
    assert document.spans == (Span("entity", "PER", 0, 11),)


OTHERS = {
    "prodigy": {"text": "Ani kata", "spans": [{"start": 0, "end": 3, "label": "PER"}], "_input_hash": 1},
    "doccano": {"text": "Ani kata", "label": [[0, 3, "PER"]]},
    "web annotation": {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "body": [], "target": {}},
    "cas": {"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "begin": 0, "end": 3}], "%VIEWS": {}},
    "ours": Document("a", "Ani", (Span("entity", "PER", 0, 3),)).to_json(),
    "dataset": {"tokens": ["Ani"], "ner_tags": [1], "labels": ["B-PER"], "start": "x"},
    "coco": {"images": [], "annotations": [{"id": 1, "bbox": [0, 1]}]},
    "quoting": {"text": 'the key "data": {"annotations": [{"result": []}]}'},
}


@pytest.mark.parametrize("value", OTHERS.values(), ids=OTHERS)
def test_other_json_is_not_taken_for_label_studio(tmp_path: Path, value: Item) -> None:
    from narasumber.formats.labelstudio import sniff

    for content in (json.dumps(value), json.dumps([value, value], indent=1)):
        assert not sniff(tmp_path / "x.json", content)
    assert not sniff(tmp_path, "")


ALPHABET = characters(" \t\n\r\u2028\x85\ufeff\u200b\u0301\u200d\u00a0İß😀🇮🇩\"'“”\\n.;:Aa1", never="\0")
FIELDS = st.dictionaries(
    st.sampled_from(["outlet", "title", "url", "annotator", "document", "n", "score"]),
    st.one_of(
        st.text(ALPHABET, max_size=5), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
    ),
    max_size=3,
)
# What Label Studio can hold: no gaps, no CUE alone in its attribution.
DOCUMENTS = documents(
    st.one_of(ALPHABET, st.sampled_from(["\r\n", "\\n", "😀Ani "])),
    ids=st.text(ALPHABET, min_size=1, max_size=8),
    meta=FIELDS,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_written_and_read_documents_are_the_same(tmp_path_factory: pytest.TempPathFactory, own: list[Document]) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip-labelstudio.json"
    formats.write(own, path, "labelstudio")
    assert list(formats.read(path, "labelstudio")) == own


json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.sampled_from(["", "labels", "relation", "choices", "a", TEXT])
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "id data text annotations completions predictions result value start end labels type from_name to_name "
                "from_id to_id choices task completed_by was_cancelled label annotation_id meta".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good task with one value somewhere in it replaced by any other."""
    own: Any = json.loads(json.dumps(task(*WHOLE, predictions=[{"result": [WHOLE[0]]}])))
    place = own
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.integers(0, 3)) == 0:
            place[key] = draw(json_values)
            return [own]
        place = place[key]


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.one_of(damaged(), json_values, st.text(st.sampled_from('[]{}",: 1a\\u\n'), max_size=20)))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "any-labelstudio.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    told: tuple[Problem, ...] = ()
    try:
        for document in formats.read(path, "labelstudio"):
            Document.from_json(json.loads(json.dumps(document.to_json())))
    except InputError as error:
        told = error.problems
    assert all(re.match(r".*any-labelstudio\.json(:| )", str(problem)) for problem in told)
