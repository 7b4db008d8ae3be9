"""DocBin: spaCy finds every span where it stands, what is read back is the same, and damaged files are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.tokens import Span as SpacySpan
from spacy.vocab import Vocab

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.formats import docbin, losses, read, write
from narasumber.tags import MASKED, bio
from narasumber.words import words
from tests.strategies import characters, documents

TEXT = '"Kami siap," kata Ani\r\nSitumorang di  Solo 😀.'
SOURCE = Span("source", "SOURCE", 18, 33, (("Kind", "Person"),))
CUE = Span("cue", "CUE", 13, 17)
CONTENT = Span("content", "CONTENT", 0, 12, (("Form", "Direct"),))
DOCUMENT = Document(
    "a/1",
    TEXT,
    (SOURCE, CUE, CONTENT, Span("entity", "PER", 18, 33), Span("entity", "GPE", 38, 42), Span("entity", "GPE", 39, 41)),
    (Attribution(CUE, (SOURCE,), (CONTENT,)),),
    {"title": "Ani siap", "sections": [["lead", 0, 3]]},
)


@pytest.fixture(scope="module")
def language() -> Language:
    return spacy.blank("xx")


def docs(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(Vocab()))


def save(path: Path, *items: Doc) -> Path:
    DocBin(store_user_data=True, docs=items).to_disk(path)
    return path


def test_what_spacy_sees(tmp_path: Path) -> None:
    write([DOCUMENT], tmp_path / "neu" / "a.spacy", "docbin")
    (doc,) = docs(tmp_path / "neu" / "a.spacy")
    assert doc.text == TEXT
    assert [(ent.label_, ent.text) for ent in doc.ents] == [("PER", "Ani\r\nSitumorang"), ("GPE", "Solo")]
    assert {name: [span.text for span in group] for name, group in doc.spans.items()} == {
        "entity": ["Ani\r\nSitumorang", "Solo", "ol"],
        "source": ["Ani\r\nSitumorang"],
        "cue": ["kata"],
        "content": ['"Kami siap,"'],
    }
    assert doc.user_data["narasumber"] == {
        "id": "a/1",
        "meta": {"title": "Ani siap"},
        "attributes": {"source": ({"Kind": "Person"},), "content": ({"Form": "Direct"},)},
        "attributions": ({"cue": 0, "sources": (0,), "contents": (0,)},),
    }


def test_the_gold_is_the_same_after_spacy(seeds: list[Document], tmp_path: Path) -> None:
    write(seeds, tmp_path / "a.spacy", "docbin")
    assert list(read(tmp_path / "a.spacy")) == seeds


def test_files_of_others(tmp_path: Path, language: Language) -> None:
    first, second = language.make_doc("Ani di Solo"), language.make_doc("Budi setuju")
    first.ents = [SpacySpan(first, 0, 1, "PERSON")]
    first.spans["sc"] = [SpacySpan(first, 0, 1, "PERSON"), SpacySpan(first, 2, 3, "GPE"), SpacySpan(first, 0, 3, "X")]
    first.cats = {"politik": 1.0, "olahraga": 0.0}
    first.user_data["id"] = 3
    path = save(tmp_path / "berita.spacy", first, second)
    documents = list(read(path, labels={"PERSON": "PER", "X": ""}))
    assert documents[0].spans == (Span("entity", "PER", 0, 3), Span("entity", "GPE", 7, 11))
    assert documents[0].meta == {"left_out": {"categories": 2, "spans labelled X": 1}}
    assert documents[1] == Document("berita-2", "Budi setuju", meta={"unknown": [["entity", 0, 11]]})
    with pytest.raises(InputError, match=r"berita\.spacy: document 1: doc\.ents 0: unknown label 'PERSON'"):
        list(read(path))


def test_what_spacy_calls_missing_is_unknown(tmp_path: Path, language: Language) -> None:
    some, nothing, grouped = (language.make_doc("Ani di Solo") for _ in range(3))
    some.set_ents([SpacySpan(some, 0, 1, "PER", kb_id="Q1")], default="missing")
    nothing.ents = []
    grouped.spans["sc"] = [SpacySpan(grouped, 0, 1, "ORANG")]
    documents = list(read(save(tmp_path / "a.spacy", some, nothing, grouped), labels={"ORANG": "PER"}))
    assert [document.meta.get("unknown") for document in documents] == [[["entity", 4, 11]], None, None]
    assert documents[0].meta["left_out"] == {"links into a knowledge base": 1}
    assert bio(documents[0], "entity", words(documents[0].text))[0].tolist() == [1, MASKED, MASKED]


def test_spans_that_were_taken_out_leave_links_that_are_told(tmp_path: Path, language: Language) -> None:
    doc = docbin.to_doc(DOCUMENT, language)
    doc.spans["source"] = []
    with pytest.raises(InputError, match=r"joins 'doc\.spans source 0', which is not there"):
        list(read(save(tmp_path / "a.spacy", doc)))


@pytest.mark.parametrize(
    "own",
    [
        3,
        None,
        {"attributes": []},
        {"attributes": {"source": 3}},
        {"attributes": {"source": [3]}},
        {"attributions": [{"cue": 0}]},
        {"attributions": 3},
        {"meta": "x"},
    ],
    ids=repr,
)
def test_user_data_of_another_form(tmp_path: Path, language: Language, own: object) -> None:
    doc = language.make_doc("Ani")
    doc.user_data["narasumber"] = own
    with pytest.raises(InputError, match=r"a\.spacy: document 1: its user_data has a 'narasumber' of another form"):
        list(read(save(tmp_path / "a.spacy", doc)))


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    write([DOCUMENT], path, "docbin")
    whole = path.read_bytes()
    for content in (b"", b"x", b"[]", whole[:-9], whole[:30] + whole[40:], b"x\x9c" + whole[9:]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.spacy: is no DocBin, or a damaged one"):
            list(read(path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read(tmp_path, "docbin"))


def test_a_file_without_articles(tmp_path: Path) -> None:
    write([], tmp_path / "a.spacy", "docbin")
    with pytest.raises(InputError, match="holds no article"):
        list(read(tmp_path / "a.spacy"))


def test_half_a_character_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="half of a character"):
        write([DOCUMENT, Document("b", "x\ud800")], tmp_path / "a.spacy", "docbin")
    assert list(tmp_path.iterdir()) == []


def test_without_spacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docbin, "_indonesian", docbin._indonesian.__wrapped__)  # what is cached needs no import
    monkeypatch.setitem(sys.modules, "spacy", None)
    (tmp_path / "a.spacy").write_bytes(b"")
    for use in (lambda: list(read(tmp_path / "a.spacy")), lambda: write([DOCUMENT], tmp_path / "b.spacy", "docbin")):
        with pytest.raises(InputError, match=r"docbin: needs spaCy\n    pip install 'narasumber\[spacy\]'"):
            use()
    assert not (tmp_path / "b.spacy").exists()


DOCUMENTS = documents(
    characters("          \t\n\r\u2028\x85\x0b\x1c\ufeff\u200b\u0301\u00a0İß😀👩‍👧\"'“”.;:-Aa1\0"),
    ids=st.sampled_from(["d", "a/b", "😀"]),
    meta=st.just({"title": "t"}),
)


@settings(max_examples=30)
@given(st.lists(DOCUMENTS, min_size=1, max_size=2))
def test_written_and_read_documents_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, given: list[Document]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.spacy"
    write(given, path, "docbin")
    assert list(read(path)) == given


def test_spans_with_gaps_are_written_from_end_to_end(tmp_path: Path) -> None:
    gap = Document("a", "Ani Budi Cici", (Span("content", "CONTENT", 0, 13, (), ((0, 3), (9, 13))),))
    assert losses([gap], "docbin") == {"spans in several parts": 1}
    write([gap], tmp_path / "a.spacy", "docbin")
    assert next(read(tmp_path / "a.spacy")).spans == (Span("content", "CONTENT", 0, 13),)


def test_a_number_that_is_too_large_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="64 bits"):
        write([Document("b", "x", meta={"visits": 2**70})], tmp_path / "a.spacy", "docbin")
    assert list(tmp_path.iterdir()) == []
