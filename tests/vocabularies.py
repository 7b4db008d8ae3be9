"""Small tokenizers of each kind of model, trained in a moment."""

from __future__ import annotations

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def trained(kind: str, texts: list[str], size: int) -> Tokenizer:
    """`kind`: Unigram, WordPiece or BPE; at most `size` pieces."""
    made: dict[str, tuple[models.Model, trainers.Trainer]] = {
        "Unigram": (
            models.Unigram(),
            trainers.UnigramTrainer(vocab_size=size, special_tokens=SPECIAL, unk_token="[UNK]"),
        ),
        "WordPiece": (
            models.WordPiece(unk_token="[UNK]"),
            trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIAL),
        ),
        "BPE": (models.BPE(unk_token="[UNK]"), trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL)),
    }
    model, trainer = made[kind]
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace() if kind == "Unigram" else pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
