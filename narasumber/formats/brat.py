r"""brat standoff in and out: `x.txt` with the article, `x.ann` with its annotation (https://brat.nlplab.org/standoff.html).

How the scheme is written in brat:

    T1  SOURCE 0 6      Watson                 a span; a discontinuous one is `SOURCE 0 6;10 15`
    A1  Kind T1 Person                         Form of a CONTENT, Kind of a SOURCE
    R1  Source Arg1:T2 Arg2:T1                 CUE to SOURCE: an attribution is one CUE with all its relations
    R2  Content Arg1:T2 Arg2:T3                CUE to CONTENT
    E1  CUE:T2 Source:T1 Content:T3            read as an attribution too; written for a CUE with no role filled

The scheme is closed where attribution is concerned: what relates a CUE to its roles, or marks a SOURCE, CUE or
CONTENT, must be one of these. Whatever else brat can say (N, `*`, `#`, other events and relations, attributes of
entities and relations) a `Document` cannot hold; it goes to `meta["brat"]` and is written back, ids renumbered,
unless the spans that it speaks of are gone.

Offsets. The text of the Document is that of the file, line ends included; only a byte order mark is dropped. Tools
disagree about CRLF (one character or two), the mark (one or none) and emoji (one code point, or two units of UTF-16):
the text column of the T lines decides, and the spans are moved accordingly. Written offsets count the code points of
the written file.

Labels other than the scheme's are told, or mapped; first and all in one those that an `annotation.conf` declares
(https://brat.nlplab.org/configuration.html) and an article has. Spans whose label is mapped to nothing are left out
with the lines that speak of them, counted in `meta["left_out"]`.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem, some
from narasumber.formats.common import (
    CRLF_AS_ONE,
    SHARED_CUE,
    LabelMap,
    Problems,
    decoded,
    mapping_cure,
    read_bytes,
    read_text,
    units,
)
from narasumber.formats.projects import files_in, is_seen
from narasumber.labels import ATTRIBUTES, Layer, layer_of_label

_ROLES: Final[dict[str, Layer]] = {"Source": "source", "Content": "content"}

_ROLE_TOKEN = r"[^\s:]+:\S+"
_FORMS: Final = {
    "T": (re.compile(r"T[0-9]+\t\S+ [0-9]+ [0-9]+(;[0-9]+ [0-9]+)*(\t.*)?"), "T1<tab>LABEL START END<tab>TEXT"),
    "R": (re.compile(rf"R[0-9]+\t\S+ {_ROLE_TOKEN} {_ROLE_TOKEN}[ \t]*"), "R1<tab>NAME Arg1:T1 Arg2:T2"),
    "E": (re.compile(rf"E[0-9]+\t{_ROLE_TOKEN}( {_ROLE_TOKEN})*[ \t]*"), "E1<tab>NAME:T1 ROLE:T2"),
    "A": (re.compile(r"A[0-9]+\t\S+ \S+( \S+)?[ \t]*"), "A1<tab>NAME T1 VALUE"),
    "M": (re.compile(r"M[0-9]+\t\S+ \S+( \S+)?[ \t]*"), "M1<tab>NAME T1"),
    "N": (re.compile(r"N[0-9]+\t\S+ \S+ \S+(\t.*)?"), "N1<tab>Reference T1 BASE:KEY<tab>TEXT"),
    "#": (re.compile(r"#[0-9]+\t\S+ \S+(\t.*)?"), "#1<tab>AnnotatorNotes T1<tab>TEXT"),
    "*": (re.compile(r"\*\t\S+( \S+)+[ \t]*"), "*<tab>Equiv T1 T2"),
}

_REFERENCES: Final = {
    "T": slice(0, 0), "R": slice(1, None), "E": slice(0, None), "A": slice(1, 2),
    "M": slice(1, 2), "N": slice(1, 2), "#": slice(1, 2), "*": slice(1, None),
}  # fmt: skip
"""Which words of a line name other lines, as `ID` or `ROLE:ID`."""


@dataclass(frozen=True)
class _Line:
    number: int
    id: str
    head: list[str]
    tail: str | None

    @property
    def kind(self) -> str:
        return self.id[0]

    @property
    def references(self) -> list[str]:
        return _targets(self.kind, self.head)


class _Findings:
    """The problems of one file, told in the order of its lines; of very many, those that were found first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems = Problems()

    def add(self, line: int, what: str, cure: str = "") -> None:
        self.problems.add(f"{self.path}:{line}", what, cure)

    def raise_if_any(self) -> None:
        self.problems.found.sort(key=lambda problem: int(problem.where.rpartition(":")[2]))
        self.problems.raise_if_any()


