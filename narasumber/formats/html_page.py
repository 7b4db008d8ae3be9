"""Articles without annotation out of saved web pages, by trafilatura: `.html` files, or all of a folder.

Nothing is fetched: what a page refers to stays where it is. The encoding is that of a byte order mark, or what the
page declares, or UTF-8, or windows-1252, which is what browsers take a page to be that says nothing.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import LabelMap, Problems, short
from narasumber.formats.projects import files_in
from narasumber.scope import UNMARKED

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a page; a larger one is refused."""

MOST_ELEMENTS: Final = 10_000
"""Elements of a page; what has more is refused."""

MANY_ELEMENTS: Final = 1500
"""Above so many, trafilatura's result is not compared with those of other algorithms, which take quadratic time."""

MANY_SPACES: Final = 30_000
"""Above so many stretches of white space neither: one of those algorithms goes through them dozens of times."""

_ENDINGS: Final = (".html", ".htm", ".xhtml")
_BEGIN: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE
)
_CHARSET: Final = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_ELEMENT: Final = re.compile("<[a-z]", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


_NO_CHARSETS: Final = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")


def sniff(path: Path, head: str) -> str:
    """Raises InputError for a folder with plain texts in it too, which may be articles or notes."""
    if path.is_dir():
        endings = Counter(file.suffix.lower() for file in files_in(path))
        pages = sum(endings[ending] for ending in _ENDINGS)
        if pages and endings[".txt"]:
            what = f"holds {pages} .html and {endings['.txt']} .txt files: which are the articles?"
            raise InputError(str(path), what, "say it: --from html or --from text; or part them")
        return "the folder holds .html files" if pages else ""
    return "it is a web page" if path.suffix.lower() in _ENDINGS or _BEGIN.match(head.lstrip("\ufeff")) else ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """The title, then the article, a paragraph a line; title, author, date, outlet and url in `meta`, where known.

    Ids are the files' names without their ending, as `folder/name` in folders. Raises InputError at the end: for pages
    without an article, and for bytes that are not of the page's encoding.
    """
    del labels
    problems = Problems()
    files = [file for file in files_in(path) if file.suffix.lower() in _ENDINGS] if path.is_dir() else [path]
    if not files:
        problems.add(str(path), "no .html file in it", "name a folder with saved pages")
    for file in files:
        id = file.relative_to(path).with_suffix("").as_posix() if path.is_dir() else path.stem
        try:
            document = _article(id, file)
        except InputError as error:
            problems.take(error)
        else:
            yield document
    problems.raise_if_any()


def _article(id: str, path: Path) -> Document:
    try:
        from trafilatura import bare_extraction
    except ImportError:
        cure = "install it: pip install 'narasumber[html]'"
        raise InputError("trafilatura", "finds the article in a page, and is not installed", cure) from None
    page = _decoded(path)
    if _has_more(_ELEMENT, page, MOST_ELEMENTS):
        raise InputError(str(path), f"has more than {MOST_ELEMENTS:,} elements", "save the article's page alone")
    is_large = _has_more(_ELEMENT, page, MANY_ELEMENTS) or _has_more(_SPACES, page, MANY_SPACES)
    try:
        found = bare_extraction(page, include_comments=False, with_metadata=True, fast=is_large)
    except Exception as error:  # of any class: it parses what the web has to offer
        what = f"is no page that can be read: {type(error).__name__}: {short(error)}"
        raise InputError(str(path), what, "save it again, or its text as .txt") from None
    values = {} if found is None else found if isinstance(found, dict) else found.as_dict()
    lines = [" ".join(line.split()) for line in str(values.get("text") or "").splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        raise InputError(str(path), "has no article that can be found", "take it out, or save its text as .txt")
    named = {
        "title": values.get("title"),
        "author": values.get("author"),
        "date": values.get("date"),
        "outlet": values.get("sitename") or values.get("hostname"),
        "url": values.get("url"),
    }
    meta = {name: " ".join(value.split()) for name, value in named.items() if isinstance(value, str) and value.strip()}
    if "title" in meta and lines[0] != meta["title"]:
        lines.insert(0, meta["title"])
    return Document(id, "\n".join(lines), meta=meta, scope=UNMARKED)


def _has_more(pattern: re.Pattern[str], text: str, most: int) -> bool:
    """Whether a pattern is found more often than that; the rest of the text is not looked at."""
    return next(islice(pattern.finditer(text), most, None), None) is not None


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise InputError(str(path), f"has more than {LARGEST >> 20} MiB", "save the article's page alone")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if not encoding and (match := _CHARSET.search(content[:4096])):
        encoding = _encoding(match[1].decode("ascii", "replace"), str(path))
    for name in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            return content.decode(name)
        except UnicodeDecodeError as error:
            failed = error
    what = f"byte {failed.start} (0x{content[failed.start]:02x}) is not {failed.encoding}"
    line = content.count(b"\n", 0, failed.start) + 1
    raise InputError(f"{path}:{line}", what, "save the page again, as UTF-8")


def _encoding(name: str, where: str) -> str:
    """Python's name of a declared encoding. Pages that say Latin-1 or ASCII are windows-1252, as browsers know."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        found = ""
    if not found or not codecs.lookup(found)._is_text_encoding or found in _NO_CHARSETS:
        raise InputError(where, f"declares the encoding {short(name)}, which is none", "save the page as UTF-8")
    # Where a declaration can be read byte by byte, the page is not in UTF-16.
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-16": "utf-8", "utf-32": "utf-8"}.get(found, found)
