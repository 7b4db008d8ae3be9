"""Sentences hold every character, stay in their lines and never cut a quotation; abbreviations do not end them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narasumber.document import Document
from narasumber.sentences import END_BEFORE_CAPITAL, GO_ON, sentences
from narasumber.words import lines, words

PLAIN = st.sampled_from("Ani pergi. Budi? ya! … dr. No. 5 (4/9). Rp 1.000 K. S.H. dll. Tbk. ia, 12.".split())
INSIDE = st.lists(st.sampled_from("Kami siap. Ya! tidak? Tim dll. No. 5 (4/9), pergi… 1.000.".split()), min_size=1)


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@given(st.text(st.characters() | st.sampled_from("aB5.?!…\"“”' \t\n\r\u2028\u00a0\x0b\x1c"), max_size=80))
def test_each_character_but_white_space_is_in_one_sentence_of_one_line(text: str) -> None:
    found = sentences(text)
    covered = [place for start, end in found for place in range(start, end)]
    assert covered == sorted(set(covered))
    assert {place for place, character in enumerate(text) if not character.isspace()} <= set(covered)
    for start, end in found:
        assert text[start:end] == text[start:end].strip() != ""
        assert any(first <= start < end <= last for first, last in lines(text))


@given(st.text(st.sampled_from("aB5.?!…\"“”' \n"), max_size=60))
def test_no_word_is_cut_but_by_a_mark(text: str) -> None:
    starts = {start for start, _ in sentences(text)}
    assert starts <= {start for start, _ in words(text)}


@given(
    st.lists(
        st.one_of(PLAIN, st.tuples(st.sampled_from(["“”", "””", '""', "''", "‘’"]), INSIDE, st.sampled_from(["", ","])))
    )
)
def test_no_quotation_is_cut(pieces: list[str | tuple[str, list[str], str]]) -> None:
    text, quotations = "", []
    for piece in pieces:
        if isinstance(piece, tuple):
            marks, inside, comma = piece
            quotation = marks[0] + " ".join(inside) + comma + marks[-1]
            quotations.append((len(text), len(text) + len(quotation)))
            piece = quotation
        text += piece + " "
    found = sentences(text)
    for start, end in quotations:
        assert any(first <= start < end <= last for first, last in found)


@pytest.mark.parametrize(
    "text",
    [
        "Ani pergi. | Budi pulang? | Ya! | Tentu… | Lalu 5 orang datang. | 12 lainnya tidak.",
        "Ia tiba pada Senin (4/9). | Besoknya, Selasa (5/9/2023), ia pulang.",
        "Ia bertanya 'Ya? Jum'at. Tidak.' lalu pergi. | ‘Al-Qur’an. Ya’ katanya. | Tahun '60-an. | Lalu '70-an.",
        "Rapat itu tgl. 5 Sept. 2023 pukul 10.00 WIB. | Hadir 1.500 orang.",
        "Harganya Rp 1.000. | Kini Rp1.250,50 per kg.",
        "Ia tinggal di Jl. Merdeka No. 5 RT. 03 RW. 01. | Rumahnya besar.",
        "Ketua J. B. Sitorus dan K.H. Anwar bertemu Dr. Sari, S.H., M.Si. dan Prof. Budi.",
        "Gubernur M. Hasan bertemu dr. Tuti, Ir. Joko dan Brigjen. Adi dari PT. Maju.",
        "GUBERNUR BERTEMU DR. SARI DAN PROF. BUDI DI JL. MERDEKA NO. 5. | RAPAT SELESAI.",
        "Ada beras, gula, dll. | Semua murah.",
        "Ada beras, gula dll. (lihat hal. 5) di sana.",
        "Saham PT Maju Tbk. naik. | Saham PT Mundur Tbk. | Turunnya tajam.",
        "Sahamnya milik PT Maju Tbk. | “Kami untung,” kata Budi.",
        "Bunyinya ... entah apa. | Ia diam ... | Lalu pergi.",
        "Ia diam…lalu pergi. | (Budi ikut.) | [Ani tidak.]",
        "1. Ani pulang. | Budi ikut.",
        "Situs berita.co.id memuatnya. | Versi 2.0 pun ada.",
        '"Kami siap. Semua siap," kata Ani. | Budi diam. | "Ya." | Ia pergi.',
        "“Kami siap. Semua siap,” kata Ani. | ”Saya juga. Budi juga,” ujar Tuti. | “Ya.” | Ia pergi.",
        "Kami (”Tim. Lima”) menang. | Mereka kalah.",
        '"Kami dengar “Siap. Pergi.” dari sana. Lalu sepi," kata Ani. | Ia pulang.',
        '“Kami dengar "Siap. Pergi." dari sana. Lalu sepi,” kata Ani. | Ia pulang.',
        '"Kami siap,” kata Ani. | "Saya juga. Ya," kata Budi.',
        # Marks that pair with nothing hold nothing together.
        '"Kami siap. | Kami pergi. | Budi juga.',
        "Layar 5” itu mahal. | Layar 7” lebih lagi.",
        "Kapan ia datang?! | Tak ada yang tahu!!!",
    ],
)
def test_bounds(text: str) -> None:
    expected = text.split(" | ")
    assert parts(text.replace(" | ", " ")) == expected


def test_lines_end_sentences_and_blank_ones_hold_none() -> None:
    assert parts("Satu dua\n \r\n\ttiga. empat\u2028lima") == ["Satu dua", "tiga. empat", "lima"]
    assert parts(" \n\t") == parts("") == []


def test_a_quotation_does_not_reach_over_a_line_end() -> None:
    assert parts('"Satu. Dua\nTiga," kata Ani. Empat') == ['"Satu.', "Dua", 'Tiga," kata Ani.', "Empat"]


@pytest.mark.parametrize("word", sorted(GO_ON))
def test_abbreviations_that_end_no_sentence(word: str) -> None:
    for written in {word, word.upper()} if word.istitle() else {word}:
        assert len(sentences(f"Ia menyebut {written}. Budi dan {written}. 5 di sana.")) == 1


@pytest.mark.parametrize("word", sorted(END_BEFORE_CAPITAL))
def test_abbreviations_that_may_end_a_sentence_but_not_before_a_number(word: str) -> None:
    assert parts(f"Ia menyebut {word}. Budi pergi.") == [f"Ia menyebut {word}.", "Budi pergi."]
    assert len(sentences(f"Ia menyebut {word}. 5 (dan {word}. (5)) di sana.")) == 1


def test_sentences_of_the_seeds(seeds: list[Document]) -> None:
    by_id = {document.id[:3]: document.text for document in seeds}
    second = parts(by_id["002"])
    assert second[:3] == [
        "Penulis: Prihastomo Wahyu Widodo",
        "KONTAN.CO.ID - WASHINGTON.",
        "Pemimpin Korea Utara, Kim Jong Un, dikabarkan akan segera berkunjung ke Rusia untuk bertemu dengan Presiden "
        "Putin dan membicarakan kesepakatan senjata.",
    ]
    (quotation,) = (sentence for sentence in second if sentence.startswith('"Kim akan'))
    assert quotation.endswith(" kata sumber tersebut.") and "Putin. Dua pemimpin" in quotation
    # Every sentence of running text ends like one: nothing was cut at an abbreviation, and nothing but it goes on.
    for text in by_id.values():
        for start, end in lines(text):
            *inner, _ = parts(text[start:end])
            assert all(re.search(r"[.?!][”\"]?$", sentence) for sentence in inner)
            assert not any(len(sentence.split()) < 3 and "KONTAN" not in sentence for sentence in inner)
