"""Which articles are held out of training, and which of their sentences training has all but seen.

Two texts are near-duplicates by the Jaccard index of their sets of five-word shingles; texts of fewer words must be
equal but for case and punctuation.
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Final, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.sections import sections
from narasumber.sentences import sentences

SHINGLE: Final = 5
NEAR: Final = 0.5
"""The Jaccard index from which on two texts are near-duplicates."""

FEW: Final = 2
"""Sentences that a document of a corpus of single sentences may have."""

LARGE: Final = 20_000
"""Texts on one side from which on near-duplicates are found by MinHash."""

HASHES: Final = 126
"""Of a MinHash."""

MISSED: Final = 0.01
"""The share of pairs at the threshold itself that MinHash may miss; of pairs that are more alike it misses fewer."""

SHOWN: Final = 30
"""Names that a message lists."""

Key = TypeVar("Key")


class HeldOut(BaseModel):
    """Exactly one of `documents`, `leave_one_out`, `fraction`, `folds`, `outlets` and `after`.

    `fraction` and `folds` are drawn, near-duplicates in one go; so are articles that share a sentence (`related`).
    `outlets` holds out what `meta["outlet"]` says is theirs, `after` what `meta["date"]` says is of a later day;
    training is then without what is related to these. For all four, `group_near_duplicates: false` lets near-duplicates
    of one source stand on both sides, which `documents` and `leave_one_out` always do; those of other sources are never
    trained on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    leave_one_out: bool = False
    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    folds: Annotated[int, Field(ge=2)] | None = None
    outlets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    after: date | None = None
    group_near_duplicates: bool | None = None
    """True, if left out, where it has a say."""
    seed: int = 13

    @model_validator(mode="after")
    def _exactly_one(self) -> HeldOut:
        drawn = (self.fraction, self.folds, self.outlets, self.after)
        if sum(rule is not None for rule in (self.documents, self.leave_one_out or None, *drawn)) != 1:
            raise ValueError(
                "give exactly one of documents: [ID, ...], leave_one_out: true, fraction: 0.2, folds: 5, "
                "outlets: [NAME, ...], after: 2025-01-31"
            )
        if self.group_near_duplicates is not None and all(rule is None for rule in drawn):
            raise ValueError("group_near_duplicates goes with fraction, folds, outlets and after")
        return self


@dataclass(frozen=True)
class Fold:
    """One parting of the documents, which keep their order.

    `dropped` are on neither side, for they would blur what the fold measures: near-duplicates of what `outlets` or
    `after` hold out, and documents that do not say their outlet or date.
    """

    name: str
    train: list[Document]
    held_out: list[Document]
    dropped: list[Document] = field(default_factory=list)


def split(documents: Sequence[Document], held_out: HeldOut) -> list[Fold]:
    """The folds: one, or with `folds` that many, or with `leave_one_out` one for each document, named by its id.

    What is drawn depends on texts, ids and the seed alone, not on the order of the documents. Raises InputError for
    ids that are given twice, for ids, outlets and dates that no document has, and where there are too few documents
    for the folds; not where none is left to train on, since there may be others that are never held out.
    """
    refuse_doubled("data.sources", documents)
    ids = [document.id for document in documents]
    grouped = held_out.group_near_duplicates is not False
    dropped: set[str] = set()
    if held_out.leave_one_out:
        chosen = {id: {id} for id in ids}
    elif held_out.documents is not None:
        _refuse_unknown("documents", "called", held_out.documents, set(ids))
        chosen = {"held_out": set(held_out.documents)}
    elif held_out.fraction is not None:
        chosen = {"held_out": _draw(_groups(documents, grouped), held_out.fraction, held_out.seed)}
    elif held_out.folds is not None:
        chosen = _deal(_groups(documents, grouped), held_out.folds, held_out.seed)
    else:
        asked, dropped = _by_meta(documents, held_out)
        if grouped:
            rest = [document for document in documents if document.id not in asked]
            near = related(rest, [document for document in documents if document.id in asked])
            dropped |= {rest[place].id for place, _ in near}
        chosen = {"held_out": asked}

    def those(wanted: Set[str]) -> list[Document]:
        return [document for document in documents if document.id in wanted]

    folds = [Fold(name, those(set(ids) - out - dropped), those(out), those(dropped)) for name, out in chosen.items()]
    if not any(fold.held_out for fold in folds):
        raise InputError("data.held_out", "there is no document to hold out", "add some, or leave it out")
    return folds


def refuse_doubled(where: str, documents: Iterable[Document]) -> None:
    """Raises InputError if two documents have one id."""
    counts = Counter(document.id for document in documents)
    if twice := sorted(id for id, count in counts.items() if count > 1):
        cure = "give each its own file name; annotations of one article by several people, `narasumber agree` settles"
        raise InputError(where, f"documents with one id: {', '.join(twice)}", cure)


