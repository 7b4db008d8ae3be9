"""The masked language model: the checkpoint's own head where it has one, logits where they are asked for, new rows."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM, GPT2Config, GPT2Model

from models.encoders import Encoder, embeddings, load_encoder
from models.extend import extend
from models.masked import load_masked, mask_piece, save_masked
from models.trim import trim
from narasumber.errors import InputError


@pytest.fixture
def with_head(tiny_encoder: Path, tmp_path: Path) -> Path:
    """The toy BERT with a head, as hubs hold it: rows that no piece points to included."""
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "whole"))
    torch.manual_seed(1)
    model = BertForMaskedLM(BertConfig.from_pretrained(folder))
    with torch.no_grad():
        model.cls.predictions.bias.normal_()
    model.save_pretrained(folder)
    return folder


def batch(encoder: Encoder) -> dict[str, torch.Tensor]:
    ids = torch.tensor([[encoder.cls_id, 10, 11, 12, encoder.sep_id], [encoder.cls_id, 13, encoder.sep_id, 0, 0]])
    return {"input_ids": ids, "attention_mask": (ids != encoder.pad_id).long()}


def test_its_own_head_reads_as_transformers_does(with_head: Path) -> None:
    encoder = load_encoder(str(with_head))
    network, has_head = load_masked(encoder, encoder.tokenizer)
    assert has_head
    given = batch(encoder)
    reference = AutoModelForMaskedLM.from_pretrained(with_head).eval()
    with torch.no_grad():
        wanted = reference(**given).logits.flatten(0, 1)[[2, 6]]
        found = network.eval()(**given, places=torch.tensor([2, 6]))
        none = network(**given, places=torch.tensor([], dtype=torch.long))
    pieces = encoder.tokenizer.get_vocab_size()
    assert wanted.shape[1] > pieces
    assert torch.allclose(found, wanted[:, :pieces], atol=1e-5)
    assert none.shape == (0, pieces)


def test_a_head_that_is_missing_is_drawn_from_the_seed(tiny_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder))
    networks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        network, has_head = load_masked(encoder, encoder.tokenizer)
        assert not has_head
        networks.append(dict(network.named_parameters()))
    one, same, other = networks
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert {name for name in one if not torch.equal(one[name], other[name])} == {
        "model.cls.predictions.transform.dense.weight"
    }


def test_output_and_input_embeddings_are_one(tiny_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder))
    network, _ = load_masked(encoder, encoder.tokenizer)
    assert network.model.get_output_embeddings().weight is embeddings(network.encoder).weight


def test_new_pieces_begin_as_the_mean_of_the_old_and_the_rest_stays(with_head: Path) -> None:
    encoder = load_encoder(str(with_head))
    old, _ = load_masked(encoder, encoder.tokenizer)
    keep = set(sorted(encoder.tokenizer.get_vocab())[::2])
    trimmed = trim(encoder.tokenizer, keep)
    tokenizer = extend(trimmed, {"bakpiakukus": 9}, 1)
    network, _ = load_masked(encoder, tokenizer)
    cut = encoder.tokenizer.encode("bakpiakukus", add_special_tokens=False).ids
    assert len(cut) > 1
    for name in ("model.bert.embeddings.word_embeddings.weight", "model.cls.predictions.bias"):
        before, after = old.state_dict()[name], network.state_dict()[name]
        assert len(after) == tokenizer.get_vocab_size() < len(before)
        for piece, number in tokenizer.get_vocab().items():
            row = before[cut].mean(dim=0) if piece == "bakpiakukus" else before[encoder.tokenizer.token_to_id(piece)]
            assert torch.equal(after[number], row), piece


def test_a_number_without_a_piece_costs_no_piece_its_row(with_head: Path) -> None:
    vocabulary = (with_head / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary[100] = vocabulary[99]
    (with_head / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    encoder = load_encoder(str(with_head))
    tokenizer = extend(encoder.tokenizer, {"bakpiakukus": 9}, 1)
    network, _ = load_masked(encoder, tokenizer)
    rows, before = embeddings(network.encoder).weight, embeddings(encoder.model).weight
    assert tokenizer.token_to_id("bakpiakukus") == len(before) == len(rows) - 1
    for piece, number in encoder.tokenizer.get_vocab().items():
        assert torch.equal(rows[number], before[number]), piece


def test_weights_in_halves_learn_in_full(with_head: Path) -> None:
    BertForMaskedLM.from_pretrained(with_head, dtype=torch.float16).save_pretrained(with_head)
    encoder = load_encoder(str(with_head))
    for tokenizer in (encoder.tokenizer, trim(encoder.tokenizer, set())):
        network, _ = load_masked(encoder, tokenizer)
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
        assert network.model.config.dtype == torch.float32


def test_what_is_saved_loads_as_an_encoder_and_with_its_head(with_head: Path, tmp_path: Path) -> None:
    encoder = load_encoder(str(with_head))
    tokenizer = extend(encoder.tokenizer, {"bakpiakukus": 9}, 1)
    network, _ = load_masked(encoder, tokenizer)
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    (tmp_path / "saved").mkdir()
    save_masked(network, tokenizer, special, tmp_path / "saved")
    again = load_encoder(str(tmp_path / "saved"))
    assert again.tokenizer.get_vocab() == tokenizer.get_vocab()
    assert (again.cls_id, again.sep_id, again.pad_id, again.unk_id) == (2, 3, 0, 1)
    for name, tensor in network.encoder.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], tensor), name
    found, has_head = load_masked(again, again.tokenizer)
    assert has_head
    for name, tensor in network.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor), name
    fast = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert fast.cls_token == "[CLS]" and fast.tokenize("bakpiakukus") == ["bakpiakukus"]


def test_the_built_in_encoder_has_a_mask() -> None:
    encoder = load_encoder("builtin")
    assert mask_piece(encoder) == "<mask>"
    assert encoder.tokenizer.token_to_id("<mask>") == 23_999


def test_encoders_that_cannot_read_masks_are_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "unmasked"))
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").replace("[MASK]", "[OTHER]")
    (folder / "vocab.txt").write_text(vocabulary, encoding="utf-8")
    with pytest.raises(InputError, match=r"no mask piece; looked for \[MASK\], <mask>"):
        mask_piece(load_encoder(str(folder)))
    writer = GPT2Model(GPT2Config(vocab_size=9, n_layer=1, n_head=1, n_embd=8))
    with pytest.raises(InputError, match="no masked language model of the type gpt2"):
        mask_piece(replace(load_encoder(str(tiny_encoder)), model=writer))
