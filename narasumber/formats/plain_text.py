"""Articles without annotation, in: a UTF-8 `.txt` file, or all of a folder and the folders in it.

Their scope is empty: that nothing is marked does not say that there is nothing to mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats import conll
from narasumber.formats.common import LabelMap, Problems, decoded, read_bytes
from narasumber.formats.projects import files_in
from narasumber.scope import UNMARKED

_HEADER: Final = re.compile(r"#FORMAT=|# ?(?:columns|global\.columns|id|newdoc|sent_id|text)\b|-DOCSTART-")


_MARKUP: Final = re.compile(r"\s*(?:\{\s*\"|\[\s*\{|<(?:\?xml|!doctype|html|rss)\b)", re.IGNORECASE)


def sniff(path: Path, head: str) -> str:
    """Prose only: a `.txt` with an `.ann` beside it, or with columns of tags in it, is of another format."""
    if path.is_file():
        return "it is a text file" if _is_prose(path, head) else ""
    texts = [file for file in files_in(path) if file.suffix == ".txt"]
    if not texts or any(file.suffix == ".ann" for file in files_in(path)):
        return ""
    try:
        with texts[0].open(encoding="utf-8-sig", errors="replace") as file:
            first = file.read(1 << 16)
    except OSError:
        return ""
    return "the folder holds .txt files, and no .ann files" if _is_prose(texts[0], first) else ""


def _is_prose(path: Path, head: str) -> bool:
    if path.suffix != ".txt" or path.with_suffix(".ann").exists() or _HEADER.match(head.lstrip("\ufeff")):
        return False
    return not conll.sniff(path, head)


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """Ids are the files' names without `.txt`, as `folder/name` in folders. Raises InputError at the end."""
    del labels
    problems = Problems()
    names = files_in(path) if path.is_dir() else {path: Path(path.name)}
    files = [file for file in names if file.suffix == ".txt" or file == path]
    if not files:
        problems.add(str(path), "no .txt file in it", "name a folder with articles as .txt files")
    for file in files:
        try:
            text = article_text(read_bytes(file), str(file))
        except InputError as error:
            problems.take(error)
            continue
        id = file.relative_to(path).with_suffix("").as_posix() if path.is_dir() else path.stem
        yield Document(id, text, scope=UNMARKED)
    problems.raise_if_any()


def article_text(content: bytes, where: str) -> str:
    """The text of a UTF-8 file. Raises InputError where it is of another encoding, or holds nothing to read."""
    text = decoded(content, where)
    if "\0" in text:
        raise InputError(where, "holds NUL characters, so it is UTF-16, or no text", "save it as UTF-8 text")
    if _MARKUP.match(text):
        cure = "call the file .jsonl or .html, or by the ending of what it is, and name it; or save its text"
        raise InputError(where, "is JSON or markup, no text", cure)
    if not text.strip():
        raise InputError(where, "the article is empty", "put the text back, or leave the file out")
    return text
