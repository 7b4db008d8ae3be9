"""Annotation in and out: one module a format, each with the same few functions; this one finds the right module.

A format's module has `sniff` and `read`, or `kept` and one of `render` and `write`, or all of them:

    sniff(path: Path, head: str) -> str            why this file or folder is of the format; empty where it is not
    read(path: Path, labels: LabelMap) -> Iterator[Document]
    render(documents: Iterable[Document]) -> Iterator[str]      the pieces of one text file
    write(documents: Iterable[Document], target: Path) -> None   a folder, or a file that is no text
    kept(meta: Mapping[str, Any]) -> Mapping[str, Any]          what of a document's `meta` is written

Readers yield as they read, so that any number of articles goes through; what is wrong is collected and raised as one
InputError behind the last good document (or at once, where nothing can be read).
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Final, Literal

from narasumber.document import Document
from narasumber.errors import InputError, no_such
from narasumber.files import is_special, new_file
from narasumber.formats.common import LabelMap
from narasumber.labels import HEADS
from narasumber.scope import WHOLE
from narasumber.words import words

Feature = Literal["links", "cues", "overlaps", "gaps", "edges", "attributes", "ids", "layers", "scope"]
"""What not every format can carry: attributions; those of a CUE without any role; spans of one layer over each other;
spans in parts; spans that cut a word or cross a line; Form and Kind; the document's id; layers over each other; what
the annotation speaks of."""


@dataclass(frozen=True)
class Format:
    """One format. `module` is imported when it is used; `extra` is what has to be installed for it."""

    name: str
    what: str
    module: str
    carries: frozenset[Feature]
    reads: bool = True
    writes: bool = True
    extra: str = ""

    def load(self) -> ModuleType:
        return importlib.import_module(f"narasumber.formats.{self.module}")

    @property
    def is_text(self) -> bool:
        """Whether it is one text file, which may go to standard output."""
        return hasattr(self.load(), "render")


def _carries(names: str) -> frozenset[Feature]:
    return frozenset(names.split())  # type: ignore[arg-type]


FORMATS: Final[dict[str, Format]] = {
    item.name: item
    for item in (
        Format(
            "json",
            "one Document a line, all that Narasumber knows",
            "json_lines",
            _carries("links cues overlaps gaps edges attributes ids layers scope"),
        ),
        Format(
            "brat",
            "a folder of .txt and .ann pairs, and the folders in it",
            "brat",
            _carries("links cues overlaps gaps edges attributes ids layers"),
        ),
        Format(
            "uima-xmi",
            "UIMA CAS as XMI with TypeSystem.xml, as INCEpTION exports: a file, a folder, or a zip of a project",
            "uima_xmi",
            _carries("links overlaps edges attributes ids layers"),
            extra="inception",
        ),
        Format(
            "cas-json",
            "UIMA CAS as JSON, as INCEpTION exports: a file, a folder, or a zip of a project",
            "cas_json",
            _carries("links overlaps edges attributes ids layers"),
            extra="inception",
        ),
        Format(
            "webanno-tsv",
            "WebAnno TSV 3.1 to 3.3, as INCEpTION exports: a file, or a folder or zip of them",
            "webanno_tsv",
            _carries("links overlaps edges attributes ids layers"),
            writes=False,
        ),
        Format(
            "labelstudio",
            "Label Studio's tasks with annotations or predictions, JSON or JSON-MIN",
            "labelstudio",
            _carries("links overlaps edges attributes ids layers"),
        ),
        Format(
            "doccano",
            "doccano's JSON Lines, with or without relations, one file or a folder or zip of one a user",
            "doccano",
            _carries("links overlaps edges ids layers"),
        ),
        Format(
            "prodigy",
            "Prodigy's JSON Lines, as db-out writes and db-in takes them",
            "prodigy",
            _carries("links overlaps gaps edges attributes ids layers"),
        ),
        Format(
            "spacy-json",
            "training files of spaCy 2 (JSON), or pairs of text and entities",
            "spacy_json",
            _carries("ids"),
            writes=False,
        ),
        Format(
            "docbin",
            "spaCy's binary training files (.spacy)",
            "docbin",
            _carries("links overlaps edges attributes ids layers"),
            extra="spacy",
        ),
        Format(
            "web-annotation",
            "W3C Web Annotation, an AnnotationPage in JSON-LD",
            "web_annotation",
            _carries("links overlaps edges attributes ids layers"),
        ),
        Format(
            "conll",
            "columns, a word a line, tags in IOB1, IOB2, BIOES or BILOU",
            "conll",
            _carries("ids layers scope"),
        ),
        Format(
            "html",
            "saved web pages, for the articles in them",
            "html_page",
            _carries("ids"),
            writes=False,
            extra="html",
        ),
        Format(
            "text",
            "articles without annotation: a .txt file, or a folder of them",
            "plain_text",
            _carries("ids"),
            writes=False,
        ),
    )
}
"""By name, in the order in which `detect` asks."""


def detect(path: Path) -> tuple[Format, str]:
    """The format of a file or folder, and why. Raises InputError where it is none, or cannot be read."""
    _check_source(path, "a file or folder with annotated articles")
    for size in _HEADS:
        head = _head(path, size)
        for item in FORMATS.values():
            if item.reads and (why := item.load().sniff(path, head)):
                return item, why
        if path.stat().st_size <= size:
            break
    raise InputError(
        str(path),
        "is of no known format",
        f"name it: --from {'|'.join(item.name for item in FORMATS.values() if item.reads)}",
    )


_HEADS: Final = (1 << 16, 1 << 20)
"""Bytes that are looked at, and if they do not tell, for a long article may stand before what does, once more."""


def _head(path: Path, size: int) -> str:
    """The first characters of a file; of a folder, nothing."""
    if path.is_dir():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(size).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def read(path: Path, format: str = "auto", labels: LabelMap | None = None) -> Iterator[Document]:
    """The documents of a file or folder; `labels` maps the labels used there to the scheme's.

    Raises InputError for an unknown format, where there are none, and, behind the last good document, with all that is
    wrong.
    """
    chosen = detect(path)[0] if format == "auto" else _format(format)
    if not chosen.reads:
        raise InputError(chosen.name, "is written only", "convert from another format")
    _check_source(path, chosen.what)
    is_empty = True
    for document in chosen.load().read(path, labels or {}):
        is_empty = False
        yield document
    if is_empty:
        raise InputError(str(path), "holds no article", f"name {chosen.what}")


def _check_source(path: Path, what: str) -> None:
    if not path.exists():
        raise no_such(path, f"name {what}")
    if is_special(path):
        raise InputError(str(path), "is a pipe or device, and articles are read more than once", "write it to a file")


def write(documents: Iterable[Document], target: Path, format: str) -> None:
    """Writes a file, or for some formats a folder; it is there as a whole or not at all. Raises InputError."""
    chosen = _written(format)
    try:
        if chosen.is_text:
            with new_file(target) as file:
                for part in chosen.load().render(documents):
                    file.write(part)
        else:
            chosen.load().write(documents, target)
    except OSError as error:
        raise InputError(str(target), f"cannot be written: {error.strerror}", "choose another place") from None
    except UnicodeEncodeError as error:
        what = f"a text holds {error.object[error.start]!r}, which is half of a character"
        raise InputError(str(target), what, "decode the source with errors='strict'") from None


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise InputError(name, "is no known format", f"formats are {', '.join(FORMATS)}")
    return FORMATS[name]


def _written(name: str) -> Format:
    chosen = _format(name)
    if not chosen.writes:
        raise InputError(chosen.name, "is read only", "choose another format")
    return chosen


def losses(documents: Sequence[Document], format: str) -> dict[str, int]:
    """What `format` cannot carry of these documents: what it is, and how often.

    What a reader has left out already, `meta["left_out"]`, is not among it. Raises InputError for a format that is not
    written.
    """
    chosen = _written(format)
    kept = chosen.load().kept
    count: Counter[str] = Counter()
    for document in documents:
        for feature, (what, number_in) in _LOSSES.items():
            if feature not in chosen.carries:
                count[what] += number_in(document)
        known = {"left_out", *kept(document.meta)}
        for name, value in document.meta.items():
            if name not in known and value not in (None, "", [], {}):
                is_list = name in _IN_META and isinstance(value, list)
                count[_IN_META.get(name, f"fields {name}"[:80])] += len(value) if is_list else 1
    return dict(+count)


_LOSSES: Final[dict[Feature, tuple[str, Callable[[Document], int]]]] = {
    "links": (
        "links between a CUE and its SOURCE or CONTENT",
        lambda document: sum(len(attribution.spans) - 1 for attribution in document.attributions),
    ),
    "cues": (
        "attributions of a CUE without SOURCE and CONTENT",
        lambda document: sum(len(attribution.spans) == 1 for attribution in document.attributions),
    ),
    "overlaps": ("spans over another of their layer", lambda document: _lost_in_bio(document, "nested", "crossing")),
    "gaps": ("spans in several parts", lambda document: sum(bool(span.fragments) for span in document.spans)),
    "edges": ("spans that cut a word or cross a line", lambda document: _lost_in_bio(document, "word", "line")),
    "attributes": ("attributes (Form, Kind)", lambda document: sum(len(span.attributes) for span in document.spans)),
    "layers": ("spans of a second layer", lambda document: sum(span.layer != "entity" for span in document.spans)),
    "scope": ("statements of what the annotation speaks of", lambda document: int(document.scope != WHOLE)),
}

_IN_META: Final = {"brat": "lines that only brat has", "unknown": "stretches of which the annotation says nothing"}
"""Fields of `meta` that have a form, and what their items are."""


def _lost_in_bio(document: Document, *causes: str) -> int:
    return sum(_causes(document)[cause] for cause in causes)


@lru_cache(maxsize=1)
def _causes(document: Document) -> Counter[str]:
    """Why BIO columns cannot hold spans of a document, and how often."""
    from narasumber.tags import bio  # here, for the command line imports this module and is quicker without numpy

    grid = words(document.text)
    return Counter(item.cause for head in HEADS for item in bio(document, head, grid)[1])
