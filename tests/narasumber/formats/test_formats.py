"""Any format: it is found out, and what it cannot carry is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.formats import detect, losses
from narasumber.formats.common import left_out_of
from narasumber.scope import Scope

WRITTEN = [item.name for item in formats.FORMATS.values() if item.writes]
LONG = Document("a", "Ani kata. " + "Solo ramai. " * 6000, (Span("entity", "PER", 0, 3),))


def written(folder: Path, documents: list[Document], format: str) -> Path:
    ending = {"uima-xmi": "", "cas-json": "", "brat": "", "docbin": ".spacy", "conll": ".conll"}.get(format, ".json")
    path = folder / f"out{ending}"
    formats.write(documents, path, format)
    return path


@pytest.mark.parametrize("format", WRITTEN)
def test_a_long_first_article_is_found_out(tmp_path: Path, format: str) -> None:
    path = written(tmp_path, [LONG, replace(LONG, id="b")], format)
    assert detect(path)[0].name == format


FOREIGN: dict[str, Any] = {
    "prodigy": {"text": LONG.text, "_input_hash": 1, "_task_hash": 2, "spans": []},
    "doccano": {"id": 1, "text": LONG.text, "label": [[0, 3, "PER"]]},
    "labelstudio": [{"data": {"text": LONG.text}, "annotations": [{"result": []}]}],
    "spacy-json": [[LONG.text, {"entities": [[0, 3, "PER"]]}]],
    "web-annotation": [
        {
            "target": {"source": {"id": "a.txt", "value": LONG.text}, "selector": {"type": "TextPositionSelector"}},
            "type": "Annotation",
        }
    ],
}


@pytest.mark.parametrize("format", FOREIGN)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_long_first_article_of_other_tools_is_found_out(tmp_path: Path, format: str, indent: int | None) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(FOREIGN[format], indent=indent))
    assert detect(path)[0].name == format


TEXT = "Ani-ani, kata Budi.\nSolo ramai."
CUE, BUDI, ANI = Span("cue", "CUE", 9, 13), Span("source", "SOURCE", 14, 18), Span("entity", "PER", 0, 7)


def of(*spans: Span, **more: Any) -> Document:
    return Document("a", TEXT, spans, **more)


ONE_BY_ONE = {
    "a CUE without any role": of(CUE, attributions=(Attribution(CUE),)),
    "a link": of(CUE, BUDI, attributions=(Attribution(CUE, (BUDI,)),)),
    "a span that cuts a word": of(Span("entity", "PER", 0, 2)),
    "a span over two lines": of(Span("content", "CONTENT", 14, 24)),
    "a span in parts": of(Span("content", "CONTENT", 0, 18, (), ((0, 3), (14, 18)))),
    "spans over each other": of(ANI, Span("entity", "ORG", 0, 3)),
    "contents in a content": of(*(Span("content", "CONTENT", 0, end) for end in (3, 8, 18))),
    "a content in a content": of(*(Span("content", "CONTENT", 0, end) for end in (8, 18))),
    "layers over each other": of(ANI, Span("source", "SOURCE", 0, 7)),
    "an attribute": of(replace(BUDI, attributes=(("Kind", "Person"),))),
    "a scope": of(scope=Scope(())),
    **{
        f"meta: {name}": of(ANI, meta={name: value})
        for name, value in {
            "title": "Ani",
            "date": "2025-01-01",
            "annotator": "ani",
            "n": 3,
            "id": "x",
            "label": "x",
            "tags": ["a"],
            "sections": [["lead", 0, 3]],
            "unknown": [["entity", 20, 24]],
            "brat": [{"kind": "#", "head": ["AnnotatorNotes", "PER 0 7"], "tail": "sure?"}],
        }.items()
    },
}


@pytest.mark.parametrize("format", WRITTEN)
@pytest.mark.parametrize("document", ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_what_does_not_come_back_is_told(tmp_path: Path, document: Document, format: str) -> None:
    (found,) = formats.read(written(tmp_path, [document], format), format)
    assert (found == document) == (not losses([document], format))


@pytest.mark.parametrize(
    ("format", "told"),
    [
        ("json", {}),
        ("brat", {"fields title": 2, "fields date": 2, "stretches of which the annotation says nothing": 2}),
        (
            "conll",
            {
                "attributions of a CUE without SOURCE and CONTENT": 2,
                "spans that cut a word or cross a line": 4,
                "fields title": 2,
                "fields date": 2,
                "lines that only brat has": 4,
            },
        ),
        (
            "labelstudio",
            {
                "attributions of a CUE without SOURCE and CONTENT": 2,
                "stretches of which the annotation says nothing": 2,
                "lines that only brat has": 4,
            },
        ),
    ],
)
def test_what_is_lost_is_counted(format: str, told: dict[str, int]) -> None:
    note = {"kind": "#", "head": ["AnnotatorNotes", "CUE 9 13"], "tail": "sure?"}
    meta = {"title": "Ani", "date": "kemarin", "unknown": [["entity", 20, 24]], "brat": [note, note], "empty": []}
    spans = CUE, Span("entity", "PER", 0, 2), Span("content", "CONTENT", 14, 24)
    document = of(*spans, attributions=(Attribution(CUE),), meta={**meta, "left_out": {"x": 3}})
    assert losses([document] * 2, format) == told


def test_what_was_left_out_no_times_is_not_told(here: Callable[..., Any], tmp_path: Path) -> None:
    document = of(meta={"left_out": {"links": 0, "notes": -1, "marks": True, "spans": 2}})
    assert left_out_of(document) == {"spans": 2}
    assert left_out_of(of(meta={"left_out": {"x" * 200: 1, "x" * 300: 2}})) == {"x" * 100: 3}
    path = written(tmp_path, [of(meta={"left_out": {"links": 0}})], "json")
    done = here("convert", str(path), "--format", "conll", "--to", str(tmp_path / "out"), "--strict")
    assert (done.returncode, "not carried over" in done.stderr) == (0, False)


@pytest.mark.parametrize("format", ["json", "doccano", "prodigy", "web-annotation", "brat"])
def test_what_is_wrong_from_end_to_end_is_not_read_on(tmp_path: Path, format: str) -> None:
    path = tmp_path / ("x.ann" if format == "brat" else "x.jsonl")
    path.write_text("{}\n" + "}\n" * 20_000)
    path.with_suffix(".txt").write_text("Ani")
    with pytest.raises(InputError) as caught:
        list(formats.read(path, format))
    *found, last = caught.value.problems
    assert len(found) == 100
    assert (last.where, last.what) == ("and", "9900 more of the kind; what comes behind is not read")
