"""The words of many texts at once are the words of each."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from narasumber.words import Grid, words

TEXTS = st.lists(
    st.text(st.characters() | st.sampled_from('ab, "”.\n\r\u200b\u0301\u2028\x1c'), max_size=20), max_size=5
)


def pairs(grid: Grid, text: int = 0) -> list[tuple[int, int]]:
    """The words of one of the grid's texts."""
    first = [*grid.first.tolist(), len(grid.starts)]
    places = slice(first[text], first[text + 1])
    offset = grid.offsets[text]
    return list(zip((grid.starts[places] - offset).tolist(), (grid.ends[places] - offset).tolist(), strict=True))


@given(TEXTS)
def test_of_several_texts(texts: list[str]) -> None:
    grid = Grid.of(texts)
    assert [pairs(grid, place) for place in range(len(texts))] == list(map(words, texts))
    assert [place for place, mark in enumerate("\n".join(texts)) if mark in "\n\r\u2028\u2029"] == grid.breaks.tolist()


def test_every_character_is_what_the_pattern_says() -> None:
    # Beside a letter and by itself; the higher planes, where little is assigned, by samples.
    characters = [*map(chr, range(0x3100)), *map(chr, range(0x3100, sys.maxunicode + 1, 97))]
    text = " ".join(f"a{character}a {character}" for character in characters)
    assert pairs(Grid.of([text])) == words(text)