def sniff(path: Path, head: str) -> str:
    del head
    if path.is_dir():
        return "the folder holds .ann files" if any(file.suffix == ".ann" for file in files_in(path)) else ""
    if path.suffix == ".ann":
        return "its name ends in .ann"
    return "a file .ann is beside it" if path.suffix == ".txt" and path.with_suffix(".ann").is_file() else ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """One pair, or all pairs of a folder and the folders in it, whose ids are `folder/name`.

    Raises InputError at once for labels that an `annotation.conf` declares and an article has, and that are unknown and
    not mapped; else at the end.
    """
    if not path.is_dir():
        yield _read(path.with_suffix(".txt"), path.with_suffix(".ann"), path.stem, labels)
        return
    problems = Problems()
    files = files_in(path)
    for file in files:
        if file.name == "annotation.conf":
            _check_configuration(file, files, labels, problems)
    problems.raise_if_any()
    texts = sorted({file.with_suffix(".txt") for file in files if file.suffix in (".txt", ".ann")})
    if not texts:
        raise InputError(str(path), "no .txt file in it", "name a folder with pairs of .txt and .ann files")
    for text in texts:
        id = text.relative_to(path).with_name(text.stem).as_posix()
        try:
            document = _read(text, text.with_suffix(".ann"), id, labels)
        except InputError as error:
            problems.take(error)
        else:
            yield document
    problems.raise_if_any()


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: meta[name] for name in ("brat",) if name in meta}


def _check_configuration(path: Path, files: Iterable[Path], labels: LabelMap, problems: Problems) -> None:
    """Tells which labels are declared, and stand in one of `files`, that neither the scheme nor `labels` knows."""
    try:
        content = read_text(path)
    except InputError as error:
        problems.take(error)
        return
    section = ""
    unknown: dict[str, int] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        words = line.split()
        if match := re.fullmatch(r"\[(\w+)\]", line.strip()):
            section = match[1]
        # `!` marks a group, which is no label of its own; `<` a macro; lines of hyphens part menus.
        elif section not in ("entities", "spans", "events") or not words or words[0][0] in "#!<-":
            continue
        elif words[0] not in labels and layer_of_label(words[0]) is None:
            unknown.setdefault(words[0], number)
    if unknown:
        used = set().union(*map(_labels_in, files))
        unknown = {label: number for label, number in unknown.items() if label in used}
    if unknown:
        what = f"declares labels that are unknown: {', '.join(unknown)}"
        problems.add(f"{path}:{min(unknown.values())}", what, mapping_cure(*unknown))


def _labels_in(path: Path) -> set[str]:
    """The labels of the spans in an `.ann` file, as far as it can be read; of other files, nothing."""
    try:
        content = path.read_bytes() if path.suffix == ".ann" else b""
    except OSError:
        return set()
    return {label.decode(errors="replace") for label in re.findall(rb"^T\d+\t(\S+) ", content, re.MULTILINE)}


