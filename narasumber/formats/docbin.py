"""spaCy's DocBin in and out: the `.spacy` files that `spacy train` takes (https://spacy.io/api/docbin).

A Document is a Doc with spaCy's Indonesian tokens, cut where a span starts or ends inside one, so that no span is
lost. In it stand

    doc.spans["entity"], ["source"], ["cue"], ["content"]    all spans of a layer, for `spancat`
    doc.ents                                                 the entities, for `ner`: of two that overlap, the outer one
    doc.user_data["narasumber"]                              what spaCy has no place for:
        {"id": ..., "meta": {"title": ...}, "attributes": {"source": [{"Kind": "Person"}, ...], "content": [...]},
         "attributions": [{"cue": 0, "sources": [0], "contents": [0, 1]}, ...]}

where `attributes` has an entry for each span of the group, and attributions count the spans of their group. Spans with
gaps are written from their start to their end. Read are `doc.ents` and all groups of `doc.spans`, of any file. Tokens
of which `doc.ents` says nothing (`ent_iob` 0, spaCy's "missing") are unknown, not `O`, where no group holds entities.
"""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import write_file
from narasumber.formats.common import LabelMap, Mark, Problems, Tie, build, plain, read_bytes
from narasumber.formats.prodigy import tokens
from narasumber.formats.projects import HIGHEST_RATIO
from narasumber.labels import LAYERS, layer_of_label
from narasumber.tags import outermost

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

HARMLESS: Final = 64 * 1024 * 1024
"""Bytes that any file may expand to."""

_KEY: Final = "narasumber"
_AGAIN: Final = "write it with DocBin.to_disk of spaCy 3"
_PIECE: Final = 64 * 1024


def sniff(path: Path, head: str) -> str:
    del head
    return "its name ends in .spacy" if path.suffix == ".spacy" and not path.is_dir() else ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """The whole file is read at once. Raises InputError, with all problems, at the end."""
    problems = Problems()
    for number, doc in enumerate(_docs(path), start=1):
        where = f"{path}: document {number}"
        try:
            own = _own(doc.user_data.get(_KEY, {}), where)
        except (AttributeError, KeyError, TypeError, ValueError):
            problems.add(where, f"its user_data has a {_KEY!r} of another form", "write it with `narasumber convert`")
            continue
        try:
            marks = list(_marks(doc, own, where))
            unknown = list(_unknown(doc, labels))
        except (KeyError, IndexError, ValueError):  # what spaCy raises, for it looks spans up when they are asked for
            problems.add(where, "its spans are damaged", _AGAIN)
            continue
        if isinstance(doc.cats, dict) and doc.cats:
            own.left_out["categories"] = len(doc.cats)
        if links := sum(bool(ent.kb_id_) for ent in doc.ents):
            own.left_out["links into a knowledge base"] = links
        meta = {**own.meta, **({"unknown": unknown} if unknown else {}), "left_out": own.left_out}
        id = own.id or f"{path.stem}-{number}"
        document = build(id, doc.text, marks, own.ties, labels, problems, where=where, meta=meta)
        if document:
            yield document
    problems.raise_if_any()


def _marks(doc: Doc, own: _Own, where: str) -> Iterator[Mark]:
    groups = {"doc.ents": doc.ents, **{f"doc.spans {name}": doc.spans[name] for name in doc.spans}}
    for group, spans in groups.items():
        for index, span in enumerate(spans):
            key = f"{group} {index}"
            attributes = own.attributes.get(key, {})
            yield Mark(key, span.label_, span.start_char, span.end_char, f"{where}: {key}", attributes=attributes)


def _unknown(doc: Doc, labels: LabelMap) -> Iterator[list[Any]]:
    """The stretches whose entities nobody tells; see `tags.unknown`."""
    names = {span.label_ for group in doc.spans.values() for span in group}
    if not any(layer_of_label(labels.get(name, name)) == "entity" for name in names):
        for is_missing, run in groupby(doc, key=lambda token: token.ent_iob == 0):
            own = list(run)
            if is_missing:
                yield ["entity", own[0].idx, own[-1].idx + len(own[-1])]


