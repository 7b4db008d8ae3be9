"""A smaller vocabulary for an encoder: the pieces that a language needs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from tokenizers import Tokenizer

from narasumber.errors import InputError


def count_pieces(texts: Iterable[str], tokenizer: Tokenizer) -> Counter[str]:
    """How often each piece occurs in `texts`: choose what to keep by it."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokenizer.encode(text, add_special_tokens=False).tokens)
    return counts


def trim(tokenizer: Tokenizer, keep: Collection[str]) -> Tokenizer:
    """The tokenizer with the pieces of `keep` alone; their order stays.

    Also kept are added and special tokens, pieces of a single character (continuations, word starts and word ends of
    one, too), the 256 pieces for bytes, and the parts that BPE makes a kept piece of. So what is dropped falls back to
    shorter pieces, and no word becomes unknown that was not. Raises InputError if the tokenizer's model is none of
    Unigram, WordPiece and BPE.
    """
    values = json.loads(tokenizer.to_str())
    part = values["model"]
    if part["type"] not in ("Unigram", "WordPiece", "BPE"):
        raise InputError("tokenizer", f"a {part['type']} vocabulary cannot be trimmed", "use Unigram, WordPiece or BPE")
    numbers = tokenizer.get_vocab(with_added_tokens=True)
    always = {token["content"] for token in values["added_tokens"]} | {part.get("unk_token")}
    prefix, suffix = (part.get(key) or "" for key in ("continuing_subword_prefix", "end_of_word_suffix"))
    if part.get("byte_fallback"):
        always |= {f"<0x{byte:02X}>" for byte in range(256)}
    wanted = {
        piece
        for piece in numbers
        if piece in keep
        or piece in always
        or len(piece.removeprefix(prefix).removeprefix("▁").removesuffix(suffix)) <= 1
    }
    if part["type"] == "Unigram" and part["unk_id"] is not None:
        wanted.add(part["vocab"][part["unk_id"]][0])
    if part["type"] == "BPE":
        part["merges"] = _merges(part["merges"], wanted, prefix)
    kept = sorted((number, piece) for piece, number in numbers.items() if piece in wanted)
    place = {piece: new for new, (_, piece) in enumerate(kept)}
    if part["type"] == "Unigram":
        unknown = None if part["unk_id"] is None else part["vocab"][part["unk_id"]][0]
        part["vocab"] = [entry for entry in part["vocab"] if entry[0] in wanted]
        part["unk_id"] = None if unknown is None else place[unknown]
    else:
        part["vocab"] = {piece: place[piece] for piece in part["vocab"] if piece in wanted}
    for token in values["added_tokens"]:
        token["id"] = place[token["content"]]
    _renumber(values.get("post_processor"), place)
    return Tokenizer.from_str(json.dumps(values))


def joined(pieces: Sequence[str], prefix: str) -> str:
    """The piece that BPE makes of others; `prefix` is that of pieces within a word."""
    return "".join(piece.removeprefix(prefix) if place else piece for place, piece in enumerate(pieces))


def _merges(merges: list[list[str]], wanted: set[str], prefix: str) -> list[list[str]]:
    """The merges that lead to wanted pieces; adds the pieces on the way to `wanted`."""
    for pair in reversed(merges):
        if joined(pair, prefix) in wanted:
            wanted.update(pair)
    return [pair for pair in merges if joined(pair, prefix) in wanted]


def _renumber(processor: object, place: dict[str, int]) -> None:
    """New ids in a post-processor, wherever it names a token beside its id."""
    if isinstance(processor, list):
        for item in processor:
            _renumber(item, place)
    elif isinstance(processor, dict):
        for key, value in processor.items():
            if key in ("sep", "cls") and isinstance(value, list):
                value[1] = place[value[0]]
            elif key == "special_tokens":
                for token in value.values():
                    token["ids"] = [place[piece] for piece in token["tokens"]]
            else:
                _renumber(value, place)
