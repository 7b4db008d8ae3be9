"""BIO tags: a flat view of one layer of a `Document` on its words, made at the last moment and never stored as truth.

What such a view cannot hold is returned as `Lost` and its words are masked, never tagged `O`: a model must not
learn that there is nothing where somebody marked something.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from narasumber.document import Document, Span
from narasumber.labels import Head, Layer, bio_tags, head_labels, layer_of_head
from narasumber.words import lines

MASKED = -100
"""The tag number of a word about which the annotation says nothing; torch's default `ignore_index`."""

Offsets = Sequence[tuple[int, int]]
Tags = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lost:
    """A span that a BIO view cannot hold.

    `cause`: "word" (an edge inside a word), "line" (crosses a line break), "gap" (discontinuous), "nested" (inside
    a span of its layer; for content: inside two), "crossing" (overlaps one partly).
    """

    head: Head
    span: Span
    cause: Literal["word", "line", "gap", "nested", "crossing"]


def outermost(spans: Sequence[Span]) -> tuple[list[Span], list[Span], list[Span]]:
    """Spans of one layer parted into those that stand in no other, those inside one of these, and the crossing rest."""
    top: list[Span] = []
    inside: list[Span] = []
    crossing: list[Span] = []
    for span in sorted(spans, key=lambda span: span.sort_key):
        if not top or span.start >= top[-1].end:
            top.append(span)
        elif span.end <= top[-1].end:
            inside.append(span)
        else:
            crossing.append(span)
    return top, inside, crossing


def flat_view(document: Document, head: Head) -> tuple[list[Span], list[Lost]]:
    """The spans that `head` is to predict, in text order and free of overlaps, and those that it cannot hold."""
    top, inside, crossing = outermost(document.layer(layer_of_head(head)))
    lost = [Lost(head, span, "crossing") for span in crossing]
    if head == "content_inner":
        top, inside, crossing = outermost(inside)
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
    labels = head_labels(head)
    scope = document.scope.layer(layer_of_head(head))
    if scope is None:
        return np.full(len(words), MASKED, dtype=np.int64), []
    spans, lost = flat_view(document, head)
    starts = {start: index for index, (start, _) in enumerate(words)}
    ends = {end: index for index, (_, end) in enumerate(words)}
    line_ends = [end for _, end in lines(document.text)]
    tags = np.zeros(len(words), dtype=np.int64)
    masked = np.zeros(len(words), dtype=bool)

    for span in spans:
        first, last = starts.get(span.start), ends.get(span.end)
        if span.fragments:
            lost.append(Lost(head, span, "gap"))
        elif first is None or last is None:
            lost.append(Lost(head, span, "word"))
        elif bisect_left(line_ends, span.end) != bisect_left(line_ends, span.start + 1):
            lost.append(Lost(head, span, "line"))
        else:
            tag = 2 * labels.index(span.label) + 1
            tags[first] = tag
            tags[first + 1 : last + 1] = tag + 1

    hidden = [(item.span.start, item.span.end) for item in lost if item.cause != "nested"]
    for start, end in (*hidden, *unknown(document.meta, layer_of_head(head))):
        first = bisect_right(words, start, key=lambda word: word[1])
        last = bisect_left(words, end, key=lambda word: word[0])
        masked[first:last] = True
    if not scope.closed:
        masked[:] = True
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


def spans_of(tags: Sequence[int] | Tags, head: Head, words: Offsets, labels: Sequence[str] | None = None) -> list[Span]:
    """The spans that tag numbers stand for; an `I-` that continues nothing starts a span, a masked word is `O`.

    `labels` are those that the numbers count, if not all of the head's.
    """
    labels = labels or head_labels(head)
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
