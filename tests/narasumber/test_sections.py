"""Each line of a page is one part, and the parts of the seeds and of made-up pages are what a reader would say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narasumber.document import Document
from narasumber.sections import KINDS, sections
from narasumber.words import lines

LINES = st.sampled_from(
    [
        "TRIBUNNEWS.COM - Ani pergi ke pasar.",
        "KONTAN.CO.ID -\u00a0JAKARTA. Ani pergi.",
        "Jakarta (ANTARA) -",
        "Baca juga:",
        "Warga Desa Itu Pulang",
        "Penulis: Ani",
        "Budi S / AFP",
        "Ani pergi.",
        "Iklan",
        "\u00a0 Ani pergi. \t",
        " ",
        "",
    ]
)


def told(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end in sections(text)]


def kind_of(line: str) -> str:
    """The part that a line in the midst of an article is."""
    above = "Ani pergi ke pasar."
    *_, (kind, start, end) = sections(f"{above}\n{line}")
    assert (start, end) == (len(above) + 1, len(above) + 1 + len(line))
    return kind


def check_cover(text: str) -> None:
    parts = sections(text)
    places = [place for _, start, end in parts for place in range(start, end)]
    assert places == sorted(set(places))
    assert {place for place, character in enumerate(text) if not character.isspace()} <= set(places)
    for kind, start, end in parts:
        assert kind in KINDS
        assert text[start:end] == text[start:end].strip() != ""
        assert any(first <= start < end <= last for first, last in lines(text))
    for kind in ("title", "dateline"):
        assert sum(kind == part[0] for part in parts) <= 1


@given(st.text(st.characters() | st.sampled_from("aB.:/()-\u2014\n\r\u2028 \u00a0"), max_size=80))
def test_any_text_is_covered(text: str) -> None:
    check_cover(text)


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_any_page_is_covered(page: list[str], line_end: str) -> None:
    check_cover(line_end.join(page))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("byline", "Penulis: Ani Lestari"),
        ("byline", "[Redaktur: Budi Santoso]"),
        ("byline", "Editor : Tuti"),
        ("byline", "Laporan Wartawan Tribun, Ani Lestari"),
        ("byline", "(Tribunnews.com/Ani Lestari)"),
        ("byline", "(Kompas.com, Ani)"),
        ("byline", "(abc/de)"),
        ("byline", "[ab-cde]"),
        ("byline", "Senin, 4 September 2023 | 10:15 WIB"),
        ("byline", "04 Sep 2023 10.15"),
        ("link", "Baca juga: Harga Beras Naik Lagi"),
        ("link", "BACA JUGA"),
        ("link", "Simak juga Video: Harga Beras"),
        ("link", "Simak Video 'Harga Beras':"),
        ("link", 'Tonton juga "Harga Beras" di sini:'),
        ("link", "Lihat Juga:Harga Beras"),
        ("link", "Berita Terkait"),
        ("link", "Artikel lainnya: Harga Beras"),
        ("link", "Halaman selanjutnya"),
        ("link", "Selengkapnya >>"),
        ("furniture", "SCROLL TO CONTINUE WITH CONTENT"),
        ("furniture", "ADVERTISEMENT"),
        ("furniture", "[Gambas:Video Redaksi]"),
        ("furniture", "Loading..."),
        ("furniture", "Ikuti kami di"),
        ("furniture", "Tags: beras, pasar"),
        ("furniture", "© 2023 Pasar Media"),
        ("furniture", "Copyright 2023 Pasar Media. All rights reserved"),
        ("furniture", "(Ani Lestari) Artikel ini telah tayang di Pasar.com dengan judul Harga Beras Naik"),
        ("furniture", "Berita ini sudah ditayangkan di Pasar.com"),
        ("caption", "Foto: Beras di pasar (Dok. Bulog)"),
        ("caption", "Ilustrasi beras di pasar"),
        ("caption", "Gambar yang dirilis kantor itu menunjukkan pasar. (KCNA VIA KNS/AFP)"),
        ("caption", "Warga membeli beras di pasar. ANTARA FOTO/Budi Santoso"),
        ("caption", "Budi Santoso / REUTERS"),
        # What merely begins or ends like one of these.
        ("body", "Berita terkait kenaikan harga itu dibantah Budi."),
        ("body", "Penulis buku itu pulang."),
        ("body", "Atas nama warga, Ani meminta maaf."),
        ("body", "Tribun penonton itu roboh."),
        ("body", "Budi (kanan) membaca juga buku itu."),
        ("body", "Kantor berita AFP melaporkan hal itu."),
        ("body", "Ani dan Budi pulang (4/9)."),
        ("body", "Artikel ini dibaca Ani."),
        ("body", "Harga Beras"),
    ],
)
def test_lines(kind: str, line: str) -> None:
    assert kind_of(line) == kind


@pytest.mark.parametrize(
    ("dateline", "space"),
    [
        ("KONTAN.CO.ID - JAKARTA.", " "),
        ("KONTAN.CO.ID -\u00a0JAKARTA PUSAT.", " "),
        ("WahanaNews.co, Jakarta -", " "),
        ("WahanaNews.co, Jakarta -", ""),
        ("JAKARTA, KOMPAS.com \u2014", " "),
        ("JAKARTA, KOMPAS.com-", ""),
        ("TRIBUNNEWS.COM -", " "),
        ("Jakarta (ANTARA) -", " "),
        ("Jakarta, CNN Indonesia --", " "),
        ("Banda Aceh -", " "),
        ("JAKARTA-", " "),
    ],
)
def test_datelines(dateline: str, space: str) -> None:
    body = "Ani pergi. Budi ikut."
    assert told(f"{dateline}{space}{body}") == [("dateline", dateline), ("body", body)]


@pytest.mark.parametrize("line", ["Persib - Persija Imbang", "Ani - yang pulang", "Kata berita.com, ia pulang."])
def test_what_is_no_dateline(line: str) -> None:
    assert "dateline" not in dict(told(line))


def test_a_second_dateline_is_body() -> None:
    assert [kind for kind, _ in told("Solo - Ani pergi.\nSolo - Budi pergi.")] == ["dateline", "body", "body"]


def test_a_dateline_by_itself() -> None:
    assert told("TRIBUNNEWS.COM - \nAni pergi") == [("dateline", "TRIBUNNEWS.COM -"), ("body", "Ani pergi")]


def test_the_title_is_the_first_line_that_is_nothing_else_and_no_sentence() -> None:
    page = "Iklan\nPenulis: Ani\n\nHarga Beras Naik\nHarga Gula Turun\nSolo - Ani pergi."
    assert [kind for kind, _ in told(page)] == ["furniture", "byline", "title", "body", "dateline", "body"]
    for begin in ("Ani pergi.", 'Ani berkata "pergi."', "Solo - Ani pergi.", "Ani " * 51 + "pergi"):
        assert "title" not in dict(told(f"{begin}\nHarga Beras Naik"))


def test_a_bare_link_or_credit_goes_on_in_the_line_right_below() -> None:
    def second(first: str, second: str, between: str = "\n") -> str:
        return told(f"Ani pergi.\n{first}{between}{second}")[-1][0]

    assert second("Baca Juga:", "Harga Beras Naik") == "link"
    assert second("Baca Juga:", "Harga beras naik.") == "body"
    assert second("Baca Juga:", "Harga Beras Naik", "\n\n") == "body"
    assert second("Baca Juga: Harga Gula", "Harga Beras Naik") == "body"
    assert second("Baca Juga:", "Iklan") == "furniture"
    assert second("Budi S / AFP", "Beras di pasar kota.") == "caption"
    assert second("Beras di pasar. (Budi S / AFP)", "Ani pergi.") == "body"


# The lines that are not plain body, as far as their first words go.
NOTABLE = {
    "000": [("dateline", "TRIBUNNEWS.COM -"), ("caption", "Gambar yang diambil")],
    "001": [
        ("dateline", "WahanaNews.co, Jakarta -"),
        ("link", "Baca Juga:"),
        ("link", "Bantu Rusia, Terungkap"),
        ("link", "Baca Juga:"),
        ("link", "Krisis Kelahiran di Korut:"),
        ("byline", "[Redaktur: Elsya Tri Ahaddini]"),
    ],
    "002": [
        ("byline", "Penulis: Prihastomo Wahyu Widodo"),
        ("dateline", "KONTAN.CO.ID - WASHINGTON."),
        ("link", "Baca Juga: Kim Jong Un Minta"),
        ("link", "Baca Juga: Kim Jong Un Sambut"),
    ],
    "003": [
        ("furniture", "Nikmati berita interaktif"),
        ("furniture", "Tribun"),
        ("title", "Jarang Tinggalkan Pyongyang, Presiden Korea Utara Kim Jong Un Dikabarkan akan ke Rusia"),
        ("byline", "Penulis: Andari Wulan Nugrahani"),
        ("byline", "Editor: Suci BangunDS"),
        ("furniture", "zoom-in Jarang Tinggalkan"),
        ("caption", "Alexey NIKOLSKY / SPUTNIK / AFP"),
        ("caption", "Presiden Rusia Vladimir Putin bertemu"),
        ("dateline", "TRIBUNNEWS.COM -"),
        ("link", "Baca juga: Kim Jong Un akan Bertemu"),
        ("furniture", "Berita Rekomendasi"),
        ("link", "Baca juga: Update Perang"),
        ("caption", "Gambar yang diambil"),
        ("caption", "Gambar yang diambil"),
        ("link", "Baca juga: Kim Jong-Un Marah"),
        ("byline", "(Tribunnews.com/Andari Wulan Nugrahani)"),
        ("furniture", "Dapatkan Berita Pilihan"),
        ("furniture", "di WhatsApp Anda"),
        ("furniture", "Baca WhatsApp Tribunnews"),
        ("furniture", "Tribunnews"),
        ("furniture", "Ikuti kami di"),
        ("furniture", "© 2024 TRIBUNnews.com"),
        ("furniture", "Atas"),
    ],
    "004": [("dateline", "TRIBUNNEWS.COM -"), ("link", "Baca juga: Kim Jong Un Tegur")],
}


def test_the_parts_of_the_seeds(seeds: list[Document]) -> None:
    assert [document.id[:3] for document in seeds] == sorted(NOTABLE)
    for document in seeds:
        check_cover(document.text)
        found = [(kind, text) for kind, text in told(document.text) if kind != "body"]
        expected = NOTABLE[document.id[:3]]
        assert [kind for kind, _ in found] == [kind for kind, _ in expected]
        for (_, text), (_, begin) in zip(found, expected, strict=True):
            assert text.startswith(begin)
    bodies = [text for kind, text in told(seeds[3].text) if kind == "body"]
    assert bodies[0].startswith("Presiden Korea Utara Kim Jong Un yang jarang")
    assert "Reaksi Amerika Serikat" in bodies


def test_attributions_stand_in_what_is_read(seeds: list[Document]) -> None:
    """No cue of the gold stands in a byline, a dateline or the furniture of a page."""
    for document in seeds:
        aside = [part for part in sections(document.text) if part[0] in ("byline", "dateline", "furniture")]
        for cue in document.layer("cue"):
            inside = [kind for kind, start, end in aside if start <= cue.start < end]
            # The page repeats its title in the text of a picture.
            assert inside == [] or document.text[: cue.start].rpartition("\n")[2].startswith("zoom-in")
