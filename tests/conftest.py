"""A real BERT of toy size in the hub's own file layout, and articles to train it on."""

from __future__ import annotations

import io
import json
import os
import shutil
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from transformers import AlbertConfig, AlbertModel, BertConfig, BertModel

from narasumber.cli import main
from narasumber.document import Document
from narasumber.words import words

# Time limits fail on a busy machine; in CI, where nobody can look, examples are the same each time.
settings.register_profile("narasumber", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("narasumber")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def seeds() -> list[Document]:
    """The five seed articles with their gold."""
    from narasumber import formats

    return list(formats.read(ROOT / "seeds", "brat"))


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory, seeds: list[Document]) -> Path:
    """BERT, uncased, 2 layers of 32, `vocab.txt` and an empty `tokenizer_config.json`, like indobert-base-p1."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny-bert"
    return write_tiny_bert(folder, [document.text for document in seeds])


@pytest.fixture(scope="session")
def tiny_albert(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    """ALBERT weights with a WordPiece vocabulary, like indobert-lite-base-p1."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny-albert"
    shutil.copytree(tiny_encoder, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    config = AlbertConfig(
        vocab_size=len(vocabulary),
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    AlbertModel(config).save_pretrained(folder)
    return folder


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


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Command:
    """The command line as people use it, in a process of its own: `command("lint", "seeds", folder=...)`."""

    def run(*words: str, folder: Path = ROOT, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        code = "from narasumber.cli import main; main()"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
        line = [sys.executable, "-c", code, *words]
        return subprocess.run(line, cwd=folder, env=environment, input=stdin, capture_output=True, text=True)

    return run


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line in this process, which is much quicker: nothing has to be imported again."""

    def run(*words: str, folder: Path = ROOT, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["narasumber", *words])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        told = capfd.readouterr()
        return subprocess.CompletedProcess(words, code, told.out, told.err)

    return run


Train = Callable[..., Path]


@pytest.fixture(scope="session")
def train_tiny(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Train:
    """`train_tiny("key=value", ...)`: a finished run of the quickstart on the toy encoder."""
    from train.config import load_config
    from train.run import train

    def run(*overrides: str) -> Path:
        folder = tmp_path_factory.mktemp("tiny-run")
        keys = [
            f"model.encoder={tiny_encoder}",
            f"data.sources=[{{path: {ROOT / 'seeds'}}}]",
            "train.epochs=12",
            "train.learning_rate=1e-3",
            "train.head_learning_rate=1e-2",
            *overrides,
        ]
        config = load_config(ROOT / "configs/quickstart.yaml", keys)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            return folder / train(config)

    return run


@pytest.fixture(scope="session")
def tiny_run(train_tiny: Train) -> Path:
    return train_tiny()
