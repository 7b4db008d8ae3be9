"""Prodigy: its exports are read as they stand, what is written reads the same, and whatever is wrong is told."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats import detect, read, write
from narasumber.formats.prodigy import render, sniff, tokens
from narasumber.words import words
from tests.strategies import characters, documents

# As `prodigy db-out` writes a task of `rel.manual`.
TEXT = "Ani kata: kami siap di Solo."
CUE = {"start": 4, "end": 8, "token_start": 1, "token_end": 1, "label": "CUE"}
SOURCE = {"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "SOURCE"}
CONTENT = {"start": 10, "end": 27, "token_start": 3, "token_end": 6, "label": "CONTENT"}
TASK: dict[str, Any] = {
    "text": TEXT,
    "spans": [
        {**CUE, "text": "kata", "type": "span"},
        {**SOURCE, "attributes": {"Kind": "Person"}},
        CONTENT,
        {"start": 23, "end": 27, "token_start": 6, "token_end": 6, "label": "GPE"},
    ],
    "meta": {"title": "Ani siap", "score": 0.5, "pattern": [1, 2]},
    "_input_hash": -13216227,
    "_task_hash": 1212627981,
    "tokens": [
        {"text": TEXT[start:end], "start": start, "end": end, "id": index, "ws": True, "disabled": False}
        for index, (start, end) in enumerate([(0, 3), (4, 8), (8, 9), (10, 14), (15, 19), (20, 22), (23, 27), (27, 28)])
    ],
    "_session_id": None,
    "_view_id": "relations",
    "relations": [
        {"head": 1, "child": 0, "head_span": CUE, "child_span": SOURCE, "color": "#ffd882", "label": "says"},
        {"head": 6, "child": 1, "head_span": CONTENT, "child_span": CUE, "color": "#ffd882", "label": "said"},
    ],
    "answer": "accept",
}
EXPECTED = Document(
    "-13216227",
    TEXT,
    (
        cue := Span("cue", "CUE", 4, 8),
        source := Span("source", "SOURCE", 0, 3, (("Kind", "Person"),)),
        content := Span("content", "CONTENT", 10, 27),
        Span("entity", "GPE", 23, 27),
    ),
    (Attribution(cue, (source,), (content,)),),
    {"title": "Ani siap", "score": 0.5, "left_out": {"fields pattern": 1}},
)

Lines = Callable[..., list[Document]]


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Reads what stands in these lines."""

    def read_lines(*tasks: Any, labels: dict[str, str] | None = None) -> list[Document]:
        path = tmp_path / "berita.jsonl"
        path.write_text("".join(json.dumps(task) + "\n" for task in tasks), encoding="utf-8")
        return list(read(path, "prodigy", labels))

    return read_lines


def test_a_task_of_the_relations_interface(lines: Lines) -> None:
    assert lines(TASK) == [EXPECTED]


def test_relations_by_tokens_alone(lines: Lines) -> None:
    task = copy.deepcopy(TASK)
    del task["spans"][3]
    for relation in task["relations"]:
        del relation["head_span"], relation["child_span"]
    assert lines(task)[0].attributions == EXPECTED.attributions
    with pytest.raises(InputError, match=r"head may be any of CONTENT, GPE\n    say which one in `head_span`"):
        lines({**task, "spans": TASK["spans"]})


def test_relations_of_words_without_a_span_are_counted(lines: Lines) -> None:
    word = {"start": 8, "end": 9, "token_start": 2, "token_end": 2, "label": None}
    relations = [{"head": 2, "child": 1, "head_span": word, "child_span": CUE, "label": "dep"}, {"head": 5, "child": 4}]
    (document,) = lines({**TASK, "relations": relations})
    assert document.attributions == ()
    assert document.meta["left_out"]["relations of words without a span"] == 2


def test_a_binary_task_has_its_label_beside_the_span(lines: Lines) -> None:
    (document,) = lines({"text": TEXT, "spans": [{"start": 0, "end": 3}], "label": "PER", "answer": "accept"})
    assert document.spans == (Span("entity", "PER", 0, 3),)


