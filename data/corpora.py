"""Public Indonesian corpora as documents: what their files, labels and licences are, and what they do not speak of.

None of them ships with the project: get a corpus from its repository and name the folder. Sentences without documents
(all corpora but PFSA-ID) become a document each. Text is made of the tokens (`detokenise`), case kept as it is. A label
that has no counterpart in the scheme is evidence of nothing: its words go to `meta["unknown"]`. Files are read as
strictly as they are published: a tag that the corpus does not have is an error.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from narasumber.document import Document, Span
from narasumber.errors import InputError, no_such
from narasumber.formats import conll
from narasumber.formats.common import Problems, short
from narasumber.formats.conll import Sentence, chunks, detokenise
from narasumber.labels import LABELS, Layer, layer_of_label
from narasumber.linking import link
from narasumber.scope import LayerScope, Scope
from narasumber.words import lines as text_lines

Split = Literal["train", "dev", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "dev", "test")

Reader = Callable[["Corpus", Path, str], Iterator[Document]]
"""The documents of one file of a corpus, which the string calls its part: a split, or the file's name."""


@dataclass(frozen=True)
class Corpus:
    """A corpus as it is published. `labels` are its own, to ours; one without a counterpart to an empty string.

    `files` by split, to be found in one of `folders`, or else in the folder that is named; `sha256` by file name, of
    the releases that were looked at; `reference` with its BibTeX key first.
    """

    name: str
    files: Mapping[Split, str]
    folders: tuple[str, ...]
    labels: Mapping[str, str]
    scope: Scope
    licence: str
    reference: str
    read: Reader
    tags: Literal["IOB2", "BILOU"] = "IOB2"
    sha256: Mapping[str, str] = field(default_factory=dict)


def load_corpus(name: str, path: str | Path, split: Split | None = None) -> list[Document]:
    """The documents of a split of a corpus, or of all its splits that are there.

    `path` is the folder of its files, a clone of its repository, or one file, which may be a split under any name.
    Ids are `NAME-SPLIT-00001`; `meta` has `corpus`, `split` and `licence`. Warns where a file is of an unknown
    release. Raises InputError with every problem of a file.
    """
    if name not in CORPORA:
        raise InputError(name, "is no known corpus", f"corpora are {', '.join(CORPORA)}")
    corpus = CORPORA[name]
    documents: list[Document] = []
    for part, file in _parts(corpus, Path(path), split):
        if "masked_label" in file.name:
            what = "is the test set without its labels: every word of it is O"
            raise InputError(str(file), what, f"read {corpus.files['test']}")
        documents += corpus.read(corpus, file, part)
        _check_release(corpus, file)
    return documents


def credit_lines(names: Iterable[str]) -> list[str]:
    """Lines of a data set's card: the licence and the reference of each corpus in it."""
    corpora = [CORPORA[name] for name in sorted(set(names) & set(CORPORA))]
    return [f"- `{corpus.name}`: licence {corpus.licence}. {corpus.reference}" for corpus in corpora]


def _parts(corpus: Corpus, path: Path, split: Split | None) -> list[tuple[str, Path]]:
    """What to read: the names of the parts and their files."""
    if path.is_file():
        known = next((name for name, file in corpus.files.items() if file == path.name), path.stem)
        return [(split or known, path)]
    if not path.is_dir():
        raise no_such(path, f"name the folder with the files of {corpus.name}")
    if split and split not in corpus.files:
        raise InputError(corpus.name, f"has no split {split}", f"its splits are {', '.join(corpus.files)}")
    parts: list[tuple[str, Path]] = []
    for name in SPLITS if split is None else (split,):
        places = [path / folder / corpus.files[name] for folder in ("", *corpus.folders) if name in corpus.files]
        parts += [(name, place) for place in places if place.is_file()][:1]
    if not parts:
        wanted = ", ".join(corpus.files[name] for name in corpus.files if split in (None, name))
        what = f"holds no file of {corpus.name}: {wanted}"
        raise InputError(str(path), what, f"name its folder {corpus.folders[0]}, or one file")
    return parts


