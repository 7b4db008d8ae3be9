"""BIO tags: a flat view of one layer of a `Document` on its words, made at the last moment and never stored as truth.

What such a view cannot hold is returned as `Lost` and its words are masked, never tagged `O`: a model must not
learn that there is nothing where somebody marked something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from narasumber.document import Document, Span
from narasumber.labels import LAYERS, Head, Layer, bio_tags, head_labels, layer_of_head
from narasumber.words import Grid

MASKED = -100
"""The tag number of a word about which the annotation says nothing; torch's default `ignore_index`."""

Offsets = Sequence[tuple[int, int]]
Tags = npt.NDArray[np.int64]
Cause = Literal["word", "line", "gap", "nested", "crossing"]


@dataclass(frozen=True, slots=True)
class Lost:
    """A span that a BIO view cannot hold.

    `cause`: "word" (an edge inside a word), "line" (crosses a line break), "gap" (discontinuous), "nested" (inside
    a span of its layer; for content: inside two), "crossing" (overlaps one partly).
    """

    head: Head
    span: Span
    cause: Cause


def lost_report(lost: Iterable[tuple[str, Lost]]) -> dict[str, Any]:
    """Spans that were lost, with their document's id, as plain JSON values: `total`, `by_cause` and `spans`."""
    return summed_lost(
        {"document": document, "head": item.head, "cause": item.cause, "label": item.span.label,
         "start": item.span.start, "end": item.span.end}
        for document, item in lost
    )  # fmt: skip