def test_overlapping_spans_of_spancat(lines: Lines) -> None:
    spans = [{"start": 0, "end": 8, "label": "ORG"}, {"start": 4, "end": 14, "label": "ORG"}]
    assert [(span.start, span.end) for span in lines({"text": TEXT, "spans": spans})[0].spans] == [(0, 8), (4, 14)]


def test_what_is_not_accepted_is_left_out_and_counted(lines: Lines) -> None:
    def answered(*answers: str | None) -> list[dict[str, Any]]:
        return [{"text": f"Teks {number}", "answer": answer} for number, answer in enumerate(answers)]

    documents = lines(*answered("reject", "accept", "ignore", "reject", None, "accept", "ignore"))
    assert [(document.text, document.meta.get("left_out")) for document in documents] == [
        ("Teks 1", {"articles answered reject": 1}),
        ("Teks 4", {"articles answered ignore": 1, "articles answered reject": 1}),
        ("Teks 5", {"articles answered ignore": 1}),
    ]
    with pytest.raises(InputError, match=r"no article is accepted \(2 articles answered reject, 1 articles"):
        lines(*answered("reject", "reject", "ignore"))


def test_an_answer_on_a_single_span_is_left_out_and_counted(lines: Lines) -> None:
    binary = {"text": TEXT, "spans": [{"start": 0, "end": 3, "label": "PER"}], "_is_binary": True}
    (document,) = lines({**binary, "answer": "accept"}, {**binary, "answer": "reject"}, {**TASK, "_is_binary": False})
    assert document.id == EXPECTED.id
    assert document.meta["left_out"] == {
        "answers on a single span": 1,
        "articles answered reject": 1,
        "fields pattern": 1,
    }
    with pytest.raises(InputError, match=r"no article is accepted \(1 answers on a single span\)"):
        lines({**binary, "answer": "accept"})


