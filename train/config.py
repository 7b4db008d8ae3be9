"""One YAML file, one training run: the keys, their types, bounds and defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import yaml
from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from data.sources import DataConfig
from data.text import TextConfig
from narasumber.errors import InputError
from narasumber.labels import HEADS, Head
from narasumber.settings import PIECES_PER_WORD, Frozen, WindowSettings
from narasumber.validation import validation_problems


def _as_a_folder(name: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError("names a folder: letters, digits and _ are good, and behind the first of them . and -")
    return name


Name = Annotated[str, Field(max_length=200), AfterValidator(_as_a_folder)]
"""Of a run."""


class EncoderConfig(Frozen):
    encoder: str = "builtin"
    revision: str | None = None
    encoder_dropout: float | None = Field(default=None, ge=0, lt=1)
    """Of the encoder's hidden layers and attention; None leaves what its config says."""
    frozen_layers: int = Field(default=0, ge=0)
    """So many of the encoder's lowest layers, and with any the embeddings, stay as they are: updates take less time and
    memory (Lee et al. 2019, 1911.03090)."""


class ModelConfig(EncoderConfig):
    word_shape: Literal["auto", True, False] = "auto"
    """Whether heads see how words are written; auto: where the encoder is uncased."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Before the heads; the encoder keeps its own."""


class Stage(Frozen):
    """A stretch of training with its own rise and fall of the learning rate; stages follow each other."""

    epochs: int = Field(ge=1)
    sources: tuple[str, ...] | None = Field(default=None, min_length=1)
    """By name; all, if left out."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Of the encoder; the heads' goes up or down with it."""
    average: bool = False
    """Whether the model is the mean of the weights at the end of this stage and of all others that say so, and not the
    last ones (stochastic weight averaging, Izmailov et al. 2018)."""


class LoopConfig(Frozen):
    """How updates are made, whatever is learned."""

    learning_rate: float = Field(default=1e-4, gt=0)
    head_learning_rate: float = Field(default=1e-3, gt=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Each encoder layer learns this much slower than the one above it."""
    weight_decay: float = Field(default=0.01, ge=0)
    schedule: Literal["linear", "cosine"] = "linear"
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the updates."""
    tokens_per_batch: int = Field(default=2048, ge=16)
    """Word pieces, padding included, of one update over all processes."""
    accumulate: int = Field(default=1, ge=1)
    """Parts that an update is computed in; changes the memory it takes, of its result no more than dropout's draws."""
    clip_norm: float = Field(default=1.0, gt=0)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    gradient_checkpointing: bool = False
    """Computes the encoder's layers a second time instead of keeping what they computed: less memory, more time.

    BERT large (335 M parameters), updates of 2,048 pieces: 6.0 in place of 7.7 GiB, 5.0 of it weights and optimizer.
    """
    checkpoint_steps: int = Field(default=200, ge=1)
    trackers: tuple[Literal["tensorboard", "trackio", "mlflow", "wandb"], ...] = ()
    """Where else the metrics go. A run that is resumed is a second one of the same name there."""


EPOCHS: Final = 30


class TrainConfig(LoopConfig):
    epochs: int | None = Field(default=None, ge=1)
    """30, where neither it nor `stages` is given."""
    stages: tuple[Stage, ...] = ()
    """In place of `epochs`: corpora first, target articles last."""
    patience: int | None = Field(default=None, ge=1)
    """Epochs without a better development score before training stops."""

    @model_validator(mode="after")
    def _stages_that_count(self) -> TrainConfig:
        if self.stages and self.epochs is not None:
            raise ValueError(
                "stages say how many epochs there are: drop epochs (--set train.epochs=null), or the stages"
            )
        if self.patience is not None and len(self.stages) > 1:
            raise ValueError("patience would end training before its last stage: drop it, or have one stage")
        averaged = [stage.average for stage in self.stages]
        if averaged != sorted(averaged):
            raise ValueError("what a stage learns behind averaged ones would be lost: say average: true of it too")
        return self

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        return self.stages or (Stage(epochs=self.epochs or EPOCHS),)


class Config(Frozen):
    name: Name
    seed: int = Field(default=13, ge=0, lt=2**32)
    data: DataConfig
    layers: tuple[Head, ...] = Field(default=HEADS, min_length=1)
    window: WindowSettings = WindowSettings()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _stages_name_sources(self) -> Config:
        known = [source.title for source in self.data.sources]
        named = {name for stage in self.train.stages for name in stage.sources or ()}
        if unknown := sorted(named - set(known)):
            raise ValueError(f"train.stages names {', '.join(unknown)}; sources are {', '.join(known)}")
        return self

    @field_validator("layers")
    @classmethod
    def _layers_once_and_in_order(cls, layers: tuple[Head, ...]) -> tuple[Head, ...]:
        if len(set(layers)) < len(layers):
            raise ValueError("names a layer twice")
        if "content_inner" in layers and "content" not in layers:
            raise ValueError("content_inner is what stands within a content: name content too")
        return tuple(head for head in HEADS if head in layers)


class WindowsConfig(Frozen):
    """How text is cut: as in `WindowSettings`, but without an overlap."""

    unit: Literal["line", "article"] = "article"
    pieces: int = Field(default=256, ge=PIECES_PER_WORD + 2)


class MaskConfig(Frozen):
    rate: float = Field(default=0.15, gt=0, lt=1)
    """Share of the pieces that the encoder has to find."""
    whole_words: bool = True
    """Masks all pieces of a word or none."""


class VocabularyConfig(Frozen):
    """Changes of the encoder's vocabulary, before its text is read with it."""

    trim: int | None = Field(default=None, ge=1)
    """How many pieces stay, those that the text uses most; besides, all that no word should become unknown without."""
    extend: int | None = Field(default=None, ge=1)
    """How many words of the text become pieces, at most: those that save most."""


class AdaptTrainConfig(LoopConfig):
    epochs: int | None = Field(default=None, ge=1)
    """How often the text is read; once, if `tokens` is left out too."""
    tokens: int | None = Field(default=None, ge=1)
    """In place of `epochs`: word pieces of text to read, padding not counted; more than there are are read again."""

    @model_validator(mode="after")
    def _one_length(self) -> AdaptTrainConfig:
        if self.epochs is not None and self.tokens is not None:
            raise ValueError("has both epochs and tokens; either says how long training goes on")
        return self


class AdaptConfig(Frozen):
    """A run of `narasumber adapt`."""

    name: Name
    seed: int = Field(default=13, ge=0, lt=2**32)
    text: TextConfig
    window: WindowsConfig = WindowsConfig()
    model: EncoderConfig = EncoderConfig()
    vocabulary: VocabularyConfig = VocabularyConfig()
    mask: MaskConfig = MaskConfig()
    train: AdaptTrainConfig = AdaptTrainConfig()

    @model_validator(mode="after")
    def _new_pieces_learn(self) -> AdaptConfig:
        if self.model.frozen_layers and self.vocabulary.extend:
            raise ValueError(
                "model.frozen_layers keeps embeddings as they are, and vocabulary.extend adds some to learn"
            )
        return self


AnyConfig = TypeVar("AnyConfig", Config, AdaptConfig)


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key that stands twice in a mapping: YAML forbids it, PyYAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value]
        for number, key in enumerate(keys):
            if key.value in [before.value for before in keys[:number]]:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands there twice", key.start_mark)
        return super().construct_mapping(node, deep)


