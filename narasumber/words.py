"""Words and lines with their offsets: the grid on which BIO tags, CoNLL files and scores stand.

Words are as fine as annotation needs: a run of letters, digits, `_` (with combining and zero-width marks), or one
other character that is not white space. So `10-13`, `(4/9)` and `Rp50,5` are several words, and no annotated
span of whole words or punctuation is ever cut. Every character that is not white space belongs to one word.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[\w\u0300-\u036f\u200b-\u200d\u2060\ufeff\u00ad]+|\S")
LINE = re.compile(r"[^\n\r\u2028\u2029]+")


def words(text: str) -> list[tuple[int, int]]:
    """Offsets of the words of `text`, in order."""
    return [match.span() for match in WORD.finditer(text)]


def lines(text: str) -> list[tuple[int, int]]:
    """Offsets of the lines that are not blank, in order; no annotated span crosses one's end."""
    return [match.span() for match in LINE.finditer(text) if match.group().strip()]