def _check_release(corpus: Corpus, file: Path) -> None:
    known = corpus.sha256.get(file.name)
    if known is None:
        return
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != known:
        what = f"{file} is of an unknown release of {corpus.name} (sha256 {digest.hexdigest()})"
        warnings.warn(f"{what}: scores may not compare with published ones", stacklevel=3)


def _sentences(corpus: Corpus, path: Path) -> list[Sentence]:
    """The sentences of a file, all with tags that the corpus has. Raises InputError with every problem."""
    problems = Problems()
    layout = conll.survey(path, corpus.labels)
    column = layout.columns[-1]
    if not column.labels:
        raise InputError(str(path), "has no labels: every word of it is O", "read the file with the labels")
    letters = "BI" if corpus.tags == "IOB2" else "BILU"
    known = {"O", *(f"{letter}-{label}" for letter in letters for label in corpus.labels)}
    found = [sentence for sentence in conll.sentences(path, layout, problems) if sentence.words]
    strange: dict[str, list[int]] = {}
    for sentence in found:
        for line, tag in zip(sentence.lines, sentence.tags[-1], strict=True) if sentence.sound else ():
            if tag not in known:
                strange.setdefault(tag, []).append(line)
    for tag, lines in strange.items():
        times = f" ({len(lines)} times)" if len(lines) > 1 else ""
        cure = f"its labels are {', '.join(corpus.labels)}, in {corpus.tags}: is this another corpus?"
        problems.add(f"{path}:{lines[0]}", f"tag {short(tag)}{times} is none of {corpus.name}", cure)
    problems.raise_if_any()
    return found


def _document(
    corpus: Corpus, part: str, number: int, text: str, spans: Sequence[Span], meta: Mapping[str, Any]
) -> Document:
    """A document whose cues, if it has any, are linked by rule; what `meta` has nothing of is left out there."""
    attributions = link(text, spans) if any(span.layer == "cue" for span in spans) else ()
    derived = [*meta.get("derived", ()), *(["links"] if attributions else [])]
    known = {"corpus": corpus.name, "split": part, "licence": corpus.licence}
    more = {name: value for name, value in {**meta, "derived": derived}.items() if value}
    return Document(f"{corpus.name}-{part}-{number:05d}", text, tuple(spans), attributions, known | more, corpus.scope)


def _by_sentence(corpus: Corpus, path: Path, part: str) -> Iterator[Document]:
    """A document for each sentence."""
    for number, sentence in enumerate(_sentences(corpus, path), start=1):
        text, offsets = detokenise(sentence.words)
        spans: list[Span] = []
        unknown: list[list[Any]] = []
        left_out: Counter[str] = Counter()
        for name, first, last in chunks(sentence.tags[-1]):
            start, end = offsets[first][0], offsets[last - 1][1]
            label = corpus.labels[name]
            if layer := layer_of_label(label):
                spans.append(Span(layer, label, start, end))
            else:
                unknown += [[layer, start, end] for layer, _ in corpus.scope.layers]
                left_out[f"spans labelled {name}"] += 1
        illegal = conll.illegal(sentence.tags[-1], corpus.tags)
        meta = {"unknown": unknown, "left_out": dict(left_out), "illegal_tags": illegal}
        yield _document(corpus, part, number, text, spans, meta)


# PFSA-ID

_DATELINE: Final = re.compile(r"[A-Z][A-Z .,'/-]* , KOMPAS ?[—–]")
_MARKS: Final = frozenset(("”", "“", '"'))
_HEADS: Final = {"PERSON": "Person", "PERSONCOREF": "Pronoun"}
"""Labels of who speaks, to the source's Kind; ROLE and AFFILIATION say more of a PERSON beside them."""

