"""CoNLL columns in and out: a word a line with its tags beside it, a blank line behind each sentence.

The family is that of the CoNLL-2003 shared task (W03-0419): two or more columns, parted by tabs if any line has one,
else by spaces; `-DOCSTART-` lines, or `# id = ` and `# newdoc` comments as in CoNLL-U, part documents; other comments
are passed over. A token may hold spaces: where a line has more fields than the others and no tabs, the tokens' part is
the one that grows. A file is read twice: `survey` finds out how it is written, then documents are yielded one by one,
each held in memory by itself.

Columns. The word is in the first column, or in the second where the first counts the words of each sentence; what is
counted as `1-2` or `1.1` (of CoNLL-U: several words as they are written together, a word that is not written) is none,
and passed over. A column is a tag column where most of its values are `O` or `B-LABEL` and the like. Of several, those
are read that hold a label of the scheme (a chunk column of `B-NP` is not); if none is, the last column. Labels say
which layer a span is of. `# columns = word entity source` (`# global.columns` in CoNLL-U Plus) names columns; those
named like our heads are read, and hold labels of their layer only.

Scheme, of each column, over the whole file: BIOES where an `E-` or `S-` occurs, BILOU where an `L-` or `U-` does (both
are an error); else IOB1 where every `B-` stands behind a tag of its own label and some `I-` starts a span; else IOB2.
A tag means the same in all of them: `B S U` start a span, `E L S U` end it, and `I E L` behind anything but an open
span of their label start one, as in conlleval. So IOB1 and IOB2 need not be told apart to be read; what the scheme does
not allow is counted in `meta["illegal_tags"]`.

Text. A sentence is a line of text, its tokens joined by `detokenise`, unless a comment `# text = ` gives the line; then
the tokens must stand in it, in order, with white space between at most. Words that are written together in a form that
is not theirs do not, and are told.

Scope. Where columns are named, the annotation speaks of all labels of their layers; else of the labels that occur in
the file. `# scope = ` and `# unknown = ` (JSON, as in `Scope.to_json` and `narasumber.tags.unknown`) say more.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final, Literal

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import LabelMap, Mark, Problems, build, parse_json, short
from narasumber.labels import HEADS, LABELS, Head, Layer, head_labels, layer_of_head, layer_of_label
from narasumber.scope import WHOLE, LayerScope, Scope
from narasumber.tags import MASKED, Tags, bio, tag_names, unknown
from narasumber.words import words

Scheme = Literal["IOB1", "IOB2", "BIOES", "BILOU"]

DOCSTART: Final = "-DOCSTART-"

LONGEST_LINE: Final = 1 << 20
"""Bytes; a longer line is refused: the longest give the text of a paragraph."""

MOST_COLUMNS: Final = 100
"""Columns, from the right, that may hold tags; prose in one line has any number."""

_TAG: Final = re.compile(r"O|[BIESLU]-\S+")
_COMMENT: Final = re.compile(
    r"# ?(columns|global\.columns|id|newdoc id|newdoc|text|scope|unknown)(?: ?= ?(.*))?", re.DOTALL
)
_NO_WORD: Final = re.compile(r"\d+[-.]\d+")
_SPACES: Final = re.compile(" +")


@dataclass(frozen=True)
class Column:
    """A tag column: `place` counts from the right, from -1; `name` is a head's where the file names its columns."""

    place: int
    name: Head | None
    scheme: Scheme
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How a file is written: `width` columns, the word in column `word`, whether the first column counts the words, and
    whether it parts documents.
    """

    tabs: bool
    counts: bool
    width: int
    word: int
    columns: tuple[Column, ...]
    has_bounds: bool


@dataclass(frozen=True)
class Sentence:
    """`lines`, `words` and, for each column of the layout, `tags`, which run parallel; and the comments before them.

    `comments`: line, key and value of those that mean something; the key `newdoc` stands for `-DOCSTART-` too. `sound`
    is whether every line could be read. Comments that end the file come with no words.
    """

    comments: tuple[tuple[int, str, str], ...]
    lines: tuple[int, ...]
    words: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    sound: bool


def sniff(path: Path, head: str) -> str:
    """A `.txt` file with spaces between words has to look more like columns: prose may end in `golongan darah O`."""
    if path.is_dir():
        return ""
    *lines, last = head.split("\n")
    census = _Census()
    # The last line of a long file's head is cut.
    for line in lines or [last]:
        census.take(line)
    if census.rows == 0 or census.width < 2:
        return ""
    found = [(place, seen) for place, seen in census.columns.items() if seen.tags >= 0.9 * census.rows]
    if not found:
        return ""
    place, seen = max(found)
    says_so = census.tabs or census.names or census.has_bounds
    if path.suffix == ".txt" and not says_so and (census.rows < 3 or not seen.letters):
        return ""
    return f"lines are words, with {seen.scheme or 'mixed'} tags in column {census.width + 1 + place}"


def survey(path: Path, labels: LabelMap) -> Layout:
    """How a file is written; `labels` maps its labels to the scheme's. Raises InputError where it holds no tags."""
    if path.is_dir():
        raise InputError(str(path), "is a folder", "name one file of columns")
    problems = Problems()
    census = _Census()
    for number, line in _lines(path, problems):
        census.take(line, number)
    width, names = census.width, census.names
    if width < 2:
        problems.raise_if_any()
        raise InputError(str(path), "holds no columns", "write a word and its tag in each line, with a tab between")
    if names and len(names) != width:
        what = f"names {len(names)} columns, the lines have {width}"
        raise InputError(f"{path}:{census.names_line}", what, "name each column, or take the line out")
    heads = {index - width: head for index, name in enumerate(names) for head in HEADS if index and name == head}
    word = next((index for index, name in enumerate(names) if name.lower() in ("word", "form", "token")), -1)
    if word < 0:
        word = int(census.numbered and width > 2)
    columns = tuple(
        _column(path, place, heads.get(place), census, labels)
        for place in sorted(heads) or _tag_columns(path, word - width, census, labels)
    )
    return Layout(census.tabs, census.counts and width > 2, width, word, columns, census.has_bounds)


