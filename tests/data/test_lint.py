"""Each code has an article that it is said of and one that it is not; the gold seeds have no errors."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.lint import SEVERITIES, Finding, lint
from narasumber.document import Attribution, Document, Span
from narasumber.labels import LABELS, Layer, layer_of_label

TEXT = "Ani berkata Budi pergi ke Solo.\nTuti diam."


def span(label: str, part: str, text: str = TEXT, **attributes: str) -> Span:
    layer = layer_of_label(label)
    assert layer is not None
    start = text.index(part)
    return Span(layer, label, start, start + len(part), tuple(attributes.items()))


SOURCE = span("SOURCE", "Ani", Kind="Person")
CUE = span("CUE", "berkata")
CONTENT = span("CONTENT", "Budi pergi ke Solo", Form="Indirect")
CLEAN = Document(
    "clean",
    TEXT,
    (SOURCE, CUE, CONTENT, span("PER", "Ani"), span("GPE", "Solo")),
    (Attribution(CUE, (SOURCE,), (CONTENT,)),),
)


def told(*documents: Document) -> list[Finding]:
    """The findings that are about one document."""
    return [finding for finding in lint(documents) if finding.document]


def with_spans(*spans: Span) -> Document:
    return Document("d", CLEAN.text, (*CLEAN.spans, *spans), CLEAN.attributions)


def test_a_clean_article_has_no_findings() -> None:
    assert told(CLEAN) == []


GAP = Span("entity", "PER", 12, 22, fragments=((12, 16), (20, 22)))
ACROSS = span("EVT", "Solo.\nTuti")
FAULTS: dict[str, tuple[str, str, Document, str]] = {
    "cut-word": ("cut-word", "warning", with_spans(span("PER", "Bud")), "Bud"),
    "cut-word in a nested content": (
        "cut-word",
        "warning",
        with_spans(span("CONTENT", "udi", Form="Indirect")),
        "udi",
    ),
    "crosses-line": ("crosses-line", "error", CLEAN.with_annotation([ACROSS]), "Solo.\nTuti"),
    "gap": ("gap", "warning", CLEAN.with_annotation([GAP]), "Budi gi"),
    "too-deep": ("too-deep", "info", with_spans(span("CUE", "berkata Budi")), "berkata"),
    "crossing": ("crossing", "warning", with_spans(span("CUE", "pergi ke"), span("CUE", "ke Solo")), "ke Solo"),
    "overlap": ("overlap", "error", with_spans(span("LOC", "ke Solo")), "Solo"),
    "overlap of one place": ("overlap", "error", with_spans(span("LOC", "Solo")), "Solo"),
    "edge of white space": ("edge", "error", with_spans(span("PER", "Budi ")), "Budi "),
    "edge of a line": ("edge", "error", with_spans(span("PER", "\nTuti")), "\nTuti"),
    "edge of punctuation": ("edge", "warning", CLEAN.with_annotation([span("GPE", "Solo.")]), "Solo."),
    "edge of punctuation of a source": ("edge", "warning", with_spans(span("SOURCE", "Tuti diam.")), "Tuti diam."),
    "no-content": (
        "no-content",
        "error",
        CLEAN.with_annotation([SOURCE, CUE], [Attribution(CUE, (SOURCE,))]),
        "berkata",
    ),
    "no-attribution": ("no-attribution", "error", with_spans(span("SOURCE", "Tuti", Kind="Person")), "Tuti"),
    "no-form": (
        "no-form",
        "warning",
        CLEAN.with_annotation([CUE, plain := span("CONTENT", "Tuti diam")], [Attribution(CUE, (), (plain,))]),
        "Tuti diam",
    ),
    "no-kind": (
        "no-kind",
        "warning",
        CLEAN.with_annotation([CUE, who := span("SOURCE", "Ani"), CONTENT], [Attribution(CUE, (who,), (CONTENT,))]),
        "Ani",
    ),
}


@pytest.mark.parametrize(("code", "severity", "document", "text"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_with_its_place_and_a_cure(code: str, severity: str, document: Document, text: str) -> None:
    (finding,) = (finding for finding in told(document) if finding.code == code)
    assert (finding.severity, finding.document, finding.text) == (severity, document.id, text)
    assert document.text[finding.start : finding.end] == text or code == "gap"
    assert finding.what and finding.cure


def test_entities_that_overlap_are_told_as_that_alone_however_far_the_first_reaches() -> None:
    names = [span("ORG", "Budi pergi ke Solo"), span("PER", "Budi"), span("GPE", "Solo"), span("PER", "Tuti")]
    assert [(f.code, f.text) for f in told(CLEAN.with_annotation(names))] == [("overlap", "Budi"), ("overlap", "Solo")]
    crossing = [span("ORG", "Budi pergi"), span("LOC", "pergi ke Solo")]
    assert [(f.code, f.text) for f in told(CLEAN.with_annotation(crossing))] == [("overlap", "pergi ke Solo")]


def test_an_edge_of_a_part_of_a_gapped_span() -> None:
    gapped = Span("entity", "PER", 0, 16, fragments=((0, 4), (12, 16)))
    assert {finding.code for finding in told(CLEAN.with_annotation([gapped]))} == {"gap", "edge"}


def test_marks_at_the_edge_of_cue_and_content_are_theirs() -> None:
    text = 'Ani: "Ya."'
    cue, content = span("CUE", ":", text), span("CONTENT", '"Ya."', text, Form="Direct")
    assert told(Document("d", text, (cue, content), (Attribution(cue, (), (content,)),))) == []


def test_a_sentence_of_an_earlier_article_is_told_in_the_later_one() -> None:
    long, short = "Warga Desa Itu pulang, kata Ani.", "Ani dan Budi pergi."
    one = Document("one", f"{long} {short} {long}")
    other = Document("other", f"{short}\n{long.upper()}")
    (finding,) = told(one, other)
    assert (finding.code, finding.severity, finding.document) == ("repeated-sentence", "info", "other")
    assert other.text[finding.start : finding.end] == finding.text == long.upper()
    assert finding.what == "this sentence stands in one too"


def test_labels_with_few_examples_are_told_over_all_documents() -> None:
    people = Document("a", "Ani Ani Ani", tuple(Span("entity", "PER", start, start + 3) for start in (0, 4, 8)))
    other = Document("b", "Ani Solo", (Span("entity", "PER", 0, 3), Span("entity", "GPE", 4, 8)))

    def few(least: int) -> dict[str, str]:
        found = [finding for finding in lint([people, other], least) if finding.code == "few-examples"]
        assert all(finding.severity == "info" and not finding.document for finding in found)
        return {finding.what.partition(":")[0]: finding.what for finding in found}

    everything = {label for labels in LABELS.values() for label in labels}
    assert few(0) == {}
    assert set(few(1)) == everything - {"PER", "GPE"}
    assert set(few(4)) == everything - {"PER"}
    assert few(5)["PER"] == "PER: examples 4, documents with it 2"
    assert few(1)["CUE"] == "CUE: examples 0, documents with it 0"


def test_the_order_is_that_of_the_documents_and_their_text() -> None:
    one = with_spans(span("SOURCE", "Tuti"), span("PER", "Bud"))
    other = Document("e", one.text, one.spans, one.attributions)
    found = lint([one, other])
    assert [finding.document for finding in found if finding.document] == ["d"] * 3 + ["e"] * (
        len(told(one, other)) - 3
    )
    assert [finding.start for finding in found if finding.document == "d"] == [12, 32, 32]
    assert [finding.code for finding in found][-1] == "few-examples"


def test_the_gold_seeds(seeds: list[Document]) -> None:
    found = lint(seeds)
    assert Counter((finding.severity, finding.code) for finding in found) == {
        ("info", "few-examples"): 12,
        ("info", "repeated-sentence"): 3,
        ("info", "too-deep"): 2,
    }
    # A content in a content in a content, and a source in a source.
    assert [finding.text.split()[0] for finding in found if finding.code == "too-deep"] == ["Kim", "New"]


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(LABELS)), st.integers(0, len(TEXT) - 1), st.integers(1, 12)),
        max_size=8,
        unique=True,
    )
)
def test_any_annotation_can_be_looked_at(drawn: list[tuple[Layer, int, int]]) -> None:
    spans = {Span(layer, LABELS[layer][0], start, min(start + size, len(TEXT))) for layer, start, size in drawn}
    document = Document("d", TEXT, tuple(spans))
    found = lint([document])
    assert all(finding.severity in SEVERITIES and finding.what and finding.cure for finding in found)
    # What is in no attribution is told once, and nothing twice.
    assert sum(f.code == "no-attribution" for f in found) == sum(s.layer != "entity" for s in spans)
    assert len(set(found)) == len(found)
