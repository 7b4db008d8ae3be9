"""A real BERT of toy size in the hub's own file layout, and articles to train it on."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from narasumber.document import Document
from narasumber.words import words

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def seeds() -> list[Document]:
    """The five seed articles with their gold."""
    from narasumber.brat import read_brat_folder

    return read_brat_folder(ROOT / "seeds")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory, seeds: list[Document]) -> Path:
    """BERT, uncased, 2 layers of 32, `vocab.txt` and an empty `tokenizer_config.json`, like indobert-base-p1."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny-bert"
    return write_tiny_bert(folder, [document.text for document in seeds])


def write_tiny_bert(folder: Path, texts: list[str]) -> Path:
    seen = {text[start:end].lower() for text in texts for start, end in words(text)}
    characters = sorted(set(string.ascii_lowercase + string.digits) | {c for word in seen for c in word})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    vocabulary += [f"##{character}" for character in characters] + sorted(seen - set(characters))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary) + 20,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    folder.mkdir(parents=True)
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({}), encoding="utf-8")
    return folder
