"""Documents to a data set on disk: a `datasets.DatasetDict` as Parquet, with a card, that `load_dataset` reads.

One row is one article. Spans and attributions are the truth; the BIO columns are views of them on the columns `words`,
`starts` and `ends`, in the label order of `narasumber.labels`.

Articles stream: what is held in memory is a batch of them, and 8 bytes for each one's id.
"""

from __future__ import annotations

import gc
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from datasets import ClassLabel, Dataset, Features, List, Value

from data.corpora import CORPORA, credit_lines
from data.sources import with_meta
from data.splits import leak_report
from narasumber.document import Document, Span
from narasumber.errors import InputError, Problem
from narasumber.files import new_folder
from narasumber.formats import json_lines
from narasumber.formats.common import Problems, left_out_of
from narasumber.labels import ATTRIBUTES, HEADS, LABELS, bio_tags, head_labels
from narasumber.scope import WHOLE
from narasumber.tags import MASKED, bio_of_all
from narasumber.words import Grid

MANIFEST: Final = "dataset.json"
"""Counts of the data set; its presence says that the folder is one, whole, and may be written anew."""

FORMAT: Final = "narasumber-dataset-1"

LEAKS: Final = "leaks.jsonl"
"""The held-out sentences that training has all but seen, each with that of training, as `data.splits.Leak` has them."""

SHARD: Final = 10_000
"""Articles (of a JSON Lines file: lines) that go to one Parquet file."""

BATCH: Final = 500
"""Articles that are held in memory and written as one row group; fewer, where they have more than `CHARACTERS`."""

CHARACTERS: Final = 4_000_000

Counts = dict[str, Any]
"""What is in a split: whole numbers by name, some of them grouped; in `test` the group `leaks` is of `LEAKS`."""

_Part = tuple[dict[str, Counts], Sequence[Problem]]
"""What is in the files of one part, by split, and what is wrong with it."""

_INT: Final = Value("int32")
_TEXT: Final = Value("string")

_COLUMNS: Final[dict[str, Any]] = {
    "id": _TEXT,
    "outlet": _TEXT,
    "title": _TEXT,
    "text": _TEXT,
    "words": List(_TEXT),
    "starts": List(_INT),
    "ends": List(_INT),
    "sections": List({"kind": _TEXT, "start": _INT, "end": _INT}),
    "spans": List(
        {
            "layer": _TEXT,
            "label": _TEXT,
            "start": _INT,
            "end": _INT,
            "text": _TEXT,
            "attributes": dict.fromkeys(ATTRIBUTES, _TEXT),
            "fragments": List({"start": _INT, "end": _INT}),
        }
    ),
    "attributions": List({"cue": _INT, "sources": List(_INT), "contents": List(_INT)}),
    **{head: List(ClassLabel(names=list(bio_tags(head_labels(head))))) for head in HEADS},
    "scope": _TEXT,
    "meta": _TEXT,
}
FEATURES: Final = Features(_COLUMNS)
"""`attributions` name spans by their place in `spans`; a word that a tag column cannot speak of is -100; `scope` (null:
the whole scheme) and `meta` (what a reader kept beside) are JSON."""

_SCHEMA: Final = FEATURES.arrow_schema


def convert(
    documents: Iterable[Document], destination: str | Path, held_out: Collection[str] = (), strict: bool = False
) -> dict[str, Counts]:
    """Write the data set to the folder `destination` and return what is in it, by split.

    All documents are the split `train`; those with an id of `held_out` are the split `test`, beside which `LEAKS` says
    which of its sentences have a near-duplicate in `train`. The folder is there as
    a whole or not at all, and the same documents give the same bytes. An earlier data set of this kind is replaced.
    Raises InputError if the destination is anything else, if there are no documents, for ids that are unknown or
    given twice, and, if `strict`, where a reader has left something out of the documents (`meta["left_out"]`).
    """

    def parts(data: Path) -> Iterator[_Part]:
        rest = iter(documents)
        for number, first in enumerate(rest):
            yield _write_part(chain([first], islice(rest, SHARD - 1)), data, number, held_out)

    return _publish(parts, Path(destination), held_out, strict)


