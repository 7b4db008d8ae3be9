"""A cue that calls for a source gets the likeliest; a quotation and the verb behind it belong together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from narasumber.consistency import consistent
from narasumber.document import Document, Span
from narasumber.joint import attributed, missing_sources, with_marked_speech, with_one_label
from narasumber.labels import LABELS, LAYERS, Layer
from narasumber.linking import needs_source
from narasumber.words import words


def read(text: str, cue: str, sources: dict[str, float], *more: Span) -> list[str]:
    """What is found in `text` by a model that gives each word of some sources so many nats as a source."""
    grid = words(text)
    scores = np.zeros((len(grid), 3), dtype=np.float32)
    scores[:, 1:] = -20.0
    for source, nats in sources.items():
        begin = text.index(source)
        inside = [place for place, (start, end) in enumerate(grid) if begin <= start and end <= begin + len(source)]
        scores[inside[0], 1] = nats
        scores[inside[1:], 0], scores[inside[1:], 2] = -1.0, 0.0
    said = max(text.find("naik"), 0)
    spans = [
        Span("cue", "CUE", text.index(cue), text.index(cue) + len(cue)),
        Span("content", "CONTENT", said, said + 4),
        *more,
    ]
    found = missing_sources(text, spans, grid, scores, np.zeros((3, 3), dtype=np.float32))
    return [span.text_in(text) for span in found]


def test_the_likeliest_source_of_the_sentence_is_taken() -> None:
    text = "Ani mengatakan harga naik. Budi pergi."
    assert read(text, "mengatakan", {"Ani": -2.0, "harga": -4.0, "Budi": -1.0}) == ["Ani"]


def test_longer_ones_are_taken_as_they_are() -> None:
    assert read("Menteri Ani mengatakan harga naik", "mengatakan", {"Menteri Ani": -1.0}) == ["Menteri Ani"]


def test_a_source_on_the_side_that_the_cue_points_to_is_preferred() -> None:
    likely = {"Ani": -3.0, "harga": -2.0}
    assert read("Ani mengatakan harga naik", "mengatakan", likely) == ["Ani"]
    assert read("Ani pergi, kata harga naik", "kata", likely) == ["harga"]


def test_no_source_ends_with_a_function_word() -> None:
    likely = {"yang": -1.0, "Ani": -3.0, "Ani yang": -1.0}
    assert read("Ani yang mengatakan harga naik", "mengatakan", likely) == ["Ani"]


@pytest.mark.parametrize("cue", ["dikabarkan", "disebut-sebut", "katanya", "diungkapkan olehnya", "dugaan"])
def test_cues_that_may_do_without_one_get_none(cue: str) -> None:
    assert not needs_source(cue)
    assert read(f"Ani {cue} harga naik", cue, {"Ani": -1.0}) == []


def test_no_source_is_better_than_an_unlikely_one() -> None:
    assert read("Ani mengatakan harga naik", "mengatakan", {"Ani": -7.0}) == []


def test_what_is_taken_already_is_no_source_of_another() -> None:
    text = "Ani menurut Budi mengatakan harga naik"
    first = Span("cue", "CUE", 4, 11), Span("source", "SOURCE", 12, 16)
    assert read(text, "mengatakan", {"Budi": -1.0, "Ani": -2.0}, *first) == ["Ani"]


def test_what_stands_too_far_away_to_be_linked_is_not_looked_at() -> None:
    text = f"Budi {'lalu ' * 300}Menteri Ani mengatakan harga naik"
    assert read(text, "mengatakan", {"Menteri Ani": -2.0, "Budi": -1.0}) == ["Menteri Ani"]
    assert read(text, "mengatakan", {"Budi": -1.0}) == []


def test_annotated_cues_have_the_sources_they_call_for(seeds: list[Document]) -> None:
    calls = [
        bool(one.sources) for seed in seeds for one in seed.attributions if needs_source(one.cue.text_in(seed.text))
    ]
    assert sum(calls) >= 0.95 * len(calls) > 30


QUOTED = 'Ani pergi. "Harga naik," tegas Ani, dilansir AFP.'


def spans_in(text: str, **parts: str) -> list[Span]:
    """The first `cue`, `content` or `source` of some words; a digit behind the layer makes room for a second."""
    found = [
        Span(layer, layer.upper(), text.index(part), text.index(part) + len(part))
        for name, part in parts.items()
        for layer in LAYERS
        if layer == name.rstrip("12")
    ]
    return sorted(found, key=lambda span: span.sort_key)


@pytest.mark.parametrize(
    "read",
    [
        {},
        {"cue": '" tegas'},
        {"content": "Harga"},
        {"content": 'pergi. "Harga naik,"'},
        {"content": '"Harga naik," tegas'},
        {"content": QUOTED[:-1]},
    ],
)
def test_a_verb_behind_a_quotation_is_a_cue_and_the_quotation_its_content(read: dict[str, str]) -> None:
    found = with_marked_speech(QUOTED, spans_in(QUOTED, **read))
    kept = {"content2": "Harga"} if read == {"content": "Harga"} else {}
    assert found == spans_in(QUOTED, content='"Harga naik,"', cue="tegas", **kept)


def test_what_is_quoted_at_second_hand_holds_the_quotation() -> None:
    outer = '"Harga naik," tegas Ani'
    found = with_marked_speech(QUOTED, spans_in(QUOTED, content=outer))
    assert found == spans_in(QUOTED, content=outer, content2='"Harga naik,"', cue="tegas")


@pytest.mark.parametrize(
    "text",
    [
        'Istilah "harga naik" sebut Ani',
        'Ani: "harga naik," dan pergi',
        'Ani: "harga naik,"\nkata Budi',
        'Ani: "harga naik,"kata Budi',
        'a"harga naik," kata Budi',
        'Ani: "harga naik," katakan Budi',
    ],
)
def test_other_quotations_are_left_to_the_model(text: str) -> None:
    assert with_marked_speech(text, []) == []


def test_annotated_articles_stay_as_they_are(seeds: list[Document]) -> None:
    for seed in seeds:
        bare = [replace(span, attributes=()) for span in seed.spans]
        assert with_marked_speech(seed.text, bare) == sorted(bare, key=lambda span: span.sort_key)
    assert sum(len(with_marked_speech(seed.text, [])) for seed in seeds) == 69


def test_some_verbs_are_cues_behind_a_comma() -> None:
    text = "Harga naik, lapor Antara. Lampu itu terang, jelas sekali. Ia pergi, katanya."
    assert with_marked_speech(text, []) == spans_in(text, cue="lapor", cue2="katanya")


@pytest.mark.parametrize(
    ("text", "cue", "content"),
    [
        ("Ani mengatakan harga naik.", "mengatakan", "harga naik"),
        ("Ani mengaku bahwa harga naik\nBudi", "mengaku", "harga naik"),
        ("Ani menilai, harga naik. Budi pergi.", "menilai", "harga naik"),
        ("Ani menegaskan kembali bahwa harga naik;", "menegaskan", "harga naik"),
        ("Ani berkata pada hari Selasa (4/9), bahwa harga naik", "berkata", "harga naik"),
        ('"Saya bilang harga naik," ungkapnya', "bilang", "harga naik"),
        ('Ani menyebut, harga "naik" lagi.', "menyebut", 'harga "naik" lagi'),
        ('"Saya bilang harga naik. Beras mahal," kata Ani.', "bilang", "harga naik"),
        ('"Saya bilang harga naik", kata Ani.', "bilang", "harga naik"),
        ("Ani (yang berkata: menilai, harga naik) pergi.", "menilai", "harga naik"),
        ("Ani mengatakan harga (beras) naik, dikutip dari Antara, Rabu.", "mengatakan", "harga (beras) naik"),
        ("Ani mengatakan harga naik saat ditemui di Jakarta, Rabu.", "mengatakan", "harga naik"),
        ("Ani mengatakan harga naik, sementara Budi pergi.", "mengatakan", "harga naik"),
        ("Ani mengatakan harga naik; Budi menolak.", "mengatakan", "harga naik"),
    ],
)
def test_what_is_said_goes_to_the_end_of_the_sentence(text: str, cue: str, content: str) -> None:
    assert set(spans_in(text, cue=cue, content=content)) <= set(with_marked_speech(text, []))


def test_what_is_said_ends_before_who_is_said_to_have_said_so() -> None:
    text = "Ani mengatakan, harga naik, lapor Antara."
    expected = spans_in(text, cue="mengatakan", content="harga naik", cue2="lapor")
    assert with_marked_speech(text, []) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Ani menilai harga",
        "Ani menjelaskan alasan",
        "Ani mengatakan.",
        'Ani menilai, "naik"',
        "Ani mengatakan kepada wartawan bahwa harga naik.",
        "Ani mengatakan, Rabu (4/9), bahwa harga naik.",
        "Jika tidak yakin, tanyakan kepada dokter.",
        "Pria yang mengaku polisi itu pergi.",
        "Ani mengatakan harga " + "beras " * 200 + "naik.",
    ],
)
def test_verbs_that_may_do_something_else_are_left_to_the_model(text: str) -> None:
    assert not any(span.layer == "content" for span in with_marked_speech(text, []))


def test_what_the_model_reads_behind_bahwa_stays() -> None:
    text = "Ani mengatakan siang itu bahwa harga naik."
    read = spans_in(text, cue="mengatakan", content="harga naik")
    assert with_marked_speech(text, read) == read


def test_a_quotation_in_what_is_said_belongs_to_its_own_verb() -> None:
    text = 'Ani mengatakan tidak takut, "Saya siap," kata Budi.'
    found = with_marked_speech(text, [])
    assert [span.text_in(text) for span in found] == ["mengatakan", "tidak takut", '"Saya siap,"', "kata"]


@pytest.mark.parametrize("read", ["mengatakan harga beras", "beras naik", "naik", "harga beras naik"])
def test_a_content_that_begins_elsewhere_in_what_is_said_begins_with_it(read: str) -> None:
    text = "Ani mengatakan harga beras naik."
    found = consistent(text, with_marked_speech(text, spans_in(text, source="Ani", content=read)))
    own = [span.text_in(text) for span in found if span.layer == "content"]
    assert own == ["harga beras"] if read.startswith("mengatakan") else own == ["harga beras naik"]


def test_a_content_that_begins_there_ends_where_it_was_read() -> None:
    text = "Ani mengatakan harga naik dan pergi."
    read = spans_in(text, cue="mengatakan", content="harga naik")
    assert with_marked_speech(text, read) == read


def test_what_is_said_in_what_is_said_stays() -> None:
    text = "Ani mengatakan Budi yakin harga naik."
    inner = spans_in(text, cue="yakin", content="harga naik")
    assert set(inner) < set(with_marked_speech(text, inner))


def test_a_source_that_was_read_into_an_active_verb_ends_before_it() -> None:
    text = "Ani mengatakan harga naik."
    found = with_marked_speech(text, spans_in(text, source="Ani mengatakan"))
    assert [span.text_in(text) for span in found if span.layer == "source"] == ["Ani"]


def test_a_source_of_two_cues_that_was_read_into_the_second_ends_before_it() -> None:
    text = "Dikutip dari Antara, mengatakan harga naik."
    found = consistent(text, with_marked_speech(text, spans_in(text, cue="Dikutip dari", source="Antara, mengatakan")))
    assert [span.text_in(text) for span in found if span.layer == "source"] == ["Antara"]


def test_a_source_that_was_read_into_the_verb_begins_behind_it() -> None:
    found = with_marked_speech(QUOTED, spans_in(QUOTED, source="tegas Ani"))
    assert [span.text_in(QUOTED) for span in found if span.layer == "source"] == ["Ani"]
    assert not any(span.layer == "source" for span in with_marked_speech(QUOTED, spans_in(QUOTED, source="tegas")))


def test_what_belongs_to_no_attribution_is_left_out() -> None:
    text = "Ani berkata harga naik.\nBudi pergi."
    said = spans_in(text, source="Ani", cue="berkata", content="harga naik")
    name = Span("entity", "PER", text.index("Budi"), text.index("Budi") + 4)
    assert attributed(text, [*said, *spans_in(text, source="Budi"), name]) == [*said, name]


def read_names(text: str, *given: tuple[str, str, float]) -> list[str]:
    """The labels, in text order, of names that were read as some label for which they score so much, others nothing."""
    grid, labels = words(text), LABELS["entity"]
    scores = np.zeros((len(grid), 1 + 2 * len(labels)), dtype=np.float32)
    spans, place = [], 0
    for name, label, score in given:
        place = text.index(name, place)
        spans.append(Span("entity", label, place, place + len(name)))
        inside = [number for number, (start, end) in enumerate(grid) if place <= start and end <= place + len(name)]
        scores[inside[0], 1 + 2 * labels.index(label)] = score
        scores[inside[1:], 2 + 2 * labels.index(label)] = score
        place += len(name)
    return [span.label for span in with_one_label(text, spans, grid, scores)]


def test_names_that_are_written_alike_get_the_label_of_the_highest_scores_together() -> None:
    text = "Bank Jago naik. Bank Jago turun. Kata Bank Jago, Jago kuat."
    names = ("Bank Jago", "ORG", 2.0), ("Bank Jago", "PER", 3.0), ("Bank Jago", "ORG", 2.0), ("Jago", "PER", 1.0)
    assert read_names(text, *names) == ["ORG", "ORG", "ORG", "PER"]
    names = ("Bank Jago", "ORG", 2.0), ("Bank Jago", "PER", 5.0), ("Bank Jago", "ORG", 2.0), ("Jago", "PER", 1.0)
    assert read_names(text, *names) == ["PER", "PER", "PER", "PER"]
    # Other labels score higher here, but nothing was read as one of them: they may never have been taught.
    assert read_names(text, ("Bank Jago", "ORG", -2.0), ("Bank Jago", "PER", -3.0)) == ["ORG", "ORG"]


def test_a_name_that_stands_alone_stays_as_it_was_read() -> None:
    assert read_names("Jago dan JAGO", ("Jago", "PER", -1.0), ("JAGO", "ORG", -1.0)) == ["PER", "ORG"]
    assert read_names("") == []


@pytest.mark.parametrize("cue", ["mengatakan", "berkata", "yakin", "dikabarkan", "disebut-sebut", "katanya", "dugaan"])
def test_cues_that_are_whole_without_a_source_beside_them_stay(cue: str) -> None:
    text = f"Budi pergi. Lalu {cue} harga naik."
    said = spans_in(text, cue=cue, content="harga naik")
    assert attributed(text, said) == said


@pytest.mark.parametrize("cue", [":", "kata", "pikir", "menurut", "dikutip dari", "seperti"])
def test_other_cues_without_a_source_are_left_out_with_what_they_say(cue: str) -> None:
    text = f"Budi pergi. Lalu {cue} harga naik."
    said = spans_in(text, cue=cue, content="harga naik")
    assert attributed(text, said) == []
    with_source = spans_in(text, source="Budi", cue=cue, content="harga naik")
    assert attributed(text, with_source) == with_source


def test_a_cue_without_a_content_is_left_out_with_its_source() -> None:
    text = "Ani bicara tentang beras.\nBudi berkata harga naik."
    said = spans_in(text, source="Budi", cue="berkata", content="harga naik")
    assert attributed(text, [*spans_in(text, source="Ani", cue="bicara"), *said]) == said


@given(
    st.lists(
        st.sampled_from([*'"“”a,. \n', " kata ", '"a," kata b. ', ", lapor ", " bilang ", " menilai, ", "Mengutip a, "])
    ).map("".join),
    st.lists(st.tuples(st.sampled_from(["cue", "content", "source"]), st.integers(0, 40), st.integers(1, 20))),
)
def test_what_is_added_is_left_alone_the_second_time(text: str, drawn: list[tuple[Layer, int, int]]) -> None:
    spans = [
        Span(layer, LABELS[layer][0], start, start + length)
        for layer, start, length in drawn
        if start + length <= len(text)
    ]
    once = with_marked_speech(text, spans)
    assert with_marked_speech(text, once) == once
    assert all(span.start < span.end <= len(text) for span in once)
    Document("a", text, tuple(consistent(text, once)))
