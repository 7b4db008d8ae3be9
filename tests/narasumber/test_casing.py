"""A text without casing is read with the casing that the vocabulary knows, every character in its place."""

from __future__ import annotations

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from narasumber.casing import cased
from narasumber.document import Document
from narasumber.labels import bio_tags, head_labels
from narasumber.settings import Settings
from narasumber.tagger import Tagger
from narasumber.windows import Batch, Floats
from narasumber.words import words
from tests.vocabularies import SPECIAL, trained

TEXT = "Presiden Joko Widodo di Jakarta, kata KPK. Menurut dia, itu salah.\nPolisi pergi."
RUNNING = ["Kemarin Joko Widodo di Jakarta, kata KPK dan presiden dan polisi pergi menurut dia, itu salah."] * 50
RUNNING += [" ".join(string.ascii_letters), "".join(string.ascii_letters)]  # no letter is unknown


def byte_level() -> Tokenizer:
    """As RoBERTa's: a word in running text is written with the space before it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(RUNNING, trainer)
    return tokenizer


def unigram() -> Tokenizer:
    """As XLM-R's: words with a mark before them, and letters."""
    known = {f"▁{text[start:end]}": -5.0 for text in RUNNING for start, end in words(text)}
    letters = [(piece, -10.0) for piece in (*string.ascii_letters, *" ▁.,")]
    tokenizer = Tokenizer(models.Unigram([("[PAD]", 0.0), ("[UNK]", 0.0), *known.items(), *letters], unk_id=1))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


TOKENIZERS = {
    "WordPiece": trained("WordPiece", RUNNING, 600),
    "BPE": trained("BPE", RUNNING, 600),
    "byte-level BPE": byte_level(),
    "Unigram": unigram(),
}


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("written", [TEXT.lower(), TEXT.upper()], ids=["small letters", "capitals"])
def test_words_are_written_as_the_vocabulary_knows_them(kind: str, written: str) -> None:
    assert cased(written, TOKENIZERS[kind], 1) == TEXT


def test_what_the_vocabulary_does_not_tell_apart_stays_small() -> None:
    tokenizer = trained("WordPiece", [*RUNNING, "jakarta kpk kemarin"], 100)
    tokenizer.normalizer = normalizers.Lowercase()
    assert cased("kemarin kpk di jakarta", tokenizer, 1) == "Kemarin kpk di jakarta"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('kata dia, "itu salah." "benar?" tanya ani', 'Kata dia, "itu salah." "Benar?" tanya ani'),
        ("“siapa?” tanya dia", "“Siapa?” tanya dia"),
        ("  (satu)\n\ndua 2.5 tiga", "  (Satu)\n\nDua 2.5 tiga"),
    ],
)
def test_sentences_and_lines_begin_with_a_capital(text: str, read: str) -> None:
    assert cased(text, TOKENIZERS["WordPiece"], 1) == read


@given(st.text())
def test_every_word_stays_in_its_place(text: str) -> None:
    found = cased(text, TOKENIZERS["WordPiece"], 1)
    assert words(found) == words(text)
    if not (text.islower() or text.isupper()):
        assert found == text


@given(st.text("aBcd. ,\n“", min_size=1).map(str.lower))
def test_nothing_but_the_case_of_letters_changes(text: str) -> None:
    assert cased(text, TOKENIZERS["WordPiece"], 1).lower() == text
    assert cased(text.upper(), TOKENIZERS["WordPiece"], 1) == cased(text, TOKENIZERS["WordPiece"], 1)


def test_a_tagger_reads_it_and_gives_the_text_back() -> None:
    """A network that knows a person by the piece of the name."""
    tokenizer = trained("WordPiece", RUNNING, 600)
    person = tokenizer.token_to_id("Joko")
    labels = head_labels("entity")
    tags = len(bio_tags(labels))
    settings = Settings(
        name="t", encoder="t", heads=("entity",), labels={"entity": labels}, cls_id=2, sep_id=3, pad_id=0, unk_id=1,
        transitions={"entity": ((0.0,) * tags,) * tags},
    )  # fmt: skip

    def forward(batch: Batch) -> Floats:
        logits = np.zeros((*batch["input_ids"].shape, tags), dtype=np.float32)
        logits[..., 0] = 10.0
        logits[batch["input_ids"] == person, 2 * labels.index("PER") + 1] = 20.0
        return logits

    for text in (TEXT, TEXT.lower(), TEXT.upper()):
        found = Tagger(settings, tokenizer, forward).annotate(Document("d", text))
        assert found.text == text
        assert [(span.label, span.start, span.end) for span in found.spans] == [("PER", 9, 13)]