def from_yaml(text: str) -> Any:
    """Plain values. Raises YAMLError, also where PyYAML itself fails: of `2025-02-30`, `!!bool x` or a thousand `[`."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  (it is a safe one)
    except (ValueError, LookupError, AttributeError, RecursionError) as error:
        raise yaml.YAMLError(str(error)) from None


def load_config(path: Path, overrides: list[str] | tuple[str, ...] = ()) -> Config:
    """Reads a YAML file and applies `key.path=value` overrides (values are YAML too).

    Raises InputError naming file, key and allowed values for anything that is not right.
    """
    return _load(path, overrides, Config)


def load_adapt_config(path: Path, overrides: list[str] | tuple[str, ...] = ()) -> AdaptConfig:
    """As `load_config`, for `narasumber adapt`."""
    return _load(path, overrides, AdaptConfig)


def _load(path: Path, overrides: list[str] | tuple[str, ...], kind: type[AnyConfig]) -> AnyConfig:
    try:
        values = from_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "name a file of configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(where, f"is not YAML: {getattr(error, 'problem', None) or error}", "mend this line") from None
    if not isinstance(values, dict):
        raise InputError(str(path), "holds no keys", "copy one of configs/ and change it")
    for override in overrides:
        _apply(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError.of(validation_problems(str(path), error, kind)) from None


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise InputError(f"--set {override}", "is not of the form key=value", "--set train.learning_rate=3e-5")
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise InputError(f"--set {override}", f"{parent!r} is a value and has no keys below it")
    try:
        values[last] = from_yaml(text)
    except yaml.YAMLError:
        raise InputError(f"--set {override}", "its value is not YAML", "quote it") from None


def flat(config: Config | AdaptConfig) -> dict[str, Any]:
    """The config with dotted keys (`train.epochs`), for trackers: lists are JSON texts."""

    def walk(key: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict) and value:
            for name, below in value.items():
                yield from walk(f"{key}.{name}" if key else name, below)
        else:
            yield key, json.dumps(value) if isinstance(value, dict | list) else value

    return dict(walk("", config.model_dump(mode="json")))


def dump(config: Config | AdaptConfig) -> str:
    """The config with every default spelled out, as YAML that `load_config` reads back to the same config."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