def _tag_columns(path: Path, word: int, census: _Census, labels: LabelMap) -> list[int]:
    """The places of the columns to read where none is named like a head."""
    tagged = [
        place
        for place, seen in sorted(census.columns.items())
        if 2 * seen.tags > seen.values and place != word and place >= -census.width  # a few lines may be longer
    ]
    if not tagged:
        cure = "write O, B-LABEL and I-LABEL (or another scheme of the kind) in one column"
        raise InputError(str(path), "has no column of tags", cure)
    if len(tagged) == 1:
        return tagged
    known = [place for place in tagged if any(layer_of_label(labels.get(x, x)) for x in census.columns[place].labels)]
    return known or tagged[-1:]


def _column(path: Path, place: int, head: Head | None, census: _Census, labels: LabelMap) -> Column:
    seen = census.columns[place]
    number = census.width + 1 + place
    if seen.scheme is None:
        line = max(seen.letters[letter] for letter in "ESLU" if letter in seen.letters)
        what = f"column {number} mixes BIOES (E-, S-) with BILOU (L-, U-)"
        raise InputError(f"{path}:{line}", what, "write all tags of a column in one scheme")
    for label, line in seen.labels.items() if head else ():
        layer = layer_of_label(labels.get(label, label))
        if head and layer not in (None, layer_of_head(head)):
            what = f"column {number}, {head}, holds {label}, a label of the layer {layer}"
            raise InputError(f"{path}:{line}", what, f"its labels are {', '.join(head_labels(head))}")
    return Column(place, head, seen.scheme, tuple(sorted(seen.labels)))


