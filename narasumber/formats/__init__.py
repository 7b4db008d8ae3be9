"""Annotation in and out: one module a format, each with the same few functions; this one finds the right module.

A format's module has `sniff`, and `read` or `render` or `write`:

    sniff(path: Path, head: str) -> str            why this file or folder is of the format; empty where it is not
    read(path: Path, labels: LabelMap) -> Iterator[Document]
    render(documents: Iterable[Document]) -> Iterator[str]      the pieces of one text file
    write(documents: Iterable[Document], target: Path) -> None   a folder, or a file that is no text

Readers yield as they read, so that any number of articles goes through; what is wrong is collected and raised as one
InputError behind the last good document (or at once, where nothing can be read).
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, Literal

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import new_file
from narasumber.formats.common import LabelMap
from narasumber.scope import WHOLE

Feature = Literal["links", "overlaps", "gaps", "attributes", "ids", "layers", "scope"]
"""What not every format can carry: attributions; spans of one layer over each other; spans in parts; Form and Kind;
the document's id; layers over each other; what the annotation speaks of."""


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
            _carries("links overlaps gaps attributes ids layers scope"),
        ),
        Format(
            "brat",
            "a folder of .txt and .ann pairs, and the folders in it",
            "brat",
            _carries("links overlaps gaps attributes ids layers"),
        ),
        Format(
            "uima-xmi",
            "UIMA CAS as XMI with TypeSystem.xml, as INCEpTION exports: a file, a folder, or a zip of a project",
            "uima_xmi",
            _carries("links overlaps attributes ids layers"),
            extra="inception",
        ),
        Format(
            "cas-json",
            "UIMA CAS as JSON, as INCEpTION exports: a file, a folder, or a zip of a project",
            "cas_json",
            _carries("links overlaps attributes ids layers"),
            extra="inception",
        ),
        Format(
            "webanno-tsv",
            "WebAnno TSV 3.1 to 3.3, as INCEpTION exports: a file, or a folder of them",
            "webanno_tsv",
            _carries("links overlaps attributes ids layers"),
            writes=False,
        ),
        Format(
            "labelstudio",
            "Label Studio's tasks with annotations or predictions, JSON or JSON-MIN",
            "labelstudio",
            _carries("links overlaps attributes ids layers"),
        ),
        Format(
            "doccano",
            "doccano's JSON Lines, with or without relations, one file or a folder or zip of one a user",
            "doccano",
            _carries("links overlaps ids layers"),
        ),
        Format(
            "prodigy",
            "Prodigy's JSON Lines, as db-out writes and db-in takes them",
            "prodigy",
            _carries("links overlaps gaps attributes ids layers"),
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
            _carries("links overlaps attributes ids layers"),
            extra="spacy",
        ),
        Format(
            "web-annotation",
            "W3C Web Annotation, an AnnotationPage in JSON-LD",
            "web_annotation",
            _carries("links overlaps attributes ids layers"),
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
    if not path.exists():
        raise InputError(str(path), "no such file or folder", "name a file or folder with annotated articles")
    head = _head(path)
    for item in FORMATS.values():
        if item.reads and (why := item.load().sniff(path, head)):
            return item, why
    raise InputError(
        str(path),
        "is of no known format",
        f"name it: --from {'|'.join(item.name for item in FORMATS.values() if item.reads)}",
    )


def _head(path: Path) -> str:
    """The first characters of a file; of a folder, nothing."""
    if path.is_dir():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(1 << 16).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def read(path: Path, format: str = "auto", labels: LabelMap | None = None) -> Iterator[Document]:
    """The documents of a file or folder; `labels` maps the labels used there to the scheme's.

    Raises InputError for an unknown format and, behind the last good document, with all that is wrong.
    """
    chosen = detect(path)[0] if format == "auto" else _format(format)
    if not chosen.reads:
        raise InputError(chosen.name, "is written only", "convert from another format")
    if not path.exists():
        raise InputError(str(path), "no such file or folder", f"name {chosen.what}")
    yield from chosen.load().read(path, labels or {})


def write(documents: Iterable[Document], target: Path, format: str) -> None:
    """Writes a file, or for some formats a folder; it is there as a whole or not at all. Raises InputError."""
    chosen = _format(format)
    if not chosen.writes:
        raise InputError(chosen.name, "is read only", "choose another format")
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


def losses(documents: Sequence[Document], format: str) -> dict[str, int]:
    """What `format` cannot carry of these documents: what it is, and how often."""
    carries = _format(format).carries
    count: Counter[str] = Counter()
    for document in documents:
        for feature, what, number in _features(document):
            if feature not in carries and number:
                count[what] += number
    return dict(count)


def _features(document: Document) -> Iterator[tuple[Feature, str, int]]:
    from narasumber.tags import outermost  # here, for the command line imports this module and is quicker without numpy

    links = sum(len(attribution.spans) - 1 for attribution in document.attributions)
    yield "links", "links between a CUE and its SOURCE or CONTENT", links
    layers = {span.layer for span in document.spans}
    covered = [outermost(document.layer(layer)) for layer in layers]
    yield "overlaps", "spans over another of their layer", sum(len(inside + rest) for _, inside, rest in covered)
    yield "gaps", "spans in several parts", sum(bool(span.fragments) for span in document.spans)
    yield "attributes", "attributes (Form, Kind)", sum(len(span.attributes) for span in document.spans)
    yield "layers", "spans of a second layer", sum(span.layer != "entity" for span in document.spans)
    yield "scope", "statements of what the annotation speaks of", int(document.scope != WHOLE)
