"""spaCy's JSON: entities stand where the tags say, whatever the raw text looks like, and faults have a place."""

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

from narasumber.document import Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats import detect, read
from narasumber.formats.spacy_json import sniff


def token(number: int, orth: str, ner: str | None) -> dict[str, Any]:
    return {"head": 4, "dep": "prep", "tag": "IN", "orth": orth, "ner": ner, "id": number}


def tokens(line: str) -> list[dict[str, Any]]:
    """`Ani/U-PER di/O`."""
    words = [word.rpartition("/") for word in line.split()]
    return [token(number, orth, ner) for number, (orth, _, ner) in enumerate(words)]


# In the form of spaCy's own examples/training/training-data.json, Penn Treebank quotation marks and all.
RAW = 'In an Oct. 19 review of "The Misanthrope" at Chicago\'s Goodman Theatre.'
FIRST = tokens(
    "In/O an/O Oct./B-DAT 19/L-DAT review/O of/O ``/O The/B-WOA Misanthrope/L-WOA ''/O "
    "at/O Chicago/U-GPE 's/O Goodman/B-FAC Theatre/L-FAC ./O"
)
SAMPLE: list[dict[str, Any]] = [
    {
        "id": 42,
        "paragraphs": [
            {"raw": RAW, "sentences": [{"tokens": FIRST, "brackets": [{"first": 2, "last": 3, "label": "NML"}]}]},
            {
                "raw": "Ani\r\n di  Solo Baru 😀.",
                "sentences": [
                    {"tokens": tokens("Ani/U-PER di/O"), "brackets": []},
                    {"tokens": tokens("Solo/B-GPE Baru/L-GPE 😀/- ./O")},
                ],
                "cats": [{"label": "politik", "value": 1.0}],
            },
        ],
    }
]
TEXT = RAW + "\nAni\r\n di  Solo Baru 😀."

Load = Callable[..., list[Document]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read_value(value: Any, labels: dict[str, str] | None = None) -> list[Document]:
        path = tmp_path / "berita.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return list(read(path, "spacy-json", labels))

    return read_value


def paragraph(line: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"id": "a", "paragraphs": [{"sentences": [{"tokens": tokens(line)}], **keys}]}]


def named(document: Document) -> list[tuple[str, str]]:
    return [(span.label, span.text_in(document.text)) for span in document.spans]


def test_a_file_of_spacy_two(load: Load) -> None:
    (document,) = load(SAMPLE)
    assert (document.id, document.text) == ("42", TEXT)
    assert named(document) == [
        ("DAT", "Oct. 19"),
        ("WOA", "The Misanthrope"),
        ("GPE", "Chicago"),
        ("FAC", "Goodman Theatre"),
        ("PER", "Ani"),
        ("GPE", "Solo Baru"),
    ]
    assert document.meta["left_out"] == {
        "phrases (brackets)": 1,
        "words with syntax": 22,
        "words of unknown kind": 1,
        "cats": 1,
    }


def test_one_article_without_a_list(load: Load) -> None:
    assert load(SAMPLE[0]) == load(SAMPLE)


@pytest.mark.parametrize("keys", [{}, {"raw": None}])
def test_text_without_raw_is_made_of_the_tokens(load: Load, keys: dict[str, Any]) -> None:
    value = paragraph("Ani/U-PER ,/O Solo/B-GPE Baru/L-GPE ./O", **keys)
    words = value[0]["paragraphs"][0]["sentences"][0]["tokens"]
    assert load(value)[0].text == "Ani , Solo Baru ."
    for word, space in zip(words, ["", " ", True, False, ""], strict=True):
        word["space"] = space
    (document,) = load(value)
    assert document.text == "Ani, Solo Baru."
    assert named(document) == [("PER", "Ani"), ("GPE", "Solo Baru")]


def test_tokens_of_white_space(load: Load) -> None:
    value = paragraph("Ani/U-PER x/O Solo/U-GPE", raw="  Ani\n\n  Solo ")
    value[0]["paragraphs"][0]["sentences"][0]["tokens"][1]["orth"] = "\n\n "
    assert named(load(value)[0]) == [("PER", "Ani"), ("GPE", "Solo")]


