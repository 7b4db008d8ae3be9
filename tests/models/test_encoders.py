"""Encoders as hubs hold them: each trap of IndoBERT and its kin as a small checkpoint in the very file layout."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    BertModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
)

from models.encoders import Encoder, check_coverage, embeddings, load_encoder
from models.network import Network, load, save, torch_tagger
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.labels import HEADS, head_labels
from narasumber.settings import Settings, WindowSettings
from narasumber.windows import collate, pieces_of, row, windows, word_scores

Change = Callable[[Path], None]


@pytest.fixture
def copied(tiny_encoder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))


def settings_for(encoder: Encoder, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "name": "t",
        "encoder": encoder.name,
        "labels": {head: head_labels(head) for head in HEADS},
        "window": WindowSettings(pieces=64, overlap=16),
        "token_types": encoder.token_types,
    }
    ids = {key: getattr(encoder, key) for key in ("cls_id", "sep_id", "pad_id", "unk_id")}
    return Settings(**(values | ids | changes))


def scores(encoder: Encoder, text: str, batch_size: int = 8, **changes: Any) -> np.ndarray:
    torch.manual_seed(0)
    settings = settings_for(encoder, **changes)
    tagger = torch_tagger(Network(encoder.model, settings), encoder.tokenizer, settings)
    return word_scores(pieces_of(text, encoder.tokenizer, encoder.unk_id), settings, tagger.forward, batch_size)


def vocabulary_of(folder: Path) -> list[str]:
    return (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def test_bert_with_a_bare_vocabulary_and_more_rows_than_pieces(tiny_encoder: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_encoder))
    pieces = len(vocabulary_of(tiny_encoder))
    assert encoder.tokenizer.get_vocab_size() == pieces
    assert encoder.model.get_input_embeddings().num_embeddings == pieces
    assert torch.equal(
        embeddings(encoder.model).weight,
        load_file(tiny_encoder / "model.safetensors")["embeddings.word_embeddings.weight"][:pieces],
    )
    assert (encoder.uncased, encoder.token_types, encoder.max_pieces) == (True, True, 512)
    check_coverage([document.text for document in seeds], encoder)


def test_a_piece_that_stands_twice_costs_no_other_its_row(copied: Path) -> None:
    vocabulary = vocabulary_of(copied)
    vocabulary[-2] = vocabulary[-3]
    (copied / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    encoder = load_encoder(str(copied))
    last = max(encoder.tokenizer.get_vocab().values())
    assert last == len(vocabulary) - 1
    assert len(embeddings(encoder.model).weight) == last + 1


def test_a_cased_vocabulary_is_seen_to_be_one(copied: Path) -> None:
    vocabulary = vocabulary_of(copied)
    (copied / "vocab.txt").write_text("\n".join([*vocabulary[:-1], "Jakarta"]) + "\n", encoding="utf-8")
    (copied / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False}), encoding="utf-8")
    encoder = load_encoder(str(copied))
    assert not encoder.uncased
    assert encoder.tokenizer.encode("Jakarta", add_special_tokens=False).tokens == ["Jakarta"]


def test_albert_weights_with_a_wordpiece_vocabulary(tiny_albert: Path, seeds: list[Document]) -> None:
    encoder = load_encoder(str(tiny_albert))
    assert encoder.tokenizer.get_vocab_size() == len(vocabulary_of(tiny_albert))
    assert pieces_of(seeds[0].text, encoder.tokenizer, encoder.unk_id).unknown == 0
    assert scores(encoder, "Kim ke Rusia.").shape[0] == 4


def test_weights_that_are_pytorch_bin_only(copied: Path, tiny_encoder: Path) -> None:
    weights = load_file(copied / "model.safetensors")
    (copied / "model.safetensors").unlink()
    torch.save(weights, copied / "pytorch_model.bin")
    found = load_encoder(str(copied)).model.state_dict()
    for name, tensor in load_encoder(str(tiny_encoder)).model.state_dict().items():
        assert torch.equal(found[name], tensor), name


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_weights_in_halves_are_trained_and_read_again_in_full(half: torch.dtype, copied: Path, tmp_path: Path) -> None:
    BertModel.from_pretrained(copied, dtype=half).save_pretrained(copied)
    assert json.loads((copied / "config.json").read_text())["dtype"] == str(half).removeprefix("torch.")
    encoder = load_encoder(str(copied))
    settings = settings_for(encoder)
    network = Network(encoder.model, settings)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1e-5)
    (tmp_path / "saved").mkdir()
    save(network, encoder.tokenizer, settings, tmp_path / "saved")
    again, _, _ = load(tmp_path / "saved")
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(again.state_dict()[name], tensor), name


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('code of a checkpoint was run')",))


def test_a_bin_with_code_in_it_is_refused_and_not_run(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    torch.save({"embeddings": Malicious()}, copied / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_encoder(str(copied))


CODE = "from transformers import BertConfig\n\nraise SystemExit('code of a model was run')\n"


@pytest.mark.parametrize("trained", [False, True])
def test_code_beside_a_model_is_never_run(
    copied: Path, tmp_path: Path, trained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied
    if trained:
        encoder = load_encoder(str(copied))
        settings = settings_for(encoder)
        folder = tmp_path / "saved"
        folder.mkdir()
        save(Network(encoder.model, settings), encoder.tokenizer, settings, folder)
    values = json.loads((folder / "config.json").read_text())
    mapped = {"AutoConfig": "evil.EvilConfig", "AutoModel": "evil.EvilModel"}
    (folder / "config.json").write_text(json.dumps(values | {"model_type": "evil", "auto_map": mapped}))
    (folder / "evil.py").write_text(CODE)
    monkeypatch.setattr("builtins.input", lambda *_: "y")  # what transformers asks, unless it is told no
    with pytest.raises(InputError):
        load_encoder(str(folder))


def test_a_padding_that_is_not_number_zero(copied: Path) -> None:
    """indolem's order differs; padding must change nothing, whatever its number."""
    vocabulary = vocabulary_of(copied)
    moved = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", *vocabulary[5:]]
    (copied / "vocab.txt").write_text("\n".join(moved) + "\n", encoding="utf-8")
    encoder = load_encoder(str(copied))
    assert (encoder.unk_id, encoder.cls_id, encoder.sep_id, encoder.pad_id) == (0, 1, 2, 3)
    text = "Kim Jong Un pergi ke Rusia.\nPutin menunggu di Vladivostok, kata Watson kepada pers.\nYa."
    assert np.allclose(scores(encoder, text, 1), scores(encoder, text, 8), atol=1e-5)


