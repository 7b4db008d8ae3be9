"""What words and marks alone tell of speech, and what is left to the model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narasumber.consistency import consistent
from narasumber.document import Document, Span
from narasumber.joint import attributed
from narasumber.labels import LABELS, Layer
from narasumber.marked import with_marked_speech
from tests.samples import spans_in

QUOTED = 'Ani pergi. "Harga naik," tegas Ani di Solo.'


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


@pytest.mark.parametrize(
    ("text", "outer", "cue", "source"),
    [
        ('"Harga naik," tegas Ani, dilansir AFP.', '"Harga naik," tegas Ani', "dilansir", "AFP"),
        (
            '"Harga naik," tegasnya seperti dikutip dari Kontan.co.id, Rabu',
            '"Harga naik," tegasnya',
            "dikutip dari",
            "Kontan.co.id",
        ),
        ('"Naik," tegas Ani mengutip laman BPS.', '"Naik," tegas Ani', "mengutip", "laman BPS"),
        ('"Naik," tegas Ani dikutip detikEdu dari unggahan Budi.', '"Naik," tegas Ani', "dikutip", "detikEdu"),
    ],
)
def test_who_retells_a_quotation_retells_who_said_it_too(text: str, outer: str, cue: str, source: str) -> None:
    inner = text[: text.rindex('"') + 1]
    said = "tegasnya" if "tegasnya" in text else "tegas"
    expected = spans_in(text, content=outer, content2=inner, cue=said, cue2=cue, source=source)
    assert with_marked_speech(text, []) == expected
    assert with_marked_speech(text, spans_in(text, content=inner, source=source.split()[0])) == expected


@pytest.mark.parametrize(
    ("text", "cue", "source", "content"),
    [
        ("Menurut Ani, harga naik.", "Menurut", "Ani", "harga naik"),
        ("Berdasarkan data BPS, Rabu (4/9), harga naik.", "Berdasarkan", "data BPS", "harga naik"),
        ("Berdasarkan prospektus A sesuai keterbukaan, harga naik", "Berdasarkan", "prospektus A", "harga naik"),
        ("Dikutip dari laman Kontan.co.id, harga naik.", "Dikutip dari", "laman Kontan.co.id", "harga naik"),
        ("Mengutip Antara pukul 09.15 WIB, harga naik.", "Mengutip", "Antara", "harga naik"),
        ('"Berdasarkan grafik itu, harga naik. Namun stabil," ucap Ani.', "Berdasarkan", "grafik itu", "harga naik"),
    ],
)
def test_a_sentence_opens_with_who_is_cited(text: str, cue: str, source: str, content: str) -> None:
    expected = set(spans_in(text, cue=cue, source=source, content=content))
    assert expected <= set(with_marked_speech(text, []))
    assert expected <= set(with_marked_speech(text, spans_in(text, source=source.split()[0], content="naik")))


@pytest.mark.parametrize(
    "text",
    [
        "Berdasarkan skema yang ada, harga naik.",
        "Keputusan itu berdasarkan data, kata Ani.",
        "Menurut Ani harga naik.",
        "Menurutnya, harga naik.",
        "Dikutip dari laman\nBPS, harga naik.",
    ],
)
def test_other_openings_are_left_to_the_model(text: str) -> None:
    assert not any(span.layer == "source" for span in with_marked_speech(text, []))


def test_a_name_and_a_role_behind_menurut_are_one_source() -> None:
    for text, name in (
        ("Menurut ahli gizi di Solo, Budi Wati, harga naik.", "Budi Wati"),
        ("Menurut Budi Wati, Ketua Umum PKS, harga naik.", "Budi Wati"),
    ):
        person = Span("entity", "PER", text.index(name), text.index(name) + len(name))
        found = with_marked_speech(text, [person])
        assert [span.text_in(text) for span in found if span.layer == "source"] == [text[8 : text.index(", harga")]]
        assert [span.text_in(text) for span in found if span.layer == "content"] == ["harga naik"]


def test_a_comma_in_a_name_ends_no_source() -> None:
    text = "Menurut Badan Geologi, Iklim, dan Udara, harga naik."
    name = Span("entity", "ORG", 8, text.index(", harga"))
    assert with_marked_speech(text, [name]) == [name]


def test_a_name_may_run_on_into_what_is_said() -> None:
    for text in ("Menurut Budi beras, gula dan garam naik.", "Hari ini, kata Budi beras, gula dan garam naik."):
        name = Span("entity", "PER", text.index("Budi"), text.index("Budi") + 4)
        assert not any(span.layer == "source" for span in with_marked_speech(text, [name]))


def test_who_retells_has_a_whole_name() -> None:
    text = '"Naik," kata Ani, dikutip dari Biro Pers, Media, dan Informasi, Rabu.'
    name = Span("entity", "ORG", text.index("Biro"), text.index(", Rabu"))
    found = with_marked_speech(text, [name])
    assert [span.text_in(text) for span in found if span.layer == "source"] == [name.text_in(text)]


@pytest.mark.parametrize("source", ["Ani", "Antara, Ani", "laman Antara, Ani"])
def test_a_medium_may_tell_who_says_what(source: str) -> None:
    text = "Dilansir laman Antara, Ani menyebut harga naik."
    found = with_marked_speech(text, spans_in(text, source=source, cue="menyebut", content="harga naik"))
    own = spans_in(text, source="Ani", cue="menyebut", content="harga naik")
    assert found == sorted(
        [*own, *spans_in(text, cue="Dilansir", source="laman Antara")], key=lambda span: span.sort_key
    )


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("Budi pergi. Riky, kata polisi, sempat kabur.", ["Riky", "sempat kabur"]),
        ("Namun di Solo, menurut laporan BPS, harga naik.", ["di Solo", "harga naik"]),
        ("Angka tersebut, katanya, naik.", ["Angka tersebut", "naik"]),
        ("Hanya saja, menurut dia, harga naik.", ["harga naik"]),
    ],
)
def test_what_stands_around_kata_is_said(text: str, contents: list[str]) -> None:
    found = with_marked_speech(text, [])
    assert [span.text_in(text) for span in found if span.layer == "content"] == contents
    assert with_marked_speech(text, spans_in(text, content=contents[-1][-4:])) == found


def people(text: str) -> list[Span]:
    """Budi and DPR as names, where they stand there."""
    return [
        Span("entity", label, text.index(name), text.index(name) + len(name))
        for name, label in (("DPR", "ORG"), ("Budi", "PER"))
        if name in text
    ]


@pytest.mark.parametrize(
    ("text", "source", "content"),
    [
        ("Mensos: Harga naik\nBudi: pergi", "Mensos", "Harga naik"),
        ("Beras Mahal, Budi: Harga naik.", "Budi", "Harga naik"),
        ("Harga turun. Baca juga: Budi: Harga naik. Ia pergi", "Budi", ""),
        ("Harga turun.\nBaca juga: Budi: Harga naik\nIa pergi", "Budi", "Harga naik"),
        ("Turun.\nSimak juga Video 'Ketua MPR soal Gula: Naik 5.000': Ia", "Ketua MPR", "Naik 5.000"),
        ('Turun.\nTonton juga video "Budi: Harga naik" di sini:', "Budi", "Harga naik"),
        ("Budi soal Gula: Harga naik", "Budi", "Harga naik"),
        ("Beras Mahal, Terdakwa: Saya Difitnah", "Terdakwa", "Saya Difitnah"),
    ],
)
def test_a_colon_in_a_headline_is_a_cue(text: str, source: str, content: str) -> None:
    found = [span for span in with_marked_speech(text, people(text)) if span.layer != "entity"]
    where = text.index(": ", text.index(source))
    said = spans_in(text, source=source, **({"content": content} if content else {}))
    assert set(found) == {*said, Span("cue", "CUE", where, where + 1)}


@pytest.mark.parametrize("text", ["Penulis: Budi", "Makan Bergizi Gratis: Janji", "Harga naik\nBudi: turun"])
def test_other_colons_are_left_to_the_model(text: str) -> None:
    person = Span("entity", "PER", text.index("Budi"), text.index("Budi") + 4) if "Budi" in text else None
    assert not any(span.layer == "cue" for span in with_marked_speech(text, [person] if person else []))


@pytest.mark.parametrize(
    ("text", "source", "cue", "content"),
    [
        ("Budi Akui Harga Naik\nBudi pergi", "Budi", "Akui", "Harga Naik"),
        ("Beras Mahal, Anggota DPR Soroti Harga Gula", "Anggota DPR", "Soroti", "Harga Gula"),
        ("Ketua Dewan Budi sebut harga naik", "Ketua Dewan Budi", "sebut", "harga naik"),
        ("Budi Sebut Harga Naik, Ini Kata Warga", "Budi", "Sebut", "Harga Naik"),
        ("Turun.\nSimak Video 'Budi Tuding Harga Naik': Ia", "Budi", "Tuding", "Harga Naik"),
        ("Turun. Baca juga: Budi Akui Harga Naik Adapun ia pergi. Naik", "Budi", "Akui", ""),
    ],
)
def test_a_bare_verb_in_a_headline_is_a_cue(text: str, source: str, cue: str, content: str) -> None:
    names = people(text)
    expected = spans_in(text, source=source, cue=cue, **({"content": content} if content else {}))
    assert with_marked_speech(text, names) == sorted([*names, *expected], key=lambda own: own.sort_key)


@pytest.mark.parametrize(
    "text", ["Harga Sebut Naik", "Budi Minta Harga Naik", "Naik.\nBudi Akui Harga Naik", "Nilai Budi"]
)
def test_other_headlines_are_left_to_the_model(text: str) -> None:
    assert with_marked_speech(text, people(text)) == people(text)


def test_what_was_told_before_may_be_said_by_somebody() -> None:
    for text, cue in (
        ("Hal itu disampaikan Ani.", "disampaikan"),
        ("Hal ini juga diungkapkan oleh Ani", "diungkapkan oleh"),
    ):
        assert with_marked_speech(text, []) == spans_in(text, content=text[:7], cue=cue)
    assert with_marked_speech("Hal itu disampaikan dalam rapat.", []) == []


def test_what_is_reported_by_nobody_goes_to_the_end_of_the_sentence() -> None:
    text = "Diberitakan sebelumnya, harga naik. Beras turun."
    assert with_marked_speech(text, []) == spans_in(text, cue="Diberitakan", content="harga naik")


@pytest.mark.parametrize(
    "text",
    [
        'Istilah "harga naik" sebut Ani',
        'Ani: "harga naik," dan pergi',
        'Ani: "harga naik,"\nkata Budi',
        'Ani: "harga naik,"kata Budi',
        'a"harga naik," kata Budi',
        'Ani: "harga naik," demikian Budi',
        'Ani: "harga naik," sementara Budi',
        'Ani: "harga naik!" karya Budi',
    ],
)
def test_other_quotations_are_left_to_the_model(text: str) -> None:
    assert with_marked_speech(text, []) == []


def test_annotated_articles_stay_as_they_are(seeds: list[Document]) -> None:
    for seed in seeds:
        bare = [replace(span, attributes=()) for span in seed.spans]
        assert with_marked_speech(seed.text, bare) == sorted(bare, key=lambda span: span.sort_key)
    assert sum(len(with_marked_speech(seed.text, [])) for seed in seeds) == 82


@pytest.mark.parametrize(
    ("text", "cue", "content"),
    [
        ('"Harga naik," celetuk seorang ibu.', "celetuk", '"Harga naik,"'),
        ('"Harga naik?" timpal Ani.', "timpal", '"Harga naik?"'),
        ('"Harga naik," cerocos Ani.', "cerocos", '"Harga naik,"'),  # whatever verb it is
        ('"Harga naik," semprotnya.', "semprotnya", '"Harga naik,"'),
        ('Ani berseloroh, "Harga naik."', "berseloroh", '"Harga naik."'),
        ('Ia buru-buru mengoreksi: "Harga turun."', "mengoreksi", '"Harga turun."'),
        ("Namun, isu tersebut ditepis Ani.", "ditepis", "isu tersebut"),
        ("Merujuk data BPS, harga naik.", "Merujuk", "harga naik"),
        ("Mengacu pada keterangan Ani, harga naik.", "Mengacu pada", "harga naik"),
        ("Ani mengeklaim harga naik, tetapi enggan merinci.", "mengeklaim", "harga naik"),
        ("Ani pergi, papar Budi.", "papar", ""),
        ("Tudingan lama itu bahwa harga naik salah.", "Tudingan", ""),
    ],
)
def test_words_of_saying_are_known_however_rare(text: str, cue: str, content: str) -> None:
    found = with_marked_speech(text, [])
    whole = consistent(text, found)
    assert [span.text_in(text) for span in whole if span.layer == "cue"] == [cue]
    if content:  # and stay, once they have a source
        names = [word for word in ("Ani", "Ia", "seorang ibu", "data BPS", "keterangan Ani") if word in text]
        given = spans_in(text, source=names[-1]) if names else []
        kept = attributed(text, sorted({*whole, *given}, key=lambda span: span.sort_key))
        assert cue in [span.text_in(text) for span in kept]
    assert [span.text_in(text) for span in found if span.layer == "cue"] == [cue]
    assert [span.text_in(text) for span in found if span.layer == "content"] == ([content] if content else [])


@pytest.mark.parametrize(
    "text",
    [
        "Menurut rencana, harga naik.",
        "Menurut abjad, Ani pertama.",
        "Kami tidak mau menyimpulkan itu.",
        "Warga tak perlu khawatir dengan harga.",
        'Kaus "Ganti Presiden," warga Solo menanam padi.',
        'Di kantor media, "Harga naik."',
        "Itu sangat mengkhawatirkan.",
    ],
)
def test_words_of_saying_that_say_nothing_are_no_cues(text: str) -> None:
    assert with_marked_speech(text, []) == []


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


@given(
    st.lists(
        st.sampled_from(
            [
                *'"“”a,. \n',
                " kata ",
                '"a," kata b. ',
                ", lapor ",
                " bilang ",
                " menilai, ",
                " menjawab: ",
                '"A," timpal ',
                "Isu itu dibantah ",
                " tudingan bahwa ",
                "Mengutip a, ",
                "Menurut ",
                ", dikutip dari ",
                "Hal itu disampaikan ",
                ": ",
                "Baca juga: ",
            ]
        )
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
