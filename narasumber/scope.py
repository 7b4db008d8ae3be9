"""What an annotation speaks of: corpora mark some layers and labels, some of them more coarsely than the scheme.

A word that nothing marks is not always a word with nothing to mark. A `Scope` says which it is, so that training asks
a model only for what its teacher knew: the probability of a coarse label is the sum of its fine labels', and a
word that is unmarked may be anything the annotation does not speak of (partial annotation: Tsuboi et al. 2008,
C08-1113; Greenberg et al. 2018, D18-1306).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from narasumber.labels import LABELS, LAYERS, Layer, layer_of_label


@dataclass(frozen=True, slots=True)
class LayerScope:
    """One layer. `groups`: the labels that are told apart; a group of several is one coarse label, which spans write
    as the group's first. `closed`: whether an unmarked word has none of these labels, or may have any.
    """

    groups: tuple[tuple[str, ...], ...]
    closed: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """What spans of this layer may be called."""
        return tuple(group[0] for group in self.groups)

    def group_of(self, label: str) -> tuple[str, ...] | None:
        """The group that holds a label, or None where the annotation does not speak of it."""
        return next((group for group in self.groups if label in group), None)


@dataclass(frozen=True, slots=True)
class Scope:
    """The layers that an annotation speaks of, in the scheme's order. Raises ValueError for what the scheme lacks."""

    layers: tuple[tuple[Layer, LayerScope], ...]

    def __post_init__(self) -> None:
        names = [layer for layer, _ in self.layers]
        if len(set(names)) < len(names):
            raise ValueError("a scope names a layer twice")
        for layer, own in self.layers:
            known = LABELS.get(layer, ())
            labels = [label for group in own.groups for label in group]
            if layer not in LAYERS or not all(own.groups) or not own.groups:
                raise ValueError(f"scope of {layer!r} names no labels, or {layer!r} is no layer")
            if len(set(labels)) < len(labels) or not set(labels) <= set(known):
                raise ValueError(f"scope of {layer!r}: {labels} are not labels of it, each once")
        object.__setattr__(self, "layers", tuple(sorted(self.layers, key=lambda item: LAYERS.index(item[0]))))

    def layer(self, layer: Layer) -> LayerScope | None:
        return dict(self.layers).get(layer)

    def name_of(self, layer: Layer, label: str) -> str | None:
        """What the annotation calls a label of the scheme, or None where it does not speak of it."""
        own = self.layer(layer)
        group = own.group_of(label) if own else None
        return group[0] if group else None

    @classmethod
    def of(cls, names: Iterable[str | Sequence[str]]) -> Scope:
        """Of labels, layers with all their labels, and lists of labels that are one. Raises ValueError for others.

        >>> Scope.of(["PER", ["LOC", "GPE"], "cue"]).to_json()["entity"]["groups"]
        [['PER'], ['LOC', 'GPE']]
        """
        groups: dict[Layer, list[tuple[str, ...]]] = {}
        for name in names:
            labels = (name,) if isinstance(name, str) else tuple(name)
            found = next((layer for layer in LAYERS if layer == name), layer_of_label(labels[0]) if labels else None)
            if found is None:
                known = ", ".join(label for own in (LABELS, *LABELS.values()) for label in own)
                raise ValueError(f"{name} is no layer or label; these are {known}")
            groups.setdefault(found, []).extend([(label,) for label in LABELS[found]] if found == name else [labels])
        return cls(tuple((layer, LayerScope(tuple(own))) for layer, own in groups.items()))

    def to_json(self) -> dict[str, Any]:
        return {
            layer: {"groups": [list(group) for group in own.groups], "closed": own.closed} for layer, own in self.layers
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scope:
        """The inverse of `to_json`. Raises Key-, Type-, Attribute- or ValueError for values of another form."""
        return cls(
            tuple(
                (layer, LayerScope(tuple(tuple(group) for group in own["groups"]), bool(own["closed"])))  # type: ignore[misc]
                for layer, own in value.items()
            )
        )


def joined(scopes: Iterable[Scope]) -> Scope:
    """What annotations of these scopes teach together: a label that any of them tells apart is told apart.

    >>> coarse, fine = LayerScope((("LOC", "GPE", "FAC"),)), LayerScope((("PER",), ("GPE",)))
    >>> joined([Scope((("entity", coarse),)), Scope((("entity", fine),))]).layer("entity").groups
    (('PER',), ('GPE',), ('LOC', 'FAC'))
    """
    layers: list[tuple[Layer, LayerScope]] = []
    own = list(scopes)
    for layer in LAYERS:
        found = [item for scope in own if (item := scope.layer(layer))]
        groups = sorted({group for item in found for group in item.groups}, key=lambda group: (len(group), group))
        told: dict[str, tuple[str, ...]] = {}
        for group in groups:
            rest = tuple(label for label in group if label not in told)
            told |= dict.fromkeys(rest, rest)
        if told:
            distinct = sorted(set(told.values()), key=lambda group: min(map(LABELS[layer].index, group)))
            layers.append((layer, LayerScope(tuple(distinct), any(item.closed for item in found))))
    return Scope(tuple(layers))


WHOLE = Scope(tuple((layer, LayerScope(tuple((label,) for label in labels))) for layer, labels in LABELS.items()))
"""All of the scheme, as the seeds are annotated."""

UNMARKED = Scope(())
"""Of an article that nobody has annotated."""