def sentences(path: Path, layout: Layout, problems: Problems) -> Iterator[Sentence]:
    """The sentences of a file of this layout; lines that are not of it go to `problems`."""
    comments: list[tuple[int, str, str]] = []
    rows: list[tuple[int, list[str]]] = []
    before = problems.count

    def done() -> Sentence:
        nonlocal before
        sound, before = problems.count == before, problems.count
        sentence = Sentence(
            tuple(comments),
            tuple(number for number, _ in rows),
            tuple(fields[0] for _, fields in rows),
            tuple(zip(*(fields[1:] for _, fields in rows), strict=True)),
            sound,
        )
        comments.clear()
        rows.clear()
        return sentence

    for number, line in _lines(path, problems):
        comment = _comment(line)
        if not line.strip() or comment:
            if rows or problems.count > before:
                yield done()
            if comment:
                comments.append((number, *comment))
            continue
        fields = _fields(line, layout)
        if fields is not None:
            tags = [fields[column.place] for column in layout.columns]
            if layout.counts and _NO_WORD.fullmatch(fields[0]):
                if _has_label(tags):
                    problems.add(f"{path}:{number}", f"tags {short(fields[0])}, which counts no word", "tag the words")
                continue
            if not fields[layout.word]:
                problems.add(f"{path}:{number}", "has tags, but no word", "take the line out")
            for tag in tags:
                if not _TAG.fullmatch(tag):
                    what = f"tag {short(tag)} is neither O nor of the form B-LABEL, I-LABEL"
                    problems.add(f"{path}:{number}", what, "write it so; labels of your own can then be mapped")
            rows.append((number, [fields[layout.word], *tags]))
        elif not line.startswith("#") or (rows and not line.startswith("# ")):  # `#Solo` may be a word without a tag
            what = f"{short(line)} has not the {layout.width} columns of the other lines"
            cure = f"part columns by {'one tab' if layout.tabs else 'spaces'}, and put comments before sentences"
            problems.add(f"{path}:{number}", what, cure)
    if comments or rows or problems.count > before:
        yield done()


def chunks(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """Label, first word and last word (exclusive) of the spans that tags of any scheme stand for, in order."""
    found: list[tuple[str, int, int]] = []
    first, open_label = 0, ""
    for place, tag in enumerate((*tags, "O")):
        letter, _, label = tag.partition("-")
        if open_label and not (letter in "IEL" and label == open_label):
            found.append((open_label, first, place))
            open_label = ""
        if letter != "O" and not open_label:
            first, open_label = place, label
        if letter in "ESLU" and open_label:
            found.append((open_label, first, place + 1))
            open_label = ""
    return found


def illegal(tags: Sequence[str], scheme: Scheme) -> int:
    """How often a tag stands where the scheme does not allow it; nothing is illegal in IOB1."""
    if scheme == "IOB1":
        return 0
    count = 0
    for one, other in pairwise(("O", *tags, "O")):
        goes_on = other[0] in "IEL"
        if scheme == "IOB2":
            count += goes_on and one[2:] != other[2:]
        else:
            count += (one[0] in "BI") != goes_on or (goes_on and one[2:] != other[2:])
    return count


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """A document for each bound in the file, by its id or else `STEM-00001`; without bounds the file is one, its stem.

    Raises InputError with all problems, behind the last good document.
    """
    problems = Problems()
    layout = survey(path, labels)
    for article in _articles(path, layout, problems):
        document = article.document(layout, labels, problems)
        if document:
            yield document
    problems.raise_if_any()


def to_conll(document: Document) -> str:
    """The document as columns `word`, `entity`, `source`, `cue`, `content`, `content_inner`, with comments before.

    What columns cannot say is left out: links, attributes, a third level of contents; the words under a span that
    they cannot hold are named as unknown, like those of `meta["unknown"]`.
    """
    text, grid = document.text, words(document.text)
    tags = {head: bio(document, head, grid)[0] for head in HEADS}
    columns = [tag_names(tags[head], head) for head in HEADS]
    identity = re.sub(r"[\r\n]", " ", document.id)
    rows = [f"# id = {identity}", f"# columns = {' '.join(('word', *HEADS))}"]
    if document.scope != WHOLE:
        rows.append(f"# scope = {json.dumps(document.scope.to_json())}")
    if masked := _masked(document, tags, grid):
        rows.append(f"# unknown = {json.dumps(masked)}")
    index = end = 0
    for line in text.split("\n"):
        rows.append(f"# text = {line}")
        end += len(line) + 1
        first = index
        while index < len(grid) and grid[index][0] < end:
            rows.append("\t".join((text[slice(*grid[index])], *(column[index] for column in columns))))
            index += 1
        if index > first:
            rows.append("")
    return "\n".join(rows) + ("\n" if rows[-1] == "" else "\n\n")


def render(documents: Iterable[Document]) -> Iterator[str]:
    yield from map(to_conll, documents)


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: meta[name] for name in ("unknown",) if name in meta}