def _read(txt: Path, ann: Path, id: str, mapped: LabelMap) -> Document:
    problems: list[Problem] = []
    if not txt.is_file():
        problems.append(Problem(str(txt), "no such file", f"put the article of {ann.name} there"))
    if not ann.is_file():
        cure = f"put the annotation of {txt.name} there; it is an empty file where there is none"
        problems.append(Problem(str(ann), "no such file", cure))
    contents: list[tuple[str, bool]] = []
    for path in (txt, ann) if not problems else ():
        try:
            contents.append(_decode(path))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError.of(problems)
    (text, has_mark), (notation, _) = contents
    if not text.strip():
        raise InputError(str(txt), "the article is empty", "delete the file or put the text back")

    findings = _Findings(ann)
    lines, left_out = _mapped(_lines(notation, findings), mapped)
    bounds = _bounds([line for line in lines if line.kind == "T"], text, has_mark, findings)
    labels = {line.id: line.head[0] for line in lines if line.kind == "T"}
    layers = {id: layer_of_label(label) for id, label in labels.items()}
    attributes, taken = _attributes(lines, labels, layers, findings)
    roles, taken_too = _roles(lines, labels, layers, findings, left_out)
    taken |= taken_too
    spans = _spans(lines, bounds, layers, attributes, findings)
    findings.raise_if_any()

    attributions = tuple(
        Attribution.of(spans[cue], (spans[member] for member in members)) for cue, members in roles.items()
    )
    kept = _keep(lines, taken, spans)
    meta = ({"brat": kept} if kept else {}) | ({"left_out": dict(left_out)} if left_out else {})
    return Document(id, text, tuple(spans.values()), attributions, meta)


def to_ann(document: Document) -> str:
    """The `.ann` file of a document: spans in text order, each with its attributes, relations, then what was kept."""
    lines: list[str] = []
    names: dict[str, str] = {}
    count: Counter[str] = Counter()

    def name(kind: str, key: str) -> str:
        count[kind] += 1
        names[key] = f"{kind}{count[kind]}"
        return names[key]

    ids: dict[Span, str] = {}
    for span in document.spans:
        key = _key(span)
        ids[span] = name("T", key)
        column = re.sub(r"\r\n|[\r\n]", " ", span.text_in(document.text))
        lines.append(f"{ids[span]}\t{span.label} {_offsets(span)}\t{column}")
        for attribute, value in span.attributes:
            lines.append(f"{name('A', f'{attribute} {key}')}\t{attribute} {ids[span]} {value}")

    place = {span: index for index, span in enumerate(document.spans)}
    for attribution in sorted(document.attributions, key=lambda item: min(place[span] for span in item.spans)):
        cue = attribution.cue
        if attribution.spans == (cue,):
            lines.append(f"{name('E', f'Attribution {_key(cue)}')}\tCUE:{ids[cue]}")
        for span in sorted(attribution.spans[1:], key=place.__getitem__):
            role = span.layer.capitalize()
            lines.append(f"{name('R', f'{role} {_key(cue)} {_key(span)}')}\t{role} Arg1:{ids[cue]} Arg2:{ids[span]}")

    return "".join(f"{line}\n" for line in (*lines, *_kept_lines(document.meta.get("brat", ()), names, name)))


def write(documents: Iterable[Document], target: Path) -> None:
    """`ID.txt` and `ID.ann` for each document; the folder is made, files of these names are replaced.

    An id `a/b` is the file `b` in a folder `a`. Documents are written one by one to a hidden folder, whose files are
    moved when all are there. Raises InputError, before that, where an id is given twice or is no file name, a text is
    no Unicode, or the folder holds other `.txt` or `.ann` files, which would be read with these.
    """
    if target.exists() and not target.is_dir():
        raise InputError(str(target), "there is a file of this name", "name a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    files: set[str] = set()
    folders: set[str] = set()
    problems = Problems()
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target if target.exists() else target.parent) as name:
        aside = Path(name)
        for document in documents:
            id, names = document.id, {f"{document.id}.txt", f"{document.id}.ann"}
            if not is_file_name(id):
                problems.add(repr(id), "this document's id is no file name", "use letters, digits, _-.")
                continue
            parents = set(map(str, PurePosixPath(id).parents))
            if names <= files:
                cure = "rename one of them; `narasumber agree --adjudicate majority` makes one of several annotators'"
                problems.add(id, "two documents have this id", cure)
            elif names & folders or parents & files:
                problems.add(id, "is a document's file and the folder of another", "rename one of them")
            else:
                files |= names
                folders |= parents
                try:
                    _write_pair(document, aside / id)
                except UnicodeEncodeError as error:
                    what = f"character {error.start} of the text, {error.object[error.start]!r}, is half of one"
                    problems.add(id, what, "decode the source with errors='strict'")
        if others := [name for name in _texts_in(target) if name not in files]:
            problems.add(str(target), f"holds other articles: {some(others)}", "name a new folder, or take them out")
        problems.raise_if_any()
        for name in sorted(files):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).replace(target / name)
        target.mkdir(exist_ok=True)  # for no documents


