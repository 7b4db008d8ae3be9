"""Web Annotation: files of other tools are read, every text is found where it may be, what is written is read back."""

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
from narasumber.formats import detect, losses, read, write
from narasumber.formats.web_annotation import render, sniff
from tests.strategies import characters, documents

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
TEXT = "Ani kata: kami siap di Solo 😀 bersama Ani."


def tagged(id: str, tags: str, start: int, end: int, source: Any = "a.txt", **keys: Any) -> dict[str, Any]:
    selectors = [
        {"type": "TextPositionSelector", "start": start, "end": end},
        {"type": "TextQuoteSelector", "exact": TEXT[start:end]},
    ]
    body = [{"type": "TextualBody", "purpose": "tagging", "value": tag} for tag in tags.split()]
    target = {"source": source, "selector": selectors}
    return {"id": id, "type": "Annotation", "motivation": "tagging", "body": body, "target": target, **keys}


WHOLE = {"id": "t", "type": "Annotation", "target": {"id": "a.txt", "type": "Text", "label": "Siap", "value": TEXT}}
PAGE: dict[str, Any] = {
    "@context": CONTEXT,
    "id": "http://example.org/page1",
    "type": "AnnotationPage",
    "items": [
        tagged("s1", "SOURCE Kind=Person PER", 0, 3),
        tagged("c1", "CUE", 4, 8),
        tagged("q1", "CONTENT Form=Indirect", 10, 27),
        {"id": "l1", "type": "Annotation", "motivation": "linking", "body": "c1", "target": ["s1", {"id": "q1"}]},
        tagged("g1", "GPE", 23, 27),
        tagged("p2", "PER", 38, 41),
        WHOLE,
    ],
}
SOURCE = Span("source", "SOURCE", 0, 3, (("Kind", "Person"),))
CUE = Span("cue", "CUE", 4, 8)
CONTENT = Span("content", "CONTENT", 10, 27, (("Form", "Indirect"),))
EXPECTED = Document(
    "a",
    TEXT,
    (SOURCE, CUE, CONTENT, Span("entity", "PER", 0, 3), Span("entity", "GPE", 23, 27), Span("entity", "PER", 38, 41)),
    (Attribution(CUE, (SOURCE,), (CONTENT,)),),
    # The tags of one annotation stand on one place: `Kind` is no matter of the PER beside the SOURCE.
    {"title": "Siap", "left_out": {"attributes Kind=Person": 1}},
)

Load = Callable[..., list[Document]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read_value(value: Any, labels: dict[str, str] | None = None, name: str = "anno.json") -> list[Document]:
        content = value if isinstance(value, str) else json.dumps(value)
        (tmp_path / name).write_text(content, encoding="utf-8")
        return list(read(tmp_path / name, "web-annotation", labels))

    return read_value


def problems(load: Load, value: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(value)
    return [str(problem).partition("anno.json: ")[2] for problem in caught.value.problems]


def test_a_page(load: Load) -> None:
    assert load(PAGE) == [EXPECTED]


def test_a_collection_a_list_and_one_annotation_a_line(load: Load) -> None:
    page = {**PAGE, "next": {"type": "AnnotationPage", "items": PAGE["items"][4:]}, "items": PAGE["items"][:4]}
    collection = {"@context": CONTEXT, "type": "AnnotationCollection", "total": 7, "first": page}
    lines = "".join(json.dumps({"@context": CONTEXT, **item}) + "\n" for item in PAGE["items"])
    graph = {"@context": CONTEXT, "@graph": PAGE["items"]}
    for value in (collection, PAGE["items"], [PAGE], graph, lines):
        assert load(value) == [EXPECTED]
    assert load(json.dumps(PAGE, indent=1)) == [EXPECTED]
    assert load(tagged("s1", "PER", 0, 3, {"id": "a.txt", "value": TEXT}))[0].spans == (Span("entity", "PER", 0, 3),)


def test_what_recogito_saves(load: Load, tmp_path: Path) -> None:
    # As recogito-js and its plug-in for connections do: no source; a connection is two targets.
    def highlight(id: str, tag: str, start: int, end: int) -> dict[str, Any]:
        anno = tagged(id, tag, start, end)
        del anno["target"]["source"], anno["motivation"]
        anno["body"].append({"type": "TextualBody", "value": "sdfsd", "purpose": "commenting"})
        return {"@context": CONTEXT, **anno}

    link = {"@context": CONTEXT, "type": "Annotation", "id": "#l", "body": [], "target": [{"id": "#b"}, {"id": "#a"}]}
    (tmp_path / "anno.txt").write_text(TEXT, encoding="utf-8")
    (document,) = load([highlight("#a", "SOURCE", 0, 3), highlight("#b", "CUE", 4, 8), link])
    assert (document.id, document.text) == ("anno", TEXT)
    assert document.attributions == (Attribution(CUE, (Span("source", "SOURCE", 0, 3),)),)
    assert document.meta["left_out"] == {"bodies for commenting": 2}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "TextualBody", "value": "GPE"},
        {"type": "TextualBody", "value": "GPE", "purpose": ["classifying"]},
        [{"value": "GPE", "purpose": "identifying"}, {"value": "bagus", "purpose": "commenting"}],
        {"type": "SpecificResource", "purpose": "tagging", "source": "http://example.org/onto#Place"},
        "http://example.org/onto#Place",
    ],
    ids=repr,
)
def test_bodies(load: Load, body: Any) -> None:
    anno = tagged("g", "", 23, 27, {"id": "a.txt", "value": TEXT}, body=body)
    (document,) = load(anno, {"http://example.org/onto#Place": "GPE"})
    assert document.spans == (Span("entity", "GPE", 23, 27),)


