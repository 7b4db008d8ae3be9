"""What is odd about annotated articles: what training would lose, what the guidelines rule out, what is scarce."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from data.splits import normalised
from narasumber.document import Document, Span
from narasumber.labels import ATTRIBUTES, HEADS, LABELS
from narasumber.sentences import sentences
from narasumber.tags import bio
from narasumber.words import words

Severity = Literal["error", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")

REPEATED_WORDS: Final = 6
"""Sentences of fewer words (`Baca juga:`) may stand in many articles."""

_EDGES: Final = " \t\r\n\u00a0.,;:!?-\u2013\u2014/"

_LOST: Final[dict[str, tuple[Severity, str, str]]] = {
    "word": ("warning", "cuts a word, so training cannot use it", "let it begin and end where words do"),
    "line": ("error", "crosses a line break", "give each line a span of its own"),
    "gap": ("warning", "has a gap, so training cannot use it", "mark its parts as spans of their own"),
    "nested": ("info", "lies deeper in spans of its layer than training reaches", "nothing needs to be done"),
    "crossing": ("warning", "overlaps a span of its layer partly, so training cannot use it", "part the two"),
}


@dataclass(frozen=True)
class Finding:
    """Something odd. `start`, `end` and `text` say where; a finding about all documents has no `document` (empty)."""

    code: str
    severity: Severity
    what: str
    cure: str
    document: str = ""
    start: int = 0
    end: int = 0
    text: str = ""


def lint(documents: Sequence[Document], min_examples: int = 5) -> list[Finding]:
    """All findings, document by document in text order, then those about all documents.

    Codes: `cut-word`, `crosses-line`, `gap`, `overlap`, `too-deep`, `crossing`, `edge`, `no-content`,
    `no-attribution`, `no-form`, `no-kind`, `repeated-sentence`, and over all documents `few-examples` (labels with
    fewer than `min_examples`). Errors are what the guidelines rule out and no reader can mean; warnings what training
    loses or may learn wrong; infos what is good to know.
    """
    findings: list[Finding] = []
    first_in: dict[tuple[str, ...], str] = {}
    for document in documents:
        own = [*_lost(document), *_overlaps(document), *_edges(document), *_roles(document)]
        own += _repeated(document, first_in)
        findings += sorted(own, key=lambda finding: (finding.start, finding.end, finding.code))
    return findings + list(_scarce(documents, min_examples))


def _at(document: Document, span: Span, code: str, severity: Severity, what: str, cure: str) -> Finding:
    text = span.text_in(document.text)
    return Finding(code, severity, f"{span.label} {what}", cure, document.id, span.start, span.end, text)


def _lost(document: Document) -> Iterator[Finding]:
    """Spans that no head can be trained on."""
    codes = {"word": "cut-word", "line": "crosses-line", "gap": "gap", "nested": "too-deep", "crossing": "crossing"}
    grid = words(document.text)
    for head in HEADS:
        for item in bio(document, head, grid)[1]:
            # The flat entity layer has a finding of its own for these two.
            if head != "entity" or item.cause not in ("nested", "crossing"):
                severity, what, cure = _LOST[item.cause]
                yield _at(document, item.span, codes[item.cause], severity, what, cure)


def _overlaps(document: Document) -> Iterator[Finding]:
    reached: Span | None = None
    for span in document.layer("entity"):
        if reached and span.start < reached.end:
            what = f"overlaps {reached.label} {reached.start}..{reached.end}"
            yield _at(document, span, "overlap", "error", what, "entities are flat: keep the longest name")
        if not reached or span.end > reached.end:
            reached = span


def _edges(document: Document) -> Iterator[Finding]:
    """White space at an edge; punctuation too, but for CUE (which may be a colon) and CONTENT (`"Ya."`)."""
    for span in document.spans:
        for start, end in span.fragments or ((span.start, span.end),):
            text = document.text[start:end]
            if text != text.strip():
                yield _at(document, span, "edge", "error", "begins or ends with white space", "leave it outside")
            elif span.layer in ("entity", "source") and text != text.strip(_EDGES):
                cure = "leave it outside, unless it belongs to the name"
                yield _at(document, span, "edge", "warning", "begins or ends with punctuation", cure)


def _roles(document: Document) -> Iterator[Finding]:
    used = {span for attribution in document.attributions for span in attribution.spans}
    for attribution in document.attributions:
        if not attribution.contents:
            cure = "relate the CONTENT, or take the CUE out"
            yield _at(document, attribution.cue, "no-content", "error", "has no CONTENT in its attribution", cure)
    for span in document.spans:
        if span.layer != "entity" and span not in used:
            cure = "relate it, or take it out"
            yield _at(document, span, "no-attribution", "error", "is in no attribution", cure)
        for name, (layer, values) in ATTRIBUTES.items():
            if span.layer == layer and span.attribute(name) is None:
                yield _at(
                    document, span, f"no-{name.lower()}", "warning", f"has no {name}", f"one of {', '.join(values)}"
                )


def _repeated(document: Document, first_in: dict[tuple[str, ...], str]) -> Iterator[Finding]:
    for start, end in sentences(document.text):
        text = document.text[start:end]
        key = normalised(text)
        if len(key) >= REPEATED_WORDS and first_in.setdefault(key, document.id) != document.id:
            what = f"this sentence stands in {first_in[key]} too"
            cure = "keep both articles on one side of a split: held_out.group_near_duplicates"
            yield Finding("repeated-sentence", "info", what, cure, document.id, start, end, text)


def _scarce(documents: Sequence[Document], least: int) -> Iterator[Finding]:
    count = Counter((span.layer, span.label) for document in documents for span in document.spans)
    held: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for document in documents:
        for span in document.spans:
            held[span.layer, span.label].add(document.id)
    for layer, labels in LABELS.items():
        for label in labels:
            if (number := count[layer, label]) < least:
                what = f"{label}: examples {number}, documents with it {len(held[layer, label])}"
                yield Finding("few-examples", "info", what, "annotate more of it, or expect no score for it")
