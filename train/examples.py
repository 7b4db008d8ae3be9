"""Annotated articles as training examples, and the plan of which examples make up each update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from narasumber.document import Document
from narasumber.settings import Settings
from narasumber.tags import MASKED, Lost, bio
from narasumber.windows import Batch, Ints, Row, collate, pieces_of, row, windows


@dataclass(frozen=True)
class Example:
    """A window with its tags: `labels` is [heads, pieces], `MASKED` wherever no word begins."""

    row: Row
    labels: Ints

    @property
    def length(self) -> int:
        return len(self.row.ids)


def examples_of(
    documents: Iterable[Document], tokenizer: Tokenizer, settings: Settings
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
            labels = np.full((len(settings.heads), len(item.ids)), MASKED, dtype=np.int64)
            labels[:, item.places] = tags[:, window.start : window.end]
            examples.append(Example(item, labels))
    return examples, lost


def plan_epoch(lengths: Sequence[int], tokens_per_batch: int, seed: int, epoch: int) -> list[list[int]]:
    """Which examples make up each update of an epoch: a function of its arguments alone, so a resumed run replays it.

    Examples of like length come together (`longest x count <= tokens_per_batch`, or one example that is longer
    by itself): shuffled, cut into pools of about 32 batches, sorted within a pool, and the batches shuffled again.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    mean = max(1.0, float(np.mean(lengths)) if len(lengths) else 1.0)
    pool = max(1, int(32 * tokens_per_batch / mean))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        batch: list[int] = []
        for index in sorted(order[start : start + pool].tolist(), key=lambda index: lengths[index]):
            if batch and lengths[index] * (len(batch) + 1) > tokens_per_batch:
                batches.append(batch)
                batch = []
            batch.append(index)
        if batch:
            batches.append(batch)
    return [batches[index] for index in random.permutation(len(batches))]


def labelled_words(examples: Sequence[Example]) -> Ints:
    """[heads] how many words of these examples carry a tag."""
    counts = [(example.labels != MASKED).sum(axis=1) for example in examples]
    return np.asarray(np.sum(counts, axis=0), dtype=np.int64)


def collate_examples(examples: Sequence[Example], settings: Settings) -> tuple[Batch, Ints]:
    """Model input and labels [windows, heads, pieces]."""
    batch = collate([example.row for example in examples], settings)
    labels = np.full((len(examples), len(settings.heads), batch["input_ids"].shape[1]), MASKED, dtype=np.int64)
    for number, example in enumerate(examples):
        labels[number, :, : example.length] = example.labels
    return batch, labels