def _write_pair(document: Document, path: Path) -> None:
    # A mark that belongs to the text is doubled, for a reader drops the first.
    text = "\ufeff" * document.text.startswith("\ufeff") + document.text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{path.name}.txt").write_bytes(text.encode())
    path.with_name(f"{path.name}.ann").write_bytes(to_ann(document).encode())


def _texts_in(folder: Path) -> list[str]:
    """The names of the files that would be read from a folder, which need not be there."""
    endings = (".txt", ".ann")
    return [file.relative_to(folder).as_posix() for file in files_in(folder) if file.suffix in endings]


def is_file_name(id: str) -> bool:
    """Whether `id` names a file in a folder or in folders in it, with `/` between them, none of them hidden, and
    nothing outside of it.
    """
    parts = id.split("/")
    return "\0" not in id and is_seen(PurePosixPath(id)) and all(part and Path(part).name == part for part in parts)


def _decode(path: Path) -> tuple[str, bool]:
    """The text of a file, and whether a byte order mark stood before it."""
    content = read_bytes(path)
    return decoded(content, str(path)), content.startswith(codecs.BOM_UTF8)


def _lines(content: str, findings: _Findings) -> list[_Line]:
    """The well-formed lines; tells those that are not, ids given twice, and references to nothing."""
    lines: list[_Line] = []
    first: dict[str, int] = {}
    seen: set[str] = set()
    # Not splitlines(): the text column may hold other characters that it takes for line ends.
    for number, raw in enumerate(content.split("\n"), start=1):
        line = raw.removesuffix("\r")
        if not line.strip():
            continue
        form = _FORMS.get(line[0])
        id, _, rest = line.partition("\t")
        seen.add(id)
        if form is None:
            findings.add(number, f"no brat line begins like {_short(line)}", f"lines begin with {' '.join(_FORMS)}")
        elif not form[0].fullmatch(line):
            findings.add(number, f"malformed line {_short(line)}", f"the form is {form[1]}")
        elif id in first:
            findings.add(number, f"{id} is given twice, first in line {first[id]}", "give each line an id of its own")
        else:
            head, tab, tail = rest.partition("\t")
            lines.append(_Line(number, id, head.split(), tail if tab and line[0] in "TN#" else None))
            if id != "*":
                first[id] = number
    for item in lines:
        for target in item.references:
            if target not in seen:
                what = f"{item.id[:40]} speaks of {target[:40]}, which is not in the file"
                findings.add(item.number, what, f"add {target[:40]} or take this line out")
    return lines


_SPEAKS: Final = {
    "R": "relations", "E": "events", "A": "attributes", "M": "attributes",
    "N": "references", "#": "notes", "*": "equivalences",
}  # fmt: skip