Chunk = tuple[str, int, int]


def _by_article(corpus: Corpus, path: Path, part: str) -> Iterator[Document]:
    """PFSA-ID: its lines were cut into sentences after they were tagged, and nothing says where an article ends.

    The file is read as one sequence of tags. A line of text is a sentence, or several that a span joins; a quotation
    mark that opens one stands before it, not behind the sentence before. An article starts at a dateline, or where a
    second ISSUE (the lead's main clause, one an article) comes without one. STATEMENT is a direct quotation; PERSON
    is a SOURCE, with the ROLE and AFFILIATION that commas at most part from it; without a PERSON these are left out.
    What a line with a STATEMENT leaves unmarked has no role; of all other lines, where others than public figures speak
    and speech is indirect, nothing is known but what is marked.
    """
    words: list[str] = []
    tags: list[str] = []
    bounds: list[int] = []
    for sentence in _sentences(corpus, path):
        bounds.append(len(words))
        words += sentence.words
        tags += sentence.tags[-1]
    found = chunks(tags)
    inside = {place for _, first, last in found for place in range(first + 1, last)}
    lines = [start for start in _moved(words, tags, bounds) if start not in inside]
    firsts = [first for _, first, _ in found]
    articles = _articles(words, tags, lines)
    for number, (start, end) in enumerate(zip(articles, [*articles[1:], len(words)], strict=True), start=1):
        own_lines = [*lines[bisect_left(lines, start) : bisect_left(lines, end)], end]
        own = found[bisect_left(firsts, start) : bisect_left(firsts, end)]
        illegal = conll.illegal(tags[start:end], corpus.tags)
        yield _article(corpus, part, number, words, own, own_lines, illegal)


def _moved(words: Sequence[str], tags: Sequence[str], bounds: Sequence[int]) -> list[int]:
    """Where sentences start, when a mark that opens a quotation is taken from the end of the sentence before."""
    starts: dict[int, None] = {}
    is_open = carries = False
    for start, end in zip(bounds, [*bounds[1:], len(words)], strict=True):
        starts.setdefault(start - carries)
        for place in range(start, end):
            if words[place] in _MARKS:
                letter, _, label = tags[place].partition("-")
                is_open = letter in "BU" if label == "STATEMENT" and letter != "I" else not is_open
        carries = is_open and words[end - 1] in _MARKS
    return list(starts)


def _articles(words: Sequence[str], tags: Sequence[str], lines: Sequence[int]) -> list[int]:
    """Where articles start."""
    starts = [0] if lines else []
    has_issue = False
    for start, end in zip(lines, [*lines[1:], len(words)], strict=True):
        is_dated = bool(_DATELINE.match(" ".join(words[start : start + 12])))
        holds_issue = any(tags[place] in ("B-ISSUE", "U-ISSUE") for place in range(start, end))
        if start and (is_dated or (holds_issue and has_issue)):
            starts.append(start)
            has_issue = False
        has_issue |= holds_issue
    return starts


