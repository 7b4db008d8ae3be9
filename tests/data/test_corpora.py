"""Public corpora: small files in the form of each, with its traps, become documents that say what the corpus knows."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data import corpora
from data.corpora import CORPORA, credit_lines, load_corpus
from narasumber.document import Document, Span
from narasumber.errors import InputError
from narasumber.labels import ENTITY_LABELS, Head, layer_of_label
from narasumber.tags import MASKED, bio, in_terms_of
from narasumber.words import lines, words

Put = Callable[[str, str], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes `word/TAG word/TAG | ...` (a bar ends a sentence) as a file of tabs and line feeds; returns the folder."""

    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((columns(content) if "\n" not in content else content).encode())
        return tmp_path

    return write


def columns(content: str) -> str:
    rows = (
        "\n".join(item.replace("_", " ").replace("/", "\t") for item in part.split()) for part in content.split("|")
    )
    return "".join(f"{row}\n\n" for row in rows)


def said(document: Document) -> list[tuple[str, str]]:
    return [(span.label, span.text_in(document.text)) for span in document.spans]


def told(name: str, path: Path, split: corpora.Split | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_corpus(name, path, split)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(autouse=True)
def _no_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins are of no known release."""
    for name, corpus in CORPORA.items():
        monkeypatch.setitem(CORPORA, name, replace(corpus, sha256={}))


def test_idner_has_three_columns_crlf_and_no_last_blank_line(tmp_path: Path) -> None:
    rows = (
        "Ketua NOUN O",
        "(PKN) PROPN B-ORG",
        ", PUNCT O",
        "Sari PROPN B-PER",
        "",
        "Ia PRON O",
        "ke ADP O",
        "Kota PROPN B-LOC",
    )
    (tmp_path / "dev.txt").write_bytes("\r\n".join((*rows, "Tua PROPN I-LOC")).encode())
    first, second = load_corpus("idner-news-2k", tmp_path, "dev")
    assert (first.id, first.text) == ("idner-news-2k-dev-00001", "Ketua (PKN), Sari")
    assert (second.id, second.text) == ("idner-news-2k-dev-00002", "Ia ke Kota Tua")
    assert said(first) + said(second) == [("ORG", "(PKN)"), ("PER", "Sari"), ("LOC", "Kota Tua")]
    assert first.meta == {"corpus": "idner-news-2k", "split": "dev", "licence": "MIT"}
    entity = first.scope.layer("entity")
    assert entity and entity.groups == (("PER",), ("ORG", "NOR"), ("LOC", "GPE", "FAC")) and entity.closed
    assert first.scope.layer("content") is None


def test_nerp_keeps_its_case_its_tokens_and_says_nothing_of_labels_without_counterpart(put: Put) -> None:
    folder = put(
        "train_preprocess.txt",
        'salah_satu/O kedai/O "/O kopi_susu/B-FNB "/O di/O kota/B-PLC tua/I-PLC ,/O lewat/O kanalku/B-IND ./O'
        "| sari/I-PPL dewi/I-PPL ke/O piala/I-EVT raya/I-EVT",
    )
    first, second = load_corpus("indonlu-nerp", folder, "train")
    assert first.text == 'salah satu kedai "kopi susu" di kota tua, lewat kanalku.'
    assert said(first) == [("LOC", "kota tua")]
    assert first.meta["left_out"] == {"spans labelled FNB": 1, "spans labelled IND": 1}
    grid = words(first.text)
    tags = bio(first, "entity", grid)[0]
    assert [first.text[slice(*grid[i])] for i in (tags == MASKED).nonzero()[0]] == ["kopi", "susu", "kanalku"]
    assert said(second) == [("PER", "sari dewi"), ("EVT", "piala raya")]
    assert second.meta["illegal_tags"] == 2
    entity = first.scope.layer("entity")
    assert entity and not entity.group_of("ORG") and entity.group_of("FAC")


def test_nergrit_of_indonlu(put: Put) -> None:
    folder = put(
        "dataset/nergrit_ner-grit/valid_preprocess.txt",
        "Dusun/B-PLACE Ngarai/I-PLACE -/O Ani/B-PERSON PT_Maju/B-ORGANISATION",
    )
    (document,) = load_corpus("indonlu-nergrit", folder, "dev")
    assert said(document) == [("LOC", "Dusun Ngarai"), ("PER", "Ani"), ("ORG", "PT Maju")]
    assert document.text == "Dusun Ngarai-Ani PT Maju"


@pytest.mark.parametrize("name", ["indolem-nerui", "indolem-nerugm"])
def test_indolem_reads_a_fold_with_its_replacement_characters(put: Put, name: str) -> None:
    content = "Ani/B-PERSON ke/O Yayasan/B-ORGANIZATION Maju/I-ORGANIZATION \ufffd/O Solo/B-LOCATION"
    folder = put("train.01.tsv", content + (" 5/B-QUANTITY kg/I-QUANTITY besok/B-TIME" if name.endswith("ugm") else ""))
    (document,) = load_corpus(name, folder)
    assert said(document) == [("PER", "Ani"), ("ORG", "Yayasan Maju"), ("LOC", "Solo")]
    assert "\ufffd" in document.text
    masked = (bio(document, "entity", words(document.text))[0] == MASKED).sum()
    assert masked == (3 if name.endswith("ugm") else 0)
    put("train.02.tsv", content)
    (other,) = load_corpus(name, folder / "train.02.tsv", "train")
    assert other.id == f"{name}-train-00001"
    (whole,) = load_corpus(name, folder / "train.02.tsv")
    assert whole.meta["split"] == "train.02"


def test_nergrit_has_all_labels_and_tokens_with_spaces_among_spaces(tmp_path: Path) -> None:
    rows = [f"kata{place} B-{label}" for place, label in enumerate(ENTITY_LABELS)]
    (tmp_path / "train_corrected.txt").write_text(
        "\n".join([*rows, "rumah sakit O", "Rumah Sakit Umum B-ORG", "", "", ""])
    )
    (document,) = load_corpus("nergrit", tmp_path)
    assert [label for label, _ in said(document)] == [*ENTITY_LABELS, "ORG"]
    assert said(document)[-1] == ("ORG", "Rumah Sakit Umum")
    entity = document.scope.layer("entity")
    assert entity and entity.labels == ENTITY_LABELS


def test_nergrit_statements_are_roles_linked_by_rule(put: Put) -> None:
    folder = put(
        "nergrit-corpus/statement/data/test_corrected.txt",
        "Sari/B-WHO mengatakan/B-BREL harga/B-STAT naik/I-STAT ./O"
        "| menurut/B-FREL Budi/B-WHO ,/O harga/B-STAT turun/I-STAT",
    )
    first, second = load_corpus("nergrit-statement", folder, "test")
    assert said(first) == [("SOURCE", "Sari"), ("CUE", "mengatakan"), ("CONTENT", "harga naik")]
    assert said(second)[0] == ("CUE", "menurut")
    for document in (first, second):
        (attribution,) = document.attributions
        assert len(attribution.spans) == 3
        assert document.meta["derived"] == ["links"]
        assert [layer for layer, _ in document.scope.layers] == ["source", "cue", "content"]


# PFSA-ID

ARTICLES = (
    "KOTA/O BARU/O ,/O KOMPAS/O —/O Pasar/B-ISSUE baru/I-ISSUE dibuka/L-ISSUE ./O"
    "| Harga/O turun/O ./O ”/B-STATEMENT"
    "| Kami/I-STATEMENT siap/I-STATEMENT ./I-STATEMENT"
    "| Warga/I-STATEMENT senang/I-STATEMENT ,/I-STATEMENT ”/L-STATEMENT kata/U-CUE Ketua/U-ROLE Dewan/B-AFFILIATION"
    " Kota/L-AFFILIATION ,/O Sari/B-PERSON Dewi/L-PERSON ,/O Senin/U-DATETIME ./O"
    "| Warga/O lain/O ragu/O ./O ”/O"
    "| Entahlah/O ,/O ”/O ujar/O Tono/O ./O ”/B-STATEMENT"
    "| Kami/I-STATEMENT lanjut/I-STATEMENT ,/I-STATEMENT ”/L-STATEMENT katanya/U-CUECOREF ./O"
    "| Panitia/O tiba/O ./O"
    "| Jalan/B-ISSUE rusak/L-ISSUE ./O"
    "| Menurut/O Budi/B-PERSON Amir/L-PERSON ,/O Camat/U-ROLE ,/O dan/O Kepala/B-ROLE Desa/L-ROLE yang/O baru/O ./O"
    "| “/B-STATEMENT Segera/I-STATEMENT ,/I-STATEMENT ”/L-STATEMENT ujar/U-CUE Budi/U-PERSONCOREF ./O"
    "| KOTA/O TUA/O ,/O KOMPAS/O –/O Sungai/B-ISSUE meluap/L-ISSUE ./O"
    "| ”Air/B-STATEMENT naik/I-STATEMENT ,/I-STATEMENT ”/L-STATEMENT ucap/U-CUE dia/U-PERSONCOREF ./O"
)


def test_articles_of_pfsa_id(put: Put) -> None:
    first, second, third = load_corpus("pfsa-id", put("corpus/pfsa-id/dev-30.txt", ARTICLES), "dev")
    assert [d.id for d in (first, second, third)] == [f"pfsa-id-dev-0000{number}" for number in (1, 2, 3)]
    assert first.text.split("\n") == [
        "KOTA BARU, KOMPAS — Pasar baru dibuka.",
        "Harga turun.",
        "”Kami siap. Warga senang,” kata Ketua Dewan Kota, Sari Dewi, Senin.",
        "Warga lain ragu.",
        "”Entahlah,” ujar Tono.",
        "”Kami lanjut,” katanya.",
        "Panitia tiba.",
    ]
    assert said(first) == [
        ("CONTENT", "”Kami siap. Warga senang,”"),
        ("CUE", "kata"),
        ("SOURCE", "Ketua Dewan Kota, Sari Dewi"),
        ("CONTENT", "”Kami lanjut,”"),
        ("CUE", "katanya"),
    ]
    assert [span.attributes for span in first.spans] == [
        (("Form", "Direct"),),
        (),
        (("Kind", "Person"),),
        (("Form", "Direct"),),
        (),
    ]
    assert [[len(a.sources), len(a.contents)] for a in first.attributions] == [[1, 1], [0, 1]]
    assert first.meta["derived"] == ["articles", "sources", "links"]
    assert first.meta["left_out"] == {"spans labelled ISSUE": 1, "spans labelled DATETIME": 1}
    assert "illegal_tags" not in first.meta
    assert said(second) == [
        ("SOURCE", "Budi Amir, Camat"),
        ("CONTENT", "“Segera,”"),
        ("CUE", "ujar"),
        ("SOURCE", "Budi"),
    ]
    assert second.meta["left_out"] == {"spans labelled ISSUE": 1, "spans labelled ROLE without a PERSON": 1}
    assert second.layer("source")[-1].attribute("Kind") == "Pronoun"
    assert third.text == "KOTA TUA, KOMPAS – Sungai meluap.\n”Air naik,” ucap dia."
    assert said(third)[0] == ("CONTENT", "”Air naik,”")


def test_pfsa_id_says_what_it_marks_and_nothing_else(put: Put) -> None:
    (first, *_) = load_corpus("pfsa-id-med", put("dev-dl-20-v2.txt", ARTICLES))
    grid = words(first.text)
    assert (bio(first, "entity", grid)[0] == MASKED).all()
    roles: tuple[Head, ...] = ("source", "cue", "content")
    for head in roles:
        tags, lost = bio(first, head, grid)
        assert not lost
        assert (tags > 0).any()
        for start, end in lines(first.text):
            inside = [tag for tag, word in zip(tags.tolist(), grid, strict=True) if start <= word[0] < end]
            # In the lines of her statements all is known, in the others nothing, somebody else's quotation among them.
            is_hers = "Kami" in first.text[start:end]
            assert (MASKED in inside) != is_hers and (0 in inside) == is_hers
    (_, second, *_) = load_corpus("pfsa-id", put("dev-30.txt", ARTICLES))
    grid = words(second.text)
    tags = bio(second, "source", grid)[0]
    of_word = {second.text[start:end]: tag for (start, end), tag in zip(grid, tags.tolist(), strict=True)}
    assert (of_word["Menurut"], of_word["Amir"], of_word["Kepala"]) == (MASKED, 2, MASKED)
    # So nobody is wrong there who marks more, and who marks the same is right.
    assert in_terms_of(second, second.spans) == list(second.spans)
    assert in_terms_of(second, [Span("cue", "CUE", 0, 4)]) == []


@pytest.mark.parametrize(
    ("line", "sources"),
    [
        ("Ketua/U-ROLE Ani/U-PERSON ,/O Camat/U-ROLE Budi/U-PERSON", ["Ketua Ani", "Camat Budi"]),
        ("Ani/U-PERSON ,/O Ketua/U-ROLE Dewan/U-AFFILIATION ,/O Budi/U-PERSON", ["Ani, Ketua Dewan", "Budi"]),
        ("Ani/U-PERSON Ketua/U-ROLE Budi/U-PERSON", ["Ani", "Ketua Budi"]),
        ("Ani/U-PERSON dan/O Budi/U-PERSON ,/O Camat/U-ROLE", ["Ani", "Budi, Camat"]),
        ("Ketua/U-ROLE ,/O Dewan/U-AFFILIATION pergi/O", []),
        ("Ketua/U-ROLE | Ani/U-PERSON", ["Ani"]),
    ],
)
def test_speakers_are_parted_and_joined(put: Put, line: str, sources: list[str]) -> None:
    (document,) = load_corpus("pfsa-id", put("a.txt", f"Awal/O ./O | {line}") / "a.txt")
    assert [span.text_in(document.text) for span in document.layer("source")] == sources


# Faults


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("indonlu-nerp", "ani/B-PPL di/O solo/B-PLACE", 3),
        ("indonlu-nergrit", "Ani/B-PERSON di/O Solo/E-PLACE", 3),
        ("pfsa-id", "Ani/U-PERSON kata/B-KATA", 2),
        ("indolem-nerui", "Ani/B-PERSON | besok/B-TIME | besok/B-TIME", 3),
    ],
)
def test_a_tag_that_the_corpus_has_not_is_an_error_with_its_line(put: Put, name: str, content: str, line: int) -> None:
    path = put("berkas.txt", content) / "berkas.txt"
    (problem,) = told(name, path)
    assert problem.startswith(f"{path}:{line}: tag ")
    assert ("(2 times) " in problem) == (name == "indolem-nerui")
    assert "is none of" in problem and "its labels are" in problem


def test_the_masked_test_set_is_refused_under_any_name(put: Put) -> None:
    folder = put("test_preprocess_masked_label.txt", "ani/O di/O solo/O")
    (problem,) = told("indonlu-nerp", folder / "test_preprocess_masked_label.txt")
    assert "every word of it is O" in problem and "read test_preprocess.txt" in problem
    put("test_preprocess.txt", "ani/O di/O solo/O")
    (problem,) = told("indonlu-nerp", folder, "test")
    assert "every word of it is O" in problem


def test_what_is_not_there_is_told(put: Put, tmp_path: Path) -> None:
    assert "corpora are idner-news-2k" in told("idner", tmp_path)[0]
    assert "no such file or folder" in told("nergrit", tmp_path / "none")[0]
    assert "holds no file of pfsa-id: train-70.txt, dev-30.txt, test-data.txt" in told("pfsa-id", tmp_path)[0]
    put("train.txt", "x/O")
    assert "holds no file of idner-news-2k: dev.txt" in told("idner-news-2k", tmp_path, "dev")[0]
    assert "its splits are train, dev" in told("pfsa-id-med", tmp_path, "test")[0]


def test_all_splits_that_are_there_are_read_in_order(put: Put) -> None:
    put("test.txt", "x N O | Ani N B-PER\n".replace(" | ", "\n\n"))
    folder = put("train.txt", "x N O\nAni N B-PER\n")
    ids = [document.id for document in load_corpus("idner-news-2k", folder)]
    assert ids == ["idner-news-2k-train-00001", "idner-news-2k-test-00001", "idner-news-2k-test-00002"]


def test_an_unknown_release_is_reported_not_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put("dev.txt", "x N O\nAni N B-PER\n")
    digest = hashlib.sha256((folder / "dev.txt").read_bytes()).hexdigest()
    corpus = CORPORA["idner-news-2k"]
    monkeypatch.setitem(CORPORA, corpus.name, replace(corpus, sha256={"dev.txt": "0" * 64}))
    with pytest.warns(UserWarning, match="unknown release of idner-news-2k"):
        assert len(load_corpus(corpus.name, folder)) == 1
    monkeypatch.setitem(CORPORA, corpus.name, replace(corpus, sha256={"dev.txt": digest}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_corpus(corpus.name, folder)


def test_the_table_is_sound() -> None:
    for name, corpus in CORPORA.items():
        spoken = {label for _, own in corpus.scope.layers for label in own.labels}
        mapped = {label for label in corpus.labels.values() if label}
        assert name == corpus.name
        assert mapped == spoken
        assert all(layer_of_label(label) for label in mapped)
        assert corpus.licence and ":" in corpus.reference
        assert all(len(digest) == 64 for digest in corpus.sha256.values())


def test_a_card_credits_each_corpus_once() -> None:
    lines = credit_lines(["pfsa-id", "idner-news-2k", "pfsa-id", "seeds"])
    assert [line.split("`")[1] for line in lines] == ["idner-news-2k", "pfsa-id"]
    assert "licence MIT. khairunnisa2020: " in lines[0]
    assert "no commercial use" in lines[1] and "GKMC-04-2022-0091" in lines[1]