def _docs(path: Path) -> Iterator[Doc]:
    _require_spacy()
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    content = read_bytes(path)
    try:
        _refuse_bomb(content, str(path))
        yield from DocBin().from_bytes(content).get_docs(Vocab())
    except InputError:
        raise
    except Exception as error:  # whatever zlib, msgpack and spaCy raise for bytes that are something else
        raise InputError(str(path), f"is no DocBin, or a damaged one: {type(error).__name__}", _AGAIN) from None
    finally:
        gc.enable()  # spaCy turns it off while it reads, and leaves it off where that fails


def _refuse_bomb(content: bytes, where: str) -> None:
    """Raises InputError for what expands beyond measure, and zlib.error for what is cut short or damaged."""
    size, stream = 0, zlib.decompressobj()
    for start in range(0, len(content), _PIECE):
        size += len(stream.decompress(content[start : start + _PIECE]))
        if size > max(HARMLESS, HIGHEST_RATIO * len(content)):
            what = f"expands from {len(content):,} to more than {HIGHEST_RATIO} times as many bytes"
            raise InputError(where, what, "write its documents to several files")


class _Own(NamedTuple):
    """What this project keeps in `user_data`: attributes by the keys of marks, ties between them."""

    id: str
    meta: dict[str, Any]
    attributes: dict[str, dict[str, str]]
    ties: list[Tie]
    left_out: dict[str, int]


def _own(value: Any, where: str) -> _Own:
    """Raises AttributeError, KeyError, TypeError or ValueError where the value is not of its form."""
    attributes = {
        f"doc.spans {layer} {index}": {str(name): str(text) for name, text in item.items()}
        for layer, items in value.get("attributes", {}).items()
        for index, item in enumerate(items)
    }
    ties = [
        Tie(f"doc.spans cue {attribution['cue']}", f"doc.spans {role} {index}", where)
        for attribution in value.get("attributions", ())
        for role in ("source", "content")
        for index in attribution[f"{role}s"]
    ]
    left_out: dict[str, int] = {}
    return _Own(str(value.get("id", "")), plain(value.get("meta", {}), left_out), attributes, ties, left_out)


def write(documents: Iterable[Document], target: Path) -> None:
    """One file, which is there as a whole or not at all. Raises InputError where spaCy is not installed."""
    language = _indonesian()
    from spacy.tokens import DocBin

    bin = DocBin(store_user_data=True)
    for document in documents:
        try:
            bin.add(to_doc(document, language))
        except OverflowError:
            what = "its meta holds a whole number of more than 64 bits, which DocBin cannot hold"
            raise InputError(document.id, what, "write it as text, or take it out") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    write_file(target, bin.to_bytes())


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return plain(meta, {})


def to_doc(document: Document, language: Language) -> Doc:
    """The document as spaCy's, in the way that this module's docstring tells."""
    from spacy.tokens import Doc, Span

    text = document.text
    grid = [(token.idx, token.idx + len(token)) for token in language.tokenizer(text)]
    pieces = tokens(text, grid, document.spans)
    first = {start: index for index, (start, _, _) in enumerate(pieces)}
    last = {end: index for index, (_, end, _) in enumerate(pieces)}
    doc = Doc(language.vocab, [text[start:end] for start, end, _ in pieces], [space for _, _, space in pieces])
    for layer in LAYERS:
        doc.spans[layer] = [
            Span(doc, first[span.start], last[span.end] + 1, span.label) for span in document.layer(layer)
        ]
    top, _, _ = outermost(document.layer("entity"))
    doc.ents = [Span(doc, first[span.start], last[span.end] + 1, span.label) for span in top]
    place = {span: index for layer in LAYERS for index, span in enumerate(document.layer(layer))}
    doc.user_data[_KEY] = {
        "id": document.id,
        "meta": kept(document.meta),
        "attributes": {
            layer: [dict(span.attributes) for span in document.layer(layer)] for layer in ("source", "content")
        },
        "attributions": [
            {
                "cue": place[attribution.cue],
                "sources": [place[span] for span in attribution.sources],
                "contents": [place[span] for span in attribution.contents],
            }
            for attribution in document.attributions
        ],
    }
    return doc


@cache
def _indonesian() -> Language:
    _require_spacy()
    import spacy

    return spacy.blank("id")


def _require_spacy() -> None:
    try:
        import spacy  # noqa: F401
    except ImportError:
        raise InputError("docbin", "needs spaCy", "pip install 'narasumber[spacy]'") from None