# Text from tokens

_CLOSING: Final = frozenset(".,;:!?)]}…")
_IN_NUMBERS: Final = frozenset(".,:")
_OPENING: Final = frozenset("([{@#")
_CURRENCY: Final = frozenset("$€£¥")
_COUNTRY: Final = re.compile(r"[A-Z]{1,3}|us|as|sg|au", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,3}")
_QUOTES: Final = dict.fromkeys(('"', "“", "”", "„", "«", "»", "``", "''"), '"') | dict.fromkeys("'‘’`", "'")
"""Quotation marks to their kind: those of one kind open and close by turns."""

_OPENING_QUOTES: Final = frozenset(("“", "„", "``", "«", "‘"))


def detokenise(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """A line of running text made of tokens, and the offsets of each, which cover the token as it is.

    One space stands between tokens, but for punctuation: closing marks stand at the word before, opening ones at the
    word behind, quotation marks by turns; hyphens, slashes and apostrophes join words, points, commas and colons the
    parts of a number, and a currency sign its sum. No two tokens ever become one word of `narasumber.words`; so
    `Rp 50` keeps its space.
    """
    joined = _joined(tokens)
    parts: list[str] = []
    offsets: list[tuple[int, int]] = []
    end = 0
    for token, is_joined in zip(tokens, joined, strict=True):
        if offsets and not is_joined:
            parts.append(" ")
            end += 1
        parts.append(token)
        offsets.append((end, end + len(token)))
        end += len(token)
    return "".join(parts), offsets


def _joined(tokens: Sequence[str]) -> list[bool]:
    """Whether each token stands at the one before it, without a space."""
    to_last = [False] * len(tokens)
    to_next = [False] * len(tokens)
    apostrophes = _apostrophes(tokens)
    left = Counter(_QUOTES[token] for token in tokens if token in _QUOTES)
    left["'"] -= len(apostrophes)
    is_open: set[str] = set()
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        between_words = before[-1:].isalnum() and after[:1].isalnum()
        if place in apostrophes or token == "/":
            to_last[place] = to_next[place] = True
        elif kind := _QUOTES.get(token):
            left[kind] -= 1
            if token in _OPENING_QUOTES or (kind not in is_open and left[kind]):
                opens = True
            else:
                opens = kind not in is_open and not _ends_quote(before, after)
            to_next[place], to_last[place] = opens, not opens
            (is_open.add if opens else is_open.discard)(kind)
        elif token in _OPENING:
            to_next[place] = True
        elif token == "-":
            to_last[place] = to_next[place] = between_words
        elif token == "%":
            to_last[place] = before[-1:].isdigit()
        elif token in _CURRENCY:
            to_next[place] = after[:1].isdigit()
            to_last[place] = bool(_COUNTRY.fullmatch(before))
        elif token[:1] in _CLOSING and not any(map(str.isalnum, token)):
            to_last[place] = True
            to_next[place] = token in _IN_NUMBERS and bool(_NUMBER.fullmatch(before) and _NUMBER.fullmatch(after))
            is_open -= {kind for mark, kind in _QUOTES.items() if token.endswith(mark)}
    return [False, *(here or last for here, last in zip(to_last[1:], to_next, strict=False))] if tokens else []


def _apostrophes(tokens: Sequence[str]) -> set[int]:
    """Places of single marks that do not quote: before a lone `s`, and one between words that has no partner."""
    found: set[int] = set()
    rest: list[int] = []
    for place, token in enumerate(tokens):
        if _QUOTES.get(token) == "'":
            is_genitive = place > 0 and tokens[place + 1 : place + 2] in (["s"], ["S"])
            (found.add if is_genitive else rest.append)(place)
    alone = rest[0] if len(rest) == 1 else 0
    if 0 < alone < len(tokens) - 1 and tokens[alone - 1][-1:].isalnum() and tokens[alone + 1][:1].isalnum():
        found.add(alone)
    return found


def _ends_quote(before: str, after: str) -> bool:
    """Whether a quotation mark without a partner closes what the sentence before has opened."""
    if not before:
        return False
    return not after or after[0] in _CLOSING or (before[-1] in ".,?!" and not after[0].isupper())


# How a file is written


@dataclass
class _Seen:
    """What was seen of one column: how often, and the lines where each letter and label came first."""

    values: int = 0
    tags: int = 0
    letters: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    last: str = ""
    starts_inside: bool = False
    starts_free: bool = False

    def take(self, value: str, line: int) -> None:
        self.values += 1
        label = ""
        if value == "O":
            self.tags += 1
        elif _TAG.fullmatch(value):
            self.tags += 1
            letter, label = value[0], value[2:]
            self.letters.setdefault(letter, line)
            self.labels.setdefault(label, line)
            self.starts_inside |= letter == "I" and label != self.last
            self.starts_free |= letter == "B" and label != self.last
        self.last = label

    @property
    def scheme(self) -> Scheme | None:
        """None where letters of BIOES and of BILOU are mixed."""
        ends, units = self.letters.keys() & {"E", "S"}, self.letters.keys() & {"L", "U"}
        if ends and units:
            return None
        if ends or units:
            return "BIOES" if ends else "BILOU"
        return "IOB1" if self.starts_inside and not self.starts_free else "IOB2"


class _Census:
    """What the lines of a file have in common, taken line by line in memory of fixed size."""

    def __init__(self) -> None:
        self.has_bounds = False
        self.names: list[str] = []
        self.names_line = 0
        self.place = 0
        self.tabs = False
        self._start()

    def _start(self) -> None:
        self.rows = 0
        self.numbered = True
        self.widths: Counter[int] = Counter()
        self.columns: dict[int, _Seen] = {}

    def take(self, line: str, number: int = 0) -> None:
        comment = _comment(line)
        if not line.strip() or comment:
            self.place = 0
            for column in self.columns.values():
                column.last = ""
            if comment and comment[0] == "columns":
                self.names, self.names_line = comment[1].split(), number
            if comment and comment[0] in ("id", "newdoc"):
                self.has_bounds = True
            return
        tabs = "\t" in line
        fields = _split(line, tabs)
        if line.startswith("#") and not _TAG.fullmatch(fields[-1]):
            return
        # In a file that does not count its words the first may look like that, too: 1-2, a score.
        is_word = not (self.counts and _NO_WORD.fullmatch(fields[0]))
        if not is_word and not _has_label(fields):
            return
        self.place += is_word
        if tabs and not self.tabs:
            self.tabs = True
            self._start()
        if tabs == self.tabs:
            self.rows += 1
            self.numbered &= not is_word or fields[0] == str(self.place)
            self.widths[len(fields)] += 1
            for index in range(1, min(len(fields), MOST_COLUMNS)):
                self.columns.setdefault(-index, _Seen()).take(fields[-index], number)

    @property
    def counts(self) -> bool:
        """Whether the first column counts the words, as far as has been seen."""
        return self.numbered or self.names[:1] == ["ID"]

    @property
    def width(self) -> int:
        return max(self.widths, key=lambda width: (self.widths[width], width), default=0)


def _lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines by number, without line end and byte order mark; those that are no text go to `problems`.

    The text of `# text = ` may itself end in a carriage return: there it is of the line end only where the first
    line has one too.
    """
    number, returns = 0, False
    try:
        with path.open("rb") as file:
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    what = f"a line of more than {LONGEST_LINE >> 20} MiB"
                    problems.add(f"{path}:{number}", what, "one word a line")
                    return
                if number == 1:
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                    returns = raw.endswith(b"\r\n")
                try:
                    line = raw.decode().removesuffix("\n")
                except UnicodeDecodeError as error:
                    problems.add(f"{path}:{number}", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
                    continue
                if "\r" in line:
                    is_text = line.startswith(("# text", "#text"))
                    if returns or not is_text:
                        line = line.removesuffix("\r")
                    if "\r" in line and not is_text:
                        cure = "save the file with line feeds, or CR and LF, at the ends of lines"
                        problems.add(f"{path}:{number}", "holds a carriage return that ends no line", cure)
                        continue
                yield number, line
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None


def _comment(line: str) -> tuple[str, str] | None:
    """Key and value of a line that says something about the lines behind it; None for all others."""
    if line.startswith(DOCSTART):
        return "newdoc", ""
    if not line.startswith("#") or not (match := _COMMENT.fullmatch(line)):
        return None
    key, value = match[1], match[2] or ""
    if key == "newdoc id":
        return "id", value
    return ("columns" if key == "global.columns" else key), value


def _fields(line: str, layout: Layout) -> list[str] | None:
    """The columns of a line, or None where they are not as many as the layout says, or it is a comment."""
    fields = _split(line, layout.tabs)
    more = len(fields) - layout.width
    if more > 0 and not layout.tabs and not line.startswith("#"):
        ends = layout.word + more + 1
        fields[layout.word : ends] = [" ".join(fields[layout.word : ends])]
    if len(fields) != layout.width:
        return None
    if line.startswith("#") and not all(_TAG.fullmatch(fields[column.place]) for column in layout.columns):
        return None
    return fields


def _has_label(fields: Sequence[str]) -> bool:
    return any(field != "O" and _TAG.fullmatch(field) for field in fields)


def _split(line: str, tabs: bool) -> list[str]:
    # A no-break space may be a word.
    line = line.rstrip().lstrip(" ")
    return [part.strip(" ") for part in line.split("\t")] if tabs else _SPACES.split(line)


# Documents


@dataclass
class _Article:
    """A document while its lines come in. `announced` is a `# text` whose words are still to come."""

    path: Path
    id: str
    line: int
    texts: list[str] = field(default_factory=list)
    length: int = 0
    marks: list[Mark] = field(default_factory=list)
    illegal: int = 0
    announced: tuple[int, str] | None = None
    extra: dict[str, tuple[int, str]] = field(default_factory=dict)
    sound: bool = True

    @property
    def is_blank(self) -> bool:
        return not self.texts and not self.announced

    def take(self, sentence: Sentence, layout: Layout, problems: Problems) -> None:
        if self.announced:
            text = self.announced[1]
            offsets = _places(sentence.words, text)
            if offsets is None:
                cure = "correct it, or take it out: the text is then made of the words"
                problems.add(f"{self.path}:{self.announced[0]}", "# text does not hold the words below it", cure)
                self.sound = False
                text, offsets = detokenise(sentence.words)
            self.announced = None
        else:
            text, offsets = detokenise(sentence.words)
        for column, tags in zip(layout.columns, sentence.tags, strict=True):
            self.illegal += illegal(tags, column.scheme)
            for label, first, last in chunks(tags):
                where = f"{self.path}:{sentence.lines[first]}"
                start, end = self.length + offsets[first][0], self.length + offsets[last - 1][1]
                self.marks.append(Mark(f"{where}:{column.place}", label, start, end, where))
        self._add(text)

    def announce(self, line: int, text: str, problems: Problems) -> None:
        """A line of text to come; one that no word followed must have been blank."""
        self.settle(problems)
        self.announced = line, text

    def settle(self, problems: Problems) -> None:
        if not self.announced:
            return
        line, text = self.announced
        if text.strip():
            problems.add(f"{self.path}:{line}", "# text has no words below it", "add them, or take it out")
            self.sound = False
        self.announced = None
        self._add(text)

    def _add(self, text: str) -> None:
        self.texts.append(text)
        self.length += len(text) + 1

    def document(self, layout: Layout, labels: LabelMap, problems: Problems) -> Document | None:
        where = f"{self.path}:{self.line}"
        if self.is_blank and not self.sound:
            return None
        meta: dict[str, Any] = {"illegal_tags": self.illegal} if self.illegal else {}
        document = build(self.id, "\n".join(self.texts), self.marks, (), labels, problems, where=where, meta=meta)
        if document is None or not self.sound:
            return None
        try:
            scope = _scope(layout, labels)
            if "scope" in self.extra:
                line, value = self.extra["scope"]
                where = f"{self.path}:{line}"
                scope = Scope.from_json(parse_json(value, where))
            if "unknown" in self.extra:
                line, value = self.extra["unknown"]
                document = replace(document, meta={**document.meta, "unknown": _unknown(value, f"{self.path}:{line}")})
            return replace(document, scope=scope)
        except InputError as error:
            problems.take(error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.add(where, f"the scope does not fit: {short(error)}", "correct it, or take it out")
        return None


def _articles(path: Path, layout: Layout, problems: Problems) -> Iterator[_Article]:
    count = 1
    article = _Article(path, path.stem if not layout.has_bounds else f"{path.stem}-{count:05d}", 1)
    has_id = False
    for sentence in sentences(path, layout, problems):
        for line, key, value in sentence.comments:
            if key in ("id", "newdoc"):
                if not article.is_blank or not article.sound or (has_id and value):
                    article.settle(problems)
                    yield article
                    count += 1
                    article, has_id = _Article(path, f"{path.stem}-{count:05d}", line), False
                if value.strip():
                    article.id, article.line, has_id = value, line, True
            elif key == "text":
                article.announce(line, value, problems)
            elif key in ("scope", "unknown"):
                article.extra[key] = line, value
        article.sound &= sentence.sound
        if sentence.words and sentence.sound:
            article.take(sentence, layout, problems)
    if not article.is_blank or not article.sound or has_id:
        article.settle(problems)
        yield article


def _places(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Offsets of tokens that make up a text but for white space, or None."""
    offsets: list[tuple[int, int]] = []
    end = 0
    for token in tokens:
        while end < len(text) and text[end].isspace() and not text.startswith(token, end):
            end += 1
        if not text.startswith(token, end):
            return None
        offsets.append((end, end + len(token)))
        end += len(token)
    return None if text[end:].strip() else offsets


def _scope(layout: Layout, labels: LabelMap) -> Scope:
    """What the columns speak of."""
    spoken: dict[Layer, set[str]] = {}
    if any(column.name for column in layout.columns):
        for column in layout.columns:
            if column.name:
                layer = layer_of_head(column.name)
                spoken[layer] = set(LABELS[layer])
    else:
        for name in {labels.get(label, label) for column in layout.columns for label in column.labels}:
            if found := layer_of_label(name):
                spoken.setdefault(found, set()).add(name)
    scope = Scope(
        tuple(
            (layer, LayerScope(tuple((label,) for label in LABELS[layer] if label in names)))
            for layer, names in spoken.items()
        )
    )
    return WHOLE if scope == WHOLE else scope


def _unknown(value: str, where: str) -> list[list[Any]]:
    """The stretches of `# unknown`. Raises InputError."""
    found = parse_json(value, where)
    good = [item for layer in LABELS for item in unknown({"unknown": found}, layer)]
    if not isinstance(found, list) or len(good) < len(found):
        raise InputError(where, "# unknown is no list of [layer, start, end]", "correct it, or take it out")
    return found


def _masked(document: Document, tags: dict[Head, Tags], grid: Sequence[tuple[int, int]]) -> list[list[Any]]:
    """Layer, start and end of the words that a closed layer's tags leave out."""
    found: dict[tuple[Layer, int, int], None] = {}
    for head, numbers in tags.items():
        layer = layer_of_head(head)
        own = document.scope.layer(layer)
        runs = groupby(zip(grid, numbers, strict=True), key=lambda item: bool(item[1] == MASKED))
        for is_masked, run in runs if own and own.closed else ():
            if is_masked:
                places = [place for place, _ in run]
                found[layer, places[0][0], places[-1][1]] = None
    return list(map(list, found))