def _article(
    corpus: Corpus,
    part: str,
    number: int,
    words: Sequence[str],
    found: Sequence[Chunk],
    lines: Sequence[int],
    illegal: int,
) -> Document:
    """One article; `lines` are where its lines start, and its end."""
    texts: list[str] = []
    offsets: dict[int, tuple[int, int]] = {}
    length = 0
    for start, end in zip(lines, lines[1:], strict=False):
        text, own = detokenise(words[start:end])
        offsets |= {start + index: (length + a, length + b) for index, (a, b) in enumerate(own)}
        texts.append(text)
        length += len(text) + 1

    def span(layer: Layer, first: int, last: int, **attributes: str) -> Span:
        start, end = offsets[first][0], offsets[last - 1][1]
        return Span(layer, LABELS[layer][0], start, end, tuple(attributes.items()))

    spans: list[Span] = []
    pieces: list[Chunk] = []
    unknown: list[list[Any]] = []
    left_out: Counter[str] = Counter()
    for chunk in found:
        name, first, last = chunk
        label = corpus.labels[name]
        if label == "CONTENT":
            spans.append(span("content", first, last, Form="Direct"))
        elif label == "CUE":
            spans.append(span("cue", first, last))
        elif label == "SOURCE":
            pieces.append(chunk)
        else:
            left_out[f"spans labelled {name}"] += 1
    for run in _runs(pieces, words, lines):
        speakers = _speakers(run)
        for own_pieces, kind in speakers:
            spans.append(span("source", own_pieces[0][1], own_pieces[-1][2], Kind=kind))
        if not speakers:
            left_out.update(f"spans labelled {name} without a PERSON" for name, _, _ in run)
            unknown += (["source", offsets[first][0], offsets[last - 1][1]] for _, first, last in run)
    whole = "\n".join(texts)
    unknown += _unsaid(whole, spans, [layer for layer, _ in corpus.scope.layers])
    meta = {
        "unknown": sorted(unknown),
        "left_out": dict(left_out),
        "illegal_tags": illegal,
        "derived": ["articles", "sources"],
    }
    return _document(corpus, part, number, whole, spans, meta)


def _unsaid(text: str, spans: Iterable[Span], layers: Sequence[Layer]) -> Iterator[list[Any]]:
    """Of lines without a quotation the layer, start and end of what is not marked, in the form of `meta["unknown"]`."""
    marks = sorted(spans, key=lambda span: span.sort_key)
    for start, end in text_lines(text):
        own = [span for span in marks if start <= span.start < end]
        if any(span.layer == "content" for span in own):
            continue
        for layer in layers:
            edges = [start, *(edge for span in own if span.layer == layer for edge in (span.start, span.end)), end]
            yield from ([layer, *gap] for gap in zip(edges[::2], edges[1::2], strict=True) if gap[0] < gap[1])


def _runs(pieces: Sequence[Chunk], words: Sequence[str], lines: Sequence[int]) -> list[list[Chunk]]:
    """Pieces of speakers that stand in one line with nothing but commas between them."""
    runs: list[list[Chunk]] = []
    for piece in pieces:
        if runs:
            end, start = runs[-1][-1][2], piece[1]
            same_line = bisect_right(lines, end - 1) == bisect_right(lines, start)
            if same_line and all(word == "," for word in words[end:start]):
                runs[-1].append(piece)
                continue
        runs.append([piece])
    return runs


def _speakers(run: Sequence[Chunk]) -> list[tuple[Sequence[Chunk], str]]:
    """One group of pieces for each speaker, with the Kind. Between two speakers the last comma parts, or the name."""
    heads = [index for index, (label, _, _) in enumerate(run) if label in _HEADS]
    cuts = [0]
    for one, other in zip(heads, heads[1:], strict=False):
        commas = [index for index in range(one + 1, other + 1) if run[index - 1][2] < run[index][1]]
        cuts.append(commas[-1] if commas else one + 1)
    return [
        (run[start:end], _HEADS[run[head][0]])
        for head, start, end in zip(heads, cuts, [*cuts[1:], len(run)], strict=False)
    ]


# The corpora


def _entities(*groups: str) -> Scope:
    """Of entities, each group one label, which is coarse if it names several: `LOC GPE FAC`."""
    return Scope((("entity", LayerScope(tuple(tuple(group.split()) for group in groups))),))


_ROLES: Final = Scope(
    (
        ("source", LayerScope((LABELS["source"],))),
        ("cue", LayerScope((LABELS["cue"],))),
        ("content", LayerScope((LABELS["content"],))),
    )
)

_NAMES: Final = _entities("PER", "ORG NOR", "LOC GPE FAC")
"""Corpora of three labels call a party, which is NOR in the scheme, an organisation, and any place a location."""