def test_an_article_with_a_fault_does_not_swallow_the_count(lines: Lines, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        lines({"text": "a", "answer": "reject"}, {"text": "b", "spans": [{"start": 0, "end": 9, "label": "PER"}]})
    assert "PER 0..9 does not lie in the text" in str(caught.value)
    reader = read(tmp_path / "berita.jsonl", "prodigy")
    with pytest.raises(InputError):
        next(reader)


@pytest.mark.parametrize(
    ("keys", "id"),
    [
        ({"meta": {"id": "a"}, "id": "b", "_input_hash": 3}, "a"),
        ({"meta": {"id": 7}}, "7"),
        ({"meta": {"id": ""}, "id": "b", "_input_hash": 3}, "b"),
        ({"id": None, "_input_hash": 3}, "3"),
        ({"meta": None, "id": ["x"]}, "berita-2"),
    ],
)
def test_the_id(lines: Lines, keys: dict[str, Any], id: str) -> None:
    assert lines({"text": "a"}, {"text": "b", **keys})[1].id == id


def test_annotators_of_one_text_are_told_apart(lines: Lines) -> None:
    by = [{**TASK, "_annotator_id": "gold-ani"}, {**TASK, "_session_id": "gold-budi"}, TASK]
    documents = lines(*by)
    assert {document.id for document in documents} == {EXPECTED.id}
    assert [document.meta.get("annotator") for document in documents] == ["gold-ani", "gold-budi", None]
    assert json.loads(next(render(documents)))["_annotator_id"] == "gold-ani"
    by = [{**TASK, "_annotator_id": 0}, {**TASK, "_session_id": 2}, {**TASK, "meta": {"annotator": 3}}]
    assert [document.meta["annotator"] for document in lines(*by)] == ["0", "2", "3"]


def test_labels_are_mapped_or_left_out(lines: Lines) -> None:
    task = {"text": TEXT, "spans": [{"start": 0, "end": 3, "label": "ORANG"}, {"start": 4, "end": 8, "label": "X"}]}
    (document,) = lines(task, labels={"ORANG": "PER", "X": ""})
    assert document.spans == (Span("entity", "PER", 0, 3),)
    assert document.meta["left_out"] == {"spans labelled X": 1}


FAULTS = [
    ({"answer": "yes"}, "1: answer is 'yes'\n    answers are accept, reject and ignore"),
    ({"text": None}, "1: has no text"),
    ({"text": " \n"}, "1: the article is empty"),
    ({"spans": {"start": 0}}, "1: spans: goes from 0 to 'None'"),
    ({"spans": [3]}, "1: spans[0]: is 3, not an object"),
    ({"spans": [{"start": 0, "end": 3.0, "label": "PER"}]}, "1: spans[0]: goes from 0 to '3.0'"),
    ({"spans": [{"start": True, "end": 3, "label": "PER"}]}, "1: spans[0]: goes from True to 3"),
    ({"spans": [{"start": 0, "end": 10**40, "label": "PER"}]}, "1: spans[0]: PER 0..more than 10^12 does not lie"),
    ({"spans": [{"start": -3, "end": 3, "label": "PER"}]}, "1: spans[0]: PER -3..3 does not lie"),
    ({"spans": [{"start": 0, "end": 3, "label": "ORANG"}]}, "1: spans[0]: unknown label 'ORANG'\n    map it with"),
    ({"spans": [{"start": 0, "end": 3}]}, "1: spans[0]: has no label"),
    ({"spans": [{"start": 0, "end": 3, "label": "PER", "text": "Budi"}]}, "1: spans[0]: PER says 'Budi', the text has"),
    ({"spans": [{"start": 0, "end": 9, "label": "PER", "fragments": [[0, 3], 4]}]}, "1: spans[0]: has the fragments"),
    ({"spans": [{"start": 0, "end": 9, "label": "PER", "fragments": [[0, 3]]}]}, "1: spans[0]: fragments ((0, 3),)"),
    ({"relations": [{"head": 1}]}, "1: relations[0]: has no child_span, and its child is no token"),
    ({"relations": [{"head": 99, "child": 0}]}, "1: relations[0]: has no head_span, and its head is no token"),
    ({"relations": [{"head_span": {"start": 1}, "child_span": CUE}]}, "1: relations[0]: its head_span has no start"),
    (
        {"relations": [{"head_span": CUE, "child_span": {**SOURCE, "end": 8}}]},
        "1: relations[0]: joins 'SOURCE 0..8', which is not there",
    ),
]


@pytest.mark.parametrize(("change", "told"), FAULTS)
def test_faults_are_told_with_their_place(lines: Lines, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        lines({**TASK, **change})
    assert str(caught.value).partition("berita.jsonl:")[2].startswith(told)


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and key in a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from nodes(value[key])


@pytest.mark.parametrize("wrong", [None, True, 10**30, "x", [], {}], ids=str)
def test_a_wrong_value_anywhere_is_read_or_refused(lines: Lines, wrong: Any) -> None:
    task = copy.deepcopy(TASK)
    for place, key in list(nodes(task)):
        right, place[key] = place[key], wrong
        problems: tuple[Problem, ...] = ()
        try:
            assert all(document.text == TEXT for document in lines(task))
        except InputError as error:
            problems = error.problems
        assert all(re.match(r".*berita\.jsonl(:1)?: ", str(problem)) for problem in problems)
        place[key] = right
    assert lines(task) == [EXPECTED]


def test_broken_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(TASK).encode() + b'\n{"text": \n[]\n\xff\n' + b'{"text": ' + b"[" * 100_000 + b"\n")
    reader = read(path, "prodigy")
    assert next(reader).text == TEXT
    with pytest.raises(InputError) as caught:
        list(reader)
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["2", "3", "4", "5"]


def test_what_is_written_is_what_prodigy_takes() -> None:
    task = json.loads(next(render([EXPECTED])))
    assert task["answer"] == "accept"
    assert task["meta"] == {"title": "Ani siap", "score": 0.5, "id": "-13216227"}
    assert [(token["id"], token["text"], token["ws"]) for token in task["tokens"][:4]] == [
        (0, "Ani", True),
        (1, "kata", False),
        (2, ":", True),
        (3, "kami", True),
    ]
    assert {**CUE} in task["spans"] and CONTENT in task["spans"]
    relation = task["relations"][0]
    assert (relation["head"], relation["child"], relation["label"]) == (1, 0, "SOURCE")
    assert (relation["head_span"], relation["child_span"]) == (CUE, SOURCE)


def test_the_gold_is_the_same_after_prodigy(seeds: list[Document], tmp_path: Path) -> None:
    write(seeds, tmp_path / "a.jsonl", "prodigy")
    assert list(read(tmp_path / "a.jsonl")) == seeds


def test_half_a_character_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="half of a character"):
        write([Document("a", "x\ud800")], tmp_path / "a.jsonl", "prodigy")
    assert list(tmp_path.iterdir()) == []