def test_entities_of_the_paragraph_count_where_no_token_has_a_tag(load: Load) -> None:
    value = paragraph("Ani/- di/- Solo/-", raw="Ani di Solo", entities=[[0, 3, "PER"], [7, 11, "GPE"]])
    value[0]["paragraphs"].insert(0, {"raw": "Budi", "sentences": [], "entities": [[0, 4, "PER"]]})
    (document,) = load(value)
    assert document.text == "Budi\nAni di Solo"
    assert named(document) == [("PER", "Budi"), ("PER", "Ani"), ("GPE", "Solo")]


def test_pairs_of_text_and_entities(load: Load) -> None:
    value = [
        ["Ani di Solo", {"entities": [[0, 3, "PERSON"], [7, 11, "GPE", "Q1"]], "cats": {"politik": 1.0}}],
        ["Budi 😀 Solo", {"entities": [], "spans": {"sc": [[0, 4, "PERSON"], [7, 11, "GPE"]]}}],
        ["kosong", {"entities": []}],
    ]
    documents = load(value, {"PERSON": "PER"})
    assert [document.id for document in documents] == ["berita-1", "berita-2", "berita-3"]
    assert [named(document) for document in documents] == [
        [("PER", "Ani"), ("GPE", "Solo")],
        [("PER", "Budi"), ("GPE", "Solo")],
        [],
    ]
    assert documents[0].meta == {"left_out": {"cats": 1}}
    # NER Text Annotator has null for a text that was passed over.
    wrapped = {"classes": ["PERSON"], "annotations": [value[0], None, value[2]]}
    assert [document.text for document in load(wrapped, {"PERSON": "PER"})] == ["Ani di Solo", "kosong"]


PAIR = ["Ani", {"entities": []}]
FAULTS: list[tuple[Any, str]] = [
    (3, "json: holds a int, not a list of articles"),
    ([3], "json: [0]: is 3\n    entries are"),
    ([["Ani"]], "json: [0]: is \"['Ani']\"\n    entries are"),
    ([PAIR, ["Ani", {"entities": [[0, 4, "PER"]]}]], "json: [1]: entities[0]: PER 0..4 does not lie in the text"),
    ([["Ani", {"entities": [[-1, 3, "PER"]]}]], "json: [0]: entities[0]: PER -1..3 does not lie"),
    ([["Ani", {"entities": [[0, "3", "PER"]]}]], "json: [0]: entities[0]: is"),
    ([["Ani", {"entities": 7}]], "json: [0]: entities[0]: is 7\n    an entity is [START, END, LABEL]"),
    ([["Ani", {"entities": [[0, 3, "ORANG"]]}]], "json: [0]: entities[0]: unknown label 'ORANG'"),
    ([["", {"entities": []}]], "json: [0]: the article is empty"),
    (paragraph("Ani/O", raw=5), "json: [0]: paragraphs[0]: its raw text is 5"),
    ([{"paragraphs": [{}]}], "json: [0]: paragraphs[0]: has no sentences"),
    ([{"paragraphs": [{"sentences": [{}]}]}], "json: [0]: paragraphs[0]: sentences[0]: has no tokens"),
    (
        [{"paragraphs": [{"sentences": [{"tokens": [{}]}]}]}],
        "json: [0]: paragraphs[0]: sentences[0]: tokens[0]: has no",
    ),
    (
        paragraph("Ani/O di/O Sala/O", raw="Ani di Solo"),
        "json: [0]: paragraphs[0]: sentences[0]: tokens[2]: 'Sala' is not what comes next in the raw text: 'Solo'",
    ),
    (
        paragraph("Ani/O di/B-GPE Solo/O"),
        "json: [0]: paragraphs[0]: sentences[0]: tokens[2]: the tag 'O' stands where 'GPE' goes on\n    tags are O,",
    ),
    (
        paragraph("Ani/I-PER"),
        "json: [0]: paragraphs[0]: sentences[0]: tokens[0]: the tag 'I-PER' stands where no entity",
    ),
    (paragraph("Ani/PER"), "json: [0]: paragraphs[0]: sentences[0]: tokens[0]: the tag 'PER' stands where no entity"),
    (paragraph("Ani/U-"), "json: [0]: paragraphs[0]: sentences[0]: tokens[0]: the tag 'U-' stands where no entity"),
    (paragraph("Ani/B-PER"), "json: [0]: paragraphs[0]: sentences[0]: tokens[0]: 'PER' has no end"),
    (
        paragraph("Ani/O", raw="Ani", entities=[[0, 3, "PER"]]) + paragraph("", raw="Ani", entities=[[2, 9, "PER"]]),
        "json: [1]: paragraphs[0]: entities[0]: PER 2..9 does not lie in the text, which ends at 3",
    ),
]