_NERGRIT: Final = {label: label for label in LABELS["entity"]}
_STATEMENT: Final = {"WHO": "SOURCE", "STAT": "CONTENT", "BREL": "CUE", "FREL": "CUE"}
_PFSA: Final = {
    "STATEMENT": "CONTENT", "CUE": "CUE", "CUECOREF": "CUE",
    "PERSON": "SOURCE", "PERSONCOREF": "SOURCE", "ROLE": "SOURCE", "AFFILIATION": "SOURCE",
    "ISSUE": "", "EVENT": "", "DATETIME": "", "LOCATION": "",
}  # fmt: skip

_INDONLU: Final = "Apache-2.0 (the repository's badge says MIT)"
_NO_LICENCE: Final = "none stated, all rights reserved"
_UNCLEAR: Final = "unclear (learning and commercial use with credit, says the README; there is no licence file)"
_NC: Final = "CC BY-NC-SA: no commercial use, derived data under the same licence"

_WILIE: Final = (
    "wilie2020indonlu: Wilie et al. 2020. IndoNLU: Benchmark and Resources for Evaluating Indonesian Natural Language "
    "Understanding. AACL-IJCNLP, 2020.aacl-main.85."
)
_KOTO: Final = (
    "koto2020indolem: Koto, Rahimi, Lau, Baldwin 2020. IndoLEM and IndoBERT: A Benchmark Dataset and Pre-trained "
    "Language Model for Indonesian NLP. COLING, 2020.coling-main.66."
)
_GRIT: Final = "nergrit: PT Gria Inovasi Teknologi 2019. Nergrit Corpus. github.com/grit-id/nergrit-corpus."

