"""Extension gives frequent words a piece, leaves all other pieces what they were, and says what a new one stood for."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from tokenizers import Tokenizer, models
from tokenizers.processors import TemplateProcessing

from models.extend import RARE, extend, rows_of
from models.trim import count_pieces
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.words import words
from tests.vocabularies import trained


def masked(kind: str, texts: list[str]) -> Tokenizer:
    """A small vocabulary, with a mask piece behind it as DeBERTa has, and template as BERT's."""
    tokenizer = trained(kind, texts, 200)
    tokenizer.add_special_tokens(["[MASK]"])
    mask = tokenizer.token_to_id("[MASK]")
    assert mask == tokenizer.get_vocab_size() - 1
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [MASK]", special_tokens=[("[CLS]", 2), ("[MASK]", mask)]
    )
    return tokenizer


@pytest.mark.parametrize("kind", ["Unigram", "WordPiece", "BPE"])
def test_frequent_words_become_pieces_and_nothing_else_changes(kind: str, seeds: list[Document]) -> None:
    texts = [document.text for document in seeds]
    old = masked(kind, texts)
    before = old.to_str()
    counts = Counter(text[start:end] for text in texts for start, end in words(text))
    new = extend(old, counts, 20)
    assert old.to_str() == before

    letters = filter(str.isalpha, counts)
    word = max(letters, key=lambda word: counts[word] * (len(old.encode(word, add_special_tokens=False)) - 1))
    assert len(old.encode(word, add_special_tokens=False)) > 1
    assert len(new.encode(word, add_special_tokens=False)) == 1
    assert sum(count_pieces(texts, new).values()) < sum(count_pieces(texts, old).values())
    added = set(new.get_vocab()) - set(old.get_vocab())
    assert len(added) == 20 if kind != "BPE" else len(added) >= 20
    assert sorted(new.get_vocab().values()) == list(range(new.get_vocab_size()))
    assert new.encode("[MASK]").tokens == ["[CLS]", "[MASK]", "[MASK]"]

    rows = rows_of(old, new)
    assert len(rows) == new.get_vocab_size()
    for piece, number in new.get_vocab().items():
        if piece in added:
            assert len(rows[number]) > 1
        else:
            assert rows[number] == [old.token_to_id(piece)]
    assert rows[new.encode(word, add_special_tokens=False).ids[0]] == old.encode(word, add_special_tokens=False).ids


def test_only_words_that_are_worth_it(seeds: list[Document]) -> None:
    texts = [document.text for document in seeds]
    old = masked("WordPiece", texts)
    assert len(old.encode("Vladivostok", add_special_tokens=False)) > 1
    for words_seen in ({"Vladivostok": RARE - 1}, {"2023x": 99}, {"a": 99}, {"Ω": 99}, {"kataΩ": 99}, {}):
        assert extend(old, words_seen, 5).get_vocab() == old.get_vocab()
    assert set(extend(old, {"Vladivostok": RARE}, 5).get_vocab()) - set(old.get_vocab()) == {"Vladivostok"}


def test_rows_of_the_same_vocabulary_are_its_own(seeds: list[Document]) -> None:
    old = masked("WordPiece", [document.text for document in seeds])
    assert rows_of(old, old) == [[number] for number in range(old.get_vocab_size())]


@pytest.mark.parametrize("kind", ["WordPiece", "BPE"])
def test_a_number_without_a_piece_stays_one(kind: str, seeds: list[Document]) -> None:
    values = json.loads(trained(kind, [document.text for document in seeds], 200).to_str())
    vocabulary = values["model"]["vocab"]
    vocabulary[max(vocabulary, key=vocabulary.get)] += 1
    old = Tokenizer.from_str(json.dumps(values))
    gap = old.get_vocab_size() - 1
    new = extend(old, {"Vladivostok": RARE}, 5)
    assert len(new.encode("Vladivostok", add_special_tokens=False)) == 1
    assert sorted(new.get_vocab().values()) == [number for number in range(new.get_vocab_size() + 1) if number != gap]
    rows = rows_of(old, new)
    assert rows[: gap + 2] == [[number] for number in range(gap + 2)]
    assert all(len(row) > 1 for row in rows[gap + 2 :])


def test_another_kind_of_vocabulary_is_refused() -> None:
    with pytest.raises(InputError, match="WordLevel vocabulary cannot be extended"):
        extend(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), {}, 5)
