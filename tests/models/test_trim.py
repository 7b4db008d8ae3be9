"""Trimming keeps what it is told to, and makes no word unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

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
        assert {*short.offsets} - {*whole.offsets}, "nothing fell back"
        reached, before = ({at for part in own.offsets for at in range(*part)} for own in (short, whole))
        assert reached == before


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (
            models.BPE(
                {piece: number for number, piece in enumerate(["<unk>", *BYTES, *"kab", "ka", "kab"])},
                [("k", "a"), ("ka", "b")],
                unk_token="<unk>",
                byte_fallback=True,
            ),
            "kabé",
        ),
        (
            models.Unigram(
                [("<unk>", 0.0), *((piece, -9.0) for piece in BYTES), *((piece, -3.0) for piece in "kab")],
                unk_id=0,
                byte_fallback=True,
            ),
            "kabé",
        ),
        (
            models.BPE(
                {piece: number for number, piece in enumerate(["<unk>", "k", "a", "b", "b$", "a$", "ab$"])},
                [("a", "b$")],
                unk_token="<unk>",
                end_of_word_suffix="$",
            ),
            "kab ka",
        ),
    ],
    ids=["bytes of BPE", "bytes of Unigram", "word ends"],
)
def test_bytes_and_single_letters_at_a_words_end_are_kept(model: models.Model, text: str) -> None:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    assert tokenizer.token_to_id("<unk>") not in tokenizer.encode(text).ids
    trimmed = trim(tokenizer, {"k"})
    assert trimmed.token_to_id("<unk>") not in trimmed.encode(text).ids


def test_kept_pieces_of_bpe_with_a_prefix_within_words_are_still_made() -> None:
    vocabulary = {piece: number for number, piece in enumerate(["<unk>", "k", "##a", "##b", "ka", "kab"])}
    merges = [("k", "##a"), ("ka", "##b")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", continuing_subword_prefix="##"))
    assert tokenizer.encode("kab").tokens == trim(tokenizer, {"kab"}).encode("kab").tokens == ["kab"]


def test_unchanged_where_everything_is_kept(tiny_encoder: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_encoder))
    encoded = encoder.tokenizer.encode(seeds[0].text).ids
    tokenizer = trim(encoder.tokenizer, set(encoder.tokenizer.get_vocab()))
    assert tokenizer.encode(seeds[0].text).ids == encoded
