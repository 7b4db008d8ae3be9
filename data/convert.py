"""Documents to a data set on disk: a `datasets.DatasetDict` as Parquet, with a card, that `load_dataset` reads.

One row is one article. Spans and attributions are the truth; the BIO columns are views of them on the columns `words`,
`starts` and `ends`, in the label order of `narasumber.labels`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from data.splits import HeldOut, split
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import new_folder
from narasumber.labels import ATTRIBUTES, HEADS, LABELS, bio_tags, head_labels
from narasumber.sections import sections
from narasumber.tags import MASKED, bio
from narasumber.words import words

MANIFEST: Final = "dataset.json"
"""Counts of the data set; its presence says that the folder is one, whole, and may be written anew."""

FORMAT: Final = "narasumber-dataset-1"

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
    "meta": _TEXT,
}
FEATURES: Final = Features(_COLUMNS)
"""`attributions` name spans by their place in `spans`; a word that a tag column cannot speak of is -100; `meta` is
JSON, what a reader kept beside."""


def convert(documents: Sequence[Document], destination: str | Path, held_out: Sequence[str] = ()) -> DatasetDict:
    """Write the data set to the folder `destination` and return it.

    All documents are the split `train`; those with an id of `held_out` are the split `test`. The folder is there as
    a whole or not at all, and the same documents give the same bytes. An earlier data set of this kind is replaced.
    Raises InputError if the destination is anything else, if there are no documents, and for ids that are unknown or
    given twice.
    """
    target = Path(destination)
    if not documents:
        raise InputError("documents", "there are none", "name a source with at least one article")
    _refuse_foreign(target)
    if held_out:
        fold = split(documents, HeldOut(documents=tuple(held_out)))[0]
        parts = {"train": fold.train, "test": fold.held_out}
    else:
        if twice := sorted(id for id, count in Counter(document.id for document in documents).items() if count > 1):
            raise InputError("documents", f"two have the id {', '.join(twice)}", "give each its own file name")
        parts = {"train": list(documents)}
    data = DatasetDict({name: to_dataset(part) for name, part in parts.items()})
    counts = {name: count(part) for name, part in parts.items()}

    try:
        with new_folder(target) as fresh:
            (fresh / "data").mkdir()
            for name, part in data.items():
                part.to_parquet(fresh / "data" / f"{name}.parquet")
            (fresh / "README.md").write_text(card(counts), encoding="utf-8")
            (fresh / MANIFEST).write_text(
                json.dumps({"format": FORMAT, "splits": counts}, indent=2) + "\n", encoding="utf-8"
            )
    except OSError as error:
        raise InputError(str(target), f"cannot be written: {error.strerror}", "choose another folder") from error
    return data


def _refuse_foreign(target: Path) -> None:
    """Only what this module wrote, and all of it, may be replaced."""
    if not target.exists() and not target.is_symlink():
        return
    cure = "name a new folder, or delete this one"
    if not target.is_dir() or target.is_symlink():
        raise InputError(str(target), "exists and is no folder", cure)
    inside = {str(path.relative_to(target)) for path in target.rglob("*")}
    ours = {"README.md", MANIFEST, "data", *(name for name in inside if name in _PARQUET)}
    if inside and (MANIFEST not in inside or inside - ours or not _is_manifest(target / MANIFEST)):
        foreign = sorted(inside - ours) or sorted(inside)
        raise InputError(str(target), f"is no earlier data set: {', '.join(foreign[:5])} is in it", cure)


_PARQUET: Final = {str(Path("data", f"{name}.parquet")) for name in ("train", "test")}


def _is_manifest(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def to_dataset(documents: Sequence[Document]) -> Dataset:
    """One row a document, with `FEATURES`."""
    rows = [_row(document) for document in documents]
    return Dataset.from_dict({name: [row[name] for row in rows] for name in FEATURES}, features=FEATURES)


def _row(document: Document) -> dict[str, Any]:
    text = document.text
    grid = words(text)
    plain = document.to_json()
    meta = plain.pop("meta")
    return {
        "id": document.id,
        "outlet": meta.pop("outlet", None),
        "title": meta.pop("title", None),
        "text": text,
        "words": [text[start:end] for start, end in grid],
        "starts": [start for start, _ in grid],
        "ends": [end for _, end in grid],
        "sections": [
            {"kind": kind, "start": start, "end": end} for kind, start, end in meta.pop("sections", sections(text))
        ],
        "spans": [
            {
                **span,
                "attributes": {name: span.get("attributes", {}).get(name) for name in ATTRIBUTES},
                "fragments": [{"start": start, "end": end} for start, end in span.get("fragments", ())],
            }
            for span in plain["spans"]
        ],
        "attributions": plain["attributions"],
        **{head: bio(document, head, grid)[0].tolist() for head in HEADS},
        "meta": json.dumps(meta, ensure_ascii=False, sort_keys=True),
    }


def from_row(row: Mapping[str, Any]) -> Document:
    """The document that a row was made of."""
    meta = json.loads(row["meta"])
    meta |= {name: row[name] for name in ("outlet", "title") if row[name] is not None}
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
            "meta": meta | {"sections": [[part["kind"], part["start"], part["end"]] for part in row["sections"]]},
        }
    )


def count(documents: Sequence[Document]) -> dict[str, Any]:
    """Articles, words, attributions, spans by layer and label, and spans lost by head and cause."""
    spans = Counter((span.layer, span.label) for document in documents for span in document.spans)
    lost = Counter(
        (item.head, item.cause)
        for document in documents
        for head in HEADS
        for item in bio(document, head, words(document.text))[1]
    )
    return {
        "articles": len(documents),
        "words": sum(len(words(document.text)) for document in documents),
        "attributions": sum(len(document.attributions) for document in documents),
        "spans": {layer: {label: spans[layer, label] for label in labels} for layer, labels in LABELS.items()},
        "lost": {head: {cause: lost[at, cause] for at, cause in sorted(lost) if at == head} for head in HEADS},
    }


def card(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """The data set's README.md, out of `count` of each split."""

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

    sizes = {name: across(name) for name in ("articles", "words", "attributions")}
    layers: dict[str, list[int]] = {layer: across("spans", layer) for layer in LABELS}
    labels = {label: row for label in LABELS["entity"] if any(row := across("spans", "entity", label))}
    lost = {
        f"{head}: {cause}": across("lost", head, cause)
        for head in HEADS
        for cause in sorted({cause for part in splits.values() for cause in part["lost"][head]})
    }
    lines = [
        "---",
        "language: [id]",
        "task_categories: [token-classification]",
        "configs:",
        "- config_name: default",
        "  data_files:",
        *(f"  - {{split: {name}, path: data/{name}.parquet}}" for name in splits),
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
        f"{MASKED}, never `O`: leave it out of loss and scores.",
        "",
        *table("what", sizes | layers),
        *table("entity", labels),
        "## Lost in the BIO columns",
        "",
        "By cause: `word` an edge inside a word, `line` across a line break, `gap` discontinuous, `nested` deeper in",
        "spans of the layer than the columns hold, `crossing` partly over another. They all stand in `spans`.",
        "",
        *(table("lost", lost) if lost else ["None.", ""]),
    ]
    return "\n".join(lines)
