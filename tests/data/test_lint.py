"""Each code has an article that it is said of and one that it is not; the gold seeds have no errors."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.lint import CUE_DOCUMENTS, SEVERITIES, Finding, lint, page
from narasumber.document import Attribution, Document, Span
from narasumber.formats.brat import write as write_brat
from narasumber.html import STYLE
from narasumber.labels import LABELS, Layer, layer_of_label
from narasumber.scope import WHOLE, LayerScope, Scope

Command = Callable[..., "CompletedProcess[str]"]

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
    "source-in-content": (
        "source-in-content",
        "error",
        CLEAN.with_annotation(
            [SOURCE, CUE, over := span("CONTENT", "Ani berkata Budi", Form="Indirect")],
            [Attribution(CUE, (SOURCE,), (over,))],
        ),
        "Ani",
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
    assert finding.line == document.text.count("\n", 0, finding.start) + 1
    assert (finding.severity, finding.document, finding.text) == (severity, document.id, text)
    assert document.text[finding.start : finding.end] == text or code == "gap"
    assert finding.what and finding.cure


def test_entities_that_overlap_are_told_as_that_alone_however_far_the_first_reaches() -> None:
    names = [span("ORG", "Budi pergi ke Solo"), span("PER", "Budi"), span("GPE", "Solo"), span("PER", "Tuti")]
    assert [(f.code, f.text) for f in told(CLEAN.with_annotation(names))] == [("overlap", "Budi"), ("overlap", "Solo")]
    crossing = [span("ORG", "Budi pergi"), span("LOC", "pergi ke Solo")]
    assert [(f.code, f.text) for f in told(CLEAN.with_annotation(crossing))] == [("overlap", "pergi ke Solo")]


def test_a_source_between_the_parts_of_its_content_is_not_in_it() -> None:
    around = Span("content", "CONTENT", 0, 31, fragments=((0, 11), (17, 31)))
    for name, expected in (("Budi", 0), ("pergi", 1)):
        who = span("SOURCE", name)
        found = told(CLEAN.with_annotation([who, CUE, around], [Attribution(CUE, (who,), (around,))]))
        assert sum(finding.code == "source-in-content" for finding in found) == expected


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


# Quotation marks.


def speech(text: str, *parts: str, form: str = "Direct") -> Document:
    cue = span("CUE", "kata", text)
    contents = tuple(span("CONTENT", part, text, Form=form) for part in parts)
    return Document("d", text, (cue, *contents), (Attribution(cue, (), contents),))


def codes(*documents: Document) -> list[tuple[str, str]]:
    return [(finding.code, finding.text) for finding in told(*documents)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (speech('"Budi pergi," kata Ani.', '"Budi pergi,"'), []),
        (speech('"Budi pergi," kata Ani.', '"Budi pergi,'), [("open-quote", '"Budi pergi,')]),
        (speech("“Budi pergi,” kata Ani. ”Ya.“", "“Budi pergi,”", "”Ya.“"), []),
        # Speech over two lines opens in the one and closes in the other.
        (speech('"Budi pergi,\nTuti pulang," kata Ani.', '"Budi pergi,', 'Tuti pulang,"'), []),
        (speech('"Budi pergi," kata Ani.', "Budi pergi"), [("form", "Budi pergi")]),
        (speech("‘Budi pergi,’ kata Ani.", "‘Budi pergi,’"), []),
        (speech('"Budi pergi," kata Ani.', '"Budi pergi,"', form="Indirect"), [("form", '"Budi pergi,"')]),
        (speech('"Budi" pergi, kata Ani.', '"Budi" pergi', form="Mixed"), []),
        (speech('"Budi" dan "Tuti", kata Ani.', '"Budi" dan "Tuti"', form="Mixed"), []),
    ],
)
def test_quotation_marks_have_partners_and_fit_the_form(document: Document, expected: list[tuple[str, str]]) -> None:
    assert codes(document) == expected


QUOTED = '"Kami semua akan pergi ke Solo,"'
CLOSED = dict(WHOLE.layers)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        (f"{QUOTED} kata Ani.", QUOTED),
        ('"Pergi," kata Ani.', '"Pergi,"'),
        ('Ini "pergi ke kota" namanya.', ""),
        (f"Film itu berjudul {QUOTED} dan laris.", ""),
        (f"Di surat itu disebutkan {QUOTED} dan selesai.", QUOTED),
        (f"Baca juga: {QUOTED} di sini", ""),
        (f"Foto: {QUOTED} kata Ani", ""),
    ],
)
def test_a_quotation_that_is_no_content(text: str, quoted: str) -> None:
    assert codes(Document("d", text)) == ([("no-speech", quoted)] if quoted else [])


@pytest.mark.parametrize(
    "document",
    [
        speech(f"{QUOTED} kata Ani.", QUOTED),
        Document("d", f"{QUOTED} kata Ani.", meta={"unknown": [["content", 0, 5]]}),
        Document("d", f"{QUOTED} kata Ani.", scope=Scope((("entity", CLOSED["entity"]),))),
        Document("d", f"{QUOTED} kata Ani.", scope=Scope((("content", LayerScope((("CONTENT",),), closed=False)),))),
    ],
)
def test_a_quotation_that_is_content_or_of_which_the_annotation_says_nothing(document: Document) -> None:
    assert codes(document) == []


# Names.


def article(text: str, *names: tuple[str, str], id: str = "d", scope: Scope = WHOLE) -> Document:
    """Each of the names is marked wherever it stands."""
    spans = [
        Span("entity", label, match.start(), match.end())
        for label, name in names
        for match in re.finditer(re.escape(name), text)
    ]
    return Document(id, text, tuple(spans), scope=scope)


ELSEWHERE = [article("Ani di Solo.", ("GPE", "Solo"), ("PER", "Ani"), id=f"e{number}") for number in range(2)]
ENTITIES = Scope((("entity", CLOSED["entity"]),))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (article("Budi ke Solo."), [("no-entity", "Solo")]),
        (article("Budi ke Solo.", scope=ENTITIES), [("no-entity", "Solo")]),
        (article("Budi ke Solo.", ("ORG", "ke Solo")), []),
        (article("Budi ke Soloraya dan solo."), []),
        # Short names may be anything, and so may what is also written small.
        (article("Ani pergi."), []),
        (article("Kursus musik solo oleh Solo Band."), []),
        (replace(article("Budi ke Solo."), meta={"unknown": [["entity", 0, 12]]}), []),
        (article("Budi ke Solo.", scope=Scope((("cue", CLOSED["cue"]),))), []),
        (article("Budi ke Solo.", scope=Scope((("entity", LayerScope(CLOSED["entity"].groups, closed=False)),))), []),
        (article("Budi ke Solo.", scope=Scope((("entity", LayerScope((("PER",), ("ORG",)))),))), []),
    ],
)
def test_a_name_that_is_marked_elsewhere(document: Document, expected: list[tuple[str, str]]) -> None:
    assert codes(*ELSEWHERE, document) == expected


def test_a_name_of_several_words_needs_one_other_place_and_a_single_one_two() -> None:
    long = article("Bank Solo tutup.", ("ORG", "Bank Solo"), id="a")
    assert codes(long, article("Tutup: Bank Solo.")) == [("no-entity", "Bank Solo")]
    assert codes(ELSEWHERE[0], article("Budi ke Solo.")) == []


def test_a_name_that_is_mostly_unmarked_or_of_several_labels_is_none() -> None:
    assert codes(*ELSEWHERE, article("Solo, Solo dan Solo.")) == []
    both = [article("Tim Solo.", ("ORG", "Solo"), id=f"f{number}") for number in range(2)]
    assert ("no-entity", "Solo") not in codes(*ELSEWHERE, *both, article("Budi ke Solo."))


def test_a_label_that_most_places_contradict() -> None:
    usual = [article(f"Budi ke Solo {number}.", ("GPE", "Solo"), id=f"e{number}") for number in range(4)]
    odd = article("Budi ke SOLO.", ("ORG", "SOLO"))
    (finding,) = told(*usual, odd)
    assert (finding.code, finding.text, finding.document) == ("other-label", "SOLO", "d")
    assert finding.what == "ORG here, but GPE in 4 of 5 places" and "GPE" in finding.cure
    assert codes(*usual[1:], odd) == [("two-labels", "SOLO")]
    # An article that says so throughout means it, and a LOC that may be a GPE says nothing else.
    many = article("SOLO, SOLO dan SOLO.", ("PER", "SOLO"))
    more = [replace(document, id=f"m{document.id}{number}") for document in usual for number in range(4)]
    assert codes(*more, many) == []
    coarse = Scope((("entity", LayerScope((("LOC", "GPE", "FAC"), ("PER",)))),))
    assert codes(*usual, article("Budi ke SOLO.", ("LOC", "SOLO"), scope=coarse)) == []


def test_a_name_without_a_clear_label_is_told_once() -> None:
    both = [article(f"Tim Solo {number}.", ("ORG", "Solo"), id=f"f{number}") for number in range(3)]
    (finding,) = told(*ELSEWHERE, *both)
    assert (finding.code, finding.severity, finding.document) == ("two-labels", "info", "e0")
    assert finding.what == "GPE here; of all places this is ORG in 3, GPE in 2" and finding.cure
    coarse = Scope((("entity", LayerScope((("LOC", "GPE", "FAC"), ("PER",)))),))
    assert codes(*both, article("Budi ke Solo.", ("LOC", "Solo"), scope=coarse)) == []


def test_numbers_have_no_label_of_their_own() -> None:
    usual = [article(f"Ada 30 {'lagi ' * number}.", ("CRD", "30"), id=f"e{number}") for number in range(9)]
    assert codes(*usual, article("Tanggal 30.", ("DAT", "30"))) == []
    assert codes(usual[0], article("Tanggal 30.", ("DAT", "30"))) == []


# Cues.


def test_a_cue_whose_words_others_use_for_none() -> None:
    text = "Ani membahas Budi pergi."
    cue, content = span("CUE", "membahas", text), span("CONTENT", "Budi pergi", text, Form="Indirect")
    odd = Document("odd", text, (cue, content), (Attribution(cue, (), (content,)),))
    others = [
        Document(f"e{number}", f"Tuti membahas hal {number}." if number < 3 else f"Tuti diam {number}.")
        for number in range(CUE_DOCUMENTS - 1)
    ]
    assert codes(*others, odd) == [("unusual-cue", "membahas")]
    assert codes(*others[1:], odd) == []
    assert codes(*others[:2], *(Document(f"f{number}", f"Diam {number}.") for number in range(20)), odd) == []
    assert codes(*others, odd, replace(odd, id="too")) == []


# Damage.


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        ("Ani berkata, â€œYa, Budi.â€\x9d", "'â€œ' was '“' once", "â€œ"),
        ("Tanah 12 mÂ² dan 13 mÂ² dan 14 mÂ²", "'Â²' was '²' once, 3 times", "Â²"),
        ("CafÃ© itu", "'Ã©' was 'é' once", "Ã©"),
        ("Ani â€ Budi", "'â€' was '”' once", "â€"),
        ("Ani\ufffd pergi", "a character that could not be read, '\ufffd'", "\ufffd"),
        ("Ani\x00 pergi", "a control character, '\\x00'", "\x00"),
        ("Ani &amp; Budi", "a character in the way of HTML, '&amp;'", "&amp;"),
        ("Ani &#8220;ya", "a character in the way of HTML, '&#8220;'", "&#8220;"),
    ],
)
def test_damage_to_the_text(text: str, what: str, place: str) -> None:
    (finding, *_) = told(Document("d", text))
    assert (finding.code, finding.what, finding.text) == ("encoding", what, place)


@pytest.mark.parametrize("text", ["Café “Ani” — naïve…", "Rp 5 & Rp 6; AT&T", "Ani\tpergi\r\nlagi", "20°C, ½, ±3, “Ü”"])
def test_text_that_is_whole(text: str) -> None:
    assert codes(Document("d", text)) == []


LEXICON = Document(
    "lexicon", "Kata Presiden: harga beras naik. Naik itu yang terbaik, kata orang. Beras itu yang murah."
)


@pytest.mark.parametrize(
    "text",
    [
        "kataPresiden",  # two known words
        "pergi.Dia",
        "berkata,dia",
        'pergi,"katanya',
        "Indonesia(BI)",
        "(outflow)dari",
        "hargaberas",  # side by side elsewhere
        "berasyang",  # with a word that makes none with others
    ],
)
def test_a_space_that_is_lost(text: str) -> None:
    assert codes(LEXICON, Document("d", f"Ani dan {text} lagi")) == [("lost-space", text)]


@pytest.mark.parametrize(
    "text",
    [
        "Kompas.com",
        "https://ani.budi/kata",
        "ani@budi.id",
        "[Gambas:Video",
        "pukul 10:30",
        "Rp5.000,00",
        "S.H.,M.Si",
        "mahasiswa(i)",
        "(se)orang",
        "JakLingko",
        "WhatsApp",
        "antarharga",
        "naikharga",  # never side by side
        "terbaik",
    ],
)
def test_what_looks_like_a_lost_space(text: str) -> None:
    assert codes(LEXICON, Document("d", f"Ani dan {text} lagi")) == []


def test_a_name_with_a_capital_inside_is_one_where_names_are_marked_or_nobody_marks_any() -> None:
    text = "Ani dan HargaBeras lagi"
    assert codes(LEXICON, Document("d", text)) == [("lost-space", "HargaBeras")]
    assert codes(LEXICON, article(text, ("PRD", "HargaBeras"))) == []
    assert codes(LEXICON, Document("d", text, scope=Scope((("cue", CLOSED["cue"]),)))) == []


# All documents.


def test_what_a_model_read_and_nobody_corrected_is_told_once() -> None:
    own = [
        Document(str(number), "Kim", meta={"annotator": who}) for number, who in enumerate(("Ani", "model:m", "model:"))
    ]
    (finding,) = (finding for finding in lint(own, 1) if finding.code == "uncorrected")
    assert (finding.document, finding.severity) == ("1", "warning")
    assert finding.what.startswith("2 documents hold what a model has read")


def test_what_a_reader_left_out_is_told_once_a_kind() -> None:
    meta: list[dict[str, Any]] = [
        {"left_out": {"spans labelled X": 2}},
        {},
        {"left_out": {"spans labelled X": 1, "odd": "many", "true": True}, "illegal_tags": 4},
        {"left_out": "all", "illegal_tags": "some"},
    ]
    found = lint([Document(f"d{number}", "Ani", meta=own) for number, own in enumerate(meta)])
    assert [(finding.document, finding.what) for finding in found if finding.code == "left-out"] == [
        ("d0", "left out of 2 documents: spans labelled X (3)"),
        ("d2", "left out of 1 documents: tags that their scheme does not allow (4)"),
    ]


def test_annotators_of_one_article_are_looked_at_by_themselves() -> None:
    def both(who: str) -> list[Document]:
        mine = [replace(document, meta={"annotator": who}) for document in ELSEWHERE]
        return mine if who == "ani" else [mine[0], replace(mine[1], spans=mine[1].spans[:1])]

    assert told(*both("ani"), *both("budi")) == []  # budi marks Solo once only, ani twice
    odd = replace(article("Budi ke Solo."), meta={"annotator": "ani"})
    (finding,) = told(*both("ani"), *both("budi"), odd)
    assert (finding.code, finding.annotator) == ("no-entity", "ani")


def test_nothing_is_missed_that_an_annotation_does_not_speak_of() -> None:
    found = lint([Document("d", TEXT, scope=ENTITIES)])
    assert {finding.what.partition(":")[0] for finding in found} == set(LABELS["entity"])
    alone = replace(CLEAN, spans=(SOURCE,), attributions=(), scope=Scope((("source", CLOSED["source"]),)))
    assert told(alone) == []
    open_cues = Scope((*alone.scope.layers, ("cue", LayerScope((("CUE",),), closed=False))))
    assert told(replace(alone, scope=open_cues)) == []


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


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "<b>Ani</b> berkata & pergi.\nTuti\x1b[31m diam."
    cue = span("CUE", "berkata", text)
    write_brat([Document("satu", text, (cue,)), CLEAN], tmp_path / "in")
    return tmp_path


def test_the_table_is_for_people_and_the_list_for_programs(here: Command, folder: Path) -> None:
    done = here("lint", "in", folder=folder)
    assert done.returncode == 1 and "no-attribution" in done.stdout and "satu:1, 11-18" in done.stdout
    assert "\x1b" not in done.stdout
    done = here("lint", "in", "--format", "json", "--min-examples", "1", folder=folder)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found[0] == {
        "code": "no-attribution",
        "severity": "error",
        "what": "CUE is in no attribution",
        "cure": "relate it, or take it out",
        "document": "satu",
        "annotator": "",
        "line": 1,
        "start": 11,
        "end": 18,
        "text": "berkata",
    }
    assert found[1]["code"] == "encoding" and found[1]["line"] == 2
    done = here("lint", "in/clean.txt", "--from", "brat", "--format", "json", "--to", "out/list.json", folder=folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert {item["code"] for item in json.loads((folder / "out/list.json").read_text(encoding="utf-8"))} == {
        "few-examples"
    }


def test_the_page_is_whole_and_escaped(here: Command, folder: Path) -> None:
    done = here("lint", "in", "--format", "html", "--to", "out.html", folder=folder)
    assert done.returncode == 1
    told = (folder / "out.html").read_text(encoding="utf-8")
    assert '<blockquote lang="id">&lt;b&gt;Ani&lt;/b&gt; <mark>berkata</mark> &amp; pergi.</blockquote>' in told
    assert "<b>Ani" not in told and not re.search(r"(src|href)=|@import|url\(", told)
    assert told.index("<h2>satu</h2>") < told.index("<h2>All documents</h2>")
    assert "default-src 'none'" in unescape(told)
    assert page([], [], "x").count("Nothing is odd.") == 1
    used = set(re.findall(r"var\((--[a-z-]+)", told))
    assert used <= set(re.findall(r"(--[a-z-]+):", STYLE))


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        (["none"], "no such file or folder"),
        (["in", "--from", "doc"], "is no known format"),
        (["in", "--to", "in"], "is the source"),
        (["in", "--to", "."], "holds the source in"),
        (["in", "--to", "/dev/full"], "cannot be written"),
    ],
)
def test_bad_input_ends_with_2(here: Command, folder: Path, ways: list[str], told: str) -> None:
    done = here("lint", *ways, folder=folder)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
