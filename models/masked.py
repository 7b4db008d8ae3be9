"""An encoder with the head that it was pre-trained with: masked language modelling (Devlin et al. 2019)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES
from transformers.utils import logging

from models.builtin import builtin_folder
from models.encoders import Encoder, first_line
from models.extend import rows_of
from narasumber.errors import InputError

MASKS: Final = ("[MASK]", "<mask>", "<|mask|>")


class MaskedNetwork(nn.Module):
    """Logits [places, pieces] of the places that are asked for, numbered through a batch [windows, pieces]."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    @property
    def encoder(self) -> PreTrainedModel:
        found = self.model.base_model
        assert isinstance(found, PreTrainedModel)
        return found

    def forward(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor) -> Tensor:
        def these_alone(_: nn.Module, __: object, output: Any) -> Any:
            # The head reads each place by itself, and over all of them its logits would be the most of the work.
            output.last_hidden_state = output.last_hidden_state.flatten(0, 1)[places][None]
            return output

        with self.encoder.register_forward_hook(these_alone):
            logits: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits[0]
        return logits


def mask_piece(encoder: Encoder) -> str:
    """The piece that stands for a masked one. Raises InputError if the encoder is none that learns from masks."""
    if encoder.model.config.model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        what = f"transformers has no masked language model of the type {encoder.model.config.model_type}"
        raise InputError(f"model.encoder: {encoder.name}", what, "choose an encoder of the kind of BERT")
    for name in MASKS:
        if encoder.tokenizer.token_to_id(name) is not None:
            return name
    what = f"its tokenizer has no mask piece; looked for {', '.join(MASKS)}"
    raise InputError(f"model.encoder: {encoder.name}", what, "choose an encoder that was pre-trained with one")


def load_masked(encoder: Encoder, tokenizer: Tokenizer, revision: str | None = None) -> tuple[MaskedNetwork, bool]:
    """The encoder's own checkpoint, with the vocabulary of `tokenizer`, and whether it holds a head.

    Output and input embeddings are one. A head that the checkpoint lacks is drawn at random. A piece that the encoder's
    tokenizer does not have begins as the mean of those that it has in its place. Raises InputError where the weights
    cannot be loaded.
    """
    place = str(builtin_folder()) if encoder.name == "builtin" else encoder.name
    before = logging.get_verbosity()
    logging.set_verbosity_error()  # that a head is missing is told by the caller
    try:
        model, found = AutoModelForMaskedLM.from_pretrained(
            place,
            revision=revision,
            trust_remote_code=False,
            weights_only=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except Exception as error:  # torch, safetensors and transformers, each with exceptions of its own
        what = f"cannot be loaded as a masked language model: {first_line(error)}"
        raise InputError(f"model.encoder: {encoder.name}", what, "get the encoder again") from error
    finally:
        logging.set_verbosity(before)
    if encoder.heads:  # a tagger's file, in which the encoder has names that transformers passes over
        model.base_model.load_state_dict(encoder.model.state_dict(), strict=False)
    rows = rows_of(encoder.tokenizer, tokenizer)
    network = MaskedNetwork(_with_rows(model, rows, rows.index([encoder.pad_id])))
    return network, not any(key.endswith("weight") for key in found["missing_keys"])


def _with_rows(model: PreTrainedModel, rows: Sequence[Sequence[int]], padding: int) -> PreTrainedModel:
    """A model whose piece `i` is the mean of the old pieces `rows[i]`, in its embeddings and its output's bias."""
    if rows == [[number] for number in range(model.config.vocab_size)]:
        return model
    parts = (model.get_input_embeddings(), model.get_output_embeddings())
    ours = {id(parameter) for part in parts for parameter in part.parameters()}
    names = [name for name, parameter in model.named_parameters(remove_duplicate=False) if id(parameter) in ours]
    weights = model.state_dict()
    weights |= {name: torch.stack([weights[name][list(row)].mean(dim=0) for row in rows]) for name in names}
    config = deepcopy(model.config)
    config.vocab_size, config.pad_token_id = len(rows), padding
    changed: PreTrainedModel = AutoModelForMaskedLM.from_config(config)
    changed.load_state_dict(weights)
    return changed


def save_masked(network: MaskedNetwork, tokenizer: Tokenizer, special: dict[str, str], folder: Path) -> None:
    """Fills a folder that `load_encoder`, `load_masked` and transformers read. Not atomic: the caller renames.

    `special`: the tokenizer's special pieces by key (`cls_token`).
    """
    network.model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    values = {"tokenizer_class": "PreTrainedTokenizerFast", **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
