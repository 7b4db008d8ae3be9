r"""WebAnno TSV 3.1 to 3.3 in (INCEpTION user guide, appendix "WebAnno TSV 3.3 File format").

    #FORMAT=WebAnno TSV 3.3
    #T_SP=webanno.custom.Span|value                    a layer and its features: each is a column
    #T_RL=webanno.custom.Relation|value|BT_webanno.custom.Span


    #Text=Ani pergi
    1-1	0-3	Ani	PER[1]|SOURCE[2]	_	_	    stacked annotations have `|` between them and numbers
    1-2	4-9	pergi	PER[1]	*	1-1[2_1]	    a relation stands where it ends, and says where it begins

The format keeps the text of sentences, not what is between them: where offsets leave room there is a line break, then
spaces, as INCEpTION reads it. Offsets count UTF-16 units; where the tokens say so, code points, as some tools write.
INCEpTION numbers all annotations, WebAnno those of each layer by themselves: its slots for annotations of any layer say
by `1-6-3[1]` that they mean one of the third layer. Spans and their links are `layers`; chains (`T_CH`) are left out,
counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import LabelMap, Problems, Tie, decoded, short, units
from narasumber.formats.layers import Item, short_name, to_document
from narasumber.formats.projects import File, files_of, identity, is_of_several, of_annotators

_FORMAT: Final = re.compile(r"#FORMAT=WebAnno TSV (\d{1,9})\.(\d{1,9})\s*")
_LAYER: Final = re.compile(r"#T_(SP|CH|RL)=(.*)")
_UNIT: Final = re.compile(r"\d{1,9}-\d{1,9}(\.\d{1,9})?")
_OFFSETS: Final = re.compile(r"(\d{1,12})-(\d{1,12})")
_NUMBERED: Final = re.compile(r"((?:\\.|[^\\])*)\[(\d{1,12})\]", re.DOTALL)
_TARGET: Final = re.compile(r"(\d{1,9}-\d{1,9}(?:\.\d{1,9})?)(?:-(\d{1,9}))?(?:\[(\d{1,12})\])?")
_BEGINNING: Final = re.compile(r"(\d{1,9}-\d{1,9}(?:\.\d{1,9})?)(?:\[(\d{1,12})_(\d{1,12})\])?")

_VALUE_ESCAPES: Final = re.compile(r"\\(->|[\\\[\]|_;*tn])")
_TEXT_ESCAPES: Final = re.compile(r"\\([\x00-\x1f\\tnfrb])")
_JAVA_ESCAPES: Final = re.compile(r"\\(u+[0-9a-fA-F]{4}|[^u])")
_CONTROLS: Final = {"t": "\t", "n": "\n", "f": "\f", "r": "\r", "b": "\b"}

_WIDEST_GAPS: Final = 100_000
"""More spaces than anybody leaves between all sentences; wrong offsets must not fill the memory with them."""


@dataclass(frozen=True)
class _Layer:
    """A layer and its columns, each as what it holds (`value`, `role`, `target`, `base`) and of what name or type."""

    kind: str
    name: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Row:
    """A token, or a part of one; offsets as in the file."""

    number: int
    unit: str
    start: int
    end: int
    text: str
    cells: list[str]


@dataclass
class _Sentence:
    number: int
    lines: list[str] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)


@dataclass(frozen=True)
class _End:
    """What a link speaks of: the annotation of this number, or else the first, of a layer in this row.

    A layer that the file does not have is any; then it is `rather` one of this.
    """

    unit: str
    number: str
    layer: str
    rather: str = ""


@dataclass
class _Span:
    """An annotation, which grows with each row that it covers; offsets in code points."""

    layer: str
    number: int
    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict)


def sniff(path: Path, head: str) -> str:
    if not is_of_several(path):
        return "it says that it is WebAnno TSV" if _FORMAT.match(head.lstrip("\ufeff")) else ""
    try:
        with ExitStack() as stack:
            found = any(map(_is_tsv, files_of(path, stack, Counter())))
    except InputError:
        return ""
    return f"the {'folder' if path.is_dir() else 'archive'} holds WebAnno TSV files" if found else ""


def _is_tsv(file: File) -> bool:
    return file.name.suffix == ".tsv" and bool(_FORMAT.match(file.read(100).decode("utf-8-sig", errors="replace")))


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """One file, or all `.tsv` of a folder or archive that are of the format. Raises InputError, with all problems, at
    the end.

    The id is the file's name, without `.tsv`; below a folder `annotation` or `curation` of an INCEpTION project, that
    of the document, and `meta["annotator"]` says whose it is, unless it is curated; see `projects`.
    """
    problems = Problems()
    with ExitStack() as stack:
        files = [file for file in files_of(path, stack, Counter()) if not is_of_several(path) or _is_tsv(file)]
        if not files:
            problems.add(str(path), "no WebAnno TSV file in it", "name a folder or archive with .tsv files")
        for file in of_annotators(files, lambda file: file.name):
            id, annotator = identity(file.name)
            try:
                document = _Reader(file.where, problems).document(file.read(), id, annotator, labels)
            except InputError as error:
                problems.take(error)
            else:
                yield from [document] if document else []
    problems.raise_if_any()


class _Reader:
    """One file: its header, then its sentences, then where they lie in the text, then what they say."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        self.layers: list[_Layer] = []
        self.width = 0
        self.sentences: list[_Sentence] = []
        self.spans: dict[str, _Span] = {}
        self.at: defaultdict[str, list[str]] = defaultdict(list)
        self.links: list[tuple[int, str | _End, _End]] = []
        self.left_out: Counter[str] = Counter()

    def tell(self, number: int, what: str, cure: str = "export it again") -> None:
        self.problems.add(f"{self.where}:{number}", what, cure)

    def document(self, content: bytes, id: str, annotator: str, labels: LabelMap) -> Document | None:
        before = self.problems.count
        self._parse([line.removesuffix("\r") for line in decoded(content, self.where).split("\n")])
        text, places = self._text()
        if self.problems.count > before:
            return None
        for sentence in self.sentences:
            for row in sentence.rows:
                self._row(row, *places[row.unit])
        ties = [
            Tie(self._resolved(number, first), self._resolved(number, second), f"{self.where}:{number}")
            for number, first, second in self.links
        ]
        if self.problems.count > before:
            return None
        items = [
            Item(key, span.layer, span.start, span.end, f"{self.where}:{span.number}", span.values)
            for key, span in self.spans.items()
        ]
        return to_document(
            id,
            text,
            items,
            ties,
            labels,
            self.problems,
            where=self.where,
            annotator=annotator,
            left_out=self.left_out,
        )

    def _parse(self, lines: Sequence[str]) -> None:
        """The layers and the sentences, with their text as it is in the text. Raises InputError for another format."""
        form = _FORMAT.fullmatch(lines[0])
        if not form or int(form[1]) != 3 or not int(form[2]):
            what = f"begins with {short(lines[0])}"
            cure = "read are WebAnno TSV 3.1 to 3.3: export it again, as one of them"
            raise InputError(f"{self.where}:1", what, cure)
        unescape = _unescaped_java if int(form[2]) == 1 else _unescaped_text
        sentence: _Sentence | None = None
        for number, line in enumerate(lines[1:], start=2):
            if not self.sentences and (match := _LAYER.fullmatch(line)):
                self._layer(number, match[1], match[2].split("|"))
            elif not line.strip():
                sentence = None
            elif line.startswith("#"):
                if sentence is None or sentence.rows:
                    sentence = _Sentence(number)
                    self.sentences.append(sentence)
                if line.startswith("#Text="):
                    sentence.lines.append(unescape(line.removeprefix("#Text=")))
            elif sentence is None:
                self.tell(number, f"{short(line)} stands in no sentence", "a sentence begins with #Text=")
            elif row := self._cells(number, line):
                sentence.rows.append(row)
        seen: set[str] = set()
        for row in (row for sentence in self.sentences for row in sentence.rows):
            if row.unit in seen:
                self.tell(row.number, f"{row.unit} is given twice")
            seen.add(row.unit)

    def _layer(self, number: int, kind: str, names: Sequence[str]) -> None:
        columns: list[tuple[str, str]] = []
        # A layer without features has a column all the same, and sometimes an empty name for it.
        for name in names[1:] or [""]:
            if name.startswith("ROLE_"):
                columns.append(("role", name))
            elif columns and columns[-1][0] == "role":
                columns.append(("target", name))
            elif kind == "RL" and name.startswith("BT_"):
                columns.append(("base", name.removeprefix("BT_")))
            else:
                columns.append(("value", name))
        if not names[0] or columns[-1][0] == "role" or (kind == "RL" and columns[-1][0] != "base"):
            self.tell(number, "a layer without its name, the type of its targets, or what it relates")
        self.layers.append(_Layer(kind, names[0], tuple(columns)))
        self.width += len(columns)

    def _cells(self, number: int, line: str) -> _Row | None:
        unit, offsets, text, *cells = [*line.split("\t"), "", "", ""][: max(3, line.count("\t") + 1)]
        bounds = _OFFSETS.fullmatch(offsets)
        while len(cells) > self.width and not cells[-1]:
            cells.pop()
        if not _UNIT.fullmatch(unit) or not bounds:
            self.tell(number, f"malformed line {short(line)}", "the form is 1-1<tab>START-END<tab>TOKEN<tab>...")
        elif len(cells) != self.width:
            self.tell(number, f"has {len(cells)} columns of annotation, the header {self.width}")
        else:
            return _Row(number, unit, int(bounds[1]), int(bounds[2]), text, cells)
        return None

    def _text(self) -> tuple[str, dict[str, tuple[int, int]]]:
        """The text, and the place of each row in it; counted in code points, if nothing but that fits the tokens."""
        text, places, misfits = self._laid_out(utf16=True)
        if misfits and not (other := self._laid_out(utf16=False))[2]:
            text, places, misfits = other
        for number, what in misfits:
            self.tell(number, what, "offsets count UTF-16 units, the end exclusive; export it again")
        return text, places

    def _laid_out(self, *, utf16: bool) -> tuple[str, dict[str, tuple[int, int]], list[tuple[int, str]]]:
        parts: list[str] = []
        places: dict[str, tuple[int, int]] = {}
        misfits: list[tuple[int, str]] = []
        length = end = 0  # of the text so far, in code points and in what the file counts
        room = _WIDEST_GAPS
        for sentence in self.sentences:
            own = "\n".join(sentence.lines)
            begin = sentence.rows[0].start if sentence.rows else end + bool(parts)
            room -= begin - end
            if begin < end or room < 0:
                misfits.append((sentence.number, f"begins at {begin}, the text before it ends at {end}"))
                break
            gap = " " * (begin - end)
            if parts:
                gap = gap.replace(" ", "\n", 1)
            length += len(gap)
            within = units(own, utf16=utf16)
            for row in sentence.rows:
                start, stop = row.start - begin, row.end - begin
                if not 0 <= start <= stop < len(within):
                    misfits.append((row.number, f"{row.start}-{row.end} does not lie in its sentence"))
                    continue
                there = own[within[start] : within[stop]]
                places[row.unit] = (length + within[start], length + within[stop])
                if there.split() not in [form.split() for form in (row.text, _unescaped(row.text))]:
                    misfits.append((row.number, f"says {short(row.text)}, the text has {short(there)}"))
            parts += [gap, own]
            length += len(own)
            end = begin + len(within) - 1
        return "".join(parts), places, misfits

    def _row(self, row: _Row, start: int, end: int) -> None:
        """Takes in what a row says."""
        first = 0
        for layer in self.layers:
            cells = [_split(cell, "|") for cell in row.cells[first : first + len(layer.columns)]]
            first += len(layer.columns)
            height = max(map(len, cells))
            if all(cell in (["_"], [""]) for cell in cells):
                continue
            if any(len(cell) != height for cell in cells):
                self.tell(row.number, f"the columns of {short_name(layer.name)} do not stack as many annotations")
                continue
            for place in range(height):
                values = [cell[place] for cell in cells]
                if layer.kind == "SP":
                    self._span(row, start, end, layer, place, values)
                elif layer.kind == "RL":
                    self._relation(row, layer.columns[-1][1], values[-1])
                else:
                    self.left_out[f"chains of the layer {short_name(layer.name)}"] += 1

    def _relation(self, row: _Row, base: str, value: str) -> None:
        """It ends in this row; `value` says where it begins and, if need be, the numbers of both ends."""
        if match := _BEGINNING.fullmatch(value):
            self.links.append((row.number, _End(match[1], match[2], base), _End(row.unit, match[3], base)))
        else:
            self.tell(row.number, f"{short(value)} does not say where the relation begins", "as 1-1 or 1-1[1_2]")

    def _span(self, row: _Row, start: int, end: int, layer: _Layer, place: int, values: Sequence[str]) -> None:
        given: dict[str, str] = {}
        targets: list[_End] = []
        key = f"{row.unit} {layer.name} {place}"
        for (kind, name), value in zip(layer.columns, values, strict=True):
            if kind == "target":
                for target in _split(value, ";"):
                    if match := _TARGET.fullmatch(target):
                        nth = int(match[2] or 0)
                        rather = self.layers[nth - 1].name if 0 < nth <= len(self.layers) else ""
                        targets.append(_End(match[1], match[3], name, rather))
                    elif target not in ("*", "_", ""):
                        self.tell(row.number, f"{short(target)} does not say where the slot's annotation is")
                continue
            if match := _NUMBERED.fullmatch(value):
                value, key = match[1], f"[{match[2]}] {layer.name}"
            if kind == "value" and value not in ("*", "_", ""):
                given[name] = _unescaped(value)
        span = self.spans.setdefault(key, _Span(layer.name, row.number, start, end, given))
        span.start, span.end = min(span.start, start), max(span.end, end)
        self.at[row.unit].append(key)
        self.links += [(row.number, key, target) for target in targets]

    def _resolved(self, number: int, end: str | _End) -> str:
        """The key of an annotation; where there is none of a layer that the file does not have, nothing."""
        if isinstance(end, str):
            return end
        names = [layer.name for layer in self.layers if layer.kind == "SP"]
        layers = [end.layer] if end.layer in names else sorted(names, key=lambda name: name != end.rather)
        there = self.at[end.unit]
        if end.number not in (None, "", "0"):
            keys = [key for layer in layers if (key := f"[{end.number}] {layer}") in self.spans]
            keys.sort(key=lambda key: key not in there)
        else:
            keys = [key for layer in layers for key in there if self.spans[key].layer == layer]
        key = keys[0] if keys else ""
        if not key and (end.number not in (None, "", "0") or end.layer in names):
            called = f"{end.unit}[{end.number}]" if end.number else end.unit
            self.tell(number, f"speaks of {short(called)}, where no {short_name(end.layer)} is")
        return key


def _split(value: str, separator: str) -> list[str]:
    """The parts of a cell; a separator behind a backslash is none."""
    if separator not in value:
        return [value]
    parts: list[list[str]] = [[]]
    for piece in re.findall(rf"\\.|[^\\{separator}]+|.", value, re.DOTALL):
        if piece == separator:
            parts.append([])
        else:
            parts[-1].append(piece)
    return ["".join(part) for part in parts]


def _unescaped(value: str) -> str:
    return _VALUE_ESCAPES.sub(lambda match: {"t": "\t", "n": "\n"}.get(match[1], match[1]), value)


def _unescaped_text(text: str) -> str:
    return _TEXT_ESCAPES.sub(lambda match: _CONTROLS.get(match[1], match[1]), text)


def _unescaped_java(text: str) -> str:
    r"""Of version 3.1, which writes every character that is not ASCII as `\uXXXX`, of an emoji both halves."""
    halves = _JAVA_ESCAPES.sub(lambda match: _java(match[1]), text)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _java(escape: str) -> str:
    return chr(int(escape.lstrip("u"), 16)) if escape[0] == "u" else _CONTROLS.get(escape, escape)