def _mapped(lines: Sequence[_Line], labels: LabelMap) -> tuple[list[_Line], Counter[str]]:
    """The lines with the labels of spans mapped, and what is left out of them: spans, and what speaks of them.

    An event goes on without the roles that are left out. Where labels that become one mark the same text, one span
    stands for both.
    """
    left_out: Counter[str] = Counter()
    if not labels:
        return list(lines), left_out
    gone: list[str] = []
    first: dict[str, tuple[str, str]] = {}
    same: dict[str, str] = {}
    found: list[_Line] = []
    for line in lines:
        if line.kind != "T":
            found.append(line)
            continue
        before = line.head[0]
        head = [labels.get(before, before), *line.head[1:]]
        id, first_label = first.setdefault(" ".join(head), (line.id, before))
        if not head[0]:
            gone.append(line.id)
            left_out[f"spans labelled {before}"] += 1
        elif first_label != before:
            same[line.id] = id
        else:
            found.append(replace(line, head=head))
    found = [
        replace(line, head=_renamed(line.kind, line.head, {id: same.get(id, id) for id in line.references}))
        for line in found
    ]
    speakers: dict[str, list[_Line]] = defaultdict(list)
    for line in found:
        for target in line.references:
            speakers[target].append(line)
    lines_gone: set[int] = set()
    for id in gone:  # which grows
        for line in speakers[id]:
            if line.number not in lines_gone and (line.kind != "E" or line.references[0] == id):
                lines_gone.add(line.number)
                gone.append(line.id)
                left_out[f"{_SPEAKS[line.kind]} of left-out spans"] += 1
    ids_gone = set(gone)
    rest: list[_Line] = []
    for line in found:
        if line.number in lines_gone:
            continue
        head = [word for word in line.head if line.kind != "E" or word.rpartition(":")[2] not in ids_gone]
        left_out["roles of left-out spans"] += len(line.head) - len(head)
        rest.append(replace(line, head=head))
    return rest, +left_out


def _offset(digits: str) -> int:
    # int() refuses thousands of digits; no text is that long.
    return int(digits) if len(digits) < 19 else sys.maxsize


def _bounds(lines: Sequence[_Line], text: str, has_mark: bool, findings: _Findings) -> dict[str, list[tuple[int, int]]]:
    """The parts of each T line in the text, under the way of counting that fits the text column best."""
    given = {
        line.id: [(_offset(start), _offset(end)) for start, end in map(str.split, " ".join(line.head[1:]).split(";"))]
        for line in lines
    }
    ways = [
        (units(text, one, utf16=utf16), 0)
        for utf16 in (False, *([True] if max(text, default="") > "\uffff" else []))
        for one in (r"[\s\S]", *([CRLF_AS_ONE] if "\r\n" in text else []))
    ]
    if has_mark:
        ways += [(places, 1) for places, _ in ways]

    best: tuple[dict[str, list[tuple[int, int]]], list[tuple[int, str, str]]] | None = None
    for places, shift in ways:
        bounds: dict[str, list[tuple[int, int]]] = {}
        wrong: list[tuple[int, str, str]] = []
        for line in lines:
            parts = [(start - shift, end - shift) for start, end in given[line.id]]
            flat = [offset for part in parts for offset in part]
            if any(start >= end for start, end in parts):
                wrong.append((line.number, f"{line.id} has a part that ends where it starts, or before", _COUNT_CURE))
            elif flat[0] < 0 or max(flat) >= len(places):
                what = f"{line.id} ends at {_big(max(flat))}, the text at {len(places) - 1}"
                wrong.append((line.number, what, "check that the .txt is the one that was annotated"))
            elif flat != sorted(set(flat)):
                what = f"the parts of {line.id} overlap, touch or are out of order"
                wrong.append((line.number, what, "write parts in text order, and touching parts as one"))
            else:
                bounds[line.id] = [(places[start], places[end]) for start, end in parts]
                there = " ".join(text[start:end] for start, end in bounds[line.id])
                if line.tail is not None and not _same(line.tail, there):
                    what = f"{line.id} says {_short(line.tail)}, the text has {_short(there)}"
                    wrong.append((line.number, what, "check the offsets: code points, end exclusive"))
        if best is None or len(wrong) < len(best[1]):
            best = bounds, wrong
    assert best is not None
    for number, what, cure in best[1]:
        findings.add(number, what, cure)
    return best[0]


_COUNT_CURE = "START is below END, which is exclusive"


def _same(column: str, there: str) -> bool:
    """Whether a text column fits the text; tools write the line ends in a span as one space, two, or leave them."""
    if "\n" in there or "\r" in there:
        return column.split() == there.split()
    return column == there


