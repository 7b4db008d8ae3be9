"""BIO views: what they hold, they hold exactly; what they cannot hold is masked and counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from narasumber.document import Document, Span
from narasumber.labels import ENTITY_LABELS, HEADS, bio_tags
from narasumber.tags import MASKED, bio, flat_view, spans_of, tag_names, unknown
from narasumber.words import words


def content(start: int, end: int) -> Span:
    return Span("content", "CONTENT", start, end)


@st.composite
def flat_documents(draw: st.DrawFn) -> Document:
    """A document whose entities stand on words, within lines, without overlap."""
    text = draw(st.text(st.sampled_from('ab Kİ.,"”\n\u0301\u200b😀9-'), max_size=60))
    grid = words(text)
    spans: list[Span] = []
    place = 0
    while place < len(grid):
        size = draw(st.integers(0, 3))
        last = min(place + size, len(grid)) - 1
        if size and "\n" not in text[grid[place][0] : grid[last][1]]:
            spans.append(Span("entity", draw(st.sampled_from(ENTITY_LABELS)), grid[place][0], grid[last][1]))
        place += max(size, 1)
    return Document("d", text, tuple(spans))


@given(flat_documents())
def test_spans_to_tags_and_back_is_the_identity(document: Document) -> None:
    grid = words(document.text)
    tags, lost = bio(document, "entity", grid)
    assert not lost
    assert len(tags) == len(grid)
    assert tuple(spans_of(tags, "entity", grid)) == document.spans


@given(st.text(max_size=80))
def test_every_character_that_is_no_white_space_is_in_one_word(text: str) -> None:
    covered = [place for start, end in words(text) for place in range(start, end)]
    assert len(covered) == len(set(covered))
    assert {place for place, character in enumerate(text) if not character.isspace()} <= set(covered)


def test_touching_spans_of_one_label_stay_two() -> None:
    document = Document("d", "Kim Putin", (Span("entity", "PER", 0, 3), Span("entity", "PER", 4, 9)))
    grid = words(document.text)
    tags, _ = bio(document, "entity", grid)
    assert tag_names(tags, "entity") == ["B-PER", "B-PER"]
    assert len(spans_of(tags, "entity", grid)) == 2


def test_a_span_cut_by_a_word_is_masked_and_counted() -> None:
    document = Document("d", "Kim ke Rusia", (Span("entity", "PER", 0, 2), Span("entity", "GPE", 7, 12)))
    tags, lost = bio(document, "entity", words(document.text))
    assert [item.cause for item in lost] == ["word"]
    assert tags[0] == MASKED
    assert tags[1] == 0
    assert tag_names(tags, "entity")[2] == "B-GPE"


def test_spans_over_a_line_break_or_with_a_gap_are_masked_and_counted() -> None:
    text = "satu dua\ntiga empat"
    line = Document("d", text, (content(5, 13),))
    gap = Document("d", text, (Span("content", "CONTENT", 0, 8, fragments=((0, 2), (5, 8))),))
    for document, cause, masked in ((line, "line", [1, 2]), (gap, "gap", [0, 1])):
        tags, lost = bio(document, "content", words(text))
        assert [item.cause for item in lost] == [cause]
        assert np.flatnonzero(tags == MASKED).tolist() == masked


def test_nested_contents_part_into_two_heads_and_a_third_level_is_lost() -> None:
    spans = (content(0, 20), content(5, 20), content(10, 20))
    document = Document("d", "abcd efgh ijkl mnop qrst", spans[:0]).with_annotation(
        (content(0, 24), content(5, 24), content(10, 24))
    )
    outer, lost_outer = flat_view(document, "content")
    inner, lost_inner = flat_view(document, "content_inner")
    assert (outer, lost_outer) == ([content(0, 24)], [])
    assert inner == [content(5, 24)]
    assert [(item.cause, item.span) for item in lost_inner] == [("nested", content(10, 24))]


def test_the_masked_words_of_a_crossing_span_leave_the_kept_one_whole() -> None:
    document = Document("d", "a b c d", (Span("entity", "PER", 0, 3), Span("entity", "ORG", 2, 5)))
    tags, lost = bio(document, "entity", words(document.text))
    assert [item.cause for item in lost] == ["crossing"]
    assert tag_names(tags, "entity")[:2] == ["B-PER", "I-PER"]
    assert tags[2] == MASKED


def test_gold_seeds_come_back_whole(seeds: list[Document]) -> None:
    for document in seeds:
        grid = words(document.text)
        for head in HEADS:
            tags, lost = bio(document, head, grid)
            assert not [item for item in lost if item.cause != "nested"]
            view, _ = flat_view(document, head)
            found = spans_of(tags, head, grid)
            assert [(s.label, s.start, s.end) for s in found] == [(s.label, s.start, s.end) for s in view]


def test_tag_numbers_follow_the_labels() -> None:
    assert bio_tags(("PER", "ORG")) == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")


def test_stretches_that_the_annotation_knows_nothing_of_are_masked() -> None:
    stretches = [["entity", 7, 11], ["content", 0, 3], ["entity", 8, 9], ["entity", 0, 3], ["entity", "x", 2], "odd"]
    document = Document("d", "Ani ke Solo naik", (Span("entity", "PER", 0, 3),), (), {"unknown": stretches})
    grid = words(document.text)
    tags, lost = bio(document, "entity", grid)
    assert tags.tolist() == [1, 0, MASKED, 0]
    assert not lost
    assert bio(document, "content_inner", grid)[0].tolist() == [MASKED, 0, 0, 0]
    assert bio(document, "source", grid)[0].tolist() == [0, 0, 0, 0]
    assert list(unknown(document.meta, "entity")) == [(7, 11), (8, 9), (0, 3)]
    assert list(unknown({"unknown": "yes"}, "entity")) == []
