"""Which articles are held out of training, and which of their sentences training has all but seen.

Near-duplicates are found by the exact Jaccard index of their sets of five-word shingles; sentences of fewer words
must be equal but for case and punctuation.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.sentences import sentences

SHINGLE: Final = 5
NEAR: Final = 0.5
"""The Jaccard index from which on two texts are near-duplicates."""


class HeldOut(BaseModel):
    """Exactly one of `documents`, `leave_one_out` and `fraction`.

    `group_near_duplicates` (with `fraction`) keeps articles that are near-duplicates of each other on one side.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    leave_one_out: bool = False
    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    group_near_duplicates: bool = False
    seed: int = 13

    @model_validator(mode="after")
    def _exactly_one(self) -> HeldOut:
        if (self.documents is not None) + self.leave_one_out + (self.fraction is not None) != 1:
            raise ValueError("give exactly one of documents: [ID, ...], leave_one_out: true, fraction: 0.2")
        if self.group_near_duplicates and self.fraction is None:
            raise ValueError("group_near_duplicates goes with fraction")
        return self


@dataclass(frozen=True)
class Fold:
    """One parting of the documents; both lists keep their order."""

    name: str
    train: list[Document]
    held_out: list[Document]


def split(documents: Sequence[Document], held_out: HeldOut) -> list[Fold]:
    """The folds: one, or with `leave_one_out` one for each document, named by its id.

    Which articles a `fraction` takes depends on their ids and the seed alone, not on their order. Raises InputError
    for ids that are unknown or given twice, and where nothing would be left to train on.
    """
    ids = [document.id for document in documents]
    if twice := sorted(id for id, count in Counter(ids).items() if count > 1):
        raise InputError("data.sources", f"documents with one id: {', '.join(twice)}", "give each its own file name")
    if held_out.leave_one_out:
        chosen = {id: {id} for id in ids}
    elif held_out.documents is not None:
        if unknown := [id for id in held_out.documents if id not in ids]:
            what = f"no document is called {', '.join(unknown)}"
            raise InputError("data.held_out.documents", what, f"the documents are {', '.join(sorted(ids))}")
        chosen = {"held_out": set(held_out.documents)}
    else:
        assert held_out.fraction is not None
        chosen = {"held_out": _draw(documents, held_out.fraction, held_out.group_near_duplicates, held_out.seed)}
    folds = [
        Fold(name, [d for d in documents if d.id not in out], [d for d in documents if d.id in out])
        for name, out in chosen.items()
    ]
    if not folds or any(not fold.train for fold in folds):
        what = f"of {len(ids)} documents none is left to train on"
        raise InputError("data.held_out", what, "hold out fewer documents, or add some")
    return folds


def _draw(documents: Sequence[Document], fraction: float, grouped: bool, seed: int) -> set[str]:
    """Groups of ids in an order drawn by the seed, as many as come closest to the fraction, but at least one."""
    groups = {document.id: {document.id} for document in documents}
    if grouped:
        texts = [document.text for document in documents]
        for left, right in near_duplicates(texts, texts):
            if left < right:
                merged = groups[documents[left].id] | groups[documents[right].id]
                groups.update(dict.fromkeys(merged, merged))
    drawn = sorted(
        {min(group): group for group in groups.values()}.items(),
        key=lambda item: hashlib.sha256(f"{seed}:{item[0]}".encode()).digest(),
    )
    wanted = fraction * len(documents)
    taken: set[str] = set()
    for _, group in drawn:
        if abs(len(taken) + len(group) - wanted) < abs(len(taken) - wanted):
            taken |= group
    return taken or min((group for _, group in drawn), key=len, default=set())


def normalised(text: str) -> tuple[str, ...]:
    """The words of a text without case and punctuation."""
    return tuple(re.findall(r"\w+", text.casefold()))


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = normalised(text)
    return frozenset(words[i : i + SHINGLE] for i in range(max(1, len(words) - SHINGLE + 1))) if words else frozenset()


def near_duplicates(a: Sequence[str], b: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int]]:
    """The pairs `(i, j)`, in order, for which `a[i]` and `b[j]` are near-duplicates.

    A text without words has none. `threshold` is the least Jaccard index, above 0 and at most 1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is not above 0 and at most 1")
    right = [_shingles(text) for text in b]
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for j, shingles in enumerate(right):
        for shingle in shingles:
            holders[shingle].append(j)
    pairs: list[tuple[int, int]] = []
    for i, text in enumerate(a):
        left = _shingles(text)
        shared = Counter(j for shingle in left for j in holders.get(shingle, ()))
        pairs += [
            (i, j) for j, count in sorted(shared.items()) if count / (len(left) + len(right[j]) - count) >= threshold
        ]
    return pairs


def leaked_sentences(
    held_out: Sequence[Document], training: Sequence[Document], threshold: float = NEAR
) -> dict[str, list[tuple[int, int]]]:
    """By id of each held-out document, the bounds of its sentences that have a near-duplicate in training."""
    known = [document.text[start:end] for document in training for start, end in sentences(document.text)]
    places = [(document, start, end) for document in held_out for start, end in sentences(document.text)]
    pairs = near_duplicates([document.text[start:end] for document, start, end in places], known, threshold)
    leaked: dict[str, list[tuple[int, int]]] = {document.id: [] for document in held_out}
    for index in sorted({index for index, _ in pairs}):
        document, start, end = places[index]
        leaked[document.id].append((start, end))
    return leaked
