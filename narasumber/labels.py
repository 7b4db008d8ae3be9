"""The annotation scheme: layers, their labels and attributes, and the BIO tags made of them.

Entity types are those of the Nergrit corpus; SOURCE, CUE and CONTENT those of the Penn Attribution Relation
Corpus (Pareti 2016, L16-1619). `seeds/GUIDELINES.md` defines them.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Layer = Literal["entity", "source", "cue", "content"]
"""A layer of a `Document`."""

Head = Literal["entity", "source", "cue", "content", "content_inner"]
"""A BIO view that a model predicts; `content_inner` holds a CONTENT that lies inside another."""

LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)
HEADS: Final[tuple[Head, ...]] = get_args(Head)

ENTITY_LABELS: Final = (
    "PER", "ORG", "GPE", "LOC", "FAC", "EVT", "DAT", "TIM", "CRD", "ORD",
    "QTY", "MON", "PRC", "PRD", "LAW", "NOR", "REG", "LAN", "WOA",
)  # fmt: skip

LABELS: Final[dict[Layer, tuple[str, ...]]] = {
    "entity": ENTITY_LABELS,
    "source": ("SOURCE",),
    "cue": ("CUE",),
    "content": ("CONTENT",),
}

ATTRIBUTES: Final[dict[str, tuple[Layer, tuple[str, ...]]]] = {
    "Form": ("content", ("Direct", "Indirect", "Mixed")),
    "Kind": ("source", ("Person", "Anonymous", "Institution", "Medium", "Document", "Pronoun")),
}
"""Attribute name -> the layer it stands on and its values."""


def layer_of_head(head: Head) -> Layer:
    return "content" if head == "content_inner" else head


def head_labels(head: Head) -> tuple[str, ...]:
    return LABELS[layer_of_head(head)]


def layer_of_label(label: str) -> Layer | None:
    """The layer that a label belongs to, or None if the scheme does not know it."""
    return next((layer for layer, labels in LABELS.items() if label in labels), None)


def bio_tags(labels: tuple[str, ...]) -> tuple[str, ...]:
    """`O`, then `B-x`, `I-x` for each label: tag number 0 is `O`, 2k+1 is `B-` and 2k+2 is `I-` of label k."""
    return ("O", *(f"{prefix}-{label}" for label in labels for prefix in "BI"))
