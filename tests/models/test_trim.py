"""Trimming keeps what it is told to, and makes no word unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.encoders import load_encoder
from models.trim import count_pieces, trim
from narasumber.document import Document
from tests.vocabularies import trained


@pytest.mark.parametrize("kind", ["Unigram", "WordPiece", "BPE"])
def test_kept_pieces_stay_in_order_and_dropped_ones_fall_back(kind: str, seeds: list[Document]) -> None:
    texts = [document.text for document in seeds]
    tokenizer = trained(kind, texts, 400)
    counts = count_pieces(texts[:2], tokenizer)
    keep = {piece for piece, _ in counts.most_common(60)}
    numbers = tokenizer.get_vocab()
    trimmed = trim(tokenizer, keep)
    places = trimmed.get_vocab()
    kept = sorted(places, key=lambda piece: places[piece])
    assert sorted(places.values()) == list(range(len(kept)))
    assert kept == sorted(kept, key=lambda piece: numbers[piece]) and len(kept) < len(numbers)
    assert keep <= set(trimmed.get_vocab())
    assert trimmed.token_to_id("[UNK]") is not None
    for text in texts:
        whole, short = tokenizer.encode(text, add_special_tokens=False), trimmed.encode(text, add_special_tokens=False)
        assert short.tokens.count("[UNK]") <= whole.tokens.count("[UNK]")
        assert short.offsets[-1] == whole.offsets[-1] or len(short.ids) >= len(whole.ids)


def test_unchanged_where_everything_is_kept(tiny_encoder: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_encoder))
    encoded = encoder.tokenizer.encode(seeds[0].text).ids
    tokenizer = trim(encoder.tokenizer, set(encoder.tokenizer.get_vocab()))
    assert tokenizer.encode(seeds[0].text).ids == encoded
