"""UIMA CAS as XMI with its type system, as INCEpTION and WebAnno export it; see `cas`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from narasumber.document import Document
from narasumber.formats import cas
from narasumber.formats.common import LabelMap


def sniff(path: Path, head: str) -> str:
    return cas.sniff(path, head, ".xmi")


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    yield from cas.read(path, labels, ".xmi")


def write(documents: Iterable[Document], target: Path) -> None:
    cas.write(documents, target, ".xmi")


kept = cas.kept