def _refuse_unknown(key: str, relation: str, asked: Sequence[str], known: Set[str]) -> None:
    if unknown := [name for name in asked if name not in known]:
        some = sorted(known)[:SHOWN] + ([f"and {len(known) - SHOWN} more"] if len(known) > SHOWN else [])
        cure = f"the {key} are {', '.join(some)}" if some else f"no document says its own of the {key}"
        raise InputError(f"data.held_out.{key}", f"no document is {relation} {', '.join(unknown)}", cure)


def _groups(documents: Sequence[Document], grouped: bool) -> list[set[str]]:
    """The ids of documents that must not be parted: chains of near-duplicates, or each by itself."""
    parent = list(range(len(documents)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    if grouped:
        # Copies are joined here, since all pairs of thousands of them would be millions.
        first: dict[tuple[str, ...], int] = {}
        for place, document in enumerate(documents):
            key = normalised(document.text)
            parent[place] = first.setdefault(key, place) if key else place
        distinct = [place for place in range(len(documents)) if parent[place] == place]
        ones = [documents[place] for place in distinct]
        for left, right in related(ones, ones):
            parent[root(distinct[left])] = root(distinct[right])
    groups: dict[int, set[str]] = {}
    for place, document in enumerate(documents):
        groups.setdefault(root(place), set()).add(document.id)
    return list(groups.values())


def _in_drawn_order(groups: Sequence[set[str]], seed: int) -> list[set[str]]:
    return sorted(groups, key=lambda group: hashlib.sha256(f"{seed}:{min(group)}".encode()).digest())


def _draw(groups: Sequence[set[str]], fraction: float, seed: int) -> set[str]:
    """Groups in the drawn order, as many as come closest to the fraction, but at least one."""
    drawn = _in_drawn_order(groups, seed)
    wanted = fraction * sum(map(len, groups))
    taken: set[str] = set()
    for group in drawn:
        if abs(len(taken) + len(group) - wanted) < abs(len(taken) - wanted):
            taken |= group
    return taken or min(drawn, key=len, default=set())


def _deal(groups: Sequence[set[str]], number: int, seed: int) -> dict[str, set[str]]:
    """Folds of like size: the largest groups first, each to the fold that has least."""
    if len(groups) < number:
        what = f"{sum(map(len, groups))} documents are too few for {number} folds"
        if len(groups) < sum(map(len, groups)):
            what += f": with near-duplicates together they are {len(groups)} groups"
        raise InputError("data.held_out.folds", what, "ask for fewer folds, or add documents")
    folds: list[set[str]] = [set() for _ in range(number)]
    for group in sorted(_in_drawn_order(groups, seed), key=len, reverse=True):
        min(folds, key=len).update(group)
    return {f"fold_{place}": fold for place, fold in enumerate(folds, 1)}


def _by_meta(documents: Sequence[Document], held_out: HeldOut) -> tuple[set[str], set[str]]:
    """The ids that `outlets` or `after` ask for, and those of documents that do not say what they ask about."""
    if held_out.outlets is not None:
        outlets = {document.id: str(document.meta.get("outlet") or "").casefold() for document in documents}
        names = [name.casefold() for name in held_out.outlets]
        _refuse_unknown("outlets", "of", names, set(outlets.values()) - {""})
        asked = {id for id, outlet in outlets.items() if outlet in names}
        return asked, {id for id, outlet in outlets.items() if not outlet}
    assert held_out.after is not None
    dates = {document.id: _date(document.meta.get("date")) for document in documents}
    asked = {id for id, day in dates.items() if day and day > held_out.after}
    if not asked:
        latest = max(filter(None, dates.values()), default=None)
        cure = f"the last one is of {latest}" if latest else "no document says its date: meta.date, as 2025-01-31"
        raise InputError("data.held_out.after", f"no document is of a day after {held_out.after}", cure)
    return asked, {id for id, day in dates.items() if not day}


def _date(value: object) -> date | None:
    """The day of an ISO date, with a time or without; None for anything else."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
"""Soft hyphens and the like, which web pages have within words."""


def normalised(text: str) -> tuple[str, ...]:
    """The words of a text without case, punctuation and what is not seen, accents and letters as one character."""
    return tuple(re.findall(r"\w+", _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).casefold()))


def digests(documents: Iterable[Document]) -> set[str]:
    """Of texts and their sentences, of `SHINGLE` words or more, but for case and punctuation: to know them again by."""
    own = list(documents)
    texts = (normalised(document.text) for document in own)
    whole = {_digest(told) for told in texts if len(told) >= SHINGLE}
    return whole | {_digest(normalised(text)) for _, text in _said(own)}


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


def is_known(document: Document, known: Set[str]) -> bool:
    """Whether it is one of the texts whose `digests` are known, or half of its sentences are theirs word for word."""
    said = {_digest(normalised(text)) for _, text in _said([document])}
    return _digest(normalised(document.text)) in known or (bool(said) and len(said & known) >= NEAR * len(said))


def near_duplicates(a: Sequence[str], b: Sequence[str], threshold: float = NEAR) -> list[tuple[int, int]]:
    """The pairs `(i, j)`, in order, for which `a[i]` and `b[j]` are near-duplicates.

    A text without words has none. `threshold` is the least Jaccard index, above 0 and at most 1; else ValueError.
    """
    return [(i, j) for i, j, _ in _alike(a, b, threshold)]


def related(a: Sequence[Document], b: Sequence[Document]) -> list[tuple[int, int]]:
    """The pairs `(i, j)` for which one side of a split gives `a[i]` or `b[j]` away to the other.

    They are near-duplicates; or a sentence of the one article, of `SHINGLE` words or more, has a near-duplicate in the
    other; or one is a sentence or two, as in most public corpora, and the other holds a near-duplicate of one.
    """
    texts = [document.text for document in a]
    pairs = set(near_duplicates(texts, texts if a is b else [document.text for document in b]))
    said = list(_said(a))
    repeated = said if a is b else _sharing(_said(b), [text for _, text in said])
    for i, j in near_duplicates([text for _, text in said], [text for _, text in repeated]):
        pairs.add((said[i][0], repeated[j][0]))
    for one, other in ((a, b),) if a is b else ((a, b), (b, a)):
        few = list(_numbered_sentences(one, most=FEW))
        several = _sharing(_numbered_sentences(other, least=2), [text for _, text in few])
        for i, j in near_duplicates([text for _, text in few], [text for _, text in several]):
            pair = few[i][0], several[j][0]
            pairs.add(pair if one is a else pair[::-1])
    return sorted(pairs)


def _said(documents: Iterable[Document]) -> Iterator[tuple[int, str]]:
    """The sentences of titles and bodies, datelines included, each with its document's place.

    What stands around these is on every page.
    """
    for place, document in enumerate(documents):
        bounds = sentences(document.text)
        for kind, start, end in sections(document.text):
            if kind in ("title", "dateline", "body"):
                first, last = (bisect_left(bounds, (edge,)) for edge in (start, end))
                for text in (document.text[one:other] for one, other in bounds[first:last]):
                    if len(normalised(text)) >= SHINGLE:
                        yield place, text


def _numbered_sentences(
    documents: Sequence[Document], least: int = 1, most: int = sys.maxsize
) -> Iterator[tuple[int, str]]:
    """The sentences of documents with so many of them, each with its document's place."""
    for place, document in enumerate(documents):
        if least <= len(bounds := sentences(document.text)) <= most:
            yield from ((place, document.text[start:end]) for start, end in bounds)


def _sharing(told: Iterable[tuple[Key, str]], texts: Sequence[str]) -> list[tuple[Key, str]]:
    """What is told with a text that has a shingle of one of `texts`: nothing else can be a near-duplicate of these."""
    shingles = frozenset[int]().union(*map(_shingles, texts))
    return [(key, text) for key, text in told if not shingles.isdisjoint(_shingles(text))] if shingles else []


@dataclass(frozen=True)
class Leak:
    """A sentence of a held-out document, and the sentence of the training documents that is most like it."""

    document: str
    start: int
    end: int
    text: str
    training_document: str
    training_text: str
    similarity: float
    """The Jaccard index of their shingles."""


@dataclass(frozen=True)
class LeakReport:
    """Which of the held-out sentences training has all but seen; `dataclasses.asdict` makes plain JSON values of it."""

    share: float
    sentences: int
    leaks: tuple[Leak, ...]


def leak_report(held_out: Sequence[Document], training: Iterable[Document], threshold: float = NEAR) -> LeakReport:
    """The held-out sentences that have a near-duplicate in the training documents, in the order of the documents.

    Of training, what is held in memory is the sentences that have a shingle of a held-out one.
    """
    places = [(document, start, end) for document in held_out for start, end in sentences(document.text)]
    texts = [document.text[start:end] for document, start, end in places]
    seen = ((item.id, item.text[start:end]) for item in training for start, end in sentences(item.text))
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    for id, text in _sharing(seen, texts):
        known.setdefault(normalised(text), (id, text))
    told = list(known.values())
    best: dict[int, tuple[float, int]] = {}
    for i, j, similarity in _alike(texts, [text for _, text in told], threshold):
        if i not in best or similarity > best[i][0]:
            best[i] = similarity, j
    leaks = tuple(
        Leak(places[i][0].id, places[i][1], places[i][2], texts[i], *told[j], similarity)
        for i, (similarity, j) in sorted(best.items())
    )
    return LeakReport(len(leaks) / len(places) if places else 0.0, len(places), leaks)


def leaked_sentences(
    held_out: Sequence[Document], training: Sequence[Document], known: Set[str] = frozenset()
) -> dict[str, list[tuple[int, int]]]:
    """By id of each held-out document, the bounds of its sentences that have a near-duplicate in training, or are among
    `known`, as `digests` gives them.
    """
    leaks = {(leak.document, leak.start) for leak in leak_report(held_out, training).leaks}
    return {
        document.id: [
            (start, end)
            for start, end in sentences(document.text)
            if (document.id, start) in leaks or _digest(normalised(document.text[start:end])) in known
        ]
        for document in held_out
    }


def _alike(a: Sequence[str], b: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """`(i, j, Jaccard index)` of near-duplicates, in order.

    Of all of them; of more than `LARGE` texts, whose shingles would fill the memory, of nearly all.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold {threshold} is not above 0 and at most 1")
    if max(len(a), len(b)) > LARGE:
        for i, group in groupby(_by_minhash(a, b, threshold), key=itemgetter(0)):
            own = _shingles(a[i])
            yield from ((i, j, index) for _, j in group if (index := _jaccard(own, _shingles(b[j]))) >= threshold)
    else:
        left = [_shingles(text) for text in a]
        right = left if a is b else [_shingles(text) for text in b]
        for i, j in _by_prefix(left, right, threshold):
            if (index := _jaccard(left[i], right[j])) >= threshold:
                yield i, j, index


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def _by_prefix(
    left: Sequence[frozenset[int]], right: Sequence[frozenset[int]], threshold: float
) -> Iterator[tuple[int, int]]:
    """Pairs among which all near-duplicates are, in order.

    By prefix filtering (Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity search"): two sets that share at
    least a share of each have one of each other's rarest few, so only these are looked up.
    """
    count = Counter(shingle for own in right for shingle in own)

    def rarest(own: frozenset[int]) -> list[int]:
        # Rounded on the safe side: 0.28 * 25 is a little more than 7.
        least = math.ceil(threshold * len(own) - 1e-9)
        return sorted(own, key=lambda shingle: (count[shingle], shingle))[: len(own) - least + 1]

    holders: defaultdict[int, list[int]] = defaultdict(list)
    for j, own in enumerate(right):
        for shingle in rarest(own):
            holders[shingle].append(j)
    for i, own in enumerate(left):
        yield from ((i, j) for j in sorted({j for shingle in rarest(own) for j in holders.get(shingle, ())}))


def _by_minhash(a: Sequence[str], b: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Pairs among which nearly all near-duplicates are, in order.

    By MinHash (Broder 1997, "On the resemblance and containment of documents") in bands: two texts of Jaccard index s
    have the same key in a band of r hashes with probability s**r.
    """
    rows = max(r for r in range(1, HASHES + 1) if r == 1 or (1 - threshold**r) ** (HASHES // r) < MISSED)
    left = _bands(a, rows)
    pairs: set[tuple[int, int]] = set()
    for one, other in zip(left, left if a is b else _bands(b, rows), strict=True):
        order = np.argsort(other, kind="stable")
        first, last = (np.searchsorted(other, one, side, order) for side in ("left", "right"))
        for i in np.flatnonzero(first < last).tolist():
            pairs.update((i, j) for j in order[first[i] : last[i]].tolist())
    return sorted(pairs)


def _bands(texts: Sequence[str], rows: int) -> npt.NDArray[np.uint64]:
    """[bands, texts]: keys of the least hashes of each text's shingles, `rows` of them a band."""
    factors = np.random.default_rng(0).integers(1 << 63, size=HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.empty((HASHES // rows, len(texts)), dtype=np.uint64)
    for place, text in enumerate(texts):
        shingles = np.fromiter(_shingles(text), dtype=np.uint64)
        # A text without words has keys that no other has but by chance.
        least = (shingles[:, None] * factors).min(axis=0) if len(shingles) else factors * np.uint64(place)
        keys[:, place] = (least[: len(keys) * rows].reshape(-1, rows) * factors[:rows]).sum(axis=1)
    return keys


def _shingles(text: str) -> frozenset[int]:
    """Of each run of words a number that stands for it: 64 bits take less memory than words."""
    words = normalised(text)
    runs = (" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1)))
    return (
        frozenset(int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest(), "big") for run in runs)
        if words
        else frozenset()
    )