def test_a_body_value(load: Load) -> None:
    anno = tagged("g", "", 23, 27, {"id": "a.txt", "value": TEXT}, bodyValue="GPE")
    assert load(anno)[0].spans == (Span("entity", "GPE", 23, 27),)


def test_what_is_no_span_is_counted(load: Load) -> None:
    items = [
        WHOLE,
        {"id": "w", "type": "Annotation", "motivation": "tagging", "bodyValue": "politik", "target": "a.txt"},
        tagged("h", "", 0, 3, motivation="highlighting"),
        {"id": "r", "type": "Annotation", "motivation": "replying", "body": {"value": "ya"}, "target": "h"},
        tagged("x", "X", 0, 3),
    ]
    assert load(items, {"X": ""})[0].meta["left_out"] == {
        "tags of whole articles": 1,
        "annotations without a tag": 1,
        "annotations of annotations": 1,
        "spans labelled X": 1,
    }


def selected(*selectors: Any) -> list[dict[str, Any]]:
    anno = tagged("p", "PER", 0, 0)
    anno["target"]["selector"] = list(selectors)
    return [WHOLE, anno]


def quoted(exact: Any, prefix: Any = "", suffix: Any = "") -> dict[str, Any]:
    return {"type": "TextQuoteSelector", "exact": exact, "prefix": prefix, "suffix": suffix}


def at(start: Any, end: Any, **keys: Any) -> dict[str, Any]:
    return {"type": "TextPositionSelector", "start": start, "end": end, **keys}


@pytest.mark.parametrize(
    ("selectors", "start"),
    [
        ([quoted("Solo")], 23),
        ([quoted("Ani", suffix=" kata")], 0),
        ([quoted("Ani", "bersama ", ".")], 38),
        ([{"type": "XPathSelector", "value": "/p"}, quoted("Ani", "bersama ")], 38),
        ([at(38, 41)], 38),
        ([at(38, 41), quoted("Ani")], 38),
        # UTF-16 code units, as browsers count them.
        ([at(39, 42), quoted("Ani")], 38),
    ],
    ids=repr,
)
def test_selectors(load: Load, selectors: list[Any], start: int) -> None:
    (span,) = load(selected(*selectors))[0].spans
    assert span.start == start


@pytest.mark.parametrize(("shift", "start"), [(0, 6), (1, 5)])
def test_line_ends_of_two_characters_may_be_counted_as_one(load: Load, shift: int, start: int) -> None:
    anno = selected(at(6 - shift, 9 - shift), quoted("Ani"))
    anno[0] = {**WHOLE, "target": {"id": "a.txt", "value": "Satu\r\nAni"}}
    assert load(anno)[0].spans == (Span("entity", "PER", 6, 9),)


