"""The network: one encoder, and over it one linear-chain CRF a layer, every word read at its first piece."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_model, save_model
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from narasumber.decode import NEVER
from narasumber.errors import InputError
from narasumber.settings import Settings
from narasumber.tagger import Tagger
from narasumber.windows import SHAPES, Batch, Floats

SHAPE_WIDTH = 32


class Network(nn.Module):
    """Logits [windows, pieces, tags of all heads] of a batch as `narasumber.windows.collate` makes it.

    `transitions`, for each head [tags, tags], score that one word's tag follows another's (Lafferty et al. 2001);
    training and decoding add them to the logits, `forward` does not.
    """

    def __init__(self, encoder: PreTrainedModel, settings: Settings, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.takes_token_types = settings.token_types
        width = encoder.config.hidden_size
        self.shape = nn.Embedding(len(SHAPES), SHAPE_WIDTH) if settings.word_shape else None
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict(
            {
                head: nn.Linear(width + (SHAPE_WIDTH if self.shape else 0), count)
                for head, count in zip(settings.heads, settings.tag_counts, strict=True)
            }
        )

        self.transitions = nn.ParameterDict(
            {
                head: nn.Parameter(torch.zeros(count, count))
                for head, count in zip(settings.heads, settings.tag_counts, strict=True)
            }
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, word_shapes: Tensor) -> Tensor:
        extra = {"token_type_ids": token_type_ids} if self.takes_token_types else {}
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **extra).last_hidden_state
        if self.shape is not None:
            hidden = torch.cat([hidden, self.shape(word_shapes)], dim=-1)
        hidden = self.dropout(hidden)
        return torch.cat([head(hidden) for head in self.heads.values()], dim=-1)

    def take(self, heads: Mapping[str, Tensor]) -> None:
        """Begins with those of another network's heads and transitions that it has too, in the same shape; but where
        the other knew no such transition, it may be one to learn now.
        """
        own = self.state_dict()
        fitting = {name: value for name, value in heads.items() if name in own and own[name].shape == value.shape}
        for name in fitting:
            if name.startswith("transitions."):
                fitting[name] = torch.where(fitting[name] < NEVER / 2, own[name], fitting[name])
        self.load_state_dict(fitting, strict=False)


def save(network: Network, tokenizer: Tokenizer, settings: Settings, folder: Path) -> None:
    """Fills a model folder: weights, the encoder's config, tokenizer and settings. Not atomic: the caller renames."""
    save_model(network, str(folder / "model.safetensors"))
    network.encoder.config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    with_transitions(settings, network).write(folder)


def with_transitions(settings: Settings, network: Network) -> Settings:
    """The settings with the network's transitions as they are now."""
    values = {
        head: tuple(map(tuple, own.detach().float().cpu().numpy().round(5).tolist()))
        for head, own in network.transitions.items()
    }
    return settings.model_copy(update={"transitions": values})


def load(folder: Path) -> tuple[Network, Tokenizer, Settings]:
    """The inverse of `save`, in evaluation mode; code in the folder is never run.

    Raises InputError for a folder that is incomplete or broken.
    """
    settings = Settings.read(folder)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        encoder = AutoModel.from_config(config, dtype=torch.float32, **encoder_options(config))
        network = Network(encoder, settings)
        load_model(network, str(folder / "model.safetensors"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # four libraries, each with exceptions of its own
        raise InputError(str(folder), f"cannot be loaded: {error}", "train again, or name another run") from error
    return network.eval(), tokenizer, settings


def encoder_options(config: PreTrainedConfig) -> dict[str, bool]:
    """The pooler of BERT and its kin is a matrix that token tagging never reads, and that many a checkpoint lacks."""
    kind = MODEL_MAPPING.get(type(config), None)
    takes_it = isinstance(kind, type) and "add_pooling_layer" in inspect.signature(kind).parameters
    return {"add_pooling_layer": False} if takes_it else {}


def torch_tagger(network: Network, tokenizer: Tokenizer, settings: Settings) -> Tagger:
    """A `Tagger` that runs the network where it is, in its own precision, with the transitions that it has now."""

    def forward(batch: Batch) -> Floats:
        device = next(network.parameters()).device
        was_training = network.training
        network.eval()
        with torch.inference_mode():
            logits = network(**{name: torch.from_numpy(array).to(device) for name, array in batch.items()})
        network.train(was_training)
        found: Floats = logits.float().cpu().numpy()
        return found

    return Tagger(with_transitions(settings, network), tokenizer, forward)
