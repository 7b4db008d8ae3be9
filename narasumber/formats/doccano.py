r"""doccano in and out: JSON Lines of its projects for sequence labelling, with or without relations.

The forms, one article a line, as doccano's versions have written and read them (https://doccano.github.io/doccano/):

    {"id": 7, "text": "Ani kata", "label": [[0, 3, "PER"]], "Comments": []}       also "data", "labels", "entities"
    {"id": 7, "text": "Ani kata",                                                 with relations; this is what we write
     "entities": [{"id": 1, "label": "SOURCE", "start_offset": 0, "end_offset": 3}, ...],
     "relations": [{"id": 1, "from_id": 2, "to_id": 1, "type": "Source"}]}
    {"id": 7, "text": "Ani kata", "meta": {}, "annotation_approver": null,        before version 1.0
     "annotations": [{"label": 4, "start_offset": 0, "end_offset": 3, "user": 1}]}

Labels that are numbers are mapped like others (`--label 4=PER`). Several users in one article are as many Documents
with one id and an `annotator` in `meta`. So are the files of a project that does not share annotations: doccano
exports a zip of `USER.jsonl` files, which is read as it is or as a folder; export approved articles only, for one that
a user has not seen looks like one without annotation. Other fields go to `meta`, as doccano takes them from there.

Offsets count UTF-16 units, as JavaScript does, or grapheme clusters if the project is made so; scripts that write this
form count code points, and a CRLF is sometimes one character. Nothing in the file says which: it is the way under
which fewest spans cut a word or end in white space, or, in files that we write, under which spans have the text that
stands beside them.

To import what `render` writes, make a project for sequence labelling that allows overlapping spans, uses relations and
does not count grapheme clusters as one character. Form and Kind, gaps, and a CUE without any role are not written:
doccano has no form for them.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, Final, Literal

from narasumber.document import Document
from narasumber.formats.common import (
    CRLF_AS_ONE,
    LabelMap,
    Mark,
    Problems,
    Readable,
    Tie,
    build,
    json_objects,
    plain,
    recount,
    short,
    units,
)
from narasumber.formats.projects import files_in

_FIELDS: Final = ("label", "labels", "entities", "annotations")
"""Where the versions put spans."""

_KNOWN: Final = {*_FIELDS, "id", "doc_id", "text", "data", "relations", "cats", "Comments", "meta", "username"}

_ENDINGS: Final = (".jsonl", ".json1")

MOST_UNPACKED: Final = 2 * 1024**3
"""Bytes that the files of a zip may have in all."""

MOST_PACKED: Final = 200
"""How many times smaller than its content a zip may be; text is seldom packed to a tenth."""

_AGAIN: Final = "export it from doccano again, as JSONL"

_EXTEND: Final = "[\u0300-\u036f\u200c\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_GRAPHEME: Final = rf"\r\n|[\U0001f1e6-\U0001f1ff]{{2}}|[\s\S]{_EXTEND}(?:\u200d[\s\S]{_EXTEND})*"
"""Grapheme clusters as far as Latin letters and emoji go."""

_PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)

_Row = dict[str, Any]


def sniff(path: Path, head: str) -> str:
    try:
        for file, _ in _files(path, Problems()):
            if file != path:
                with file.open("rb") as binary:
                    head = binary.read(1 << 20).decode("utf-8-sig", errors="replace")
            has_text = head.lstrip()[:1] in ("{", "[") and re.search(r'"(text|data)"\s*:\s*"', head)
            triples = re.search(r'"(label|labels|entities)"\s*:\s*\[\s*(\]|\[\s*\d+\s*,\s*\d+\s*,\s*")', head)
            if has_text and (triples or re.search(r'"start_offset"\s*:\s*\d', head)):
                return "its lines hold spans as [start, end, label] or with start_offset, as doccano writes them"
            break
    except (OSError, *_BROKEN):
        pass
    return ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """Raises InputError, with all problems, behind the last good document."""
    problems = Problems()
    try:
        for file, annotator in _files(path, problems):
            for where, row in json_objects(file, problems):
                yield from _documents(where, row, annotator, labels, problems)
    except OSError as error:
        problems.add(str(path), f"cannot be read: {error.strerror}")
    except _BROKEN as error:
        problems.add(str(path), f"cannot be unpacked: {error}", "export it again, or unpack it and name the folder")
    problems.raise_if_any()


def render(documents: Iterable[Document]) -> Iterator[str]:
    """Articles with relations. `meta` is written where it is text or numbers; offsets count UTF-16 units."""
    ids = count(1)
    for document in documents:
        text = document.text
        wide = [place for place, character in enumerate(text) if character > "\uffff"]
        names = {span: next(ids) for span in document.spans}
        entities = [
            {
                "id": id,
                "label": span.label,
                "start_offset": span.start + bisect_left(wide, span.start),
                "end_offset": span.end + bisect_left(wide, span.end),
                "text": text[span.start : span.end],
            }
            for span, id in names.items()
        ]
        relations = [
            {"id": next(ids), "from_id": names[item.cue], "to_id": names[span], "type": span.layer.capitalize()}
            for item in document.attributions
            for span in (*item.sources, *item.contents)
        ]
        row = {"id": document.id, "text": text, "entities": entities, "relations": relations, **kept(document.meta)}
        yield json.dumps(row, ensure_ascii=False) + "\n"


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return plain({name: value for name, value in meta.items() if name not in _KNOWN}, {})


def _files(path: Path, problems: Problems) -> Iterator[tuple[Readable, str]]:
    """Files with the annotator that each is named after, if it is one of several people's."""
    if path.is_dir():
        found = [file for file in files_in(path) if _is_named_like_ours(file.name)]
        if not found:
            problems.add(str(path), f"no {' or '.join(_ENDINGS)} file in it", "name doccano's export, unpacked or not")
        yield from ((file, "" if file.stem == "all" else file.stem) for file in found)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            inner = [item for item in archive.infolist() if _is_named_like_ours(item.filename)]
            size, packed = sum(item.file_size for item in inner), sum(item.compress_size for item in inner)
            if not inner:
                problems.add(str(path), f"no {' or '.join(_ENDINGS)} file in it", _AGAIN)
            elif size > min(MOST_UNPACKED, MOST_PACKED * packed):
                what = f"holds {size} bytes packed into {packed}; a zip may hold {MOST_PACKED} times its size"
                problems.add(str(path), f"{what}, and {MOST_UNPACKED >> 30} GiB", "unpack it and name the folder")
            elif any(item.flag_bits & 1 or item.compress_type not in _PACKED for item in inner):
                problems.add(str(path), "is encrypted, or packed in a rare way", "unpack it and name the folder")
            else:
                for item in inner:
                    stem = Path(item.filename).stem
                    yield _Member(archive, item), "" if stem == "all" else stem
    else:
        yield path, ""