def convert_lines(
    source: Path, destination: str | Path, held_out: Collection[str] = (), strict: bool = False, workers: int = 1
) -> dict[str, Counts]:
    """`convert` of a JSON Lines file of documents by several processes, whose number changes nothing in the result.

    Raises InputError, besides, with all that is wrong with the file.
    """
    cuts = _cuts(source)
    lines = [number * SHARD for number in range(len(cuts) - 1)]
    jobs = Dataset.from_dict({"start": cuts[:-1], "end": cuts[1:], "lines_before": lines})
    processes = min(workers, len(jobs))

    def parts(data: Path) -> Iterator[_Part]:
        try:
            done = jobs.map(
                _write_lines,
                with_indices=True,
                fn_kwargs={"source": source, "data": data, "held_out": held_out},
                num_proc=processes if processes > 1 else None,
                remove_columns=jobs.column_names,
                keep_in_memory=True,
                new_fingerprint="parts",
                desc=f"{source.name}, {SHARD} lines at a time",
            )
        except RuntimeError as error:
            if "abruptly died" not in str(error):
                raise
            raise InputError(str(source), "a process that converts it was ended", "give it more memory") from error
        for part in map(json.loads, done["part"]):
            yield part["counts"], [Problem(*item) for item in part["problems"]]

    return _publish(parts, Path(destination), held_out, strict)


def _cuts(path: Path) -> list[int]:
    """Where each `SHARD` lines of a file begin, and its end."""
    cuts, lines, size = [0], 0, 0
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")) + size + 1
                cuts += ends[SHARD - 1 - lines % SHARD :: SHARD].tolist()
                lines += len(ends)
                size += len(block)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "name a file of JSON Lines") from None
    return [*cuts, size] if size > cuts[-1] or size == 0 else cuts


def _write_lines(
    job: Mapping[str, int], number: int, source: Path, data: Path, held_out: Collection[str]
) -> dict[str, str]:
    """`_write_part` of some lines of a file: they are copied to a file of their own, for readers read whole files."""
    own = data / f"{number}.jsonl"
    with source.open("rb") as file, own.open("wb") as copy:
        file.seek(job["start"])
        left = job["end"] - job["start"]
        while block := file.read(min(left, 1 << 20)):
            copy.write(block)
            left -= len(block)
    counts, problems = _write_part(json_lines.read(own, {}), data, number, held_out)
    own.unlink()
    # An InputError must not be raised here: it could not be sent to the process that waits for it.
    told = [(_in_whole(item.where, own, source, job["lines_before"]), item.what, item.cure) for item in problems]
    return {"part": json.dumps({"counts": counts, "problems": told})}


def _in_whole(where: str, own: Path, source: Path, lines_before: int) -> str:
    """The place in the whole file for one in a part's."""
    line = re.fullmatch(rf"{re.escape(str(own))}:(\d+)(.*)", where, re.DOTALL)
    return f"{source}:{int(line[1]) + lines_before}{line[2]}" if line else where.replace(str(own), str(source))


def _publish(
    write_parts: Callable[[Path], Iterator[_Part]], target: Path, held_out: Collection[str], strict: bool
) -> dict[str, Counts]:
    """The parts that are written to a folder, made a data set if nothing is wrong with them."""
    _refuse_foreign(target)
    splits: dict[str, Counts] = {}
    problems = Problems()
    try:
        with new_folder(target) as fresh:
            data = fresh / "data"
            data.mkdir()
            for counts, found in write_parts(data):
                _add(splits, counts)
                for problem in found:
                    problems.add(problem.where, problem.what, problem.cure)
            problems.raise_if_any()
            _check(splits, data, held_out, strict)
            if "test" in splits:
                splits["test"]["leaks"] = _write_leaks(data, fresh / LEAKS)
            for name in splits:
                _number(sorted(data.glob(f"{name}-*.parquet")), name)
            (fresh / "README.md").write_text(card(splits), encoding="utf-8")
            manifest = json.dumps({"format": FORMAT, "splits": splits}, indent=2) + "\n"
            (fresh / MANIFEST).write_text(manifest, encoding="utf-8")
    except OSError as error:
        raise InputError(str(target), f"cannot be written: {error.strerror}", "choose another folder") from error
    return splits


