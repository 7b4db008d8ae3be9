"""A cue that calls for a source gets the likeliest; names written alike are one; what is not whole is left out."""

from __future__ import annotations

import numpy as np
import pytest

from narasumber.document import Document, Span
from narasumber.joint import attributed, missing_sources, with_one_label
from narasumber.labels import LABELS
from narasumber.linking import needs_source
from narasumber.scope import WHOLE, LayerScope, Scope
from narasumber.words import words
from tests.samples import spans_in


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
    assert read("Harga naik, kata Ani", "kata", {"Ani": -7.0}) == []
    assert read("Kemarin Ani mengatakan harga naik", "mengatakan", {"Ani": -7.0}) == []


@pytest.mark.parametrize(
    ("text", "cue", "found"),
    [
        ("Kemarin ia juga menuding harga naik", "menuding", ["ia"]),
        ("Kemarin Ani menuding harga naik", "menuding", ["Ani"]),
        ("Ani, yang dulu diam, menuding harga naik", "menuding", ["Ani, yang dulu diam"]),
        ("Kemarin Solo menuding harga naik", "menuding", []),
        ("Ani pergi lalu mereka menuding harga naik", "menuding", ["mereka"]),
        ("Sejumlah warga juga menuding harga naik", "menuding", ["Sejumlah warga"]),
        ("SOLO - Pakar gizi UI, Budi Wati (45), menuding harga naik", "menuding", ["Pakar gizi UI, Budi Wati (45)"]),
        ("Sementara itu, Kementerian Dalam Negeri menuding harga naik", "menuding", ["Kementerian Dalam Negeri"]),
        ("Menteri Pertanian balik menuding harga naik", "menuding", ["Menteri Pertanian"]),
        ("Warga yang marah menuding harga naik", "menuding", []),
        ("Warga khawatir kota menuding harga naik", "menuding", []),
        ("Menghadapi itu warga menuding harga naik", "menuding", []),
        ("Jumlah warga menunjukkan harga naik", "menunjukkan", []),
        ('"Naik," celetuk seorang ibu sambil pergi', "celetuk", ["seorang ibu"]),
        ('"Naik," cerocos yang lain.', "cerocos", ["yang lain"]),
        ("Hari ini, kata seorang ibu, harga naik", "kata", []),
    ],
)
def test_where_none_is_likely_the_subject_or_who_stands_behind_a_quotation_is(
    text: str, cue: str, found: list[str]
) -> None:
    names = [
        Span("entity", label, text.index(name), text.index(name) + len(name))
        for name, label in (("Ani", "PER"), ("Solo", "GPE"))
        if name in text
    ]
    assert read(text, cue, {}, *names) == found


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


def test_what_belongs_to_no_attribution_is_left_out() -> None:
    text = "Ani berkata harga naik.\nBudi pergi."
    said = spans_in(text, source="Ani", cue="berkata", content="harga naik")
    name = Span("entity", "PER", text.index("Budi"), text.index("Budi") + 4)
    assert attributed(text, [*said, *spans_in(text, source="Budi"), name]) == [*said, name]


def read_names(text: str, *given: tuple[str, str, float], scope: Scope = WHOLE) -> list[str]:
    """The labels, in text order, of names that were read as some label for which they score so much, others nothing."""
    grid, labels, told = words(text), LABELS["entity"], scope.layer("entity")
    assert told is not None
    scores = np.zeros((len(grid), 1 + 2 * len(labels)), dtype=np.float32)
    spans, place = [], 0
    for name, label, score in given:
        place = text.index(name, place)
        spans.append(Span("entity", label, place, place + len(name)))
        inside = [number for number, (start, end) in enumerate(grid) if place <= start and end <= place + len(name)]
        scores[inside[0], 1 + 2 * labels.index(label)] = score
        scores[inside[1:], 2 + 2 * labels.index(label)] = score
        place += len(name)
    return [span.label for span in with_one_label(text, spans, grid, scores, told)]


