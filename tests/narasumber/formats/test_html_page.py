"""Saved pages: the article without what is around it, in the encoding of the page, and nothing from the network."""

from __future__ import annotations

import codecs
import socket
import sys
from pathlib import Path

import pytest

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats import detect, read
from narasumber.scope import Scope

FIRST = (
    "Pemerintah akan menaikkan pajak mulai tahun depan, kata Menteri Keuangan dalam jumpa pers di Jakarta, Senin (4/9)."
)
SECOND = "“Kami sudah siap – dari Sabang sampai Merauke,” katanya. Kafé dan rumah makan menuai dampaknya lebih dahulu."
PAGE = f"""<!DOCTYPE html>
<html lang="id"><head><meta charset="utf-8"><title>Pajak Naik Tahun Depan - Kabar</title>
<meta property="og:site_name" content="Kabar.co.id"><meta name="author" content="Ani Wati">
<meta property="article:published_time" content="2023-09-04T10:00:00+07:00">
<link rel="canonical" href="https://www.kabar.co.id/ekonomi/pajak"><script src="http://127.0.0.1:9/x.js"></script></head>
<body><nav><ul><li><a href="/">Beranda</a></li><li><a href="/ekonomi">Ekonomi</a></li></ul></nav>
<article><h1>Pajak Naik Tahun Depan</h1><img src="http://127.0.0.1:9/x.png">
<p>{FIRST}
</p><p>{SECOND}</p></article>
<footer>Hak cipta &copy; 2023 Kabar</footer></body></html>"""
TEXT = f"Pajak Naik Tahun Depan\n{FIRST}\n{SECOND}"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only(path: Path) -> Document:
    (document,) = read(path)
    return document


def told(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        list(read(path, "html"))
    return str(caught.value).replace(f"{path.parent}/", "")


def test_the_article_is_found_and_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection is opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    document = only(put(tmp_path, "a.html", PAGE))
    assert document == Document("a", TEXT, meta=document.meta, scope=Scope(()))
    assert document.meta == {
        "title": "Pajak Naik Tahun Depan",
        "author": "Ani Wati",
        "date": "2023-09-04",
        "outlet": "Kabar.co.id",
        "url": "https://www.kabar.co.id/ekonomi/pajak",
    }
    assert detect(tmp_path)[0].name == detect(tmp_path / "a.html")[0].name == "html"
    assert detect(put(tmp_path, "page", PAGE))[0].name == "html"


def test_the_title_stands_first_where_the_article_has_none(tmp_path: Path) -> None:
    page = PAGE.replace("<h1>Pajak Naik Tahun Depan</h1>", "").replace("Depan - Kabar", "Depan")
    assert only(put(tmp_path, "a.html", page)).text == TEXT


def test_the_outlet_is_the_host_where_the_page_does_not_say_its_name(tmp_path: Path) -> None:
    page = PAGE.replace('<meta property="og:site_name" content="Kabar.co.id">', "").replace(" - Kabar", "")
    assert only(put(tmp_path, "a.html", page)).meta["outlet"] == "kabar.co.id"


@pytest.mark.parametrize(
    ("declared", "encoding", "mark"),
    [
        ('<meta charset="utf-8">', "utf-8", b""),
        ("<meta charset=windows-1252>", "cp1252", b""),
        ('<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">', "cp1252", b""),
        ("", "utf-8", b""),
        ("", "cp1252", b""),
        ("", "utf-8", codecs.BOM_UTF8),
        ("", "utf-16-le", codecs.BOM_UTF16_LE),
        ('<meta charset="utf-16">', "utf-8", b""),
    ],
)
def test_the_encoding_is_the_page_s_own(tmp_path: Path, declared: str, encoding: str, mark: bytes) -> None:
    page = PAGE.replace('<meta charset="utf-8">', declared)
    assert only(put(tmp_path, "a.html", mark + page.encode(encoding))).text == TEXT


def test_a_page_in_xhtml(tmp_path: Path) -> None:
    page = '<?xml version="1.0" encoding="iso-8859-1"?>\n' + PAGE.replace('<meta charset="utf-8">', "")
    assert only(put(tmp_path, "a.html", page.encode("cp1252"))).text == TEXT


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "a.html: has no article that can be found\n    take it out, or save its text as .txt"),
        ("<html><body></body></html>", "a.html: has no article"),
        ("\0\1\2", "a.html: has no article"),
        ("<html><body>" + "<div>" * 3000, "a.html: has no article"),
        ('<html><meta charset="klingon">', "a.html: declares the encoding 'klingon', which is none"),
        ('<html><meta charset="idna">', "a.html: declares the encoding 'idna', which is none"),
        ('<html><meta charset="hex">', "a.html: declares the encoding 'hex', which is none"),
        (b'<html><meta charset="utf-8">\n\xff', "a.html:2: byte 29 (0xff) is not utf-8\n    save the page again"),
        (b"<html>\x81", "a.html:1: byte 6 (0x81) is not"),
    ],
)
def test_pages_that_are_bad_are_told(tmp_path: Path, content: str | bytes, what: str) -> None:
    assert told(put(tmp_path, "a.html", content)).startswith(what)


def test_a_page_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("narasumber.formats.html_page.LARGEST", len(PAGE) - 1)
    assert told(put(tmp_path, "a.html", PAGE)).startswith("a.html: has more than")


def test_a_page_of_very_many_elements_is_refused(tmp_path: Path) -> None:
    most = 10_000 - PAGE.count("<") + PAGE.count("</") + PAGE.count("<!")
    assert only(put(tmp_path, "a.html", PAGE.replace("<footer>", "<br>" * most + "<footer>"))).text == TEXT
    page = PAGE.replace("<footer>", "<br>" * (most + 1) + "<footer>")
    assert told(put(tmp_path, "a.html", page)).startswith("a.html: has more than 10,000 elements\n")


def test_a_page_full_of_white_space_is_read(tmp_path: Path) -> None:
    # Some of trafilatura's expressions are quadratic in a run of white space: as it stands, this page takes it minutes.
    assert only(put(tmp_path, "a.html", "í\xa0€" * 250_000 + PAGE)).text == TEXT


def test_a_folder_of_pages_and_all_that_is_wrong_in_it(tmp_path: Path) -> None:
    for name in ("b.htm", "x/a.html", ".hidden.html", "x/notes.md"):
        put(tmp_path, name, PAGE)
    assert [document.id for document in read(tmp_path)] == ["b", "x/a"]
    for name in ("a.html", "c.html"):
        put(tmp_path, name, "")
    found: list[str] = []
    with pytest.raises(InputError) as caught:
        found.extend(document.id for document in read(tmp_path))
    assert found == ["b", "x/a"] and len(caught.value.problems) == 2
    with pytest.raises(InputError, match=r"no \.html file in it"):
        list(read(put(tmp_path, "empty/x.txt", "").parent, "html"))


def test_a_folder_of_pages_and_plain_texts_is_asked_about(tmp_path: Path) -> None:
    for name in ("a.html", "b.htm"):
        put(tmp_path, name, PAGE)
    put(tmp_path, "c.txt", "Kim pergi.")
    with pytest.raises(InputError, match=r"holds 2 \.html and 1 \.txt files(.|\n)*--from html or --from text"):
        detect(tmp_path)
    assert [document.id for document in read(tmp_path, "html")] == ["a", "b"]
    assert [document.id for document in read(tmp_path, "text")] == ["c"]


def test_without_trafilatura_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    assert "pip install 'narasumber[html]'" in told(put(tmp_path, "a.html", PAGE))