@dataclass(frozen=True)
class _Member:
    """A file in a zip, by its entry and not by its name, which may stand there twice, or be one that no path has."""

    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo

    def __str__(self) -> str:
        return f"{self.archive.filename}/{self.entry.filename}"

    def open(self, _: Literal["rb"], /) -> IO[bytes]:
        return self.archive.open(self.entry)


def _is_named_like_ours(name: str) -> bool:
    return Path(name).suffix in _ENDINGS and not Path(name).name.startswith(".") and not name.startswith("__MACOSX/")


def _documents(where: str, row: _Row, annotator: str, labels: LabelMap, problems: Problems) -> Iterator[Document]:
    """One Document, or one for each user whose annotations the row holds."""
    before = problems.count
    text = row.get("text", row.get("data"))
    if not isinstance(text, str):
        problems.add(where, f"has no text: it is {short(text)}", "the article is a string under `text` or `data`")
        return
    left_out: dict[str, int] = {}
    by_user = _marks(where, row, left_out, problems)
    ties = _ties(where, row, problems)
    for name, what in (("Comments", "comments"), ("cats", "categories")):
        if row.get(name):
            left_out[what] = left_out.get(what, 0) + (len(row[name]) if isinstance(row[name], list) else 1)
    fields = {name: value for name, value in row.items() if name not in _KNOWN}
    inner = row.get("meta")
    meta = plain((inner if isinstance(inner, dict) else {"meta": inner}) | fields, left_out)
    if problems.count > before:
        return
    id = next((row[name] for name in ("id", "doc_id") if isinstance(row.get(name), str | int)), None)
    name = re.sub(r"\W+", "-", Path(where).name) if id in (None, "") else str(id)
    for user, marks in by_user.items():
        who = row.get("username") or annotator or (user if len(by_user) > 1 else "")
        own = {"annotator": str(who)} if who else {}
        keys = {mark.key for mark in marks}
        kept = ties if len(by_user) == 1 else [tie for tie in ties if keys & {tie.first, tie.second}]
        everything = {**meta, **own, "left_out": left_out}
        moved = recount(text, marks, _ways(text))
        document = build(name, text, moved, kept, labels, problems, where=where, meta=everything)
        if document is not None:
            yield document