FAULTS: list[tuple[Any, str]] = [
    (selected(quoted("Budi")), "[1]: quotes 'Budi', which the text has nowhere\n    quote it"),
    (selected(quoted("Ani")), "[1]: quotes 'Ani', which the text has more than once\n    quote it"),
    (selected(quoted("Ani", suffix=" x")), "[1]: quotes 'Ani', which the text has nowhere"),
    (selected(quoted("")), "[1]: quotes ''"),
    (selected(quoted(["Ani"])), "[1]: quotes \"['Ani']\""),
    (selected(quoted("Ani", 3)), "[1]: quotes 'Ani'"),
    (selected(at(0, 3), quoted("Budi")), "[1]: PER says 'Budi', the text has 'Ani'"),
    (selected(at(0, 3.0)), "[1]: goes from 0 to '3.0'"),
    (selected(at(0, 10**40)), "[1]: PER 0..more than 10^12 does not lie in the text"),
    (selected(at(-2, 3)), "[1]: PER -2..3 does not lie"),
    (selected(at(0, 3, refinedBy=quoted("n"))), "[1]: has a selector that is refined by another"),
    (selected({"type": "XPathSelector", "value": "/p"}), "[1]: has no selector that is of use"),
    (selected(3), "[1]: has no selector that is of use"),
    ([WHOLE, tagged("p", "ORANG", 0, 3)], "[1]: unknown label 'ORANG'\n    map it with --label"),
    ([WHOLE, tagged("p", "PER", 0, 3), tagged("p", "GPE", 0, 3)], "[2]: the id 'p' is given twice"),
    ([WHOLE, {"type": "Annotation", "body": []}], "[1]: has no target"),
    ([WHOLE, {"type": "Annotation", "target": 3}], "[1]: has the target 3"),
    ([WHOLE, {"type": "Annotation", "target": {"source": 3}}], "[1]: has the source 3"),
    ([WHOLE, 3], "[1]: is 3, not an annotation"),
    (
        {"type": "AnnotationCollection", "first": "http://example.org/page1"},
        "first: is 'http://example.org/page1', not",
    ),
    ({**PAGE, "next": "http://example.org/page2"}, "next: is 'http://example.org/page2', not an annotation"),
    ([WHOLE, {**WHOLE, "id": "t2", "target": {"id": "a.txt", "value": "x"}}], "[1]: the source 'a.txt' has another"),
    ([{**WHOLE, "target": {"id": "a.txt", "value": " "}}], "[0]: the article is empty"),
    (
        [WHOLE, tagged("c", "CUE", 4, 8), {"id": "l", "motivation": "linking", "body": "c", "target": ["c", "weg"]}],
        "[2]: joins 'weg', which is not there",
    ),
    (
        [*PAGE["items"][:3], WHOLE, {"id": "l", "body": ["c1", "s1"], "target": ["s1", "q1"]}],
        "[4]: links several annotations with several",
    ),
    ([WHOLE, {"id": "l", "target": "m"}, {"id": "m", "target": "l"}], "[1]: is about no annotation of a text"),
]


@pytest.mark.parametrize(("value", "told"), FAULTS)
def test_faults_are_told_with_their_place(load: Load, value: Any, told: str) -> None:
    assert problems(load, value)[0].startswith(told)


def test_several_targets_are_several_spans(load: Load) -> None:
    anno = tagged("p", "PER SOURCE", 0, 3)
    places = [(0, 3), (4, 8), (10, 14), (15, 19)]
    anno["target"] = [{"source": "a.txt", "selector": at(start, end)} for start, end in places]
    link = {"id": "l", "motivation": "linking", "body": "p", "target": "c"}
    (document,) = load([WHOLE, anno, tagged("c", "CUE", 4, 8), link])
    assert {(span.start, span.end) for span in document.layer("entity")} == set(places)
    assert {(span.start, span.end) for span in document.layer("source")} == set(places)
    assert document.attributions[0].sources == (Span("source", "SOURCE", 0, 3),)


@pytest.mark.parametrize(
    "wrong",
    [
        selected(at(0, 3, refinedBy=quoted("n")))[1],
        selected({"type": "XPathSelector", "value": "/p"})[1],
        {**WHOLE, "id": "t2", "target": {"id": "a.txt", "value": "x"}},
        {"id": "l", "target": ["c", "s"], "body": ["c", "s"]},
        3,
    ],
    ids=repr,
)
def test_only_articles_without_a_fault_are_read(load: Load, tmp_path: Path, wrong: Any) -> None:
    good = {**WHOLE, "id": "u", "target": {"id": "b.txt", "value": TEXT}}
    with pytest.raises(InputError):
        load([WHOLE, tagged("c", "CUE", 4, 8), tagged("s", "SOURCE", 0, 3), good, wrong])
    reader = read(tmp_path / "anno.json")
    # What is no annotation may have been one of any article.
    assert wrong == 3 or next(reader).id == "b"
    with pytest.raises(InputError):
        next(reader)


def test_a_body_that_is_an_annotation_makes_no_link_of_a_span(load: Load) -> None:
    items = [WHOLE, tagged("c", "CUE", 4, 8), tagged("p", "", 0, 3, body=["c", {"value": "PER"}])]
    assert problems(load, items)[0].startswith("[2]: unknown label 'c'")
    assert load(items, {"c": ""})[0].spans == (Span("entity", "PER", 0, 3), CUE)


