"""Trimming keeps what it keeps bit for bit, and makes no word unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from models.encoders import load_encoder
from models.trim import count_pieces, embeddings, trim
from narasumber.document import Document
from tests.vocabularies import trained


def bert(size: int) -> BertModel:
    torch.manual_seed(0)
    return BertModel(
        BertConfig(vocab_size=size, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    )


@pytest.mark.parametrize("kind", ["Unigram", "WordPiece", "BPE"])
def test_kept_pieces_keep_their_vectors_and_dropped_ones_fall_back(kind: str, seeds: list[Document]) -> None:
    texts = [document.text for document in seeds]
    tokenizer = trained(kind, texts, 400)
    counts = count_pieces(texts[:2], tokenizer)
    keep = {piece for piece, _ in counts.most_common(60)}
    model = bert(tokenizer.get_vocab_size())
    before = embeddings(model).weight.detach().clone()
    numbers = tokenizer.get_vocab()
    trimmed_model, trimmed = trim(model, tokenizer, keep)
    after = embeddings(trimmed_model).weight
    assert len(after) == trimmed.get_vocab_size() == trimmed_model.config.vocab_size < len(before)
    for piece, number in trimmed.get_vocab().items():
        assert torch.equal(after[number], before[numbers[piece]])
    assert keep <= set(trimmed.get_vocab())
    assert trimmed.token_to_id("[UNK]") is not None
    for text in texts:
        whole, short = tokenizer.encode(text, add_special_tokens=False), trimmed.encode(text, add_special_tokens=False)
        assert short.tokens.count("[UNK]") <= whole.tokens.count("[UNK]")
        assert short.offsets[-1] == whole.offsets[-1] or len(short.ids) >= len(whole.ids)


def test_unchanged_where_everything_is_kept(tiny_encoder: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_encoder))
    before = embeddings(encoder.model).weight.detach().clone()
    encoded = encoder.tokenizer.encode(seeds[0].text).ids
    model, tokenizer = trim(encoder.model, encoder.tokenizer, set(encoder.tokenizer.get_vocab()))
    assert tokenizer.encode(seeds[0].text).ids == encoded
    assert torch.equal(embeddings(model).weight, before)
