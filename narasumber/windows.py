"""Words to word pieces, articles to windows, and the windows' scores back to one row a word.

Nothing is truncated: every word of an article of any length has a first piece, and its row of scores comes from
the windows that hold this piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from narasumber.casing import cased
from narasumber.sentences import sentences
from narasumber.settings import PIECES_PER_WORD, Settings
from narasumber.words import lines, words

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Batch = dict[str, Ints]
"""`input_ids`, `attention_mask`, `token_type_ids`, `word_shapes`, each [windows, pieces]."""

Forward = Callable[[Batch], Floats]
"""A batch to logits [windows, pieces, tags of all heads]."""

SHAPES = ("none", "lower", "Title", "UPPER", "mIxed", "digit", "punctuation", "other")


def word_shape(word: str) -> int:
    """The number in `SHAPES` of how a word is written: what an uncased encoder cannot see."""
    if word.isdigit():
        shape = "digit"
    elif not any(map(str.isalnum, word)):
        shape = "punctuation"
    elif word.islower():
        shape = "lower"
    elif word.isupper() and len(word) > 1:
        shape = "UPPER"
    elif word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        shape = "Title"
    else:
        shape = "mIxed" if any(map(str.isupper, word)) else "other"
    return SHAPES.index(shape)


@dataclass(frozen=True)
class Pieces:
    """The word pieces of an article, without special tokens.

    `text` as it was read: of the article's length, and the same unless that has no casing (`narasumber.casing`);
    `words` [words] offsets; `ids`, `word_of` [pieces]; `first` [words + 1] the place of each word's first piece, and
    the number of pieces; `shapes` [words]; `breaks` maps a word that opens a sentence to 1, one that opens a line to 2.
    """

    text: str
    words: list[tuple[int, int]]
    ids: Ints
    word_of: Ints
    first: Ints
    shapes: Ints
    breaks: dict[int, int]
    unknown: int

    @property
    def line_starts(self) -> list[int]:
        return [word for word, strength in self.breaks.items() if strength == 2]


def pieces_of(text: str, tokenizer: Tokenizer, unk_id: int) -> Pieces:
    """Word pieces of `text`, tokenised line by line and aligned to words by overlap.

    Where one piece covers several words (`/9` in `(4/9)`), it is the first one's, and the others are tokenised by
    themselves. A word that the tokenizer passes over (a lone zero-width space, say) gets the unknown piece.
    """
    text = cased(text, tokenizer, unk_id)
    offsets = words(text)
    starts = np.array([start for start, _ in offsets], dtype=np.int64)
    ids: list[int] = []
    word_of: list[int] = []
    unknown = 0
    breaks = {int(np.searchsorted(starts, start)): 1 for start, _ in sentences(text)}
    word = 0
    for line_start, line_end in lines(text):
        breaks[word] = 2
        encoding = tokenizer.encode(text[line_start:line_end], add_special_tokens=False)
        last = int(np.searchsorted(starts, line_end))
        by_word: list[list[int]] = [[] for _ in range(word, last)]
        for piece, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            while start < end and text[line_start + start].isspace():
                start += 1  # byte-level tokenizers count the space before a word into its piece
            if start < end:
                place = int(np.searchsorted(starts, line_start + start, side="right")) - 1 - word
                if len(by_word[place]) < PIECES_PER_WORD:
                    by_word[place].append(piece)
        for index, found in enumerate(by_word, start=word):
            own = found or _alone(text[slice(*offsets[index])], tokenizer) or [unk_id]
            unknown += unk_id in own
            ids += own
            word_of += [index] * len(own)
        word = last
    owners = np.array(word_of, dtype=np.int64)
    return Pieces(
        text=text,
        words=offsets,
        ids=np.array(ids, dtype=np.int64),
        word_of=owners,
        first=np.searchsorted(owners, np.arange(len(offsets) + 1)).astype(np.int64),
        shapes=np.array([word_shape(text[start:end]) for start, end in offsets], dtype=np.int64),
        breaks=breaks,
        unknown=unknown,
    )


def _alone(word: str, tokenizer: Tokenizer) -> list[int]:
    ids: list[int] = tokenizer.encode(word, add_special_tokens=False).ids
    return ids[:PIECES_PER_WORD]


@dataclass(frozen=True)
class Window:
    """Words `start` to `end` (exclusive) of an article."""

    start: int
    end: int


def windows(pieces: Pieces, settings: Settings) -> list[Window]:
    """Windows that hold every word: each line by itself, or the article, cut with an overlap where it does not fit."""
    count = len(pieces.words)
    bounds = [*pieces.line_starts, count] if settings.window.unit == "line" else [0, count]
    return [
        window for start, end in zip(bounds, bounds[1:], strict=False) for window in _cut(pieces, start, end, settings)
    ]


def _cut(pieces: Pieces, start: int, stop: int, settings: Settings) -> list[Window]:
    """Overlapping windows over words `start` to `stop`, cut where a line ends, else a sentence, else a word."""
    size = settings.window.pieces - 2
    overlap = min(settings.window.overlap, size // 2)
    first = pieces.first
    cut: list[Window] = []
    while start < stop:
        # The furthest word that fits; separators between lines take a place each.
        fits = start + 1
        room = size - int(first[start + 1] - first[start])
        while fits < stop and room >= (need := int(first[fits + 1] - first[fits]) + (pieces.breaks.get(fits) == 2)):
            room -= need
            fits += 1
        if fits == stop:
            cut.append(Window(start, stop))
            break
        reached = cut[-1].end if cut else start
        if fits <= reached:  # a long word comes next: the overlap has to be smaller
            start += 1
            continue
        end = _best_break(pieces.breaks, fits, earliest=max(reached + 1, start + (fits - start) // 2))
        cut.append(Window(start, end))
        back = int(np.searchsorted(first, first[end] - overlap))
        start = _best_break(pieces.breaks, max(back, start + 1), earliest=start + 1, latest=end)
    return cut


def _best_break(breaks: dict[int, int], near: int, *, earliest: int, latest: int | None = None) -> int:
    """The word nearest before `near` (up to `latest`: behind it) that opens a line, else a sentence, else `near`."""
    places = range(near, earliest - 1, -1) if latest is None else range(near, latest)
    for strength in (2, 1):
        for word in places:
            if breaks.get(word, 0) >= strength:
                return word
    return near


@dataclass(frozen=True)
class Row:
    """One window as model input: [pieces] each, special tokens included; `places` [words]: its words' first pieces,
    `opens` [words]: whether a line begins there, or the window.
    """

    ids: Ints
    shapes: Ints
    places: Ints
    opens: npt.NDArray[np.bool_]
    window: Window


def row(pieces: Pieces, window: Window, settings: Settings) -> Row:
    """`[CLS] line [SEP] line ... [SEP]`: a separator stands wherever a line ends inside the window."""
    ids: list[int] = [settings.cls_id]
    shapes: list[int] = [0]
    places: list[int] = []
    for word in range(window.start, window.end):
        if word > window.start and pieces.breaks.get(word) == 2:
            ids.append(settings.sep_id)
            shapes.append(0)
        own = pieces.ids[pieces.first[word] : pieces.first[word + 1]]
        places.append(len(ids))
        ids.extend(own.tolist())
        shapes.extend([int(pieces.shapes[word])] * len(own))
    ids.append(settings.sep_id)
    shapes.append(0)
    opens = [word == window.start or pieces.breaks.get(word) == 2 for word in range(window.start, window.end)]
    return Row(np.array(ids), np.array(shapes), np.array(places), np.array(opens), window)


def collate(rows: Sequence[Row], settings: Settings) -> Batch:
    """Rows padded to the longest."""
    shape = (len(rows), max(len(item.ids) for item in rows))
    batch = {
        "input_ids": np.full(shape, settings.pad_id, dtype=np.int64),
        "attention_mask": np.zeros(shape, dtype=np.int64),
        "token_type_ids": np.zeros(shape, dtype=np.int64),
        "word_shapes": np.zeros(shape, dtype=np.int64),
    }
    for number, item in enumerate(rows):
        batch["input_ids"][number, : len(item.ids)] = item.ids
        batch["attention_mask"][number, : len(item.ids)] = 1
        batch["word_shapes"][number, : len(item.ids)] = item.shapes
    return batch


def word_scores(pieces: Pieces, settings: Settings, forward: Forward, batch_size: int = 8) -> Floats:
    """Logits [words, tags of all heads]; where windows overlap, the mean weighted by distance to the window's edge."""
    count = len(pieces.words)
    totals = np.zeros((count, sum(settings.tag_counts)), dtype=np.float32)
    weights = np.zeros(count, dtype=np.float32)
    for rows in _batches(pieces, settings, batch_size):
        logits = forward(collate(rows, settings))
        for number, item in enumerate(rows):
            window = item.window
            position = np.arange(window.end - window.start, dtype=np.float32)
            weight = np.minimum(position + 1, len(position) - position)
            totals[window.start : window.end] += logits[number, item.places] * weight[:, None]
            weights[window.start : window.end] += weight
    totals /= weights[:, None]
    return totals


def _batches(pieces: Pieces, settings: Settings, size: int) -> Iterator[list[Row]]:
    cut = windows(pieces, settings)
    for start in range(0, len(cut), size):
        yield [row(pieces, window, settings) for window in cut[start : start + size]]
