"""Predicted spans are made to agree with each other, annotated ones are left as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narasumber.consistency import consistent, with_form
from narasumber.document import Document, Span
from narasumber.labels import LABELS, LAYERS, Layer


def span(text: str, layer: Layer, part: str, label: str | None = None) -> Span:
    start = text.index(part)
    return Span(layer, label or LABELS[layer][0], start, start + len(part))


@pytest.mark.parametrize(
    ("text", "layer", "found", "wanted"),
    [
        ("Kantor berita Korea Utara melaporkan", "source", "Kantor berita Korea", "Kantor berita Korea Utara"),
        ("Kantor berita Korea Utara melaporkan", "source", "Korea", "Korea Utara"),
        ("kata John Kirby, Selasa", "source", "John Kirby,", "John Kirby"),
        ("Pejabat Amerika (AS) berkata", "source", "Pejabat Amerika (AS", "Pejabat Amerika (AS)"),
        ('Ia berkata, "Harga naik lagi," katanya.', "content", '"Harga naik', '"Harga naik lagi,"'),
        ('Ia berkata, "Harga naik lagi," katanya.', "content", 'naik lagi,"', '"Harga naik lagi,"'),
        ("Harga di Korea Utara naik", "content", "Utara naik", "Korea Utara naik"),
        ("Harga di Korea Utara naik", "content", "Utara", "Utara"),
        ('Ia berkata, "Harga naik', "content", '"Harga', '"Harga'),
        ("Ia disebut-sebut kaya", "cue", "disebut", "disebut-sebut"),
        ("Ia disebut-sebut kaya", "cue", "sebut kaya", "disebut-sebut"),
        ('"Ya," ungkap Ani', "cue", '" ungkap', "ungkap"),
        ("Dikutip dari CNN, ia pergi", "cue", "Dikutip", "Dikutip dari"),
        ("dilaporkan oleh Antara", "cue", "dilaporkan", "dilaporkan oleh"),
        ("peringatan dari Ani", "cue", "peringatan", "peringatan"),
        ("Itu diungkapkan olehnya usai rapat", "cue", "diungkapkan", "diungkapkan olehnya"),
        ("Itu diungkapkan olehnya usai rapat", "cue", "diungkapkan olehnya", "diungkapkan olehnya"),
        (
            "anggota DPR Bambang Haryo (BHS) menyoroti",
            "source",
            "anggota DPR Bambang Haryo",
            "anggota DPR Bambang Haryo (BHS)",
        ),
        ("ujar Bambang (21/1) di Solo", "source", "Bambang", "Bambang"),
        ("begitu, demikian menurut Ani", "cue", "demikian menurut", "menurut"),
        ("BI: Rupiah naik", "cue", ":", ":"),
        ("Berdasarkan unggahan Ani", "cue", "Berdasarkan unggahan", "Berdasarkan"),
        ("Pejabat itu juga berkata", "source", "Pejabat", "Pejabat itu"),
        ("Pejabat itu juga berkata", "source", "Pejabat itu juga", "Pejabat itu"),
        ("Pejabat berbicara kepada AFP, mengatakan", "source", "Pejabat berbicara kepada AFP", "Pejabat"),
        ("Pejabat kepada AFP mengatakan", "source", "Pejabat kepada AFP", "Pejabat"),
        ("kata petugas Korea Utara kemarin", "source", "petugas", "petugas Korea Utara"),
        ("Ani, yang menilai", "source", "Ani, yang", "Ani"),
        ("kata Ani, dikutip AFP.", "source", "dikutip AFP", "AFP"),
        ("Mengutip pernyataan pejabat itu", "source", "pernyataan pejabat itu", "pejabat itu"),
        ("Mengutip pernyataan itu", "source", "pernyataan", "pernyataan itu"),
        ("Menjawab surat itu, Korea Utara menolak", "source", "surat itu, Korea Utara", "Korea Utara"),
        ("kata pria itu, kemarin", "source", "pria itu, kemarin", "pria itu"),
        ("kata Jose\u0301 dari Dili", "source", "Jose\u0301", "Jose\u0301"),
        ("Ia kata harga naik\u2009.", "content", "harga naik\u2009.", "harga naik"),
    ],
)
def test_a_span_is_drawn_to_where_annotators_end_it(text: str, layer: Layer, found: str, wanted: str) -> None:
    names = [span(text, "entity", "Korea Utara", "GPE")] if "Korea Utara" in text else []
    assert consistent(text, [*names, span(text, layer, found)]) == sorted(
        [*names, span(text, layer, wanted)], key=lambda item: item.sort_key
    )


@pytest.mark.parametrize(
    ("text", "found", "wanted"),
    [
        ("Tadi. Harga di sana naik, kata Ani", "sana naik", "Harga di sana naik"),
        ("Tadi. Harga di sana naik, kata Ani", "naik,", "Harga di sana naik"),
        ("Namun harga naik lagi, kata Ani", "lagi", "harga naik lagi"),
        ("Namun harga naik lagi, kata Ani", "Namun harga naik lagi", "harga naik lagi"),
        ('"Ya," lalu harga naik, kata Ani', "harga naik", "harga naik"),
        ("JAKARTA, ANTARA - Harga naik, kata Ani", "Harga naik", "Harga naik"),
        ("(Harga naik, kata Ani)", "Harga naik", "Harga naik"),
        ("Harga di sana naik,\nkata Ani", "sana naik", "sana naik"),
        ("Harga di sana terang, bukan kata orang", "sana terang", "sana terang"),
    ],
)
def test_indirect_speech_before_its_verb_begins_with_the_sentence(text: str, found: str, wanted: str) -> None:
    cue = span(text, "cue", "kata")
    assert consistent(text, [span(text, "content", found), cue]) == [span(text, "content", wanted), cue]


def test_a_name_that_looks_like_a_conjunction_is_kept_whole() -> None:
    text = "Dan Brown menang, kata Ani"
    spans = [span(text, "entity", "Dan Brown", "PER"), span(text, "cue", "kata")]
    found = consistent(text, [*spans, span(text, "content", "menang")])
    assert span(text, "content", "Dan Brown menang") in found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ketua KPK mengatakan hal itu, Ani Budi menilai", "Ani Budi"),
        ("Tadi General Ani Budi menilai", "General Ani Budi"),
        ("Kata para Ani Budi", "para Ani Budi"),
        ("Paraf. Ani Budi menilai", "Ani Budi"),
        ("Presiden Joko Widodo pergi ke Bali, Ani Budi menilai", "Ani Budi"),
        ("Tadi. Ketua Umum APTI, Ani Budi, menilai", "Ketua Umum APTI, Ani Budi"),
        ("Namun di sisi lain, Ani Budi menilai", "Ani Budi"),
        ("Ketua pergi, lalu, Ani Budi menilai", "Ani Budi"),
        ('Ketua "hebat", Ani Budi menilai', "Ani Budi"),
    ],
)
def test_a_source_begins_with_the_role_that_opens_the_sentence(text: str, wanted: str) -> None:
    name = span(text, "entity", "Ani Budi", "PER")
    assert consistent(text, [name, span(text, "source", "Ani Budi")]) == sorted(
        [name, span(text, "source", wanted)], key=lambda item: item.sort_key
    )


def test_two_sources_of_two_sentences_part_between_them() -> None:
    text = '"Bisa naik," ujar Harry. Direktur PT Maju Budi mengatakan, harga naik.'
    read = [span(text, "source", "Harry. Direktur PT Maju Budi"), span(text, "cue", "ujar")]
    found = consistent(text, read)
    assert [own.text_in(text) for own in found if own.layer == "source"] == ["Harry", "Direktur PT Maju Budi"]


def test_a_source_begins_with_the_name_before_its_role() -> None:
    text = "Harga naik. Hexana Tri, Direktur Utama Jiwasraya mengatakan begitu."
    cue, name = span(text, "cue", "mengatakan"), span(text, "entity", "Hexana Tri", "PER")
    found = consistent(text, [span(text, "source", "Direktur Utama Jiwasraya"), cue, name])
    assert [own.text_in(text) for own in found if own.layer == "source"] == ["Hexana Tri, Direktur Utama Jiwasraya"]
    other = replace(name, label="GPE")
    found = consistent(text, [span(text, "source", "Direktur Utama Jiwasraya"), cue, other])
    assert [own.text_in(text) for own in found if own.layer == "source"] == ["Direktur Utama Jiwasraya"]


def test_no_source_begins_with_what_leads_over_to_it() -> None:
    text = "Senada, Direktur PT Maju mengatakan itu. Selain itu, Ani menilai begitu."
    for read, wanted in (("Senada, Direktur PT Maju", "Direktur PT Maju"), ("Selain itu, Ani", "Ani")):
        assert consistent(text, [span(text, "source", read)]) == [span(text, "source", wanted)]


def test_whom_a_speaker_speaks_to_is_no_source() -> None:
    text = "Kepada Forbes, Thao berujar"
    for read in ("Forbes", "Kepada Forbes"):
        assert consistent(text, [span(text, "source", read), span(text, "source", "Thao")]) == [
            span(text, "source", "Thao")
        ]


def test_a_content_does_not_begin_with_its_sentence_where_a_cue_stands_before_it() -> None:
    text = "Korut mengatakan, mereka akan mencoba lagi, kata kantor berita"
    spans = [span(text, "cue", "mengatakan"), span(text, "content", "mereka akan mencoba lagi")]
    assert consistent(text, spans) == spans


@pytest.mark.parametrize(
    ("text", "cue", "found", "wanted"),
    [
        ("Saksi yang tak mau disebut namanya menilai", "menilai", "Saksi", "Saksi yang tak mau disebut namanya"),
        ("Ada kabar yang menyebutkan", "menyebutkan", "kabar yang", "kabar"),
        ("Ada kabar yang juga menyebutkan", "menyebutkan", "kabar", "kabar"),
        ("Ani, dosen\u2028hukum, menilai", "menilai", "Ani", "Ani"),
        ("Ani, dosen hukum, juga menilai", "menilai", "Ani", "Ani, dosen hukum"),
        ("Ani, pada Senin, menilai", "menilai", "Ani", "Ani"),
        ('Ani, dosen hukum, kata Budi', "kata", "Ani", "Ani"),
        ("Investor asing juga khawatir", "khawatir", "Investor", "Investor asing"),
        ("MA dalam putusan menyatakan", "menyatakan", "MA", "MA"),
        ("Ia sendiri menilai", "menilai", "Ia", "Ia"),
        ("Ani baru saja menilai", "menilai", "Ani", "Ani"),
        ("Ani secara tegas menilai", "menilai", "Ani", "Ani"),
        ("Orang-orang mengira", "mengira", "Orang", "Orang-orang"),
        ("Ani (39) menilai", "menilai", "Ani", "Ani (39)"),
    ],
)  # fmt: skip
def test_a_source_goes_on_to_its_cue(text: str, cue: str, found: str, wanted: str) -> None:
    mark = span(text, "cue", cue)
    assert consistent(text, [span(text, "source", found), mark]) == [span(text, "source", wanted), mark]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"Naik," keluh Ani (61), petani di Solo, kepada Antara.', "Ani (61), petani di Solo"),
        ('"Naik," kata Ani, dosen hukum.', "Ani, dosen hukum"),
        ('"Naik," kata Ani, dikutip Antara.', "Ani"),
        ('"Naik," kata Ani, Senin.', "Ani"),
        ('"Naik," kata Ani, pekan lalu.', "Ani"),
        ('"Naik," kata Ani, lalu tertawa.', "Ani"),
        ('"Naik," kata Ani, matanya basah.', "Ani"),
        ("Hari ini, kata Ani, harga naik.", "Ani"),
        ("Menurut saya itu keliru.", "saya"),
    ],
)
def test_who_speaks_is_told_behind_the_verb_of_a_quotation(text: str, wanted: str) -> None:
    names = [span(text, "entity", "Ani", "PER")] if "Ani" in text else []
    read = "Ani" if names else "saya itu"
    cue = next(word for word in ("keluh", "kata", "Menurut") if word in text)
    found = consistent(text, [*names, span(text, "cue", cue), span(text, "source", read)])
    assert [own.text_in(text) for own in found if own.layer == "source"] == [wanted]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("harga naik. Pasar sepi", "harga naik"),
        ("harga naik.", "harga naik"),
        ("bahwa harga naik", "harga naik"),
        ("mengatakan bahwa harga naik", "harga naik"),
        (", bahwa harga", "harga"),
    ],
)
def test_a_content_keeps_to_its_sentence_and_leaves_the_cue_out(found: str, wanted: str) -> None:
    text = "Ani mengatakan bahwa harga naik. Pasar sepi." if "," not in found else "Ani mengatakan, bahwa harga naik."
    cue = span(text, "cue", "mengatakan")
    assert consistent(text, [cue, span(text, "content", found)]) == [cue, span(text, "content", wanted)]


@pytest.mark.parametrize(
    ("text", "cue", "read", "wanted"),
    [
        ("Amran memastikan anggaran pupuk naik.", "memastikan", "pupuk naik", "anggaran pupuk naik"),
        (
            "KPK Ungkap SK Pencabutan Izin Belum Ada",
            "Ungkap",
            "Pencabutan Izin Belum Ada",
            "SK Pencabutan Izin Belum Ada",
        ),
        ("Ani menunjukkan, ternyata harga naik.", "menunjukkan", "harga naik", "ternyata harga naik"),
        ("Ani mengingatkan agar harga turun.", "mengingatkan", "harga turun", "harga turun"),
        ("Ani menyebut pekan lalu bahwa harga naik.", "menyebut", "harga naik", "harga naik"),
        ("Ani mencatat pada Senin harga naik.", "mencatat", "harga naik", "harga naik"),
        ("Menurut Budi harga naik.", "Menurut", "harga naik", "harga naik"),
        ("Ani, yang mencatat, pergi. Harga naik.", "mencatat", "Harga naik", "Harga naik"),
    ],
)
def test_a_content_begins_right_behind_an_active_verb(text: str, cue: str, read: str, wanted: str) -> None:
    found = consistent(text, [span(text, "cue", cue), span(text, "content", read)])
    assert [own.text_in(text) for own in found if own.layer == "content"] == [wanted]


def test_a_content_that_holds_a_cue_begins_where_it_was_read() -> None:
    text = "Ia mengaku menyiapkan dana jika pasar dinilai pas."
    spans = [span(text, "cue", "mengaku"), span(text, "cue", "dinilai"), span(text, "content", "pasar dinilai pas")]
    assert set(spans) == set(consistent(text, spans))


def test_a_content_may_begin_with_a_cue_that_has_no_source() -> None:
    text = "Dikabarkan harga naik"
    whole = [span(text, "content", text), span(text, "cue", "Dikabarkan")]
    assert consistent(text, whole) == whole


def test_a_source_begins_with_the_first_name_of_an_enumeration() -> None:
    text = "Di Wina, AS, Inggris, Korea Utara dan Jepang mengatakan"
    names = [span(text, "entity", name, "GPE") for name in ("AS", "Inggris", "Korea Utara", "Jepang")]
    names.append(span(text, "entity", "Wina", "LOC"))
    found = consistent(text, [*names, span(text, "source", "Korea Utara dan Jepang")])
    assert span(text, "source", "AS, Inggris, Korea Utara dan Jepang") in found
    found = consistent(text, [*names, span(text, "source", "Korea Utara")])
    assert span(text, "source", "Korea Utara") in found


def test_two_sources_between_two_cues_part_at_the_comma() -> None:
    for text, cue in (
        ("Mengutip laporan AFP, Ani juga menilai", "menilai"),
        ("Dikutip dari AFP, Ani menilai", "menilai"),
    ):
        start = text.index("AFP")
        found = consistent(text, [Span("source", "SOURCE", start, start + 8), span(text, "cue", cue)])
        assert [item.text_in(text) for item in found if item.layer == "source"] == ["AFP", "Ani"]
    text = "kata Ani, dosen hukum, lalu menilai"
    whole = [span(text, "source", "Ani, dosen hukum"), span(text, "cue", "menilai")]
    assert consistent(text, whole) == whole


def test_pieces_of_one_quotation_become_one_content() -> None:
    text = '"Harga naik, pasar sepi, dan stok habis," kata Ani.'
    pieces = [span(text, "content", part) for part in ('"Harga naik', "pasar sepi", 'stok habis,"')]
    assert consistent(text, pieces)[0].text_in(text) == '"Harga naik, pasar sepi, dan stok habis,"'


def test_contents_that_cross_once_others_are_one_become_one_too() -> None:
    text = "satu dua tiga empat lima enam"
    crossing = [span(text, "content", part) for part in ("satu dua tiga", "dua tiga", "tiga empat")]
    assert consistent(text, crossing) == [span(text, "content", "satu dua tiga empat")]


def test_nothing_is_left_of_spans_without_words() -> None:
    for text in (" ", "\n", '"', "-", ".,"):
        assert consistent(text, [Span("source", "SOURCE", 0, 1), Span("cue", "CUE", 0, 1)]) == []
    assert consistent(" ", [Span("content", "CONTENT", 0, 1)]) == []
    text = '" tersebut Ani "'
    assert consistent(text, [span(text, "source", '"')]) == []


@pytest.mark.parametrize("end", ["\n", " "])
def test_articles_of_any_length_are_made_consistent(end: str) -> None:
    sentence = f'Ani (30) berkata "harga naik.{end}'
    text = sentence * 10_000
    names: list[tuple[Layer, str]] = [("entity", "Ani"), ("source", "Ani"), ("cue", "berkata"), ("content", '"harga')]
    once = [span(sentence, layer, part) for layer, part in names]
    spans = [
        replace(item, start=at + item.start, end=at + item.end)
        for at in range(0, len(text), len(sentence))
        for item in once
    ]
    found = consistent(text, spans)  # looking at every pair of spans would take minutes
    assert len(found) >= 3 * 10_000


def test_annotated_articles_stay_as_they_are_but_for_nested_sources(seeds: list[Document]) -> None:
    for document in seeds:
        plain = [item for item in document.spans if not item.fragments]
        changed = set(consistent(document.text, plain)) ^ set(plain)
        assert all(item.layer == "source" for item in changed)
        assert len(changed) <= 1


@pytest.mark.parametrize(
    ("text", "read", "source"),
    [
        ("Naik, kata jubir NSC, Ani Budi, di sini.", "jubir NSC", "jubir NSC, Ani Budi"),
        ("Naik, kata jubir Ani Budi, Ani pergi.", "jubir Ani Budi", "jubir Ani Budi"),
        ("Ia dan jubir NSC, Ani Budi.", "jubir NSC", "jubir NSC"),
        ("Naik, kata Ani, pelapor PBB untuk Gaza, di sini.", "Ani, pelapor PBB", "Ani, pelapor PBB untuk Gaza"),
        ("Naik, kata Ani, pelapor PBB dalam sidang, Rabu.", "Ani, pelapor PBB", "Ani, pelapor PBB"),
        ("Naik, kata Ani untuk kedua kali, Rabu.", "Ani", "Ani"),
        ("Naik, kata Ani, pelapor PBB sambil tertawa.", "Ani, pelapor PBB", "Ani, pelapor PBB"),
        ("Menurut polisi, Ani Budi pergi.", "polisi", "polisi"),
        ("Menurut ahli gizi, Ani Budi, harga naik.", "ahli gizi", "ahli gizi, Ani Budi"),
    ],
)
def test_a_source_behind_its_verb_holds_both_name_and_role(text: str, read: str, source: str) -> None:
    names = [Span("entity", "PER", match.start(), match.end()) for match in re.finditer("Ani Budi|Ani(?! Budi)", text)]
    given = Span("source", "SOURCE", text.index(read), text.index(read) + len(read))
    found = consistent(text, [*names, given])
    assert [span.text_in(text) for span in found if span.layer == "source"] == [source]


def test_a_contents_form_is_said_by_its_quotation_marks(seeds: list[Document]) -> None:
    for text, form in (
        ('"Ya."', "Direct"),
        ("“Ya,” lalu “tidak”", "Mixed"),
        ('Ia "siap"', "Mixed"),
        ("Ia siap", "Indirect"),
    ):
        assert with_form(text, Span("content", "CONTENT", 0, len(text))).attribute("Form") == form
    contents = [(document.text, item) for document in seeds for item in document.layer("content")]
    right = [with_form(text, item).attribute("Form") == item.attribute("Form") for text, item in contents]
    assert sum(right) >= 0.95 * len(right)
    cue = Span("cue", "CUE", 0, 2)
    assert with_form("Ya", cue) == cue


texts = st.lists(
    st.sampled_from([*'ab "“”(),.\n\xa0', ", kata ", "Namun ", "Ketua ", " kepada ", " dan ", " itu"]),
    min_size=1,
    max_size=40,
).map("".join)


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("2025)", "2025"),
        ("2025),", "2025"),
        ("(Antara", "Antara"),
        ("-46", "46"),
        ("2025\xa0)", "2025"),
        ("Bank Jago (Persero)", "Bank Jago (Persero)"),
        ("Bank Jago Tbk.", "Bank Jago Tbk."),
        ("),", ""),
    ],
)
def test_punctuation_at_the_edges_of_a_name_stays_out(read: str, name: str) -> None:
    text = f"x {read} x"
    found = consistent(text, [Span("entity", "DAT", 2, 2 + len(read))])
    assert [span.text_in(text) for span in found] == [name] * bool(name)


@given(texts, st.data())
def test_it_ends_well_whatever_was_tagged(text: str, data: st.DataObject) -> None:
    bounds = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 20)).map(
        lambda pair: (pair[0], min(len(text), sum(pair)))
    )
    marks = st.tuples(st.sampled_from(LAYERS), bounds)
    spans = {Span(layer, LABELS[layer][0], *place) for layer, place in data.draw(st.lists(marks, max_size=8))}
    found = consistent(text, spans)
    assert found == sorted(set(found), key=lambda item: item.sort_key)
    Document("a", text, tuple(found))
    names = [item for item in spans if item.layer == "entity"]
    for item in found:
        if item.layer == "entity":
            assert item.text_in(text).strip(",;:- \xa0\n") == item.text_in(text)
            assert any(name.start <= item.start and item.end <= name.end for name in names)
    for layer in ("source", "cue"):
        own = [item for item in found if item.layer == layer]
        assert all(one.end <= other.start for one, other in pairwise(own))
