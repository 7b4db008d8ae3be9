"""What an annotation speaks of."""

import pytest

from narasumber.document import Document, Span
from narasumber.scope import WHOLE, LayerScope, Scope, joined

NAMES = Scope((("entity", LayerScope((("PER",), ("ORG",), ("LOC", "GPE", "FAC")))),))


def test_goes_through_json() -> None:
    document = Document("a", "Ani di Solo", (Span("entity", "LOC", 7, 11),), scope=NAMES)
    assert Document.from_json(document.to_json()) == document
    assert "scope" not in Document("a", "Ani").to_json()
    assert Document.from_json(Document("a", "Ani").to_json()).scope == WHOLE


def test_a_group_is_called_by_its_first_label() -> None:
    names = NAMES.layer("entity")
    assert names is not None
    assert names.labels == ("PER", "ORG", "LOC")
    assert names.group_of("FAC") == ("LOC", "GPE", "FAC")
    assert names.group_of("DAT") is None
    assert NAMES.layer("cue") is None


@pytest.mark.parametrize("span", [Span("entity", "DAT", 0, 3), Span("entity", "GPE", 0, 3), Span("cue", "CUE", 0, 3)])
def test_a_span_outside_the_scope_is_refused(span: Span) -> None:
    with pytest.raises(ValueError, match="does not speak of"):
        Document("a", "Ani di Solo", (span,), scope=NAMES)


@pytest.mark.parametrize(
    "value",
    [
        {"entity": {"groups": [["PER"], ["PER"]], "closed": True}},
        {"entity": {"groups": [["CUE"]], "closed": True}},
        {"entity": {"groups": [[]], "closed": True}},
        {"entity": {"groups": [], "closed": True}},
        {"nothing": {"groups": [["PER"]], "closed": True}},
    ],
)
def test_a_scope_outside_the_scheme_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="scope of"):
        Scope.from_json(value)


def test_coarse_labels_that_overlap_are_told_apart_the_same_each_time() -> None:
    scopes = [Scope((("entity", LayerScope((group,))),)) for group in (("LOC", "GPE"), ("GPE", "FAC"))]
    found = joined(scopes).layer("entity")
    assert found
    assert set(found.groups) == {("GPE", "FAC"), ("LOC",)}
