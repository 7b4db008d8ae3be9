"""Encoders by name: the built-in one, any of a model hub, any local folder in a hub's file layout.

Tokenizers are built from the files that are there, not by the class that the model's type suggests: `AutoTokenizer`
makes a five-piece vocabulary of indobert-lite's WordPiece file, without a word (github.com/IndoNLP/indonlu/issues/4).
What a folder says of lengths is not believed either (`model_max_length` of 1e30): the positions of the config count.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import AddedToken, BertWordPieceTokenizer, ByteLevelBPETokenizer, Tokenizer
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging
from transformers.utils.hub import cached_file

from models.builtin import builtin_folder
from models.network import encoder_options, load
from narasumber.errors import InputError
from narasumber.settings import FILE
from narasumber.windows import pieces_of

MOST_UNKNOWN: Final = 0.05
"""The share of words with an unknown piece from which on a tokenizer is the wrong one for a text."""

_SPECIAL: Final = {
    "cls": ("[CLS]", "<s>", "<cls>", "<bos>", "<|startoftext|>"),
    "sep": ("[SEP]", "</s>", "<sep>", "<eos>", "<|endoftext|>"),
    "pad": ("[PAD]", "<pad>", "<|padding|>"),
    "unk": ("[UNK]", "<unk>"),
}


@dataclass(frozen=True)
class Encoder:
    """A pre-trained encoder and its tokenizer. `max_pieces`: the longest window that it has positions for; None
    where these are relative, and it has them for any.

    `heads`: what a model that was trained here before has over its encoder, by the names of `Network`'s parameters.
    """

    name: str
    model: PreTrainedModel
    tokenizer: Tokenizer
    uncased: bool
    token_types: bool
    max_pieces: int | None
    cls_id: int
    sep_id: int
    pad_id: int
    unk_id: int
    heads: Mapping[str, Tensor] = field(default_factory=dict)


def load_encoder(name: str, revision: str | None = None) -> Encoder:
    """`builtin`, a folder, or a hub's `owner/name`, at a branch, tag or commit if `revision` is given.

    A folder may be a model of a run (`runs/news/last`), to train it further.
    Weights come from safetensors, else from a `.bin` that is read with `weights_only`; code of a model is never run.
    Raises InputError if the encoder cannot be had, lacks weights or a tokenizer, the two do not belong together, or a
    revision is asked of what has none.
    """
    if revision and (name == "builtin" or Path(name).is_dir()):
        raise InputError("model.revision", f"{name} is no model of a hub, and has none", "leave it out")
    if (Path(name) / FILE).is_file():
        return _trained(Path(name))
    if (Path(name) / "config.yaml").is_file() and (Path(name) / "last").is_dir():
        raise InputError(f"model.encoder: {name}", "is a run, no model", f"name a model of it: {name}/last")
    if name == "builtin":
        folder = builtin_folder()
        try:
            return _read(_Files(name, str(folder), None))
        except InputError as error:
            what = f"is damaged: {error.problems[0].what}"
            raise InputError(str(folder), what, "remove this folder: it will be written anew") from None
    return _read(_Files(name, name, revision))


def _read(files: _Files) -> Encoder:
    config = files.config()
    tokenizer = files.tokenizer()
    model = files.model(config)
    # Not how many there are: a vocab.txt with a line that stands twice leaves a number without a piece.
    rows, pieces = len(embeddings(model).weight), 1 + max(tokenizer.get_vocab().values())
    if pieces > rows:
        what = f"its tokenizer has {pieces} pieces, its weights know {rows}"
        raise InputError(files.where, what, "its files are of two models: get it again")
    ids = {key: files.special(key, tokenizer) for key in _SPECIAL}
    if pieces < rows:  # indobert-base has 19,479 rows that no piece points to (github.com/IndoNLP/indonlu/issues/33)
        model.resize_token_embeddings(pieces)
    return Encoder(
        name=files.name,
        model=model,
        tokenizer=tokenizer,
        uncased=_uncased(tokenizer),
        token_types=getattr(config, "type_vocab_size", 0) > 0,
        max_pieces=_positions(model),
        cls_id=ids["cls"],
        sep_id=ids["sep"],
        pad_id=ids["pad"],
        unk_id=ids["unk"],
    )


def _trained(folder: Path) -> Encoder:
    """Of a model folder that a run wrote."""
    network, tokenizer, settings = load(folder)
    return Encoder(
        name=str(folder),
        model=network.encoder,
        tokenizer=tokenizer,
        uncased=_uncased(tokenizer),
        token_types=settings.token_types,
        max_pieces=_positions(network.encoder),
        cls_id=settings.cls_id,
        sep_id=settings.sep_id,
        pad_id=settings.pad_id,
        unk_id=settings.unk_id,
        heads={name: value for name, value in network.state_dict().items() if not name.startswith("encoder.")},
    )


def _uncased(tokenizer: Tokenizer) -> bool:
    return bool(tokenizer.encode("Jakarta KPK").ids == tokenizer.encode("jakarta kpk").ids)


def _positions(model: PreTrainedModel) -> int | None:
    positions: int = getattr(model.config, "max_position_embeddings", -1)
    if positions < 0:  # XLNet, whose positions are relative, says -1; others say nothing
        return None
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding) and module.padding_idx is not None:
            return positions - module.padding_idx - 1  # those of RoBERTa and its kin begin behind the padding's number
    return positions


def check_coverage(texts: Sequence[str], encoder: Encoder) -> None:
    """Raises InputError if more than 5 % of the words of `texts` hold an unknown piece."""
    unknown: list[str] = []
    total = 0
    for text in texts:
        pieces = pieces_of(text, encoder.tokenizer, encoder.unk_id)
        total += len(pieces.words)
        for word in sorted(set(pieces.word_of[pieces.ids == encoder.unk_id].tolist())):
            start, end = pieces.words[word]
            unknown.append(text[start:end])
    if total and len(unknown) / total > MOST_UNKNOWN:
        examples = ", ".join(list(dict.fromkeys(unknown))[:8])
        raise InputError(
            f"model.encoder: {encoder.name}",
            f"{len(unknown) / total:.0%} of the words hold a piece that its tokenizer does not know ({examples})",
            f"at most {MOST_UNKNOWN:.0%} may: its vocabulary file is not the model's own, or of another language",
        )


class _Files:
    """An encoder's files, in a folder or on a hub, and what is read from them."""

    def __init__(self, name: str, place: str, revision: str | None) -> None:
        self.name, self.place, self.revision = name, place, revision
        self.where = f"model.encoder: {name}"

    def config(self) -> PreTrainedConfig:
        if not Path(self.place).is_dir() and not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", self.place):
            raise InputError(self.where, "there is no such folder, and it is no name of a hub's", "give owner/name")
        try:
            config: PreTrainedConfig = AutoConfig.from_pretrained(
                self.place, revision=self.revision, trust_remote_code=False
            )
            return config
        except Exception as error:  # the hub's client and transformers, each with exceptions of its own
            what = "there is no such folder, and no hub gave a model of that name"
            if Path(self.place).is_dir():
                what = "the folder holds no config.json that transformers can read"
            cure = f"name a folder, a model that can be reached, or builtin ({first_line(error)})"
            raise InputError(self.where, what, cure) from error

    def path(self, file: str) -> Path | None:
        found = cached_file(
            self.place,
            file,
            revision=self.revision,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
            _raise_exceptions_for_gated_repo=False,
        )
        return None if found is None else Path(found)

    def json(self, file: str) -> Any:
        path = self.path(file)
        try:
            return {} if path is None else json.loads(path.read_bytes())
        except ValueError as error:
            raise InputError(f"{self.where}: {file}", f"is not JSON: {error}", "get the file again") from None

    def tokenizer(self) -> Tokenizer:
        """The tokenizer without truncation and padding, which its file may ask for."""
        try:
            tokenizer = self._tokenizer()
        except InputError:
            raise
        except Exception as error:  # tokenizers raises a bare Exception
            what = f"its tokenizer cannot be read: {first_line(error)}"
            raise InputError(self.where, what, "get the encoder again") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if isinstance(tokenizer.pre_tokenizer, ByteLevel):
            # The first word of a line has the pieces that it has behind a space.
            tokenizer.pre_tokenizer.add_prefix_space = True
        return tokenizer

    def _tokenizer(self) -> Tokenizer:
        if path := self.path("tokenizer.json"):
            return Tokenizer.from_file(str(path))
        if path := self.path("vocab.txt"):
            options = self.json("tokenizer_config.json")
            made = BertWordPieceTokenizer.from_file(
                str(path),
                lowercase=options.get("do_lower_case", True),
                strip_accents=options.get("strip_accents"),
                handle_chinese_chars=options.get("tokenize_chinese_chars", True),
            )
            added = sorted(self.json("added_tokens.json").items(), key=lambda item: item[1])
            tokenizer: Tokenizer = made._tokenizer
            tokenizer.add_tokens([AddedToken(token) for token, _ in added])
            return tokenizer
        vocabulary, merges = self.path("vocab.json"), self.path("merges.txt")
        if vocabulary and merges:
            byte_level = ByteLevelBPETokenizer.from_file(str(vocabulary), str(merges), add_prefix_space=True)
            tokenizer = byte_level._tokenizer
            tokenizer.add_special_tokens([t for names in _SPECIAL.values() for t in names if tokenizer.token_to_id(t)])
            return tokenizer
        if any(self.path(file) for file in ("sentencepiece.bpe.model", "spiece.model", "tokenizer.model")):
            converted = AutoTokenizer.from_pretrained(self.place, revision=self.revision, trust_remote_code=False)
            tokenizer = converted.backend_tokenizer
            return tokenizer
        what = "it has neither tokenizer.json, vocab.txt, vocab.json with merges.txt, nor a SentencePiece file"
        raise InputError(self.where, what, "put the tokenizer's files beside config.json")

    def special(self, key: str, tokenizer: Tokenizer) -> int:
        """The id of a special token: as the folder's own files name it, else by the names in use."""
        names: list[str] = []
        for file in ("tokenizer_config.json", "special_tokens_map.json"):
            options = self.json(file)
            for option in {"cls": ("cls_token", "bos_token"), "sep": ("sep_token", "eos_token")}.get(
                key, (f"{key}_token",)
            ):
                token = options.get(option)
                names.append(token.get("content", "") if isinstance(token, dict) else token or "")
        for name in (*names, *_SPECIAL[key]):
            if name and (number := tokenizer.token_to_id(name)) is not None:
                return int(number)
        what = f"its tokenizer has no {key} token; looked for {', '.join(_SPECIAL[key])}"
        raise InputError(self.where, what, f"name it as {key}_token in tokenizer_config.json")

    def model(self, config: PreTrainedConfig) -> PreTrainedModel:
        if config.is_encoder_decoder:
            what = f"is an encoder with a decoder ({config.model_type})"
            raise InputError(self.where, what, "name an encoder by itself: BERT, RoBERTa, DeBERTa, ELECTRA, ...")
        # Without this, transformers asks the network, in a thread, for a converted copy of every .bin.
        os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"
        logging.disable_progress_bar()
        logging.set_verbosity_error()  # what is missing is told below, what is left over does not matter
        try:
            model, found = AutoModel.from_pretrained(
                self.place,
                revision=self.revision,
                config=config,
                trust_remote_code=False,
                weights_only=True,
                dtype=torch.float32,  # a config that says half would have every later model made in halves
                output_loading_info=True,
                **encoder_options(config),
            )
        except Exception as error:  # torch, safetensors and transformers, each with exceptions of its own
            what = f"its weights cannot be loaded: {first_line(error)}"
            raise InputError(self.where, what, "it needs model.safetensors or pytorch_model.bin") from error
        missing = sorted(found["missing_keys"]) + sorted(str(key) for key in found["mismatched_keys"])
        if missing:
            what = f"its weights lack {len(missing)} of the model's tensors: {', '.join(missing[:4])}"
            raise InputError(self.where, what, "they are of another architecture than its config.json: get it again")
        encoder: PreTrainedModel = model
        return encoder


def embeddings(model: PreTrainedModel) -> nn.Embedding:
    """The input embeddings, [pieces, width]."""
    found = model.get_input_embeddings()
    assert isinstance(found, nn.Embedding)
    return found


def first_line(error: Exception) -> str:
    """What an exception says, cut to one line."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
