"""Windows hold every word; their scores come back one row a word, whatever the batch."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from narasumber.labels import bio_tags
from narasumber.settings import PIECES_PER_WORD, Settings, WindowSettings
from narasumber.windows import (
    SHAPES,
    Batch,
    Floats,
    collate,
    pieces_of,
    row,
    windows,
    word_scores,
    word_shape,
)
from narasumber.words import words

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *'abcdef.,"', *(f"##{c}" for c in "abcdef")]
texts = st.text(st.sampled_from('abcdef .,"\n\u200bX'), max_size=300)


def tokenizer() -> Tokenizer:
    made = Tokenizer(WordPiece({piece: number for number, piece in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    return made


def settings_of(pieces: int, overlap: int, unit: Literal["line", "article"] = "article") -> Settings:
    return Settings(
        name="t", encoder="t", heads=("cue",), labels={"cue": ("CUE",)}, cls_id=2, sep_id=3, pad_id=0, unk_id=1,
        window=WindowSettings(unit=unit, pieces=pieces, overlap=overlap),
    )  # fmt: skip


@given(texts, st.integers(18, 60), st.integers(0, 30), st.sampled_from(["line", "article"]))
@example("X.aaaaaaaa\naaaaaaa.X", 20, 9, "article")  # the break that the overlap holds is no place to end again
@example("x" * 40, 18, 0, "line")  # the longest word that is read fills the smallest window
@settings(max_examples=200, deadline=None)
def test_windows_cover_every_word_and_fit(text: str, size: int, overlap: int, unit: Literal["line", "article"]) -> None:
    pieces = pieces_of(text, tokenizer(), 1)
    assert pieces.words == words(text)
    chosen = settings_of(size, overlap, unit)
    cut = windows(pieces, chosen)
    assert {word for window in cut for word in range(window.start, window.end)} == set(range(len(pieces.words)))
    for one, other in zip(cut, cut[1:], strict=False):
        assert one.start < other.start <= one.end < other.end
    for window in cut:
        item = row(pieces, window, chosen)
        assert len(item.ids) <= size
        assert unit == "article" or 3 not in item.ids[:-1]
        assert item.ids[0] == 2
        assert item.ids[-1] == 3
        assert [int(item.ids[place]) for place in item.places] == [
            int(pieces.ids[pieces.first[word]]) for word in range(window.start, window.end)
        ]


@given(texts)
@settings(max_examples=100)
def test_one_row_of_scores_a_word_whatever_the_batch(text: str) -> None:
    """A network that answers with the piece's own number gives each word its first piece, from any window."""
    pieces = pieces_of(text, tokenizer(), 1)
    chosen = settings_of(24, 8)

    def forward(batch: Batch) -> Floats:
        return np.repeat(batch["input_ids"][:, :, None], len(bio_tags(("CUE",))), axis=2).astype(np.float32)

    for size in (1, 2, 8):
        scores = word_scores(pieces, chosen, forward, size)
        assert scores.shape == (len(pieces.words), 3)
        assert np.allclose(scores[:, 0], pieces.ids[pieces.first[:-1]])


def test_where_windows_overlap_the_one_with_more_context_weighs_more() -> None:
    pieces = pieces_of(" ".join("a" * 60), tokenizer(), 1)
    chosen = settings_of(42, 20)
    one, other = windows(pieces, chosen)[:2]

    def forward(batch: Batch) -> Floats:
        numbers = np.arange(len(batch["input_ids"]), dtype=np.float32)
        return np.broadcast_to(numbers[:, None, None], (*batch["input_ids"].shape, 3)).copy()

    scores = word_scores(pieces, chosen, forward)[other.start : one.end, 0]
    assert (np.diff(scores) > 0).all()
    assert scores[0] < 0.5 < scores[-1]


def test_windows_end_where_a_line_ends() -> None:
    text = "\n".join(["a a a a a a a a", "b b b b b b b b", "c c c c c c c c"])
    cut = windows(pieces_of(text, tokenizer(), 1), settings_of(20, 0))
    assert [(window.start, window.end) for window in cut] == [(0, 16), (16, 24)]
    lines_in_first = row(pieces_of(text, tokenizer(), 1), cut[0], settings_of(20, 0)).ids.tolist().count(3)
    assert lines_in_first == 2


def test_a_word_of_hundreds_of_pieces_does_not_fill_the_window() -> None:
    pieces = pieces_of("a" * 90 + " b", tokenizer(), 1)
    assert len(pieces.ids) == PIECES_PER_WORD + 1


def test_words_within_one_piece_each_have_pieces() -> None:
    made = Tokenizer(WordPiece({"[UNK]": 0, "a/b": 1, "a": 2, "/": 3, "b": 4}, unk_token="[UNK]"))
    pieces = pieces_of("a/b", made, 0)
    assert len(pieces.words) == 3
    assert pieces.ids.tolist() == [1, 3, 4]
    assert pieces.unknown == 0


def test_a_word_that_the_tokenizer_skips_is_unknown_but_there() -> None:
    pieces = pieces_of("a \u200b b", tokenizer(), 1)
    assert len(pieces.words) == 3
    assert pieces.ids[pieces.first[1]] == 1
    assert pieces.unknown == 1


@pytest.mark.parametrize(
    ("word", "shape"),
    [("kata", "lower"), ("Kim", "Title"), ("A", "Title"), ("AS", "UPPER"), ("TribunX", "mIxed"), ("2019", "digit"),
     ("“", "punctuation"), ("Rp50", "Title"), ("ke2", "lower"), ("日", "other")],
)  # fmt: skip
def test_word_shapes(word: str, shape: str) -> None:
    assert SHAPES[word_shape(word)] == shape


def test_padding_is_masked() -> None:
    chosen = settings_of(24, 0)
    rows = [row(pieces_of(text, tokenizer(), 1), windows(pieces_of(text, tokenizer(), 1), chosen)[0], chosen)
            for text in ("a b c", "a")]  # fmt: skip
    batch = collate(rows, chosen)
    assert batch["attention_mask"].sum(axis=1).tolist() == [5, 3]
    assert batch["input_ids"][1, 3:].tolist() == [0, 0]