def _attributes(
    lines: Sequence[_Line], labels: Mapping[str, str], layers: Mapping[str, Layer | None], findings: _Findings
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Attributes by T id, and the ids of the lines that say them."""
    attributes: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    for line in lines:
        if line.kind not in "AM":
            continue
        name, target, *value = line.head
        layer = layers.get(target)
        if layer is None or (layer == "entity" and name not in ATTRIBUTES):
            continue
        place, values = ATTRIBUTES.get(name, (None, ()))
        if place is None:
            what = f"unknown attribute {name} on {labels[target]} {target}"
            findings.add(line.number, what, f"attributes are {', '.join(ATTRIBUTES)}")
        elif place != layer:
            what = f"{name} stands on {labels[target]} {target}"
            findings.add(line.number, what, f"{name} belongs on a {place.upper()}")
        elif not value or value[0] not in values:
            what = f"{name} of {target} is {value[0] if value else 'without a value'}"
            findings.add(line.number, what, f"values are {', '.join(values)}")
        elif name in attributes.get(target, ()):
            findings.add(line.number, f"{target} has a second {name}", "leave one of them")
        else:
            attributes.setdefault(target, {})[name] = value[0]
            taken.add(line.id)
    return attributes, taken


def _roles(
    lines: Sequence[_Line],
    labels: Mapping[str, str],
    layers: Mapping[str, Layer | None],
    findings: _Findings,
    left_out: Counter[str],
) -> tuple[dict[str, list[str]], set[str]]:
    """The T ids of the sources and contents by that of their cue, and the ids of the lines that say so."""
    roles: dict[str, list[str]] = {}
    events: dict[str, set[frozenset[str]]] = {}
    taken: set[str] = set()
    said: dict[tuple[str, str, str], str] = {}
    named = {target for line in lines for target in line.references}
    for line in lines:
        if line.kind not in "RE" or any(layers.get(id) is None for id in line.references if id[:1] == "T"):
            continue  # the latter are told already: dangling ids, malformed lines, unknown labels
        if line.kind == "R":
            cue, other = (word.rpartition(":")[2] for word in sorted(line.head[1:]))
            links = [(line.head[0], other)]
            ends = {layers.get(cue), layers.get(other)}
            ours = line.head[0] in _ROLES or ("cue" in ends and ends & {"source", "content"})
        else:
            cue, *others = line.references
            names = [word.partition(":")[0].rstrip("0123456789") for word in line.head[1:]]
            links = list(zip(names, others, strict=True))
            ours = layers.get(cue) == "cue"
        if not ours:
            continue
        members = roles.setdefault(cue, [])
        if line.kind == "E":
            events.setdefault(cue, set()).add(frozenset(others))
        for role, other in links:
            if layers.get(cue) != "cue" or role not in _ROLES or layers.get(other) != _ROLES[role]:
                what = f"{role} joins {labels.get(cue, '')} {cue} and {labels.get(other, '')} {other}"
                cure = "Source joins Arg1:CUE and Arg2:SOURCE, Content Arg1:CUE and Arg2:CONTENT"
                findings.add(line.number, what.replace("  ", " "), cure)
            elif line.kind == "R" and (known := said.setdefault((role, cue, other), line.id)) != line.id:
                findings.add(line.number, f"{line.id} says the same as {known}", "leave one of them")
            elif other not in members:
                members.append(other)
        # An event that other lines speak of must be there for them when they are written back.
        if line.kind == "R" or line.id not in named:
            taken.add(line.id)
    if shared := sum(len(own) for own in events.values() if len(own) > 1):
        left_out[SHARED_CUE] = shared
    return roles, taken


def _spans(
    lines: Sequence[_Line],
    bounds: Mapping[str, Sequence[tuple[int, int]]],
    layers: Mapping[str, Layer | None],
    attributes: Mapping[str, Mapping[str, str]],
    findings: _Findings,
) -> dict[str, Span]:
    """The spans by their T id, without those that something is wrong with."""
    spans: dict[str, Span] = {}
    first: dict[Span, str] = {}
    for line in lines:
        if line.kind != "T":
            continue
        layer, parts = layers[line.id], bounds.get(line.id)
        if layer is None:
            findings.add(line.number, f"unknown label {_short(line.head[0])}", mapping_cure(line.head[0]))
        elif parts:
            fragments = tuple(parts) if len(parts) > 1 else ()
            marks = tuple(attributes.get(line.id, {}).items())
            span = Span(layer, line.head[0], parts[0][0], parts[-1][1], marks, fragments)
            if first.setdefault(span, line.id) != line.id:
                findings.add(line.number, f"{line.id} says the same as {first[span]}", "leave one of them")
            spans[line.id] = span
    return spans


# What is kept names spans and lines not by their ids, which change, but by what they say: `GPE 33 48`, `Source CUE
# 54 62 SOURCE 17 53`, and other kept lines by their place.


def _offsets(span: Span) -> str:
    return ";".join(f"{start} {end}" for start, end in span.parts)


def _key(span: Span) -> str:
    return " ".join((span.label, _offsets(span), *(f"{name}={value}" for name, value in span.attributes)))


def _keep(lines: Sequence[_Line], taken: set[str], spans: Mapping[str, Span]) -> list[dict[str, Any]]:
    """`{"kind", "head", "tail"}` for each line that the Document cannot hold, as plain JSON values."""
    rest = [line for line in lines if line.kind != "T" and line.id not in taken]
    names = {id: _key(span) for id, span in spans.items()}
    names |= {line.id: f"line {place}" for place, line in enumerate(rest)}
    for line in lines:
        if line.id in taken and line.kind != "E":
            targets = (
                line.references if line.kind != "R" else [word.rpartition(":")[2] for word in sorted(line.head[1:])]
            )
            names[line.id] = " ".join((line.head[0], *(_key(spans[target]) for target in targets)))
    return [{"kind": line.kind, "head": _renamed(line.kind, line.head, names), "tail": line.tail} for line in rest]


def _kept_lines(kept: object, names: dict[str, str], name: Callable[[str, str], str]) -> list[str]:
    """The lines that `_keep` kept, but for those that speak of something that is no longer there, or are no such lines:
    `meta` may have come from anywhere.
    """
    items = kept if isinstance(kept, Sequence) else ()
    alive = {place: item for place, item in enumerate(items) if _is_kept(item)}
    there = {*names, *(f"line {place}" for place in alive)}
    speakers: dict[str, list[int]] = defaultdict(list)
    for place, item in alive.items():
        for target in _targets(item["kind"], item["head"]):
            speakers[target].append(place)
    lame = [place for target, places in speakers.items() if target not in there for place in places]
    for place in lame:  # which grows
        if alive.pop(place, None):
            lame += speakers[f"line {place}"]
    ids = {place: "*" if item["kind"] == "*" else name(item["kind"], f"line {place}") for place, item in alive.items()}
    return [_kept_line(ids[place], item, names) for place, item in alive.items()]


def _is_kept(item: Any) -> bool:
    match item:
        case {"kind": str(kind), "head": [*head], "tail": str() | None} if kind in _FORMS and kind != "T":
            if all(isinstance(word, str) for word in head):
                line = _kept_line("*" if kind == "*" else f"{kind}1", item, dict.fromkeys(_targets(kind, head), "T1"))
                return _FORMS[kind][0].fullmatch(line) is not None
    return False


def _kept_line(id: str, item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    head = " ".join(_renamed(item["kind"], item["head"], names))
    return "\t".join((id, head) if item["tail"] is None else (id, head, item["tail"]))


def _targets(kind: str, head: Sequence[str]) -> list[str]:
    """What the words of a line's head name: ids in a file, keys in what is kept."""
    return [word.rpartition(":")[2] for word in head[_REFERENCES[kind]]]


def _renamed(kind: str, head: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The head with each target replaced by its name."""
    words = list(head)
    words[_REFERENCES[kind]] = [
        "".join((*word.rpartition(":")[:2], names[word.rpartition(":")[2]])) for word in head[_REFERENCES[kind]]
    ]
    return words


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:60]} ... {text[-15:]}")


def _big(offset: int) -> str:
    return str(offset) if offset < 10**12 else "more than 10^12"