@pytest.mark.parametrize(("value", "told"), FAULTS)
def test_faults_are_told_with_their_place(load: Load, value: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        load(value)
    assert str(caught.value).partition("berita.")[2].startswith(told)


@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[" * 100_000, b'["a", NaN]', b"[" + b"9" * 5000 + b"]"])
def test_what_is_no_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        list(read(tmp_path / "a.json", "spacy-json"))
    with pytest.raises(InputError):
        list(read(tmp_path, "spacy-json"))


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and key in a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from nodes(value[key])


@pytest.mark.parametrize("wrong", [None, True, 10**30, "x", [], {}, [[]]], ids=str)
def test_a_wrong_value_anywhere_is_read_or_refused(load: Load, wrong: Any) -> None:
    article = copy.deepcopy(SAMPLE[0])
    del article["paragraphs"][0]
    value = [article, ["Ani di Solo", {"entities": [[0, 3, "PER"]], "spans": {"sc": [[7, 11, "GPE"]]}}]]
    for place, key in list(nodes(value)):
        right, place[key] = place[key], wrong
        problems: tuple[Problem, ...] = ()
        try:
            assert len(load(value)) <= 2
        except InputError as error:
            problems = error.problems
        assert all(re.match(r".*berita\.json: \[[01]\]", str(problem)) for problem in problems)
        place[key] = right
    assert len(load(value)) == 2


@pytest.mark.parametrize(
    "value", [SAMPLE, SAMPLE[0], [PAIR], [None, PAIR], {"classes": ["PER"], "annotations": [None, PAIR]}], ids=repr
)
def test_the_files_are_known_by_what_stands_in_them(tmp_path: Path, value: Any) -> None:
    for indent in (None, 2):
        (tmp_path / "a.json").write_text(json.dumps(value, indent=indent))
        assert detect(tmp_path / "a.json")[0].name == "spacy-json"


OTHERS = [
    '[{"id": 1, "data": {"text": "x"}, "annotations": [{"result": [{"value": {"start": 0, "end": 1, "text": "x"}}]}]}]',
    '{"id": 1, "text": "x", "entities": [{"label": "PER", "start_offset": 0, "end_offset": 1}], "relations": []}',
    '{"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaString": "x"}]}',
    '{"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "target": {"selector": {"start": 0}}}',
    '{"text": "x", "spans": [], "tokens": [{"text": "x"}], "answer": "accept"}',
    '[["x", 1]]',
]


@pytest.mark.parametrize("other", OTHERS)
def test_other_files_are_not_taken_for_spacys(other: str) -> None:
    assert sniff(Path("a.json"), other) == ""


WORD = st.text(st.sampled_from("abAé\u0301😀\"'.,`"), min_size=1, max_size=4)
GAP = st.sampled_from(["", " ", "  ", "\n", "\r\n", "\u00a0"])


@settings(max_examples=60)
@given(st.lists(st.tuples(WORD, GAP), min_size=1, max_size=12), st.data())
def test_spans_come_back_from_their_tags(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, str]], data: st.DataObject
) -> None:
    text = ""
    words: list[dict[str, Any]] = []
    spans: list[Span] = []
    ends: list[tuple[int, int]] = []
    for orth, gap in pieces:
        ends.append((len(text), len(text) + len(orth)))
        text += orth + gap
        words.append(token(len(words), orth, "O"))
    first = 0
    while first < len(pieces):
        last = data.draw(st.integers(first, len(pieces) - 1))
        if data.draw(st.booleans()):
            spans.append(Span("entity", "PER", ends[first][0], ends[last][1]))
            for index in range(first, last + 1):
                kind = "U" if first == last else "B" if index == first else "L" if index == last else "I"
                words[index]["ner"] = f"{kind}-PER"
        first = last + 1
    path = tmp_path_factory.getbasetemp() / "spacy.json"
    path.write_text(json.dumps([{"id": "d", "paragraphs": [{"raw": text, "sentences": [{"tokens": words}]}]}]))
    (document,) = read(path)
    assert (document.text, list(document.spans)) == (text, spans)
