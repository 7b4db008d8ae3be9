"""Annotated articles as training examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tokenizers import Tokenizer

from narasumber.document import Document
from narasumber.labels import Head, head_labels, layer_of_head
from narasumber.scope import WHOLE, Scope
from narasumber.settings import Settings
from narasumber.tags import MASKED, Lost, bio
from narasumber.windows import Batch, Floats, Ints, Row, collate, pieces_of, row, windows


@dataclass(frozen=True)
class Example:
    """A window with its tags: `labels` is [heads, pieces], `MASKED` wherever no word begins.

    Of a window that begins within a line, the first word does not open one: its tag may go on a span.

    `scope` says what these tags mean, `source` the number of the config's source that it came from.
    """

    row: Row
    labels: Ints
    scope: Scope = WHOLE
    source: int = 0

    def __len__(self) -> int:
        return len(self.row.ids)


def examples_of(
    documents: Iterable[Document], tokenizer: Tokenizer, settings: Settings, source: int = 0
) -> tuple[list[Example], list[tuple[str, Lost]]]:
    """Every window of every document, and the spans that no head can learn, with the document's id."""
    examples: list[Example] = []
    lost: list[tuple[str, Lost]] = []
    for document in documents:
        pieces = pieces_of(document.text, tokenizer, settings.unk_id)
        views = [bio(document, head, pieces.words) for head in settings.heads]
        lost += [(document.id, item) for _, own in views for item in own]
        tags = np.stack([view for view, _ in views])
        for window in windows(pieces, settings):
            item = row(pieces, window, settings)
            if pieces.breaks.get(window.start) != 2:
                item = replace(item, opens=np.append(False, item.opens[1:]))
            labels = np.full((len(settings.heads), len(item.ids)), MASKED, dtype=np.int64)
            labels[:, item.places] = tags[:, window.start : window.end]
            examples.append(Example(item, labels, document.scope, source))
    return examples, lost


def collate_examples(examples: Sequence[Example], settings: Settings) -> tuple[Batch, Ints]:
    """Model input and labels [windows, heads, pieces]."""
    batch = collate([example.row for example in examples], settings)
    labels = np.full((len(examples), len(settings.heads), batch["input_ids"].shape[1]), MASKED, dtype=np.int64)
    for number, example in enumerate(examples):
        labels[number, :, : len(example)] = example.labels
    return batch, labels


def tag_meanings(head: Head, scope: Scope) -> Floats:
    """[tags, tags] 1 where the tag of the column is one that the row's tag may stand for under a scope, else 0.

    Under a scope that tells all labels apart this is the identity. A coarse tag stands for each of its labels' tags
    (`B-LOC` for `B-GPE`), `O` for the tags of labels that the scope does not speak of.
    """
    labels = head_labels(head)
    meanings = np.eye(2 * len(labels) + 1, dtype=np.float32)
    own = scope.layer(layer_of_head(head))
    for place, label in enumerate(labels if own else ()):
        assert own is not None
        group = own.group_of(label)
        for edge in (1, 2):
            if group is None:
                meanings[0, 2 * place + edge] = 1
            else:
                meanings[2 * labels.index(group[0]) + edge, 2 * place + edge] = 1
    return meanings
