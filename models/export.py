"""A trained run as a folder that runs elsewhere: ONNX for `Tagger`, or the entity layer for transformers."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from torch import nn
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast

from models.encoders import embeddings
from models.network import Network, load, torch_tagger
from narasumber.errors import InputError
from narasumber.labels import bio_tags
from narasumber.settings import FILE, Settings
from narasumber.tagger import Tagger

Format = Literal["onnx", "transformers"]
ONNX, INT8 = "model.onnx", "model.int8.onnx"
INPUTS = ("input_ids", "attention_mask", "token_type_ids", "word_shapes")
LOGIT_TOLERANCE = 1e-3
MARK = "narasumber"
"""The key of config.json by which an export for transformers is known to be one."""
FILES = {
    *("README.md", "tokenizer.json", FILE, ONNX, INT8),
    *("config.json", "model.safetensors", "tokenizer_config.json", "special_tokens_map.json", "learned.json"),
}
"""What exports hold."""


def write_onnx(model: Path, folder: Path) -> None:
    """Fills `folder` from the model folder. Raises InputError where ONNX and PyTorch differ in logits."""
    network, tokenizer, settings = load(model)
    settings.write(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    _to_onnx(network, settings, folder / ONNX)
    _check_logits(network, Tagger.load(folder), settings, folder)


def write_int8(folder: Path) -> None:
    """Writes the model of an export once more, with weights of 8 bits."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = folder / "prepared.onnx"
    logging.getLogger().setLevel(logging.ERROR)
    quant_pre_process(str(folder / ONNX), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(str(prepared), str(folder / INT8), weight_type=QuantType.QInt8, per_channel=True)
    prepared.unlink()


def write_transformers(model: Path, folder: Path) -> None:
    """The entity layer as a `ForTokenClassification` checkpoint for `transformers.pipeline("token-classification")`.

    Raises InputError where the run has no entity layer, or its network holds what such a checkpoint cannot.
    """
    network, tokenizer, settings = load(model)
    if "entity" not in settings.heads:
        raise InputError(str(model), "has no entity layer", "train with entity among its layers")
    if settings.word_shape:
        raise InputError(
            str(model),
            "reads word shapes, which a transformers checkpoint cannot hold",
            "train with --set model.word_shape=false, or export as onnx",
        )
    tags = bio_tags(settings.labels["entity"])
    config = network.encoder.config
    config.id2label, config.label2id = dict(enumerate(tags)), {tag: number for number, tag in enumerate(tags)}
    setattr(config, MARK, settings.name)
    tagger = AutoModelForTokenClassification.from_config(config)
    if not isinstance(getattr(tagger, "classifier", None), nn.Linear) or hasattr(tagger, "head"):
        raise InputError(str(model), f"{config.model_type} models put more than one layer on top", "export as onnx")
    getattr(tagger, tagger.base_model_prefix).load_state_dict(network.encoder.state_dict())
    tagger.classifier.load_state_dict(network.heads["entity"].state_dict())
    tagger.save_pretrained(folder)
    _fast_tokenizer(tokenizer, settings).save_pretrained(folder)


def check_target(target: Path) -> None:
    """Raises InputError if `target` is something else than a free name, an empty folder or an older export and nothing
    else: an encoder, say, or a run's own model.
    """
    if not target.is_dir():
        if target.exists():
            raise InputError(str(target), "exists and is no folder", "choose another --to")
        return
    inside = {path.name for path in target.iterdir()}
    is_export = {FILE, ONNX} <= inside or _is_of_transformers(target / "config.json")
    if inside and not is_export:
        raise InputError(str(target), "exists and is no export", "choose another --to")
    if more := sorted(inside - FILES):
        raise InputError(str(target), f"holds {more[0]}, which no export has", "move it, or choose another --to")


def _is_of_transformers(file: Path) -> bool:
    try:
        return MARK in json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False


def _to_onnx(network: Network, settings: Settings, path: Path) -> None:
    # Two windows of three pieces or more: a size of one would be taken for a constant.
    example = tuple(torch.ones(2, 16, dtype=torch.long) for _ in INPUTS)
    axes = {0: torch.export.Dim("windows"), 1: torch.export.Dim("pieces", min=2, max=settings.window.pieces)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_shapes=tuple(axes for _ in INPUTS),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _check_logits(network: Network, exported: Tagger, settings: Settings, folder: Path) -> None:
    random = np.random.default_rng(0)
    vocabulary = len(embeddings(network.encoder).weight)
    ours = torch_tagger(network, exported.tokenizer, settings)
    for windows, pieces in ((1, 7), (2, 64), (3, settings.window.pieces)):
        mask = np.ones((windows, pieces), dtype=np.int64)
        mask[-1, pieces // 2 :] = 0
        batch = {
            "input_ids": random.integers(0, vocabulary, (windows, pieces)),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
            "word_shapes": random.integers(0, 8, (windows, pieces)),
        }
        difference = float(np.abs((ours.forward(batch) - exported.forward(batch))[mask == 1]).max())
        if not difference < LOGIT_TOLERANCE:
            raise InputError(str(folder), f"ONNX and PyTorch differ by {difference:.4f} at {windows} x {pieces}")


def _fast_tokenizer(tokenizer: Tokenizer, settings: Settings) -> PreTrainedTokenizerFast:
    def piece(number: int) -> str:
        found = tokenizer.id_to_token(number)
        assert found is not None
        return found

    own = Tokenizer.from_str(tokenizer.to_str())
    cls, sep = piece(settings.cls_id), piece(settings.sep_id)
    own.post_processor = TemplateProcessing(
        single=f"{cls} $A {sep}", special_tokens=[(cls, settings.cls_id), (sep, settings.sep_id)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=own,
        cls_token=cls,
        sep_token=sep,
        pad_token=piece(settings.pad_id),
        unk_token=piece(settings.unk_id),
        model_max_length=settings.window.pieces,
        model_input_names=["input_ids", "attention_mask"],
    )