def test_roberta_with_byte_level_bpe(tmp_path: Path, seeds: list[Document]) -> None:
    folder = tmp_path / "roberta"
    folder.mkdir()
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator([document.text for document in seeds], vocab_size=600, special_tokens=special)
    trained.save_model(str(folder))
    size = trained.get_vocab_size()
    config = RobertaConfig(
        vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=514, type_vocab_size=1,
    )  # fmt: skip
    RobertaModel(config).save_pretrained(folder)
    encoder = load_encoder(str(folder))
    assert encoder.max_pieces == 512
    assert (encoder.cls_id, encoder.pad_id, encoder.sep_id, encoder.unk_id) == (0, 1, 2, 3)
    check_coverage([document.text for document in seeds], encoder)
    # A word has the same pieces at the start of a line as within it.
    first, second = (pieces_of(text, encoder.tokenizer, 3) for text in ("Putin", "x Putin"))
    assert first.ids.tolist() == second.ids[second.first[1] :].tolist()
    text = "Putin di “Vladivostok” – Café 😀 ya."
    for size in (1, 2, 8):
        assert np.allclose(scores(encoder, text, size), scores(encoder, text), atol=1e-5)
    long = " ".join(["Putin"] * 600)
    wide = scores(encoder, long, window=WindowSettings(pieces=512, overlap=64))
    assert wide.shape[0] == 600
    assert np.isfinite(wide).all()


SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


