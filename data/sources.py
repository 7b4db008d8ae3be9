"""Annotated articles from files, with what can be said about them from their text: outlet, title, sections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.brat import read_brat, read_brat_folder
from narasumber.sections import DOMAIN, sections

Format = Literal["brat"]
FORMATS: Final[tuple[str, ...]] = ("brat",)


def load_documents(path: str | Path, format: str = "brat") -> list[Document]:
    """The documents of a folder, by name, or of one `.txt` file and its partner, with `meta` filled in.

    Raises InputError with every problem of every file.
    """
    place = Path(path)
    if format not in FORMATS:
        raise InputError(str(place), f"unknown format {format!r}", f"formats are {', '.join(FORMATS)}")
    if not place.exists():
        raise InputError(str(place), "no such file or folder", "name a folder with pairs of .txt and .ann files")
    if place.is_dir():
        documents = read_brat_folder(place)
    elif place.suffix in (".txt", ".ann"):
        documents = [read_brat(place.with_suffix(".txt"))]
    else:
        raise InputError(str(place), "is neither a folder nor a .txt file", "name an article's .txt or its folder")
    return [with_meta(document) for document in documents]


def with_meta(document: Document) -> Document:
    """The document with `sections` and, where its text tells them, `outlet` (`kontan.co.id`) and `title`."""
    text = document.text
    parts = sections(text)
    meta: dict[str, object] = {"sections": [list(part) for part in parts]}
    # The dateline says it best; a byline does too: `(Tribunnews.com/Ani)`.
    for place in ("dateline", "byline"):
        for kind, start, end in parts:
            if kind == place and "outlet" not in meta and (name := DOMAIN.search(text, start, end)):
                meta["outlet"] = name.group().lower()
    for kind, start, end in parts:
        if kind == "title":
            meta["title"] = text[start:end]
    return replace(document, meta={**meta, **document.meta})
