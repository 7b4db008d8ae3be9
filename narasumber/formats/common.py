"""What readers share: files as text and as JSON, and marks of any tool made into a `Document`."""

from __future__ import annotations

import codecs
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final, Literal, Protocol

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.labels import ATTRIBUTES, LABELS, layer_of_label
from narasumber.words import WORD

LabelMap = Mapping[str, str]
"""Labels of a file to labels of the scheme; one that is mapped to an empty string is left out."""


class Readable(Protocol):
    """A file, in a folder or an archive; `str` of it says where it is."""

    def open(self, mode: Literal["rb"], /) -> IO[bytes]: ...


MOST: Final = 100
"""Problems told of one input."""

ENOUGH: Final = 10_000
"""Problems of one input behind which it is not read on: it is none of what it is taken for."""

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes; a longer line, or item of a list, is refused before it fills the memory."""

DEEPEST: Final = 100
"""Lists and objects in one another: more than any tool writes, and far from where Python's stack ends."""


SHARED_CUE: Final = "pairings of attributions that share a CUE"
"""What is left out where one CUE has several: who said which of the contents."""


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
        """Raises InputError where these are enough."""
        self.count += 1
        if len(self.found) < MOST:
            self.found.append(Problem(where, clipped(what), clipped(cure)))
        if self.count >= ENOUGH:
            more = Problem("and", f"{self.count - len(self.found)} more of the kind; what comes behind is not read")
            raise InputError.of([*self.found, more])

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
    names) is no error: it is counted by kind in `meta["left_out"]`, on top of what a reader has counted there, and
    `convert` says so. A mark that is given twice is one span; where a CUE is, each time with ties of its own, which
    goes with which is lost and counted likewise.
    """
    before = problems.count
    if not text.strip():
        problems.add(where, "the article is empty", "take it out or put the text back")
        return None
    left_out: dict[str, int] = dict((meta or {}).get("left_out", {}))

    def leave(what: str) -> None:
        left_out[what] = left_out.get(what, 0) + 1

    spans: dict[str, Span] = {}
    dropped: set[str] = set()
    for mark in marks:
        label = labels.get(mark.label, mark.label)
        if not label:
            dropped.add(mark.key)
            leave(f"spans labelled {mark.label}"[:80])
            continue
        layer = layer_of_label(label)
        if layer is None:
            problems.add(mark.where, f"unknown label {short(mark.label)}", mapping_cure(mark.label))
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
    roles: dict[Span, dict[Span, None]] = {}
    own_roles: dict[Span, dict[str, set[Span]]] = {}
    for tie in ties:
        missing = [key for key in (tie.first, tie.second) if key not in keys]
        if missing:
            problems.add(tie.where, f"joins {short(missing[0])}, which is not there", "take the relation out")
            continue
        ends = [key for key in (tie.first, tie.second) if key in spans]
        if len(ends) < 2:
            if dropped & {tie.first, tie.second}:
                leave("relations of left-out spans")
            continue
        key, other_key = sorted(ends, key=lambda key: spans[key].layer != "cue")
        cue, other = spans[key], spans[other_key]
        if cue.layer != "cue" or other.layer not in ("source", "content"):
            leave(f"relations between {spans[ends[0]].label} and {spans[ends[1]].label}")
        else:
            roles.setdefault(cue, {})[other] = None
            own_roles.setdefault(cue, {}).setdefault(key, set()).add(other)
    if problems.count > before:
        return None
    for by_mark in own_roles.values():
        if (shared := len(set(map(frozenset, by_mark.values())))) > 1:
            left_out[SHARED_CUE] = left_out.get(SHARED_CUE, 0) + shared
    attributions = [Attribution.of(cue, members) for cue, members in roles.items()]
    known_meta = {name: value for name, value in (meta or {}).items() if name != "left_out"}
    if left_out:
        known_meta["left_out"] = left_out
    return Document(id, text, tuple(dict.fromkeys(spans.values())), tuple(attributions), known_meta)


def left_out_of(document: Document) -> dict[str, int]:
    """What a reader could not take over, and how often: `meta["left_out"]`, as far as it is of that form and not 0.

    What names out of a file make too long to be read by people is cut.
    """
    told = document.meta.get("left_out")
    known = told.items() if isinstance(told, dict) else ()
    counts: Counter[str] = Counter()
    for what, number in known:
        if type(number) is int and number > 0:
            counts[what[:100]] += number
    return dict(counts)


def all_left_out(documents: Iterable[Document]) -> Counter[str]:
    """`left_out_of` these together."""
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(left_out_of(document))
    return counts


def clipped(message: str, longest: int = 1000) -> str:
    """A message of a length that people read, whatever names a file puts into it."""
    return message if len(message) <= longest else f"{message[: longest - 100]} ... {message[-90:]}"


def mapping_cure(label: str, *more: str) -> str:
    """What to do about a label that is unknown, and maybe `more`, on the command line and in a config."""
    own = label if len(label) <= 40 else "OWN"
    known = ", ".join(name for names in LABELS.values() for name in names)
    each = "map each with" if more else "map it with"
    return (
        f"{each} --label {own}=LABEL, in a config labels: {{{own}: LABEL}}; no LABEL leaves it out; labels are {known}"
    )


def short(value: object) -> str:
    """A value as messages show it."""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else "more than 10^12"
    try:
        text = str(value)
    except RecursionError:
        text = f"{type(value).__name__} nested too deep to show"
    return repr(text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}")


def read_text(path: Path) -> str:
    """A whole UTF-8 file, a byte order mark dropped. Raises InputError with the line of a byte that is not UTF-8."""
    return decoded(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def decoded(content: bytes, where: str) -> str:
    """UTF-8 as text, a byte order mark dropped. Raises InputError with the line of a byte that is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(where, "is UTF-16", "save the file as UTF-8") from None
        # Python counts without the mark.
        byte = error.start + len(content) - len(error.object)
        line = content.count(b"\n", 0, byte) + 1
        what = f"byte {byte} (0x{content[byte]:02x}) is not UTF-8"
        raise InputError(f"{where}:{line}", what, "save the file as UTF-8") from None