CORPORA: Final[dict[str, Corpus]] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="idner-news-2k",
            files={"train": "train.txt", "dev": "dev.txt", "test": "test.txt"},
            folders=("idner-news-2k",),
            labels={"PER": "PER", "ORG": "ORG", "LOC": "LOC"},
            scope=_NAMES,
            licence="MIT",
            reference=(
                "khairunnisa2020: Khairunnisa, Imankulova, Komachi 2020. Towards a Standardized Dataset on Indonesian "
                "Named Entity Recognition. AACL-IJCNLP Student Research Workshop, 2020.aacl-srw.10."
            ),
            read=_by_sentence,
            sha256={
                "train.txt": "106da0fda132ff93832565b39b0e5b67dfc1cf0119d564dfdba8e943e40d437f",
                "dev.txt": "e21ef2c5ff90b1ef3f45d04cdf6756b107e4b530539312074bb7cff25f3b214b",
            },
        ),
        Corpus(
            name="indonlu-nergrit",
            files={"train": "train_preprocess.txt", "dev": "valid_preprocess.txt", "test": "test_preprocess.txt"},
            folders=("dataset/nergrit_ner-grit", "nergrit_ner-grit"),
            labels={"PERSON": "PER", "ORGANISATION": "ORG", "PLACE": "LOC"},
            scope=_NAMES,
            licence=_INDONLU,
            reference=_WILIE,
            read=_by_sentence,
            sha256={
                "train_preprocess.txt": "4bbef1355fad21b405b5c511a7c80331a5ee71c91db9b82dc03efda5cb99f964",
                "valid_preprocess.txt": "330ee7307f40f5e999110e02390243c07180b78c2e2a06f8a529ab46b0f4e907",
            },
        ),
        Corpus(
            name="indonlu-nerp",
            files={"train": "train_preprocess.txt", "dev": "valid_preprocess.txt", "test": "test_preprocess.txt"},
            folders=("dataset/nerp_ner-prosa", "nerp_ner-prosa"),
            # Of organisations it marks brands only, as IND, beside products and portals.
            labels={"PPL": "PER", "PLC": "LOC", "EVT": "EVT", "IND": "", "FNB": ""},
            scope=_entities("PER", "LOC GPE FAC", "EVT"),
            licence=_INDONLU,
            reference=f"{_WILIE} Its origin: Hoesen, Purwarianti 2018, arXiv 2009.05687.",
            read=_by_sentence,
            sha256={
                "train_preprocess.txt": "0361c2b4a40298f00c027ad80b3c29a1f2a14c3d6fea91ec292820af25821a2d",
                "valid_preprocess.txt": "5e08679148ada73a809a52fbe9695ac8d9b0acfe4e3e8f686fa6ab16048b4863",
            },
        ),
        Corpus(
            name="indolem-nerui",
            files={"train": "train.01.tsv", "dev": "dev.01.tsv", "test": "test.01.tsv"},
            folders=("ner/data/nerui", "nerui"),
            labels={"PERSON": "PER", "ORGANIZATION": "ORG", "LOCATION": "LOC"},
            scope=_NAMES,
            licence=_NO_LICENCE,
            reference=_KOTO,
            read=_by_sentence,
        ),
        Corpus(
            name="indolem-nerugm",
            files={"train": "train.01.tsv", "dev": "dev.01.tsv", "test": "test.01.tsv"},
            folders=("ner/data/nerugm", "nerugm"),
            # Its QUANTITY has money and counts of people, its TIME dates.
            labels={"PERSON": "PER", "ORGANIZATION": "ORG", "LOCATION": "LOC", "QUANTITY": "", "TIME": ""},
            scope=_NAMES,
            licence=_NO_LICENCE,
            reference=_KOTO,
            read=_by_sentence,
        ),
        Corpus(
            name="nergrit",
            files={"train": "train_corrected.txt", "dev": "valid_corrected.txt", "test": "test_corrected.txt"},
            folders=("ner/data", "nergrit-corpus/ner/data"),
            labels=_NERGRIT,
            scope=_entities(*LABELS["entity"]),
            licence=_UNCLEAR,
            reference=_GRIT,
            read=_by_sentence,
        ),
        Corpus(
            name="nergrit-statement",
            files={"train": "train_corrected.txt", "dev": "valid_corrected.txt", "test": "test_corrected.txt"},
            folders=("statement/data", "nergrit-corpus/statement/data"),
            labels=_STATEMENT,
            scope=_ROLES,
            licence=_UNCLEAR,
            reference=_GRIT,
            read=_by_sentence,
        ),
        Corpus(
            name="pfsa-id",
            files={"train": "train-70.txt", "dev": "dev-30.txt", "test": "test-data.txt"},
            folders=("corpus/pfsa-id", "corpus/pfsa-id-test", "pfsa-id", "pfsa-id-test"),
            labels=_PFSA,
            scope=_ROLES,
            licence=_NC,
            reference=(
                "PURNOMOWP2022: Purnomo W.P., Kumar, Zulkarnain 2022. PFSA-ID: an annotated Indonesian corpus and "
                "baseline model of public figures statements attributions. Global Knowledge, Memory and "
                "Communication, 10.1108/GKMC-04-2022-0091."
            ),
            read=_by_article,
            tags="BILOU",
        ),
        Corpus(
            name="pfsa-id-med",
            files={"train": "train-dl-80-v2.txt", "dev": "dev-dl-20-v2.txt"},
            folders=("corpus/pfsa-id-med", "pfsa-id-med"),
            labels=_PFSA,
            scope=_ROLES,
            licence=_NC,
            reference=(
                "PURNOMOWP2024111558: Purnomo W.P., Kumar, Zulkarnain, Raza 2024. Extraction and attribution of "
                "public figures statements for journalism in Indonesia using deep learning. Knowledge-Based Systems "
                "289, 111558, 10.1016/j.knosys.2024.111558."
            ),
            read=_by_article,
            tags="BILOU",
        ),
    )
}
"""By name. IndoLEM's first fold stands for its five; name the file of another. So it is with the sizes of PFSA-ID."""