def test_names_that_are_written_alike_get_the_label_of_the_highest_scores_together() -> None:
    text = "Bank Jago naik. Bank Jago turun. Kata Bank Jago, Jago kuat."
    names = ("Bank Jago", "ORG", 2.0), ("Bank Jago", "PER", 3.0), ("Bank Jago", "ORG", 2.0), ("Jago", "PER", 1.0)
    assert read_names(text, *names) == ["ORG", "ORG", "ORG", "PER"]
    names = ("Bank Jago", "ORG", 2.0), ("Bank Jago", "PER", 5.0), ("Bank Jago", "ORG", 2.0), ("Jago", "PER", 1.0)
    assert read_names(text, *names) == ["PER", "PER", "PER", "PER"]
    # Other labels score higher here, but nothing was read as one of them: they may never have been taught.
    assert read_names(text, ("Bank Jago", "ORG", -2.0), ("Bank Jago", "PER", -3.0)) == ["ORG", "ORG"]


def test_names_that_are_written_alike_are_of_a_coarse_label_for_what_all_its_labels_score() -> None:
    text = "Polri naik. Polri turun."
    names = ("Polri", "GPE", 2.0), ("Polri", "ORG", 2.5)
    assert read_names(text, *names) == ["ORG", "ORG"]
    coarse = Scope((("entity", LayerScope((("ORG",), ("GPE", "LOC", "FAC")))),))
    assert read_names(text, *names, scope=coarse) == ["GPE", "GPE"]  # log(e^2 + 2) + log(3) over 0 + 2.5


def test_a_name_that_stands_alone_stays_as_it_was_read() -> None:
    assert read_names("Jago dan JAGO", ("Jago", "PER", -1.0), ("JAGO", "ORG", -1.0)) == ["PER", "ORG"]
    assert read_names("") == []


@pytest.mark.parametrize("cue", ["mengatakan", "berkata", "yakin", "dikabarkan", "disebut-sebut", "katanya", "dugaan"])
def test_cues_that_are_whole_without_a_source_beside_them_stay(cue: str) -> None:
    text = f"Budi pergi. Lalu {cue} harga naik."
    said = spans_in(text, cue=cue, content="harga naik")
    assert attributed(text, said) == said


@pytest.mark.parametrize("cue", [":", "kata", "pikir", "menurut", "dikutip dari", "versi"])
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


WISHES = ["Diketahui", "seperti diketahui", "meminta", "Desak", "mengusulkan", "menargetkan"]


@pytest.mark.parametrize("word", [*WISHES, "memudarnya", "Berbikini", "mencabut", "divonis", "rupanya"])
def test_wishes_and_words_that_say_nothing_are_left_out_with_what_they_say(word: str) -> None:
    text = f"Budi berkata itu. Ani {word} harga naik."
    said = spans_in(text, source="Budi", cue="berkata", content="itu")
    more = [*said, *spans_in(text, source="Ani", cue=word, content="harga naik")]
    assert attributed(text, sorted(more, key=lambda own: own.sort_key)) == said


def test_what_is_said_in_other_sentences_is_left_out_but_for_quotations() -> None:
    text = 'Beras mahal. Ani berkata harga naik. Gula murah. "Garam juga," begitu.'
    said = spans_in(text, source="Ani", cue="berkata", content="harga naik", content2='"Garam juga,"')
    more = [*spans_in(text, content="Beras mahal", content2="Gula murah"), *said]
    assert attributed(text, sorted(more, key=lambda own: own.sort_key)) == said
    alone = spans_in(text, source="Ani", cue="berkata", content="Gula murah")
    assert attributed(text, alone) == alone


@pytest.mark.parametrize("word", ["mengutip", "memuji", "menyesalkan", "menuduh", "berkicau", "Ungkap", "dugaan"])
def test_words_of_saying_are_cues_whatever_stands_before_their_stem(word: str) -> None:
    text = f"Ani {word} harga naik."
    said = spans_in(text, source="Ani", cue=word, content="harga naik")
    assert attributed(text, said) == said


def test_what_stands_beside_a_quotation_is_a_cue_and_what_sorts_is_none() -> None:
    for text, cue in (('"Harga naik," cerocos Ani.', "cerocos"), ('Ani mengoreksi: "Harga naik."', "mengoreksi")):
        said = spans_in(text, source="Ani", cue=cue, content=text[text.index('"') : text.rindex('"') + 1])
        assert attributed(text, said) == said
    text = "Menurut urutan harga naik."
    assert attributed(text, spans_in(text, cue="Menurut", source="urutan", content="harga naik")) == []


def test_annotated_articles_are_whole(seeds: list[Document]) -> None:
    for seed in seeds:
        assert attributed(seed.text, seed.spans) == list(seed.spans)
