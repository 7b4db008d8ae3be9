"""The rule linker on the gold spans of the seeds, and on each pattern by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from narasumber.document import Document, Span
from narasumber.labels import Layer
from narasumber.linking import link


def spans(text: str, **parts: list[str]) -> list[Span]:
    """Spans of the given strings by layer, each at its first place in the text."""
    found = []
    for layer, strings in parts.items():
        label = layer.upper()
        for part in strings:
            start = text.index(part)
            name: Layer = layer  # type: ignore[assignment]
            found.append(Span(name, label, start, start + len(part)))
    return found


@pytest.mark.parametrize(
    ("text", "cue", "source", "contents"),
    [
        ('"Kami siap," kata Watson kepada pers.', "kata", "Watson", ['"Kami siap,"']),
        ("Kirby mengatakan Putin akan datang.", "mengatakan", "Kirby", ["Putin akan datang"]),
        ("Menurut Kirby, Putin akan datang.", "Menurut", "Kirby", ["Putin akan datang"]),
        ("Putin akan datang, lapor The New York Times.", "lapor", "The New York Times", ["Putin akan datang"]),
        ('"Kami siap," kata Watson, "dan menunggu."', "kata", "Watson", ['"Kami siap,"', '"dan menunggu."']),
        ("Kim dikabarkan akan ke Rusia.", "dikabarkan", None, ["Kim dikabarkan akan ke Rusia"]),
        ('"Kami siap," ujarnya.', "ujarnya", None, ['"Kami siap,"']),
    ],
)
def test_patterns(text: str, cue: str, source: str | None, contents: list[str]) -> None:
    given = spans(text, cue=[cue], source=[source] if source else [], content=contents)
    (found,) = link(text, given)
    assert text[found.cue.start : found.cue.end] == cue
    assert [text[s.start : s.end] for s in found.sources] == ([source] if source else [])
    assert [text[s.start : s.end] for s in found.contents] == contents


def test_two_speakers_in_one_line_keep_their_own_words() -> None:
    text = '"Ya," kata Ali. "Tidak," ujar Budi.'
    found = link(text, spans(text, cue=["kata", "ujar"], source=["Ali", "Budi"], content=['"Ya,"', '"Tidak,"']))
    assert [
        (text[a.sources[0].start : a.sources[0].end], text[a.contents[0].start : a.contents[0].end]) for a in found
    ] == [("Ali", '"Ya,"'), ("Budi", '"Tidak,"')]


def test_a_nested_attribution_stays_inside_its_content() -> None:
    text = "Pejabat mengatakan AS memperkirakan Kim pergi."
    given = spans(
        text,
        cue=["mengatakan", "memperkirakan"],
        source=["Pejabat", "AS"],
        content=["AS memperkirakan Kim pergi", "Kim pergi"],
    )
    outer, inner = link(text, given)
    assert text[outer.contents[0].start :].startswith("AS memperkirakan")
    assert text[inner.sources[0].start : inner.sources[0].end] == "AS"
    assert text[inner.contents[0].start : inner.contents[0].end] == "Kim pergi"


def test_a_quote_that_goes_on_in_the_next_line_joins_the_last_attribution() -> None:
    text = 'Ali berkata "satu\n"dua"'
    (found,) = link(text, spans(text, cue=["berkata"], source=["Ali"], content=['"satu', '"dua"']))
    assert len(found.contents) == 2


def test_a_lone_cue_makes_no_attribution() -> None:
    assert link("kata", spans("kata", cue=["kata"])) == ()
    assert link("", []) == ()


def test_most_links_of_the_seeds_are_found(seeds: list[Document]) -> None:
    right = total = 0
    for document in seeds:
        found = {attribution.cue: attribution for attribution in link(document.text, document.spans)}
        for gold in document.attributions:
            total += 1
            right += found.get(gold.cue) == gold
    assert right / total >= 0.9


def test_a_line_of_any_length_is_linked_by_what_is_near() -> None:
    """An article without a line break, of 2,000 sentences."""
    sentence = "Ani Wijaya mengatakan harga naik. "
    text = sentence * 2_000
    once = spans(sentence, source=["Ani Wijaya"], cue=["mengatakan"], content=["harga naik"])
    marked = [
        replace(span, start=at + span.start, end=at + span.end)
        for at in range(0, len(text), len(sentence))
        for span in once
    ]
    found = link(text, marked)  # a second or two; comparing every pair of spans would take hours
    assert [len(one.spans) for one in found] == [3] * 2_000
    assert all(one.spans[-1].end - one.spans[0].start < len(sentence) for one in found)