def _refuse_foreign(target: Path) -> None:
    """Only what this module wrote, and all of it, may be replaced."""
    if not target.exists() and not target.is_symlink():
        return
    cure = "name a new folder, or delete this one"
    if not target.is_dir() or target.is_symlink():
        raise InputError(str(target), "exists and is no folder", cure)
    inside = {path.relative_to(target).as_posix() for path in target.rglob("*")}
    ours = {"README.md", MANIFEST, LEAKS, "data", *filter(_PARQUET.fullmatch, inside)}
    if inside and (MANIFEST not in inside or inside - ours or not _is_manifest(target / MANIFEST)):
        foreign = sorted(inside - ours) or sorted(inside)
        raise InputError(str(target), f"is no earlier data set: {', '.join(foreign[:5])} is in it", cure)


_PARQUET: Final = re.compile(r"data/(train|test)(-\d{5}-of-\d{5})?\.parquet")


def _is_manifest(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def _add(total: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Adds up numbers by name, group by group."""
    for name, value in more.items():
        if isinstance(value, Mapping):
            _add(total.setdefault(name, {}), value)
        else:
            total[name] = total.get(name, 0) + value


def _check(splits: Mapping[str, Counts], data: Path, held_out: Collection[str], strict: bool) -> None:
    """Raises InputError for what can only be said of all parts together."""
    if not splits:
        raise InputError("documents", "there are none", "name a source with at least one article")
    files = sorted(data.glob("*.parquet"))
    # Hashes say which ids may be given twice; of those alone the names are held.
    hashes = np.sort(np.concatenate([np.fromiter(map(hash, _ids(file)), dtype=np.int64) for file in files]))
    suspects = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
    times = Counter(id for file in files if suspects for id in _ids(file) if hash(id) in suspects)
    if twice := sorted(id for id, number in times.items() if number > 1):
        cure = "give each an id of its own; annotations of one article by several people, `narasumber agree` settles"
        raise InputError("documents", f"two have the id {_some(twice)}", cure)
    known = {id for file in data.glob("test-*") for id in _ids(file)}
    if unknown := sorted(set(held_out) - known):
        examples = _some(list(islice(_ids(files[0]), 11)))
        raise InputError("held out", f"no document is called {_some(unknown)}", f"the documents are {examples}")
    if "train" not in splits:
        what = f"of {splits['test']['articles']} documents none is left to train on"
        raise InputError("held out", what, "hold out fewer documents, or add some")
    left_out: Counter[str] = Counter()
    for counts in splits.values():
        left_out.update(counts["left_out"])
    if strict and left_out:
        cure = "take it out of the source, or convert without --strict"
        raise InputError.of([Problem("left out", f"{what} ({number})", cure) for what, number in left_out.items()])


def _write_leaks(data: Path, file: Path) -> dict[str, int]:
    """How many held-out sentences there are, and how many of them training has all but seen; the file has these."""
    report = leak_report(list(_texts(data.glob("test-*"))), _texts(data.glob("train-*")))
    lines = (json.dumps(asdict(leak), ensure_ascii=False) + "\n" for leak in report.leaks)
    file.write_text("".join(lines), encoding="utf-8")
    return {"sentences": report.sentences, "near_duplicates": len(report.leaks)}


def _texts(files: Iterable[Path]) -> Iterator[Document]:
    """The documents of Parquet files, without their annotation."""
    for file in sorted(files):
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(BATCH, columns=["id", "text"]):
                yield from map(Document, *(column.to_pylist() for column in batch.columns))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")


def _ids(file: Path) -> Iterator[str]:
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(columns=["id"]):
            yield from batch.column(0).to_pylist()


def _number(files: Sequence[Path], split: str) -> None:
    """Gives a split's files the names that the hub uses."""
    for index, file in enumerate(files):
        number = f"-{index:05}-of-{len(files):05}" if len(files) > 1 else ""
        file.rename(file.with_name(f"{split}{number}.parquet"))


def _write_part(documents: Iterable[Document], data: Path, number: int, held_out: Collection[str]) -> _Part:
    """One Parquet file for each split that these documents have rows in."""
    out = frozenset(held_out)
    counts: dict[str, Counts] = {}
    writers: dict[str, pq.ParquetWriter] = {}
    with _no_garbage_collection(), ExitStack() as stack:
        try:
            for batch in _batches(documents):
                train = [document for document in batch if document.id not in out]
                test = [document for document in batch if document.id in out]
                for split, chosen in (("train", train), ("test", test)):
                    if not chosen:
                        continue
                    table, own = to_table(chosen)
                    if split not in writers:
                        file = data / f"{split}-{number:08}.parquet"
                        writers[split] = stack.enter_context(pq.ParquetWriter(file, _SCHEMA, write_statistics=["id"]))
                    writers[split].write_table(table)
                    _add(counts, {split: own})
        except InputError as error:
            return counts, error.problems
    return counts, ()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Documents hold no cycles: they are freed without the collector, which would look through them all in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == BATCH or characters >= CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def to_table(documents: Sequence[Document]) -> tuple[pa.Table, Counts]:
    """One row a document, with `FEATURES`, and what is in them.

    Columns are made of flat arrays for all documents at once, which is many times quicker than row by row.
    Raises InputError for half a character (a lone surrogate), which Parquet cannot hold.
    """
    try:
        return _to_table(documents)
    except UnicodeEncodeError as error:
        what = f"an article or what is kept beside it holds {error.object[error.start]!r}, which is half of a character"
        ids = f"articles {documents[0].id!r} to {documents[-1].id!r}"
        raise InputError(ids, what, "decode the source with errors='strict'") from None


def _to_table(documents: Sequence[Document]) -> tuple[pa.Table, Counts]:
    texts = [document.text for document in documents]
    grid = Grid.of(texts)
    words_of = np.diff(grid.first, append=len(grid.starts))
    offsets = np.repeat(grid.offsets, words_of)
    views = {head: bio_of_all(documents, head, grid) for head in HEADS}

    told = [_told(document) for document in documents]
    parts = [part for item in told for part in item["sections"]]
    spans = [span for document in documents for span in document.spans]
    fragments = [part for span in spans for part in span.fragments]
    links = [_links(document) for document in documents]
    roles = [link for found in links for link in found]
    columns: dict[str, Any] = {
        "id": [document.id for document in documents],
        "outlet": [item["outlet"] for item in told],
        "title": [item["title"] for item in told],
        "text": texts,
        "words": (words_of, _words(texts, grid)),
        "starts": (words_of, grid.starts - offsets),
        "ends": (words_of, grid.ends - offsets),
        "sections": (
            [len(item["sections"]) for item in told],
            {name: [part[place] for part in parts] for place, name in enumerate(("kind", "start", "end"))},
        ),
        "spans": (
            [len(document.spans) for document in documents],
            {
                "layer": [span.layer for span in spans],
                "label": [span.label for span in spans],
                "start": [span.start for span in spans],
                "end": [span.end for span in spans],
                "text": [
                    span.text_in(text) if span.fragments else text[span.start : span.end]
                    for text, document in zip(texts, documents, strict=True)
                    for span in document.spans
                ],
                "attributes": {
                    name: [span.attribute(name) if span.attributes else None for span in spans] for name in ATTRIBUTES
                },
                "fragments": (
                    [len(span.fragments) for span in spans],
                    {"start": [start for start, _ in fragments], "end": [end for _, end in fragments]},
                ),
            },
        ),
        "attributions": (
            [len(found) for found in links],
            {
                "cue": [cue for cue, _, _ in roles],
                "sources": ([len(found) for _, found, _ in roles], [place for _, found, _ in roles for place in found]),
                "contents": ([len(found) for *_, found in roles], [place for *_, found in roles for place in found]),
            },
        ),
        **{head: (words_of, tags) for head, (tags, _) in views.items()},
        "scope": [None if document.scope == WHOLE else json.dumps(document.scope.to_json()) for document in documents],
        "meta": [item["meta"] for item in told],
    }
    table = pa.Table.from_arrays([_array(field.type, columns[field.name]) for field in _SCHEMA], schema=_SCHEMA)

    times = Counter(span.label for span in spans)
    left_out: Counter[str] = Counter()
    for item in told:
        left_out.update(item["left_out"])
    return table, {
        "articles": len(documents),
        "words": len(grid.starts),
        "attributions": len(roles),
        "spans": {layer: {label: times[label] for label in labels} for layer, labels in LABELS.items()},
        "lost": {head: dict(Counter(item.cause for item in lost)) for head, (_, lost) in views.items()},
        "left_out": dict(left_out),
        "corpora": dict(Counter(name for item in documents if (name := str(item.meta.get("corpus"))) in CORPORA)),
    }


def _array(kind: pa.DataType, values: Any) -> pa.Array:
    """An Arrow array: of a list out of `(sizes, values)`, of a struct out of its fields by name, else of values."""
    if pa.types.is_list(kind):
        sizes, inner = values
        offsets = np.cumsum([0, *sizes], dtype=np.int32)
        return pa.ListArray.from_arrays(offsets, _array(kind.value_type, inner), type=kind)
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays([_array(part.type, values[part.name]) for part in kind], fields=list(kind))
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _words(texts: Sequence[str], grid: Grid) -> pa.Array:
    """The words as Arrow holds strings: one behind the other as UTF-8, which is the texts without white space."""
    packed = "".join("\n".join(texts).split())
    codes = np.frombuffer(packed.encode("utf-32-le"), dtype=np.uint32)
    size = np.concatenate(([0], np.cumsum(grid.ends - grid.starts)))
    bytes_before = np.concatenate(([0], np.cumsum(1 + (codes > 0x7F) + (codes > 0x7FF) + (codes > 0xFFFF))))
    ends = bytes_before[size].astype(np.int32)
    return pa.StringArray.from_buffers(len(grid.starts), pa.py_buffer(ends), pa.py_buffer(packed.encode()))


def _links(document: Document, key: Callable[[Span], object] = id) -> list[tuple[int, Sequence[int], Sequence[int]]]:
    """The attributions, spans named by their place among the document's."""
    place = {key(span): index for index, span in enumerate(document.spans)} if document.attributions else {}
    try:
        return [
            (
                place[key(item.cue)],
                [place[key(span)] for span in item.sources],
                [place[key(span)] for span in item.contents],
            )
            for item in document.attributions
        ]
    except KeyError:  # spans that are equal, not the same: rare, and many times slower to find
        return _links(document, lambda span: span)


def _told(document: Document) -> dict[str, Any]:
    """The columns `outlet`, `title`, `sections` and `meta`, and what the reader left out.

    What is known stands; what is unknown is made of the text; what no column can hold stays in `meta`.
    """
    known = dict(document.meta)
    has_sections = _are_sections(known.get("sections"), len(document.text))
    told = {} if has_sections else dict(with_meta(Document(document.id, document.text)).meta)
    fits = {"sections": has_sections, **{name: isinstance(known.get(name), str) for name in ("outlet", "title")}}
    told |= {name: known.pop(name) for name, does in fits.items() if does}
    return {
        "outlet": None,
        "title": None,
        **told,
        "meta": json.dumps(known, ensure_ascii=False, sort_keys=True),
        "left_out": left_out_of(document),
    }


def _are_sections(value: Any, size: int) -> bool:
    def is_one(part: Any) -> bool:
        match part:
            case [str(), int(start), int(end)] if bool not in (type(start), type(end)):
                return 0 <= start <= end <= size
        return False

    return isinstance(value, (list, tuple)) and all(map(is_one, value))


def from_row(row: Mapping[str, Any]) -> Document:
    """The document that a row was made of."""
    meta: dict[str, Any] = {name: row[name] for name in ("outlet", "title") if row[name] is not None}
    meta["sections"] = [[part["kind"], part["start"], part["end"]] for part in row["sections"]]
    return Document.from_json(
        {
            "id": row["id"],
            "text": row["text"],
            "spans": [
                {
                    **span,
                    "attributes": {name: value for name, value in span["attributes"].items() if value is not None},
                    "fragments": [(part["start"], part["end"]) for part in span["fragments"]],
                }
                for span in row["spans"]
            ],
            "attributions": row["attributions"],
            "meta": meta | json.loads(row["meta"]),
            **({} if row["scope"] is None else {"scope": json.loads(row["scope"])}),
        }
    )


def card(splits: Mapping[str, Counts]) -> str:
    """The data set's README.md."""

    def table(title: str, rows: Mapping[str, Sequence[int]]) -> list[str]:
        head = f"| {title} | {' | '.join(splits)} |"
        rule = f"|---|{'---:|' * len(splits)}"
        return [head, rule, *(f"| {name} | {' | '.join(map(str, row))} |" for name, row in rows.items()), ""]

    def across(*path: str) -> list[int]:
        found = []
        for part in splits.values():
            value: Any = part
            for key in path:
                value = value.get(key, 0)
            found.append(value if isinstance(value, int) else sum(value.values()))
        return found

    def named(*path: str) -> list[str]:
        """The names in a group of any split."""
        groups: list[Any] = list(splits.values())
        for key in path:
            groups = [group[key] for group in groups]
        return sorted({name for group in groups for name in group})

    sizes = {name: across(name) for name in ("articles", "words", "attributions")}
    layers: dict[str, list[int]] = {layer: across("spans", layer) for layer in LABELS}
    labels = {label: row for label in LABELS["entity"] if any(row := across("spans", "entity", label))}
    lost = {f"{head}: {cause}": across("lost", head, cause) for head in HEADS for cause in named("lost", head)}
    left_out = {name.replace("|", "\\|"): across("left_out", name) for name in named("left_out")}
    lines = [
        "---",
        "language: [id]",
        "task_categories: [token-classification]",
        "configs:",
        "- config_name: default",
        "  data_files:",
        *(f"  - {{split: {name}, path: data/{name}*.parquet}}" for name in splits),
        "---",
        "",
        "# Indonesian news: who is named and who said what",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'data = load_dataset("PATH/TO/THIS/FOLDER")',
        'data["train"].features["entity"].feature.names  # the tag names, in order',
        "```",
        "",
        "One row is one article. `spans` and `attributions` are the annotation: offsets count code points of `text`,",
        "ends are exclusive, and attributions name spans by their place in `spans`. The columns",
        ", ".join(f"`{head}`" for head in HEADS) + " are BIO tags (IOB2) of `words`, made from the",
        "spans; `content_inner` holds a CONTENT inside another. A word under a span that such a column cannot say is",
        f"{MASKED}, never `O`: leave it out of loss and scores. So is a word of which the annotation says nothing:",
        "`scope` tells what it speaks of, where that is not the whole scheme.",
        "",
        *table("what", sizes | layers),
        *table("entity", labels),
        "## Lost in the BIO columns",
        "",
        "By cause: `word` an edge inside a word, `line` across a line break, `gap` discontinuous, `nested` deeper in",
        "spans of the layer than the columns hold, `crossing` partly over another. They all stand in `spans`.",
        "",
        *(table("lost", lost) if lost else ["None.", ""]),
        *(["## Left out of what was read", "", *table("what", left_out)] if left_out else []),
        *(_leak_lines(**splits["test"]["leaks"]) if "test" in splits else []),
        *(["## Licence and citation", "", *credit_lines(named("corpora")), ""] if named("corpora") else []),
    ]
    return "\n".join(lines)


def _leak_lines(sentences: int, near_duplicates: int) -> list[str]:
    return [
        "## Held-out sentences that training has all but seen",
        "",
        f"{near_duplicates} of {sentences} sentences of `test` have a near-duplicate in `train`: see `{LEAKS}`.",
        "",
    ]