def parse_json(text: str | bytes, where: str) -> Any:
    """A JSON value. Raises InputError for what is none, nests too deep, has numbers without bounds or half of a
    character.
    """
    try:
        return _sound(json.loads(text, parse_constant=_no_constant, parse_float=_finite))
    except json.JSONDecodeError as error:
        raise InputError(
            where, f"is not JSON: {error.msg} at {error.lineno}:{error.colno}", "export it again"
        ) from None
    except (RecursionError, ValueError) as error:
        what = "nests too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:120]
        raise InputError(where, f"is not JSON that can be read: {what}", "export it again") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _finite(digits: str) -> float:
    """Python reads 1e999 as a number that JSON cannot write."""
    if math.isinf(value := float(digits)):
        raise ValueError(f"{short(digits)} is too large a number")
    return value


def _sound(value: Any) -> Any:
    """The value, unless it nests too deep, or has half of a surrogate pair, which cannot be written or shown anywhere.

    Raises RecursionError or UnicodeEncodeError.
    """
    level: list[Any] = [[value]]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            json.dumps(value, ensure_ascii=False).encode()
            return value
    raise RecursionError


def json_lines(path: Readable, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
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


def json_objects(path: Readable, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(place, object)` of each object of a JSON Lines file, or of a JSON list, which is read piece by piece too.

    A file with one object, over as many lines as it likes, is a list of one. What is no object goes to `problems`.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_LINE + 1).removeprefix(codecs.BOM_UTF8).strip()
    except OSError as error:
        problems.add(str(path), f"cannot be read: {error.strerror}")
        return
    yield from (json_lines if line.startswith(b"{") and line.endswith(b"}") else _json_items)(path, problems)


_BETWEEN: Final = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_PIECE: Final = 1 << 20


def _json_items(path: Readable, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects that stand in a list, or one after another."""
    decoder = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
    number, where = 1, f"{path}: item 1"
    try:
        with path.open("rb") as binary, io.TextIOWrapper(binary, "utf-8-sig") as file:
            text = file.read(_PIECE).lstrip()
            is_list = text.startswith("[")
            place = int(is_list)
            while True:
                where = f"{path}: item {number}"
                between = _BETWEEN.match(text, place)
                place = between.end() if between else place
                if is_list and text.startswith("]", place):
                    if text[place + 1 :].strip() or file.read(_PIECE).strip():
                        problems.add(where, "something stands behind the end of the list", "export it again")
                    return
                try:
                    value, place = decoder.raw_decode(text, place)
                except json.JSONDecodeError as error:
                    left = len(text) - place
                    # What looks broken may go on in the next piece, which doubles so that long items cost no more.
                    if left <= LONGEST_LINE and (more := file.read(max(_PIECE, left))):
                        text, place = text[place:] + more, 0
                        continue
                    if left > LONGEST_LINE:
                        problems.add(where, f"has more than {LONGEST_LINE >> 20} MiB, or is not JSON: {error.msg}")
                    elif left:
                        problems.add(where, f"is not JSON: {error.msg}", "export it again")
                    elif is_list:
                        problems.add(where, "the list has no end: the file is cut short", "export or copy it again")
                    return
                number += 1
                if isinstance(value, dict):
                    yield where, _sound(value)
                else:
                    problems.add(where, f"holds a {type(value).__name__}, not an object", "one article an item")
    except UnicodeDecodeError as error:
        problems.add(where, f"byte 0x{error.object[error.start]:02x} is not UTF-8", "save the file as UTF-8")
    except (RecursionError, ValueError) as error:
        what = "nests too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:120]
        problems.add(where, f"is not JSON that can be read: {what}", "export it again")
    except OSError as error:
        problems.add(str(path), f"cannot be read: {error.strerror}")


RESERVED: Final = frozenset({"brat", "left_out", "sections"})
"""Names in `meta` under which readers and writers keep what has a form."""


def plain(fields: Mapping[str, Any], left_out: dict[str, int]) -> dict[str, Any]:
    """What of a tool's own fields beside a text goes to `meta`: strings and numbers; the others are counted."""
    meta: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, str | int | float) and name not in RESERVED:
            meta[name] = value
        elif value not in (None, [], {}):
            left_out[f"fields {name}"[:80]] = left_out.get(f"fields {name}"[:80], 0) + 1
    return meta


CRLF_AS_ONE: Final = r"\r\n|[\s\S]"


@lru_cache(maxsize=8)  # as many annotations as a text has ask for the same
def units(text: str, one: str = r"[\s\S]", *, utf16: bool = False) -> Sequence[int]:
    """A way of counting characters, as the place of each offset in `text`: what matches `one` counts as one.

    With `utf16` a code point behind U+FFFF counts as two, as in JavaScript and Java.

    >>> units("a\\r\\nb", CRLF_AS_ONE)
    [0, 1, 3, 4]
    """
    if one == r"[\s\S]" and not (utf16 and max(text, default="") > "\uffff"):
        return range(len(text) + 1)
    places: list[int] = []
    for match in re.finditer(one, text):
        places += [match.start()] * (1 + (utf16 and len(match.group()) == 1 and match.group() > "\uffff"))
    return [*places, len(text)]


def recount(text: str, marks: Sequence[Mark], ways: Iterable[Sequence[int]]) -> list[Mark]:
    """The marks with their offsets in code points, taken to be counted in the way that fits best; in a draw the first.

    A mark fits where the text has what it says that it covers; where it does not say, if it does not cut a word and
    has no white space at its ends.
    """
    best: list[Mark] = []
    fewest = len(marks) + 1
    for way in ways:
        moved = [replace(mark, start=_place(way, mark.start), end=_place(way, mark.end)) for mark in marks]
        misfits = sum(not _fits(text, mark) for mark in moved)
        if misfits < fewest:
            best, fewest = moved, misfits
        if not misfits:
            break
    return best


def _place(way: Sequence[int], offset: int) -> int:
    """The place of an offset; of one outside the text, a place as far outside it."""
    if offset < len(way):
        return way[offset] if offset >= 0 else offset
    return way[-1] + offset - len(way) + 1


def _fits(text: str, mark: Mark) -> bool:
    if not 0 <= mark.start < mark.end <= len(text):
        return False
    there = text[mark.start : mark.end]
    if mark.text is not None:
        return mark.text.split() == there.split()
    inner = (place for place in (mark.start, mark.end) if 0 < place < len(text))
    return there == there.strip() and not any(WORD.fullmatch(text, place - 1, place + 1) for place in inner)
