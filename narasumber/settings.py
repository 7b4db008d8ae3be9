"""What a model must know about itself besides its weights: the file `narasumber.json` of a model or export folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from narasumber.errors import InputError
from narasumber.labels import HEADS, Head, bio_tags, head_labels
from narasumber.validation import validation_problems

FILE = "narasumber.json"

PIECES_PER_WORD = 16
"""Further pieces of a word tell its first one little (a web address has hundreds), and would fill a window."""


class Frozen(BaseModel):
    """A strict, immutable record: an unknown key is an error, and so is an infinite number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


PieceId = Annotated[int, Field(ge=0, lt=2**31, strict=True)]


class WindowSettings(Frozen):
    """How an article is cut: windows of at most `pieces` word pieces, special tokens included.

    `unit: line` reads every line by itself; `article` reads as many lines at once as fit. What does not fit is cut
    into windows that share about `overlap` pieces.
    """

    unit: Literal["line", "article"] = "line"
    pieces: int = Field(default=256, ge=PIECES_PER_WORD + 2)
    overlap: int = Field(default=64, ge=0)


class Settings(Frozen):
    """The contract between training, export and `Tagger`."""

    version: int = 1
    name: str
    encoder: str
    heads: tuple[Head, ...] = HEADS
    labels: dict[Head, tuple[str, ...]]
    window: WindowSettings = WindowSettings()
    transitions: dict[Head, tuple[tuple[float, ...], ...]] = {}
    """Scores [tags, tags] of each head for one tag to follow another, known once the model is trained."""
    word_shape: bool = False
    token_types: bool = True
    cls_id: PieceId
    sep_id: PieceId
    pad_id: PieceId
    unk_id: PieceId

    @property
    def tag_counts(self) -> tuple[int, ...]:
        """The number of BIO tags of each head: how the last axis of the logits is parted."""
        return tuple(len(bio_tags(self.labels[head])) for head in self.heads)

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """Raises InputError if the file is missing, broken, or of a scheme that this version does not know."""
        path = folder / FILE
        try:
            settings = cls.model_validate_json(path.read_bytes())
        except OSError:
            what, cure = f"holds no {FILE}", "name a folder that `narasumber export` or a training run wrote"
            if (folder / "config.yaml").exists():
                what, cure = "is a run, no model", f"narasumber export {folder} --to DIR, and name DIR"
            raise InputError(str(folder), what, cure) from None
        except ValidationError as error:
            cure = "it is cut off, or of another version: train and export again"
            raise InputError.of(
                [replace(one, cure=cure) for one in validation_problems(str(path), error, cls)]
            ) from None
        if settings.version != 1:
            raise InputError(str(path), f"is of version {settings.version}, this program reads version 1", "upgrade")
        if settings.heads != tuple(head for head in HEADS if head in settings.heads):
            raise InputError(str(path), f"heads are not in the order of {', '.join(HEADS)}", "export again")
        for head in settings.heads:
            if settings.labels.get(head) != head_labels(head):
                raise InputError(
                    str(path), f"labels of {head!r} are not those of this version's scheme", "export again"
                )
        for head, count in zip(settings.heads, settings.tag_counts, strict=True):
            if [len(row) for row in settings.transitions.get(head, ())] != [count] * count:
                what = f"has no {count} x {count} transitions for {head!r}, which models of earlier versions had not"
                raise InputError(str(path), what, "train and export again")
        return settings