def _ways(text: str) -> Iterator[Sequence[int]]:
    """The ways in which offsets are counted, the likeliest first."""
    yield units(text, utf16=True)
    yield units(text)
    if "\r\n" in text:
        yield units(text, CRLF_AS_ONE, utf16=True)
        yield units(text, CRLF_AS_ONE)
    yield units(text, _GRAPHEME)


def _marks(where: str, row: _Row, left_out: dict[str, int], problems: Problems) -> dict[str, list[Mark]]:
    """The spans of a row by the user who made them; where rows do not tell, that is an empty string."""
    marks: dict[str, dict[str, Mark]] = {}
    for name in _FIELDS:
        items = row.get(name)
        if items is not None and not isinstance(items, list | str):
            problems.add(where, f"{name} is {short(items)}, not a list", _AGAIN)
            continue
        for place, item in enumerate([items] if isinstance(items, str) else items or [], start=1):
            at, user = f"{where}, {name} {place}", ""
            match item:
                case str():
                    left_out["categories"] = left_out.get("categories", 0) + 1
                    continue
                case [int(start), int(end), str() | int() as label] if bool not in map(type, item):
                    mark = Mark(at, str(label), start, end, at)
                case {"start_offset": int(start), "end_offset": int(end), "label": str() | int() as label}:
                    said = item.get("text") if isinstance(item.get("text"), str) else None
                    mark = Mark(str(item.get("id", at)), str(label), start, end, at, said)
                    user = str(item.get("user", ""))
                case _:
                    cure = "a span is [START, END, LABEL], or has start_offset, end_offset and label"
                    problems.add(at, f"is no span: {short(item)}", cure)
                    continue
            own = marks.setdefault(user, {})
            if mark.key in own:
                problems.add(at, f"a second span has the id {short(mark.key)}", "give each span an id of its own")
            own[mark.key] = mark
    return {user: list(own.values()) for user, own in marks.items()} or {"": []}


def _ties(where: str, row: _Row, problems: Problems) -> list[Tie]:
    relations = row.get("relations") or []
    if not isinstance(relations, list):
        problems.add(where, f"relations is {short(relations)}, not a list", _AGAIN)
        return []
    ties = []
    for place, item in enumerate(relations, start=1):
        at = f"{where}, relations {place}"
        match item:
            case {"from_id": str() | int() as first, "to_id": str() | int() as second}:
                ties.append(Tie(str(first), str(second), at))
            case _:
                problems.add(at, f"is no relation: {short(item)}", "a relation has from_id, to_id and type")
    return ties