def summed_lost(spans: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`lost_report` of the `spans` of some such reports."""
    rows = list(spans)
    counts = Counter((row["head"], row["cause"], row["label"]) for row in rows)
    return {
        "total": len(rows),
        "by_cause": [
            {"head": head, "cause": cause, "label": label, "count": count}
            for (head, cause, label), count in sorted(counts.items())
        ],
        "spans": rows,
    }


def outermost(spans: Iterable[Span]) -> tuple[list[Span], list[Span], list[Span]]:
    """Spans of one layer parted into those that stand in no other, those inside one of these, and the crossing rest."""
    return _parted(sorted(spans, key=lambda span: span.sort_key))


def _parted(spans: Iterable[Span]) -> tuple[list[Span], list[Span], list[Span]]:
    """`outermost` of spans that are in text order."""
    top: list[Span] = []
    inside: list[Span] = []
    crossing: list[Span] = []
    reached = 0
    for span in spans:
        if span.start >= reached:
            top.append(span)
            reached = span.end
        elif span.end <= reached:
            inside.append(span)
        else:
            crossing.append(span)
    return top, inside, crossing


def flat_view(document: Document, head: Head) -> tuple[list[Span], list[Lost]]:
    """The spans that `head` is to predict, in text order and free of overlaps, and those that it cannot hold."""
    top, inside, crossing = _parted(document.layer(layer_of_head(head)))
    if head == "content_inner":
        top, inside, crossing = _parted(inside)
    lost = [Lost(head, span, "crossing") for span in crossing]
    if head != "content":
        lost += [Lost(head, span, "nested") for span in inside]
    return top, lost


def bio(document: Document, head: Head, words: Offsets) -> tuple[Tags, list[Lost]]:
    """Tag numbers (as in `labels.bio_tags`) for each of `words`, and the spans that these cannot say.

    The words under a lost span are `MASKED`, but for those that a span of the same view tags; so is all that the
    document's scope leaves open (every word of a layer it does not speak of, and unmarked words of one not closed),
    and what its `meta["unknown"]` names.
    """
    return bio_of_all([document], head, Grid.of([document.text], words))


def bio_of_all(documents: Sequence[Document], head: Head, grid: Grid) -> tuple[Tags, list[Lost]]:
    """`bio` of many documents, whose texts are those of the grid, one behind the other: many times quicker."""
    layer = layer_of_head(head)
    tag_of = {label: 2 * index + 1 for index, label in enumerate(head_labels(head))}
    spans: list[Span] = []
    offsets: list[int] = []
    lost: list[Lost] = []
    hidden: list[tuple[int, int]] = []
    for document, offset in zip(documents, grid.offsets.tolist(), strict=True):
        size = len(document.text)
        scope = document.scope.layer(layer)
        if scope is None or not scope.closed:
            hidden.append((offset, offset + size))
        if scope is not None:
            view, cut = flat_view(document, head)
            spans += view
            offsets += [offset] * len(view)
            lost += cut
            unsaid = [(item.span.start, item.span.end) for item in cut if item.cause != "nested"]
            unsaid += unknown(document.meta, layer)
            hidden += [(offset + min(start, size), offset + min(end, size)) for start, end in unsaid]

    starts = np.array([span.start for span in spans], dtype=np.int64) + np.array(offsets, dtype=np.int64)
    ends = starts + np.array([span.end - span.start for span in spans], dtype=np.int64)
    firsts, lasts = np.searchsorted(grid.starts, starts), np.searchsorted(grid.ends, ends)
    on_words = (np.append(grid.starts, -1)[firsts] == starts) & (np.append(grid.ends, -1)[lasts] == ends)
    on_line = np.searchsorted(grid.breaks, starts) == np.searchsorted(grid.breaks, ends)
    fits = on_words & on_line & np.array([not span.fragments for span in spans], dtype=bool)
    for index in np.flatnonzero(~fits).tolist():
        cause: Cause = "gap" if spans[index].fragments else "line" if on_words[index] else "word"
        lost.append(Lost(head, spans[index], cause))
        hidden.append((int(starts[index]), int(ends[index])))

    # Spans of a view do not overlap: a running sum of what begins and ends is the tag inside them.
    inside = np.array([tag_of[span.label] + 1 for span in spans], dtype=np.int64)[fits]
    change = np.zeros(len(grid.starts) + 1, dtype=np.int64)
    change[firsts[fits]] += inside
    change[lasts[fits] + 1] -= inside
    tags = np.cumsum(change[:-1])
    tags[firsts[fits]] -= 1

    masked = np.zeros(len(tags), dtype=bool)
    for start, end in hidden:
        masked[np.searchsorted(grid.ends, start, "right") : np.searchsorted(grid.starts, end)] = True
    tags[masked & (tags == 0)] = MASKED
    return tags, lost


def unknown(meta: Mapping[str, Any], layer: Layer) -> Iterator[tuple[int, int]]:
    """Stretches of text of which the annotation of a layer says nothing, out of `meta["unknown"]`.

    That is a list of `[layer, start, end]`: what a corpus marks with a label that has no counterpart in the scheme.
    """
    found = meta.get("unknown")
    for item in found if isinstance(found, (list, tuple)) else ():
        match item:
            case [str(name), int(start), int(end)] if name == layer and 0 <= start < end:
                yield start, end


def in_terms_of(document: Document, spans: Iterable[Span]) -> list[Span]:
    """Those of `spans` that the document's annotation speaks of, where it speaks of their layer, by its own labels."""
    silent = {layer: list(unknown(document.meta, layer)) for layer in LAYERS}
    named = (
        replace(span, label=name)
        for span in spans
        if not any(span.start < end and start < span.end for start, end in silent[span.layer])
        and (name := document.scope.name_of(span.layer, span.label))
    )
    return list(dict.fromkeys(named))


def spans_of(tags: Sequence[int] | Tags, head: Head, words: Offsets) -> list[Span]:
    """The spans that tag numbers stand for; an `I-` that continues nothing starts a span, a masked word is `O`."""
    labels = head_labels(head)
    layer = layer_of_head(head)
    spans: list[Span] = []
    first, open_label = 0, -1
    for index, tag in enumerate([*map(int, tags), 0]):
        label = (tag - 1) // 2 if tag > 0 else -1
        if open_label >= 0 and (label != open_label or tag % 2 == 1):
            spans.append(Span(layer, labels[open_label], words[first][0], words[index - 1][1]))
            open_label = -1
        if label >= 0 and open_label < 0:
            first, open_label = index, label
    return spans


def tag_names(tags: Sequence[int] | Tags, head: Head) -> list[str]:
    """`B-PER` and the like for tag numbers; masked words are `O`."""
    names = bio_tags(head_labels(head))
    return [names[tag] if tag > 0 else "O" for tag in map(int, tags)]
