"""What readers share: files as text and as JSON, and marks of any tool made into a `Document`."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.labels import ATTRIBUTES, LABELS, layer_of_label

LabelMap = Mapping[str, str]
"""Labels of a file to labels of the scheme; one that is mapped to an empty string is left out."""

MOST: Final = 100
"""Problems told of one input."""

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes; a longer line is refused before it fills the memory."""


@dataclass(frozen=True)
class Mark:
    """A span as a tool wrote it: `key` is what links call it, `where` its place in the file for messages.

    `text` is what the tool says that it covers, where it says so; `fragments` its parts, if there are several.
    """

    key: str
    label: str
    start: int
    end: int
    where: str
    text: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    fragments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Tie:
    """A link as a tool wrote it, between the keys of two marks, either way round."""

    first: str
    second: str
    where: str
    name: str = ""


class Problems:
    """What is wrong with one input, told in one go."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.count = 0

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, where: str, what: str, cure: str = "") -> None:
        self.count += 1
        if len(self.found) < MOST:
            self.found.append(Problem(where, what, cure))

    def take(self, error: InputError) -> None:
        for problem in error.problems:
            self.add(problem.where, problem.what, problem.cure)

    def raise_if_any(self) -> None:
        if self.count > len(self.found):
            rest = self.count - len(self.found)
            self.found.append(Problem("and", f"{rest} more of the kind"))
        if self.found:
            raise InputError.of(self.found)


def build(
    id: str,
    text: str,
    marks: Sequence[Mark],
    ties: Sequence[Tie],
    labels: LabelMap,
    problems: Problems,
    *,
    where: str,
    meta: Mapping[str, Any] | None = None,
) -> Document | None:
    """A document out of what a tool exported; None, with the reasons in `problems`, where something is wrong.

    Ties join a CUE with a SOURCE or CONTENT, whatever they are called and whichever end comes first: one CUE with all
    its ties is one attribution. What the scheme knows nothing of (ties between other spans, attributes of other
    names) is no error: it is counted by kind in `meta["left_out"]`, and `convert` says so. A mark that is given twice
    is one span.
    """
    before = problems.count
    if not text.strip():
        problems.add(where, "the article is empty", "take it out or put the text back")
        return None
    left_out: dict[str, int] = {}

    def leave(what: str) -> None:
        left_out[what] = left_out.get(what, 0) + 1

    spans: dict[str, Span] = {}
    dropped: set[str] = set()
    for mark in marks:
        label = labels.get(mark.label, mark.label)
        if not label:
            dropped.add(mark.key)
            leave(f"spans labelled {mark.label}")
            continue
        layer = layer_of_label(label)
        if layer is None:
            known = ", ".join(name for names in LABELS.values() for name in names)
            cure = f"map it with --label {mark.label}=LABEL (or {mark.label}= to leave it out); labels are {known}"
            problems.add(mark.where, f"unknown label {mark.label!r}", cure)
            continue
        if not 0 <= mark.start < mark.end <= len(text):
            what = f"{label} {short(mark.start)}..{short(mark.end)} does not lie in the text, which ends at {len(text)}"
            problems.add(mark.where, what, "offsets count code points from 0, the end exclusive")
            continue
        attributes = {}
        for name, value in mark.attributes.items():
            place, values = ATTRIBUTES.get(name, (None, ()))
            if place == layer and value in values:
                attributes[name] = value
            else:
                leave(f"attributes {name}={value}"[:80])
        try:
            span = Span(layer, label, mark.start, mark.end, tuple(attributes.items()), mark.fragments)
        except ValueError as error:
            problems.add(mark.where, str(error))
            continue
        there = span.text_in(text)
        if mark.text is not None and mark.text.split() != there.split():
            what = f"{label} says {short(mark.text)}, the text has {short(there)}"
            problems.add(mark.where, what, "offsets count code points of the article as it stands, the end exclusive")
            continue
        spans[mark.key] = span

    keys = {mark.key for mark in marks}
    roles: dict[Span, list[Span]] = {}
    for tie in ties:
        missing = [key for key in (tie.first, tie.second) if key not in keys]
        if missing:
            problems.add(tie.where, f"joins {short(missing[0])}, which is not there", "take the relation out")
            continue
        ends = [spans[key] for key in (tie.first, tie.second) if key in spans]
        if len(ends) < 2:
            if dropped & {tie.first, tie.second}:
                leave("relations of left-out spans")
            continue
        cue, other = sorted(ends, key=lambda span: span.layer != "cue")
        if cue.layer != "cue" or other.layer not in ("source", "content"):
            leave(f"relations between {ends[0].label} and {ends[1].label}")
        elif other not in roles.setdefault(cue, []):
            roles[cue].append(other)
    if problems.count > before:
        return None
    attributions = [
        Attribution(
            cue,
            tuple(span for span in members if span.layer == "source"),
            tuple(span for span in members if span.layer == "content"),
        )
        for cue, members in roles.items()
    ]
    known_meta = dict(meta or {})
    if left_out:
        known_meta["left_out"] = left_out
    return Document(id, text, tuple(dict.fromkeys(spans.values())), tuple(attributions), known_meta)


def short(value: object) -> str:
    """A value as messages show it."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else "more than 10^12"
    text = str(value)
    return repr(text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}")


def read_text(path: Path) -> str:
    """A whole UTF-8 file, a byte order mark dropped. Raises InputError with the line of a byte that is not UTF-8."""
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
        raise InputError(f"{path}:{line}", what, "save the file as UTF-8") from None


def parse_json(text: str | bytes, where: str) -> Any:
    """A JSON value. Raises InputError for what is none, nests too deep, or has numbers of thousands of digits."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(
            where, f"is not JSON: {error.msg} at {error.lineno}:{error.colno}", "export it again"
        ) from None
    except (RecursionError, ValueError) as error:
        what = "nests too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:120]
        raise InputError(where, f"is not JSON that can be read: {what}", "export it again") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def json_lines(path: Path, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(path:line, object)` of each line of a JSON Lines file that is one; the others go to `problems`."""
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                where = f"{path}:{number}"
                if len(line) > LONGEST_LINE:
                    problems.add(where, f"a line of more than {LONGEST_LINE >> 20} MiB", "one article a line")
                    return
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if not line.strip():
                    continue
                try:
                    value = parse_json(line.decode(), where)
                except UnicodeDecodeError as error:
                    problems.add(where, f"byte {error.start} is not UTF-8", "save the file as UTF-8")
                    continue
                except InputError as error:
                    problems.take(error)
                    continue
                if isinstance(value, dict):
                    yield where, value
                else:
                    problems.add(where, f"holds a {type(value).__name__}, not an object", "one article a line")
    except OSError as error:
        problems.add(str(path), f"cannot be read: {error.strerror}")