OTHERS = [
    '{"id": "a", "text": "x", "spans": [{"layer": "cue", "label": "CUE", "start": 0, "end": 1}], "attributions": []}',
    '{"id": 1, "text": "x", "entities": [{"label": "PER", "start_offset": 0, "end_offset": 1}], "relations": []}',
    '{"id": 1, "text": "x", "label": [[0, 1, "PER"]]}',
    '[{"id": 1, "data": {"text": "x"}, "annotations": [{"result": [{"value": {"start": 0, "end": 1, "text": "x"}}]}]}]',
    '{"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaString": "x"}]}',
    '{"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "target": {"selector": {"start": 0}}}',
    '[["x", {"entities": [[0, 1, "PER"]]}]]',
    "kata O\n",
]


@pytest.mark.parametrize("other", OTHERS)
def test_other_files_are_not_taken_for_prodigys(other: str) -> None:
    assert sniff(Path("a.jsonl"), other) == ""


@pytest.mark.parametrize("keys", [{"text", "_input_hash"}, {"text", "spans"}, {"text", "spans", "answer", "tokens"}])
def test_prodigys_files_are_known_by_what_stands_in_them(tmp_path: Path, keys: set[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({key: value for key, value in TASK.items() if key in keys}))
    assert detect(path)[0].name == "prodigy"


@pytest.mark.parametrize(
    ("text", "bounds", "expected"),
    [
        ("a b", [], "a_|b"),
        ("a  b \n c", [], "a_| |b_|\n |c"),
        (" a ", [], " |a_"),
        ("a b", [(1, 3)], "a| |b"),
        ("a b", [(0, 2)], "a| |b"),
        ("a  b", [(0, 3)], "a_| |b"),
        ("aku", [(1, 2)], "a|k|u"),
    ],
)
def test_single_spaces_behind_a_word_are_no_tokens(text: str, bounds: list[tuple[int, int]], expected: str) -> None:
    spans = [Span("cue", "CUE", start, end) for start, end in bounds]
    pieces = tokens(text, words(text), spans)
    assert "|".join(text[start:end] + "_" * space for start, end, space in pieces) == expected


# A CUE without any role is a mere span to Prodigy.
DOCUMENTS = documents(
    characters("          \t\n\r\u2028\x85\x0b\x1c\ufeff\u200b\u0301\u00a0İß😀👩‍👧\"'“”.;:Aa1\0"),
    meta=st.just({"title": "t"}),
    gaps=True,
)


@settings(max_examples=60)
@given(DOCUMENTS)
def test_written_and_read_a_document_is_the_same(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    path = tmp_path_factory.getbasetemp() / "prodigy.jsonl"
    write([document], path, "prodigy")
    assert list(read(path)) == [document]


@settings(max_examples=60)
@given(DOCUMENTS)
def test_tokens_give_the_text_back_and_cut_no_span(document: Document) -> None:
    text = document.text
    pieces = tokens(text, words(text), document.spans)
    assert "".join(text[start:end] + " " * space for start, end, space in pieces) == text
    assert all(start < end for start, end, _ in pieces)
    assert {span.start for span in document.spans} <= {start for start, _, _ in pieces}
    assert {span.end for span in document.spans} <= {end for _, end, _ in pieces}
