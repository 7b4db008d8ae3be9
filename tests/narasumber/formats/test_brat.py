"""brat files: what is read is what stands there, what is written reads the same, and every fault is told at once."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats import detect, read
from narasumber.formats.brat import to_ann
from narasumber.formats.brat import write as write_brat
from tests.samples import read_brat
from tests.strategies import characters, documents

SEEDS = Path(__file__).resolve().parents[3] / "seeds"
GOLD = sorted(path.stem for path in SEEDS.glob("*.ann"))

TEXT = '"Kami siap" kata Ani di Solo.\nBudi setuju.'
ANN = """T1\tCONTENT 0 11\t"Kami siap"
T2\tCUE 12 16\tkata
T3\tSOURCE 17 20\tAni
T4\tPER 17 20\tAni
T5\tGPE 24 28\tSolo
"""
RELATIONS = "R1\tSource Arg1:T2 Arg2:T3\nR2\tContent Arg1:T2 Arg2:T1\n"

Pair = Callable[..., Path]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    def write(ann: str | bytes = ANN, text: str | bytes = TEXT, name: str = "a") -> Path:
        path = tmp_path / f"{name}.txt"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.with_suffix(".ann").write_bytes(ann.encode() if isinstance(ann, str) else ann)
        return path

    return write


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_brat(path)
    return [str(problem).replace(str(path.parent) + "/", "") for problem in caught.value.problems]


def renumbered(ann: str) -> list[str]:
    """The lines with ids counted in the order of their appearance."""
    ids: dict[str, str] = {}
    for line in ann.splitlines():
        id = line.partition("\t")[0]
        ids[id] = f"{id[0]}{sum(known[0] == id[0] for known in ids) + 1}"
    return [
        re.sub(r"\b[TRA]\d+\b(?=[\t ]|$)", lambda m: ids.get(m.group(), m.group()), line) for line in ann.splitlines()
    ]


@pytest.mark.parametrize("name", GOLD)
def test_gold_files_are_written_as_they_are(name: str) -> None:
    gold = (SEEDS / f"{name}.ann").read_text(encoding="utf-8")
    document = read_brat(SEEDS / f"{name}.txt")
    assert document.text == (SEEDS / f"{name}.txt").read_bytes().decode()
    written = to_ann(document)
    annotations, relations = (
        [line for line in renumbered(gold) if (line[0] == "R") == is_relation] for is_relation in (False, True)
    )
    assert renumbered(written)[: len(annotations)] == annotations
    told = {re.sub(r"^R\d+", "R", line) for line in relations}
    assert {re.sub(r"^R\d+", "R", line) for line in renumbered(written)[len(annotations) :]} == told
    assert len(written.splitlines()) == len(gold.splitlines())
    # Text order is the files' own order, but for one relation of the last file.
    assert (written == gold) == (name != GOLD[-1])


def test_what_a_document_says(pair: Pair) -> None:
    document = read_brat(pair(ANN + RELATIONS + "A1\tForm T1 Direct\nA2\tKind T3 Person\n"))
    content = Span("content", "CONTENT", 0, 11, (("Form", "Direct"),))
    cue = Span("cue", "CUE", 12, 16)
    source = Span("source", "SOURCE", 17, 20, (("Kind", "Person"),))
    assert document.id == "a"
    assert set(document.spans) == {content, cue, source, Span("entity", "PER", 17, 20), Span("entity", "GPE", 24, 28)}
    assert document.attributions == (Attribution(cue, (source,), (content,)),)
    assert document.meta == {}


def test_an_event_on_a_cue_is_an_attribution(pair: Pair) -> None:
    by_event = read_brat(pair(ANN + "E1\tCUE:T2 Source1:T3 Content:T1 \n"))
    assert by_event == read_brat(pair(ANN + RELATIONS))
    assert by_event.attributions[0].sources[0].text_in(TEXT) == "Ani"


def test_discontinuous_spans(pair: Pair) -> None:
    document = read_brat(pair("T1\tCONTENT 1 5;12 16\tKami kata\n"))
    assert document.spans == (Span("content", "CONTENT", 1, 16, (), ((1, 5), (12, 16))),)
    assert to_ann(document) == "T1\tCONTENT 1 5;12 16\tKami kata\n"


def test_files_without_text_column(pair: Pair) -> None:
    without = "".join(line.rpartition("\t")[0] + "\n" for line in ANN.splitlines())
    assert read_brat(pair(without)) == read_brat(pair(ANN))


def test_an_empty_annotation_is_an_article_without_any(pair: Pair) -> None:
    assert read_brat(pair("")) == Document("a", TEXT)


@pytest.mark.parametrize("text", ["", " \n\t\r\n"])
def test_an_empty_article_is_refused(pair: Pair, text: str) -> None:
    assert problems(pair("", text))[0].startswith("a.txt: the article is empty")


SPAN_ON_LINE_TWO = "T1\tPER {0} {1}\tBudi\n"


@pytest.mark.parametrize("counted", [1, 2])
def test_line_ends_of_two_characters_may_be_counted_as_one(pair: Pair, counted: int) -> None:
    text = "Satu\r\ndua\r\nBudi"
    start = text.index("Budi") - 2 * (2 - counted)
    path = pair(SPAN_ON_LINE_TWO.format(start, start + 4).replace("\n", "\r\n"), text)
    document = read_brat(path)
    assert document.text == text
    assert document.spans[0].text_in(text) == "Budi"


@pytest.mark.parametrize("counted", [0, 1])
def test_a_byte_order_mark_is_dropped_and_may_be_counted(pair: Pair, counted: int) -> None:
    path = pair(
        codecs.BOM_UTF8 + SPAN_ON_LINE_TWO.format(5 + counted, 9 + counted).encode(), codecs.BOM_UTF8 + b"Kata\nBudi"
    )
    document = read_brat(path)
    assert document.text == "Kata\nBudi"
    assert document.spans[0].text_in(document.text) == "Budi"


@pytest.mark.parametrize("wide", [1, 2])
def test_an_emoji_may_be_counted_as_one_or_two(pair: Pair, wide: int) -> None:
    document = read_brat(pair(f"T1\tPER {wide + 1} {wide + 4}\tAni\n", "😀 Ani"))
    assert document.spans == (Span("entity", "PER", 2, 5),)


def test_a_span_over_a_line_end_may_be_written_with_a_space(pair: Pair) -> None:
    assert read_brat(pair("T1\tPER 0 9\tAni Budi\n", "Ani\r\nBudi")).spans[0].end == 9


KEPT = """A1\tKind T3 Person
A2\tNegated T4
A3\tSure T4 Very
M1\tGuess R1
N1\tReference T4 Wikidata:T5\tAni, a person
*\tEquiv T3 T4
*\tEquiv T4 T5
E1\tMove:T4 To:T5 Cause:E2
E2\tGPE:T5
R3\tLives Arg1:T4 Arg2:T5
#1\tAnnotatorNotes T2\tsee T1
#2\tAnnotatorNotes R2\tsure?
#3\tAnnotatorNotes A1\t
#4\tAnnotatorNotes R3
"""


def test_what_a_document_cannot_hold_is_kept_and_written_back(pair: Pair, tmp_path: Path) -> None:
    document = read_brat(pair(ANN + RELATIONS + KEPT))
    assert json.loads(json.dumps(document.meta)) == document.meta
    written = to_ann(document)
    # Text order makes SOURCE T4 and PER T3.
    for line in KEPT.splitlines()[1:]:
        swapped = re.sub(r"\bT[34]\b", lambda m: {"T3": "T4", "T4": "T3"}[m.group()], line)
        if line[0] not in "#AMR":
            assert swapped in written
    assert "Sure T3 Very" in written and "Negated T3" in written and "Guess R2" in written
    assert "#1\tAnnotatorNotes T2\tsee T1\n#2\tAnnotatorNotes R1\tsure?\n#3\tAnnotatorNotes A1\t\n" in written
    write_brat([document], tmp_path / "out")
    again = read_brat(tmp_path / "out" / "a.txt")
    assert again == document
    assert to_ann(again) == written


def test_who_said_what_is_lost_where_two_events_share_a_cue(pair: Pair) -> None:
    two = read_brat(pair(ANN + "E1\tCUE:T2 Source:T3\nE2\tCUE:T2 Content:T1\nE3\tCUE:T2 Content:T1\n"))
    assert len(two.attributions) == 1
    assert two.meta["left_out"] == {"pairings of attributions that share a CUE": 2}


def test_an_event_that_is_spoken_of_is_kept_too(pair: Pair, tmp_path: Path) -> None:
    document = read_brat(pair(ANN + "E1\tCUE:T2 Source:T3\nA1\tNegated E1\n"))
    assert len(document.attributions) == 1
    write_brat([document], tmp_path / "out")
    assert "E1\tCUE:T2 Source:T4\nA1\tNegated E1\n" in to_ann(document)
    assert read_brat(tmp_path / "out" / "a.txt") == document


def test_kept_lines_about_spans_that_are_gone_go_too(pair: Pair) -> None:
    document = read_brat(pair(ANN + RELATIONS + KEPT))
    solo = Span("entity", "GPE", 24, 28)
    assert to_ann(document.with_annotation([solo])) == "T1\tGPE 24 28\tSolo\nE1\tGPE:T1\n"
    assert to_ann(document.bare()) == ""


FAULTS = [
    ("T1\tPER 17 20\tBudi\n", "a.ann:1: T1 says 'Budi', the text has 'Ani'"),
    ("T1\tPER 17 999\tAni\n", f"a.ann:1: T1 ends at 999, the text at {len(TEXT)}"),
    (f"T1\tPER 17 {'9' * 6000}\tAni\n", "a.ann:1: T1 ends at more than 10^12"),
    ("T1\tPER 20 17\tAni\n", "a.ann:1: T1 has a part that ends where it starts"),
    ("T1\tPER 17 17\t\n", "a.ann:1: T1 has a part that ends where it starts"),
    ("T1\tPER 12 16;14 20\tkata ta Ani\n", "a.ann:1: the parts of T1 overlap"),
    ("T1\tPER 17 20;12 16\tAni kata\n", "a.ann:1: the parts of T1 overlap, touch or are out of order"),
    ("T1\tPERSON 17 20\tAni\n", "a.ann:1: unknown label 'PERSON'\n    map it with --label PERSON="),
    ("T1\tPER 17 20\tAni\nT1\tGPE 24 28\tSolo\n", "a.ann:2: T1 is given twice, first in line 1"),
    ("T1\tPER 17 20\tAni\nT2\tPER 17 20\tAni\n", "a.ann:2: T2 says the same as T1"),
    ("T1 PER 17 20 Ani\n", "a.ann:1: malformed line 'T1 PER 17 20 Ani'\n    the form is T1<tab>LABEL"),
    ("T1\tPER -1 3\tAni\n", "a.ann:1: malformed line"),
    ("T1\tPER ١ ٣\tAni\n", "a.ann:1: malformed line"),
    ("\n  \nX1\tPER\n", "a.ann:3: no brat line begins like"),
    (ANN + "R1\tSource Arg1:T2 Arg2:T9\n", "a.ann:6: R1 speaks of T9, which is not in the file"),
    (ANN + "#1\tAnnotatorNotes T9\thm\n", "a.ann:6: #1 speaks of T9"),
    (ANN + "*\tEquiv T1 T9\n", "a.ann:6: * speaks of T9"),
    (ANN + "E1\tCUE:T9\n", "a.ann:6: E1 speaks of T9"),
    (ANN + "E1\tCUE:T" + "9" * 5000 + "\n", "a.ann:6: E1 speaks of T" + "9" * 39 + ","),
    (ANN + "R1\tSource Arg1:T2 Arg2:T4\n", "a.ann:6: Source joins CUE T2 and PER T4"),
    (ANN + "R1\tContent Arg1:T1 Arg2:T2\n", "a.ann:6: Content joins CONTENT T1 and CUE T2"),
    (ANN + "R1\tSuorce Arg1:T2 Arg2:T3\n", "a.ann:6: Suorce joins CUE T2 and SOURCE T3\n    Source joins Arg1:CUE"),
    (ANN + "E1\tCUE:T2 Speaker:T3\n", "a.ann:6: Speaker joins CUE T2 and SOURCE T3"),
    (ANN + RELATIONS + "R3\tSource Arg1:T2 Arg2:T3\n", "a.ann:8: R3 says the same as R1"),
    (ANN + "A1\tForm T1 Oral\n", "a.ann:6: Form of T1 is Oral\n    values are Direct, Indirect, Mixed"),
    (ANN + "A1\tForm T1\n", "a.ann:6: Form of T1 is without a value"),
    (ANN + "A1\tForm T3 Direct\n", "a.ann:6: Form stands on SOURCE T3\n    Form belongs on a CONTENT"),
    (ANN + "A1\tForm T4 Direct\n", "a.ann:6: Form stands on PER T4"),
    (ANN + "A1\tKnid T3 Person\n", "a.ann:6: unknown attribute Knid on SOURCE T3\n    attributes are Form, Kind"),
    (ANN + "A1\tForm T1 Direct\nA2\tForm T1 Mixed\n", "a.ann:7: T1 has a second Form"),
]


@pytest.mark.parametrize(("ann", "told"), FAULTS)
def test_faults_are_told_with_place_and_cure(pair: Pair, ann: str, told: str) -> None:
    (problem,) = problems(pair(ann))
    assert problem.startswith(told)
    assert "\n    " in problem


def test_all_faults_of_a_file_are_told_in_the_order_of_its_lines(pair: Pair) -> None:
    ann = "T1\tPERSON 17 20\tAni\nA1\tForm T2 Direct\nT2\tPER 17 20\tBudi\noops\nR1\tSource Arg1:T1 Arg2:T3\n"
    assert [problem.partition(": ")[0] for problem in problems(pair(ann))] == [f"a.ann:{n}" for n in (1, 2, 3, 4, 5)]


def test_bytes_that_are_no_utf8_are_told_with_their_place(pair: Pair) -> None:
    told = problems(pair(b"T1\tPER 0 3\t\xc3(\n", codecs.BOM_UTF8 + b"Satu\nd\xffa"))
    assert [line.partition("\n")[0] for line in told] == [
        "a.txt:2: byte 9 (0xff) is not UTF-8",
        "a.ann:1: byte 11 (0xc3) is not UTF-8",
    ]


def test_a_missing_partner_is_told(pair: Pair) -> None:
    path = pair()
    pair(name="b").unlink()
    pair(name="c").with_suffix(".ann").unlink()
    with pytest.raises(InputError) as caught:
        list(formats.read(path.parent, "brat"))
    assert [problem.where.rpartition("/")[2] for problem in caught.value.problems] == ["b.txt", "c.ann"]
    assert "empty" in caught.value.problems[1].cure


def test_a_folder_is_read_by_name_and_all_its_faults_are_told(pair: Pair, tmp_path: Path) -> None:
    pair(name="b")
    pair(name="a.b")
    (tmp_path / "README.md").write_text("not an article")
    assert [document.id for document in formats.read(tmp_path, "brat")] == ["a.b", "b"]
    pair("x\n", name="c")
    pair("y\nz\n", name="d")
    with pytest.raises(InputError) as caught:
        list(formats.read(tmp_path, "brat"))
    assert len(caught.value.problems) == 3


def test_the_folders_in_a_folder_are_read_and_written(pair: Pair, tmp_path: Path) -> None:
    for name in ("b", "x/a.b", "x/y/c", ".hidden/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        pair(ANN + RELATIONS, name=name)
    documents = list(read(tmp_path, "brat"))
    assert [document.id for document in documents] == ["b", "x/a.b", "x/y/c"]
    assert (
        detect(tmp_path)[0].name == detect(tmp_path / "b.txt")[0].name == detect(tmp_path / "b.ann")[0].name == "brat"
    )
    write_brat(documents, tmp_path / "out")
    assert list(read(tmp_path / "out", "brat")) == documents
    assert list(read(tmp_path / "x" / "y" / "c.ann", "brat")) == [replace(documents[2], id="c")]


def test_a_folder_is_read_article_by_article(pair: Pair, tmp_path: Path) -> None:
    pair(name="a")
    pair("x\n", name="b")
    pair(name="c").with_suffix(".ann").unlink()
    pair(name="d")
    found: list[str] = []
    with pytest.raises(InputError) as caught:
        found.extend(document.id for document in read(tmp_path, "brat"))
    assert found == ["a", "d"]
    assert [problem.where.rpartition("/")[2] for problem in caught.value.problems] == ["b.ann:1", "c.ann"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \.txt file in it"):
        list(read(tmp_path / "empty", "brat"))


def test_labels_are_mapped_before_they_are_checked(pair: Pair) -> None:
    ann = (ANN + RELATIONS).replace("CUE", "Verb").replace("PER", "Person").replace("SOURCE", "Speaker")
    path = pair(ann)
    document = next(read(path, "brat", {"Verb": "CUE", "Person": "PER", "Speaker": "SOURCE"}))
    assert document == read_brat(pair(ANN + RELATIONS))
    (problem,) = problems(pair(ANN.replace("PER", "Person")))
    cure = "map it with --label Person=LABEL, in a config labels: {Person: LABEL}; no LABEL leaves it out; labels are"
    assert problem.startswith(f"a.ann:4: unknown label 'Person'\n    {cure}")


def test_what_is_left_out_goes_with_the_lines_about_it_and_is_counted(pair: Pair) -> None:
    ann = ANN.replace("SOURCE", "Speaker") + RELATIONS + "T6\tMisc 29 33\tBudi\n" + KEPT + "R4\tLives Arg1:T6 Arg2:T5\n"
    document = next(read(pair(ann), "brat", {"Speaker": "", "Misc": ""}))
    content, cue = Span("content", "CONTENT", 0, 11), Span("cue", "CUE", 12, 16)
    assert document.attributions == (Attribution(cue, (), (content,)),)
    assert document.meta["left_out"] == {
        "spans labelled Speaker": 1,
        "spans labelled Misc": 1,
        "relations of left-out spans": 2,
        "attributes of left-out spans": 2,  # the second is a mark of the first relation
        "equivalences of left-out spans": 1,
        "notes of left-out spans": 1,  # about the attribute that goes too
    }
    written = to_ann(document)
    assert "Misc" not in written and "Speaker" not in written and "Negated T3" in written
    kept = [line for line in document.meta["brat"] if line["kind"] in "EN*"]
    assert len(kept) == 4


def test_an_event_goes_on_without_the_role_that_is_left_out(pair: Pair) -> None:
    ann = ANN.replace("SOURCE", "Speaker") + "E1\tCUE:T2 Source:T3 Content:T1\n"
    document = next(read(pair(ann), "brat", {"Speaker": ""}))
    content, cue = Span("content", "CONTENT", 0, 11), Span("cue", "CUE", 12, 16)
    assert document.attributions == (Attribution(cue, (), (content,)),)
    assert document.meta == {"left_out": {"spans labelled Speaker": 1, "roles of left-out spans": 1}}
    gone = next(read(pair(ann), "brat", {"Speaker": "", "CUE": ""}))
    assert gone.meta["left_out"]["events of left-out spans"] == 1 and gone.attributions == ()


def test_two_labels_that_become_one_are_one_span(pair: Pair) -> None:
    ann = "T1\tKota 24 28\tSolo\nT2\tTempat 24 28\tSolo\nN1\tReference T2 Wikidata:Q1\tSolo\n"
    document = next(read(pair(ann), "brat", {"Kota": "GPE", "Tempat": "GPE"}))
    assert document.spans == (Span("entity", "GPE", 24, 28),)
    assert to_ann(document) == "T1\tGPE 24 28\tSolo\nN1\tReference T1 Wikidata:Q1\tSolo\n"


CONFIGURATION = """# what there is
[entities]
PER
!Tempat
\tGPE
\tKota
<ANY>=PER|Kota
----------
Waktu  # when
[relations]
Lives Arg1:PER, Arg2:Kota
[events]
Pindah To:Kota
[attributes]
Negated Arg:<EVENT>
"""


def test_labels_that_a_configuration_declares_are_checked_first_where_articles_have_them(
    pair: Pair, tmp_path: Path
) -> None:
    pair()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "annotation.conf").write_text(CONFIGURATION)
    assert [document.id for document in read(tmp_path, "brat")] == ["a"]
    pair("T1\tPindah 0 3\tAni\nT2\tGPE 4 8\tSolo\nT3\tKota 4 8\tSolo\nE1\tPindah:T1\n", "Ani Solo", name="b")
    documents = read(tmp_path, "brat")
    with pytest.raises(InputError) as caught:
        next(documents)
    (problem,) = caught.value.problems
    assert problem.where == f"{tmp_path}/x/annotation.conf:6"
    assert problem.what == "declares labels that are unknown: Kota, Pindah"
    assert problem.cure.startswith("map each with --label Kota=LABEL, in a config")
    mapped = {"Kota": "", "Pindah": ""}
    assert [document.id for document in read(tmp_path, "brat", mapped)] == ["a", "b"]
    (tmp_path / "x" / "annotation.conf").write_bytes(b"[entities]\n\xff")
    with pytest.raises(InputError, match=r"annotation\.conf:2: byte 11"):
        next(read(tmp_path, "brat"))


def test_folders_that_are_none_or_empty(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match=r"no such file or folder|no \.txt file"):
            list(formats.read(folder, "brat"))


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: Pair) -> None:
    path = pair()

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert problems(path)[0] == "a.txt: cannot be read: Permission denied"


@pytest.mark.parametrize(
    "documents",
    [
        [Document("../a", "x")],
        [Document("/a", "x")],
        [Document("a/../../b", "x")],
        [Document("a//b", "x")],
        [Document("a\0b", "x")],
        [Document("a", "x"), Document("a.txt/b", "x")],
        [Document("..", "x"), Document("", "y")],
        [Document("a", "x"), Document("a", "y")],
        [Document("a", "x"), Document("b", "\ud800")],
    ],
)
def test_documents_that_cannot_be_written_leave_no_file(tmp_path: Path, documents: list[Document]) -> None:
    with pytest.raises(InputError):
        write_brat(documents, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_annotations_of_several_people_are_not_written_over_each_other(tmp_path: Path) -> None:
    people = [Document("a", "x", meta={"annotator": name}) for name in ("ani", "budi")]
    with pytest.raises(InputError, match=r"two documents have this id(.|\n)*narasumber agree"):
        write_brat(people, tmp_path / "out")


def test_a_folder_with_other_articles_is_left_alone(tmp_path: Path) -> None:
    write_brat([Document("a", "x"), Document("x/b", "y")], tmp_path)
    write_brat([Document("a", "z"), Document("x/b", "y"), Document("c", "y")], tmp_path)
    assert (tmp_path / "a.txt").read_text() == "z"
    (tmp_path / "annotation.conf").write_text(CONFIGURATION)
    told = r"holds other articles: c\.ann, c\.txt, x/b\.ann, \.\.\.\n.*name a new folder"
    with pytest.raises(InputError, match=told):
        write_brat([Document("a", "neu")], tmp_path)
    assert (tmp_path / "a.txt").read_text() == "z"


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="file of this name"):
        write_brat([Document("a", "x")], tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_brat([Document("a", "lama")], tmp_path)

    def fail(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_brat([Document("a", "baru")], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ann", "a.txt"]
    assert (tmp_path / "a.txt").read_text() == "lama"


ALPHABET = characters(" \t\n\r\u2028\x85\x0b\x1c\ufeff\u200b\u0301\u00a0İß😀\"'“”.;:Aa1\0")


@settings(max_examples=300, deadline=None)
@given(documents(ALPHABET, gaps=True, lone_cues=True))
def test_written_and_read_a_document_is_the_same(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    folder = tmp_path_factory.getbasetemp() / "round-trip"
    write_brat([document], folder)
    assert read_brat(folder / "d.txt") == document


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("T1RAE#*N\t :;0 9Arg\nCUE"), max_size=60))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, ann: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text("Ani kata", encoding="utf-8")
    path.with_suffix(".ann").write_text(ann, encoding="utf-8")
    problems: tuple[Problem, ...] = ()
    try:
        assert read_brat(path).text == "Ani kata"
    except InputError as error:
        problems = error.problems
    assert all(re.match(r".*any\.ann:\d+: ", str(problem)) for problem in problems)
