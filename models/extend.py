"""More pieces for an encoder: words that a text uses often and its tokenizer cuts (Koto et al. 2021, IndoBERTweet)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

from tokenizers import Tokenizer

from models.trim import _renumber, joined
from narasumber.errors import InputError

RARE: Final = 5
"""A word that occurs less often is not worth a piece."""

_BETTER: Final = 1e-3
"""By how much a new piece scores better, in a Unigram vocabulary, than the pieces that it stands for."""

_BATCH: Final = 10_000


def extend(tokenizer: Tokenizer, words: Mapping[str, int], number: int) -> Tokenizer:
    """The tokenizer with up to `number` of `words` (to how often each occurs) as pieces of their own.

    Those that save most pieces: of letters alone, not rare, and now cut into several pieces that are all known. The
    pieces that were there keep their numbers, but for added tokens that stand behind the others and still do. BPE also
    gets the pieces that lead to a new one. Raises InputError if the tokenizer's model is none of Unigram, WordPiece and
    BPE.
    """
    values = json.loads(tokenizer.to_str())
    part = values["model"]
    if part["type"] not in ("Unigram", "WordPiece", "BPE"):
        what = f"a {part['type']} vocabulary cannot be extended"
        raise InputError("tokenizer", what, "use Unigram, WordPiece or BPE")
    size = _numbers(part["vocab"])
    new = _worth_most(tokenizer, words, number, part)
    if part["type"] == "Unigram":
        scores = dict(part["vocab"])
        part["vocab"] += [[piece, sum(scores[old] for old in cut) + _BETTER] for piece, cut in new.items()]
    elif part["type"] == "WordPiece":
        part["vocab"] |= {piece: size + place for place, piece in enumerate(new)}
    else:
        _add_merges(part, new)
    numbers = tokenizer.get_vocab()
    for token in values["added_tokens"]:
        if token["id"] >= size:
            token["id"] += _numbers(part["vocab"]) - size
        numbers[token["content"]] = token["id"]
    _renumber(values.get("post_processor"), numbers)
    return Tokenizer.from_str(json.dumps(values))


def rows_of(old: Tokenizer, new: Tokenizer) -> list[list[int]]:
    """For each number of `new` the one that `old` has for its piece, or those of the pieces that `old` cuts it into.

    A number without a piece, as a vocab.txt with a line that stands twice leaves one, is its own.
    """
    numbers, pieces = old.get_vocab(), new.get_vocab()
    rows = [[number] for number in range(_numbers(pieces))]
    for piece, number in pieces.items():
        rows[number] = [numbers[piece]] if piece in numbers else [token.id for token in old.model.tokenize(piece)]
    return rows


def _worth_most(
    tokenizer: Tokenizer, words: Mapping[str, int], number: int, model: Mapping[str, Any]
) -> dict[str, list[str]]:
    """The pieces to add, those that save most first, to the pieces that they stand for."""
    prefix = model.get("continuing_subword_prefix") or ""
    asked = [(word, often) for word, often in words.items() if often >= RARE and word.isalpha()]
    known = tokenizer.get_vocab()
    unknown = known.get(model.get("unk_token") or "")  # Unigram writes an unknown piece as it stands in the text
    saved: Counter[str] = Counter()
    cuts: dict[str, list[str]] = {}
    for start in range(0, len(asked), _BATCH):
        some = asked[start : start + _BATCH]
        encodings = tokenizer.encode_batch([word for word, _ in some], add_special_tokens=False)
        for (_, often), encoding in zip(some, encodings, strict=True):
            cut = encoding.tokens
            piece = joined(cut, prefix)
            # Not what is parted before the vocabulary sees it, and so cannot become one piece.
            whole = len(cut) > 1 and len(set(encoding.word_ids)) == 1 and piece not in known
            if whole and all(known.get(part) == id != unknown for part, id in zip(cut, encoding.ids, strict=True)):
                saved[piece] += often * (len(cut) - 1)
                cuts[piece] = cut
    best = sorted(saved, key=lambda piece: (-saved[piece], piece))[:number]
    return {piece: cuts[piece] for piece in best}


def _add_merges(model: dict[str, Any], new: Mapping[str, Sequence[str]]) -> None:
    """Adds pieces to a BPE vocabulary: each by merges of those that it stands for, from left to right."""
    vocabulary, prefix = model["vocab"], model.get("continuing_subword_prefix") or ""
    merges = {tuple(pair) for pair in model["merges"]}
    free = count(_numbers(vocabulary))
    for cut in new.values():
        steps = [joined(cut[:end], prefix) for end in range(1, len(cut) + 1)]
        led = [pair for pair in zip(steps, cut[1:], strict=False) if pair not in merges]
        model["merges"] += [list(pair) for pair in led]
        merges.update(led)
        for step in steps:
            if step not in vocabulary:
                vocabulary[step] = next(free)


def _numbers(vocabulary: Sequence[Any] | Mapping[str, int]) -> int:
    """How many numbers a vocabulary takes, those without a piece among them."""
    return 1 + max(vocabulary.values()) if isinstance(vocabulary, Mapping) else len(vocabulary)