@pytest.mark.parametrize(
    ("kind", "values", "longest"),
    [
        ("camembert", SIZES | {"max_position_embeddings": 66, "pad_token_id": 0}, 65),
        ("mpnet", SIZES | {"max_position_embeddings": 66}, 64),
        ("roberta-prelayernorm", SIZES | {"max_position_embeddings": 66, "pad_token_id": 0}, 65),
        ("electra", SIZES | {"max_position_embeddings": 64, "embedding_size": 16}, 64),
        ("distilbert", {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64}, 64),
        ("deberta-v2", SIZES | {"max_position_embeddings": 64, "relative_attention": True}, 64),
        ("xlnet", {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64}, None),
    ],
)
def test_the_longest_window_of_each_kind_is_read(
    kind: str, values: dict[str, Any], longest: int | None, copied: Path
) -> None:
    """Saved with the head that it was pre-trained with, so without a pooler."""
    config = AutoConfig.for_model(kind, vocab_size=len(vocabulary_of(copied)), **values)
    make: Any = AutoModelForMaskedLM if longest else AutoModel  # XLNet has no such head
    make.from_config(config).save_pretrained(copied)
    encoder = load_encoder(str(copied))
    assert encoder.max_pieces == longest
    text = " ".join(["Putin"] * 600)
    window = WindowSettings(pieces=longest or 512, overlap=16)
    assert np.isfinite(scores(encoder, text, window=window)).all()


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_logits_do_not_depend_on_the_batch(tiny_encoder: Path, seeds: list[Document], batch_size: int) -> None:
    encoder = load_encoder(str(tiny_encoder))
    settings = settings_for(encoder, word_shape=True)
    torch.manual_seed(0)
    tagger = torch_tagger(Network(encoder.model, settings), encoder.tokenizer, settings)
    pieces = pieces_of(seeds[1].text, encoder.tokenizer, encoder.unk_id)
    rows = [row(pieces, window, settings) for window in windows(pieces, settings)][:8]
    alone = [tagger.forward(collate([item], settings))[0] for item in rows]
    for start in range(0, len(rows), batch_size):
        together = tagger.forward(collate(rows[start : start + batch_size], settings))
        for logits, own in zip(together, alone[start : start + batch_size], strict=True):
            assert np.allclose(logits[: len(own)], own, atol=1e-5)


def test_a_vocabulary_of_another_language_is_refused(copied: Path, seeds: list[Document]) -> None:
    special = vocabulary_of(copied)[:5]
    (copied / "vocab.txt").write_text("\n".join([*special, "本", "日"]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"(?s)\d+% of the words hold a piece.*at most 5%"):
        check_coverage([document.text for document in seeds], load_encoder(str(copied)))


def more_pieces_than_rows(folder: Path) -> None:
    with (folder / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("\n".join(f"extra{number}" for number in range(50)))


def without_a_layer(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | {"num_hidden_layers": 3}))


def with_a_decoder(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | {"is_encoder_decoder": True}))


def cut_off(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (more_pieces_than_rows, "its tokenizer has"),
        (without_a_layer, "lack"),
        (with_a_decoder, "encoder with a decoder"),
        (cut_off, "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "vocab.txt").unlink(), "neither tokenizer.json"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "tokenizer cannot be read"),
        (lambda folder: (folder / "tokenizer_config.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "vocab.txt").write_text("a\nb\n"), "sep_token not found"),
    ],
)
def test_folders_that_are_no_encoder_are_refused(copied: Path, change: Change, told: str) -> None:
    change(copied)
    with pytest.raises(InputError, match=told) as caught:
        load_encoder(str(copied))
    assert all(problem.cure for problem in caught.value.problems)


def test_a_folder_has_no_revisions(tiny_encoder: Path) -> None:
    for name in (str(tiny_encoder), "builtin"):
        with pytest.raises(InputError, match=r"model\.revision: .* is no model of a hub"):
            load_encoder(name, revision="main")


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        load_encoder(str(tmp_path / "none"))


def test_a_tokenizer_file_that_asks_for_truncation_gets_none(copied: Path) -> None:
    tokenizer = load_encoder(str(copied)).tokenizer
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=4)
    tokenizer.save(str(copied / "tokenizer.json"))
    (copied / "vocab.txt").unlink()
    again = load_encoder(str(copied)).tokenizer
    assert len(again.encode("a b c d e f g h", add_special_tokens=False).ids) == 8


def test_an_encoder_is_built_without_a_pooler(tiny_encoder: Path) -> None:
    model: PreTrainedModel = load_encoder(str(tiny_encoder)).model
    assert isinstance(model, BertModel)
    assert model.pooler is None