def test_a_link_into_another_text_is_told(load: Load) -> None:
    other = {**WHOLE, "id": "u", "target": {"id": "b.txt", "value": TEXT}}
    link = {"id": "l", "motivation": "linking", "body": "c1", "target": "s2"}
    items = [WHOLE, other, tagged("c1", "CUE", 4, 8), tagged("s2", "SOURCE", 0, 3, "b.txt"), link]
    assert problems(load, items) == ["[4]: joins 's2', which is not there\n    take the relation out"]


def test_texts_beside_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "dua kata").mkdir()
    for name in ("b.txt", "dua kata/c.txt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    items = [tagged("1", "PER", 0, 3, "b.txt"), tagged("2", "PER", 0, 3, "./dua%20kata/c.txt")]
    assert [(document.id, document.text) for document in load(items)] == [("b", TEXT), ("dua kata/c", TEXT)]


@pytest.mark.parametrize(
    "source",
    [
        "../secret.txt",
        "sub/../../secret.txt",
        "%2e%2e/secret.txt",
        "link.txt",
        "linked/secret.txt",
        "ABSOLUTE/secret.txt",
        "file:ABSOLUTE/secret.txt",
        "file://ABSOLUTE/secret.txt",
        "//example.org/secret.txt",
        "http://127.0.0.1:9/secret.txt",
        "http://[/secret.txt",
        "..\\secret.txt",
        "sub",
        "sub/x.md",
        "sub.txt",
        "sub/a.txt#char=0,3",
        "a\0.txt",
        "x" * 5000 + ".txt",
        "",
    ],
)
def test_no_other_place_is_looked_into(load: Load, tmp_path: Path, source: str) -> None:
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub.txt").mkdir()
    (inside / "sub" / "x.md").write_text(TEXT)
    (inside / "sub" / "a.txt").write_text(TEXT)
    (tmp_path / "secret.txt").write_text(TEXT)
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    (inside / "linked").symlink_to(tmp_path)
    item = tagged("1", "PER", 0, 3, source.replace("ABSOLUTE", str(tmp_path)))
    with pytest.raises(InputError, match="is not here\n    give it as `value`"):
        load([item], name="in/anno.json")


def test_texts_without_an_id(load: Load) -> None:
    items = [tagged(str(n), "PER", 0, 3, {"type": "TextualBody", "value": TEXT[: 40 + n % 2]}) for n in range(4)]
    assert [(document.id, len(document.text), len(document.spans)) for document in load(items)] == [
        ("anno-1", 40, 1),
        ("anno-2", 41, 1),
    ]


def test_an_iri_of_the_web_with_its_text_is_the_id(load: Load) -> None:
    assert load([tagged("1", "PER", 0, 3, {"id": "http://example.org/a.txt", "value": TEXT})])[0].id == (
        "http://example.org/a.txt"
    )


@pytest.mark.parametrize("content", ["", "{", '{"id": \n1', "[" * 100_000, '{"a": ' * 100_000, '[{"id": "\\ud800"}]'])
def test_what_is_no_json(load: Load, content: str) -> None:
    with pytest.raises(InputError, match=r"anno\.json"):
        load(content)


def test_broken_lines(load: Load) -> None:
    lines = [json.dumps(WHOLE), "{", json.dumps(tagged("p", "PER", 0, 3)), "3"]
    with pytest.raises(InputError) as caught:
        load("\n".join(lines))
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["2", "4"]


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container and key in a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from nodes(value[key])


@pytest.mark.parametrize("wrong", [None, True, 10**30, "x", [], {}, [[]], [{}]], ids=str)
def test_a_wrong_value_anywhere_is_read_or_refused(load: Load, wrong: Any) -> None:
    page = copy.deepcopy(PAGE)
    for place, key in list(nodes(page)):
        right, place[key] = place[key], wrong
        found: tuple[Problem, ...] = ()
        try:
            load(page)
        except InputError as error:
            found = error.problems
        assert all(re.match(r".*anno\.json: ", str(problem)) for problem in found)
        place[key] = right
    assert load(page) == [EXPECTED]


def test_what_is_written_is_a_page_of_annotations() -> None:
    page = json.loads("".join(render([EXPECTED])))
    assert (page["@context"], page["type"]) == (CONTEXT, "AnnotationPage")
    assert page["items"][0] == {
        "id": "a.txt#text",
        "type": "Annotation",
        "motivation": "describing",
        "target": {"id": "a.txt", "type": "Text", "format": "text/plain", "label": "Siap", "value": TEXT},
    }
    assert page["items"][1] == {
        "id": "a.txt#1",
        "type": "Annotation",
        "motivation": "tagging",
        "body": [
            {"type": "TextualBody", "purpose": "tagging", "value": "PER"},
        ],
        "target": {
            "source": "a.txt",
            "selector": [
                {"type": "TextPositionSelector", "start": 0, "end": 3},
                {"type": "TextQuoteSelector", "exact": "Ani", "prefix": "", "suffix": TEXT[3:35]},
            ],
        },
    }
    assert page["items"][-1]["motivation"] == "linking"
    by_id = {item["id"]: item["body"][0]["value"] for item in page["items"][1:-1]}
    assert by_id[page["items"][-1]["body"]] == "CUE"
    assert [by_id[id] for id in page["items"][-1]["target"]] == ["SOURCE", "CONTENT"]
    ids = [item["id"] for item in page["items"]]
    assert len(set(ids)) == len(ids)


def test_the_quotations_alone_are_enough_where_they_are_unique(load: Load) -> None:
    document = Document("a", TEXT, EXPECTED.spans, EXPECTED.attributions)
    page = json.loads("".join(render([document])))
    for item in page["items"]:
        if "selector" in item["target"]:
            del item["target"]["selector"][0]
    assert load(page) == [document]


def test_the_gold_is_the_same(seeds: list[Document], tmp_path: Path) -> None:
    write(seeds, tmp_path / "a.json", "web-annotation")
    assert list(read(tmp_path / "a.json")) == seeds


def test_nothing_is_a_page_too(tmp_path: Path) -> None:
    write([], tmp_path / "a.json", "web-annotation")
    with pytest.raises(InputError, match="holds no article"):
        list(read(tmp_path / "a.json"))


@pytest.mark.parametrize("value", [PAGE, PAGE["items"], PAGE["items"][0], {**PAGE["items"][1], "type": ["Annotation"]}])
def test_the_files_are_known_by_what_stands_in_them(tmp_path: Path, value: Any) -> None:
    for indent in (None, 2):
        (tmp_path / "a.json").write_text(json.dumps(value, indent=indent))
        assert detect(tmp_path / "a.json")[0].name == "web-annotation"


OTHERS = [
    '[{"id": 1, "data": {"text": "x"}, "annotations": [{"result": [{"value": {"start": 0, "end": 1, "text": "x"}}]}]}]',
    '{"id": 1, "text": "x", "entities": [{"label": "PER", "start_offset": 0, "end_offset": 1}], "relations": []}',
    '{"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaString": "x"}]}',
    '{"id": "a", "text": "x", "spans": [], "attributions": [], "meta": {}}',
    '{"text": "x", "spans": [], "tokens": [{"text": "x"}], "answer": "accept"}',
    "http://www.w3.org/ns/anno.jsonld",
]


@pytest.mark.parametrize("other", OTHERS)
def test_other_files_are_not_taken_for_web_annotation(other: str) -> None:
    assert sniff(Path("a.json"), other) == ""


LETTERS = characters("          \t\n\r\u2028\x85\x0b\x1c\ufeff\u200b\u0301\u00a0İß😀👩‍👧\"'“”.;:Aa1\0=")
IDS = ["a", "a/b", "..", "../x", "./x", "", "😀 é", "x.txt", "http://x", "a#b?c", "%2e", "C:\\x"]


@settings(max_examples=60)
@given(st.sets(st.sampled_from(IDS), min_size=1, max_size=2), st.data())
def test_written_and_read_documents_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, ids: set[str], data: st.DataObject
) -> None:
    given = [data.draw(documents(LETTERS, ids=st.just(id), meta=st.just({"title": "t"}))) for id in sorted(ids)]
    path = tmp_path_factory.getbasetemp() / "round.jsonld"
    write(given, path, "web-annotation")
    assert list(read(path)) == given


def test_spans_with_gaps_are_written_from_end_to_end(tmp_path: Path) -> None:
    gap = Document("a", "Ani Budi Cici", (Span("content", "CONTENT", 0, 13, (), ((0, 3), (9, 13))),))
    assert losses([gap], "web-annotation") == {"spans in several parts": 1}
    write([gap], tmp_path / "a.json", "web-annotation")
    assert next(read(tmp_path / "a.json")).spans == (Span("content", "CONTENT", 0, 13),)


def test_documents_of_one_id_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    both = [Document("a", "Ani"), Document("a", "Budi")]
    with pytest.raises(InputError, match="two documents have this id"):
        write(both, tmp_path / "a.json", "web-annotation")
    assert list(tmp_path.iterdir()) == []
