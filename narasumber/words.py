"""Words and lines with their offsets: the grid on which BIO tags, CoNLL files and scores stand.

Words are as fine as annotation needs: a run of letters, digits, `_` (with combining and zero-width marks), or one
other character that is not white space. So `10-13`, `(4/9)` and `Rp50,5` are several words, and no annotated
span of whole words or punctuation is ever cut. Every character that is not white space belongs to one word.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_PART = r"[\w\u0300-\u036f\u200b-\u200d\u2060\ufeff\u00ad]+"
WORD = re.compile(rf"{_PART}|\S")
BREAKS = "\n\r\u2028\u2029"
"""What ends a line."""

LINE = re.compile(rf"[^{BREAKS}]+")


def words(text: str) -> list[tuple[int, int]]:
    """Offsets of the words of `text`, in order."""
    return [match.span() for match in WORD.finditer(text)]


def lines(text: str) -> list[tuple[int, int]]:
    """Offsets of the lines that are not blank, in order; no annotated span crosses one's end."""
    return [match.span() for match in LINE.finditer(text) if match.group().strip()]


@dataclass(frozen=True)
class Grid:
    """The words of some texts as arrays, in code points of the texts joined by line breaks: many texts at once.

    `offsets` says where each text begins, `first` which word is its first, `starts` and `ends` where words do,
    `breaks` where characters are that end lines.
    """

    offsets: Ints
    first: Ints
    starts: Ints
    ends: Ints
    breaks: Ints

    @classmethod
    def of(cls, texts: Sequence[str], words: Sequence[tuple[int, int]] | None = None) -> Grid:
        """`words` are those of the joined texts, if they are known."""
        import numpy as np  # here, for `--help` is quicker without it

        codes = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        if words is None:
            kinds = _kinds()[codes]
            in_word, alone = kinds == _IN_WORD, kinds == _ALONE
            edges = np.diff(in_word, prepend=False, append=False)
            starts = np.flatnonzero(alone | (in_word & edges[:-1]))
            ends = np.flatnonzero(alone | (in_word & edges[1:])) + 1
        else:
            starts, ends = np.array(words, dtype=np.int64).reshape(-1, 2).T.copy()
        offsets = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])], dtype=np.int64)
        breaks = np.flatnonzero(np.isin(codes, [ord(mark) for mark in BREAKS]))
        return cls(offsets, np.searchsorted(starts, offsets), starts, ends, breaks)


_SPACE, _IN_WORD, _ALONE = range(3)


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """What the patterns make of each code point."""
    import numpy as np

    characters = "".join(map(chr, range(sys.maxunicode + 1)))
    kinds = np.full(len(characters), _ALONE, dtype=np.uint8)
    for kind, pattern in ((_SPACE, r"\s+"), (_IN_WORD, _PART)):
        for match in re.finditer(pattern, characters):
            kinds[slice(*match.span())] = kind
    return kinds
