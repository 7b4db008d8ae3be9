"""What a config trains and measures on: annotated articles and public corpora, with what their text tells of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from data.corpora import CORPORA, load_corpus
from data.splits import HeldOut
from narasumber import formats
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import LabelMap, left_out_of
from narasumber.scope import Scope
from narasumber.sections import DOMAIN, sections
from narasumber.settings import Frozen

OneOrSeveral = Annotated[
    Annotated[str, Tag("<label>")] | Annotated[tuple[str, ...], Tag("<labels>")],
    Discriminator(lambda given: "<labels>" if isinstance(given, list | tuple) else "<label>"),
]


class Source(Frozen):
    """Annotated articles (a file or folder of any format that is read), or a public corpus as it is published."""

    path: Path
    format: str = "auto"
    corpus: str | None = None
    split: Literal["train", "dev", "test"] | None = None
    """Of the corpus; all of it, if left out."""
    name: str = ""
    """What stages and reports call it; the corpus, or the last part of the path, if left out."""
    labels: dict[str, str] = Field(default={})
    """Labels used there to ours; an empty one leaves its spans out, as if nobody had marked them."""
    annotates: tuple[OneOrSeveral, ...] | None = None
    """The labels, or layers with all of theirs, that its annotators looked for, where its format does not tell and that
    is not the whole scheme: `[PER, ORG, [LOC, GPE, FAC]]`, the last three marked as one. Others are masked.
    """
    weight: float = Field(default=1.0, gt=0)
    """How much more often than its size says it is drawn in training."""
    held_out: bool = True
    """Whether `held_out` and `development` may take articles of it."""

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        known = ("auto", *(item.name for item in formats.FORMATS.values() if item.reads))
        if value not in known:
            raise ValueError(f"is no format; formats are {', '.join(known)}")
        return value

    @field_validator("corpus")
    @classmethod
    def _known_corpus(cls, value: str | None) -> str | None:
        if value is not None and value not in CORPORA:
            raise ValueError(f"is no known corpus; corpora are {', '.join(CORPORA)}")
        return value

    @field_validator("annotates")
    @classmethod
    def _known_labels(cls, value: tuple[str | tuple[str, ...], ...] | None) -> tuple[str | tuple[str, ...], ...] | None:
        if value is not None:
            Scope.of(value)
        return value

    @model_validator(mode="after")
    def _split_goes_with_corpus(self) -> Source:
        if self.split and not self.corpus:
            raise ValueError("split goes with corpus; of articles, name the folder")
        if (self.labels or self.annotates is not None) and self.corpus:
            raise ValueError("labels and annotates go with articles; a corpus has its own table")
        return self

    @property
    def title(self) -> str:
        return self.name or self.corpus or self.path.name

    def load(self) -> list[Document]:
        """Raises InputError with every problem of every file."""
        if self.corpus:
            return list(load_corpus(self.corpus, self.path, self.split))
        if self.labels and "json" in (self.format, formats.detect(self.path)[0].name if self.format == "auto" else ""):
            raise InputError(
                f"data.sources: {self.path}", "json has the labels of the scheme already", "leave labels out"
            )
        documents = load_documents(self.path, self.format, self.labels)
        if self.annotates is None:
            return documents
        scope = Scope.of(self.annotates)
        try:
            return [_within(own, scope) for own in documents]
        except ValueError as error:
            cure = "name them as one: [[LOC, GPE, FAC]], or leave all of them out"
            raise InputError(f"data.sources: {self.path}: annotates", f"the file {error}", cure) from None


Apart = Annotated[
    Annotated[HeldOut, Tag("<HeldOut>")] | Annotated[tuple[Source, ...], Tag("<Source>")],
    Discriminator(lambda given: "<Source>" if isinstance(given, list | tuple) else "<HeldOut>"),
]
"""What training does not see: a rule that takes articles from the sources, or sources of their own."""


class DataConfig(Frozen):
    """The key `data` of a config: `held_out` is scored, `development` chooses the best epoch."""

    sources: tuple[Source, ...] = Field(min_length=1)
    held_out: Apart | None = None
    development: Apart | None = None
    temperature: float = Field(default=1.0, ge=0.01)
    """Of sampling among sources: 1 draws by size, more draws small ones more often."""

    @model_validator(mode="after")
    def _names_once(self) -> DataConfig:
        titles = [source.title for source in self.sources]
        if twice := sorted({title for title in titles if titles.count(title) > 1}):
            raise ValueError(f"two sources are called {', '.join(twice)}: give them a name")
        return self

    def documents(self) -> dict[str, Document]:
        """Every article that the config speaks of, by id."""
        asked = [item for item in (self.held_out, self.development) if isinstance(item, tuple)]
        sources: Sequence[Source] = [*self.sources, *(source for item in asked for source in item)]
        return {document.id: document for source in sources for document in source.load()}


def _within(document: Document, scope: Scope) -> Document:
    """The document in terms of the scope, with the spans that are of no label in it counted as left out."""
    own = document.within(scope)
    left = {"spans that annotates does not name": len(document.spans) - len(own.spans)}
    return replace(own, meta={**own.meta, "left_out": {**left_out_of(own), **left}}) if any(left.values()) else own


def read(path: Path, format: str = "auto", labels: LabelMap | None = None) -> Iterable[Document]:
    """The documents of a file or folder, or of a public corpus where `format` is the name of one.

    Raises InputError as `narasumber.formats.read` and `load_corpus`, and for labels of a corpus.
    """
    if format not in CORPORA:
        return formats.read(path, format, labels)
    if labels:
        raise InputError("--label", f"{format} has a table of its own", "leave it out")
    return load_corpus(format, path)


def load_documents(path: str | Path, format: str = "auto", labels: LabelMap | None = None) -> list[Document]:
    """The documents that `read` finds, with `meta` filled in. Raises InputError with every problem of every file."""
    return [with_meta(document) for document in read(Path(path), format, labels)]


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


def is_uncorrected(document: Document) -> bool:
    """Whether its annotation is a model's that nobody has corrected, as readers of predictions say."""
    return str(document.meta.get("annotator", "")).startswith("model:")


def taught(document: Document) -> Document:
    """What a model learns from, without what else is known of an article."""
    return replace(document, meta={key: value for key, value in document.meta.items() if key == "unknown"})


def fingerprint(documents: Iterable[Document]) -> str:
    """sha256 over texts and annotation, independent of the documents' order."""
    sums = sorted(
        hashlib.sha256(json.dumps(taught(document).to_json(), sort_keys=True).encode()).hexdigest()
        for document in documents
    )
    return hashlib.sha256("".join(sums).encode()).hexdigest()
