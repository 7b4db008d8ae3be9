"""Documents refuse what cannot be true, and survive JSON."""

from __future__ import annotations

import json

import pytest

from narasumber import Attribution, Document, Span

CUE = Span("cue", "CUE", 4, 8)
SOURCE = Span("source", "SOURCE", 9, 12, (("Kind", "Person"),))
CONTENT = Span("content", "CONTENT", 0, 3, (("Form", "Direct"),))


@pytest.mark.parametrize(
    "arguments",
    [
        ("entities", "PER", 0, 1),
        ("entity", "PERSON", 0, 1),
        ("entity", "PER", 1, 1),
        ("entity", "PER", -1, 1),
        ("entity", "PER", 0, 1, (("Form", "Direct"),)),
        ("content", "CONTENT", 0, 1, (("Form", "Loud"),)),
        ("content", "CONTENT", 0, 9, (), ((0, 9),)),
        ("content", "CONTENT", 0, 9, (), ((0, 4), (4, 9))),
        ("content", "CONTENT", 0, 9, (), ((0, 4), (5, 8))),
    ],
)
def test_a_span_that_cannot_be_is_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Span(*arguments)  # type: ignore[arg-type]


def test_attributions_take_spans_of_their_roles_that_the_document_holds() -> None:
    with pytest.raises(ValueError, match="no cue"):
        Attribution(SOURCE)
    with pytest.raises(ValueError, match="twice"):
        Attribution(CUE, (SOURCE, SOURCE))
    with pytest.raises(ValueError, match="not among its spans"):
        Document("d", "abc kata Ali", (CUE,), (Attribution(CUE, (SOURCE,)),))
    with pytest.raises(ValueError, match="share one cue"):
        Document("d", "abc kata Ali", (CUE, SOURCE), (Attribution(CUE), Attribution(CUE, (SOURCE,))))
    with pytest.raises(ValueError, match="ends behind"):
        Document("d", "abc", (CUE,))
    with pytest.raises(ValueError, match="twice"):
        Document("d", "abc kata Ali", (CUE, CUE))


def test_order_of_making_does_not_matter() -> None:
    attribution = Attribution(CUE, (SOURCE,), (CONTENT,))
    one = Document("d", "abc kata Ali", (CUE, SOURCE, CONTENT), (attribution,))
    other = Document("d", "abc kata Ali", (CONTENT, CUE, SOURCE), (attribution,))
    assert one == other
    assert one.bare().spans == ()


def test_json_round_trip(seeds: list[Document]) -> None:
    for document in seeds:
        assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document


def test_text_of_a_discontinuous_span() -> None:
    span = Span("content", "CONTENT", 0, 9, fragments=((0, 3), (6, 9)))
    assert span.text_in("satu dua tiga") == "sat ua "


@pytest.mark.parametrize(("key", "place"), [("cue", -2), ("cue", 2), ("cue", True), ("sources", -1), ("sources", 2)])
def test_attributions_name_spans_by_their_place_from_the_first(key: str, place: int) -> None:
    values = Document("d", "abc kata Ali", (CUE, SOURCE), (Attribution(CUE, (SOURCE,)),)).to_json()
    values["attributions"][0][key] = place if key == "cue" else [place]
    with pytest.raises((TypeError, ValueError), match=r"span -?\d|whole number"):
        Document.from_json(values)
