"""The layers of WebAnno and INCEpTION made into documents, for CAS files and WebAnno TSV.

A layer is a UIMA type with features. What a project annotates is DKPro's `NamedEntity` and its own layers, called
`webanno.custom.NAME` or `custom.NAME` (INCEpTION user guide, "Layers"); tokens, sentences and the like are the tool's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from narasumber.document import Document
from narasumber.formats.common import LabelMap, Mark, Problems, Tie, build
from narasumber.formats.projects import INITIAL, meta_of
from narasumber.labels import ATTRIBUTES, layer_of_label
from narasumber.scope import UNMARKED

NAMED_ENTITY: Final = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
CUSTOM: Final = "webanno.custom."

_SPANS: Final = (NAMED_ENTITY.removesuffix("NamedEntity"), CUSTOM, "custom.")
# Every file is full of these, and they say nothing that people annotate.
TOOLS_OWN: Final = (
    "uima.",
    "org.dkpro.core.api.xml.",
    "de.tudarmstadt.ukp.clarin.",
    "de.tudarmstadt.ukp.inception.",
    "de.tudarmstadt.ukp.dkpro.core.api.metadata.",
    "de.tudarmstadt.ukp.dkpro.core.api.segmentation.",
)


@dataclass(frozen=True)
class Item:
    """An annotation that covers text: `layer` is its type's full name, `values` its features that have a value."""

    key: str
    layer: str
    start: int
    end: int
    where: str
    values: Mapping[str, str]


def to_document(
    id: str,
    text: str,
    items: Sequence[Item],
    ties: Sequence[Tie],
    labels: LabelMap,
    problems: Problems,
    *,
    where: str,
    annotator: str,
    left_out: Counter[str],
) -> Document | None:
    """A document, or None with the reasons in `problems`; see `common.build`.

    The label of a span is, in this order: SOURCE, CUE or CONTENT if its layer is called so; the first of its values
    that the scheme or `labels` knows; the name of its layer. Kind and Form become attributes. Layers that are none of
    the project's own are read if `labels` names them; what else is there, or covers no text, is counted in `left_out`.
    The scope of a project's document that nobody has annotated is empty; see `projects`.
    """
    marks: list[Mark] = []
    for item in items:
        name = short_name(item.layer)
        if not item.layer.startswith(_SPANS) and name not in labels and not _role(name, labels):
            if not item.layer.startswith(TOOLS_OWN):
                left_out[f"annotations of the layer {name}"] += 1
            continue
        if item.start == item.end:
            left_out["annotations of no width"] += 1
            continue
        attributes = {feature: value for feature, value in item.values.items() if feature in ATTRIBUTES}
        values = {feature: value for feature, value in item.values.items() if feature not in ATTRIBUTES}
        source, label = _label(name, values, labels)
        left_out.update(f"feature {feature} of the layer {name}" for feature in values if feature != source)
        marks.append(Mark(item.key, label, item.start, item.end, item.where, attributes=attributes))
    keys = {mark.key for mark in marks}
    kept = [tie for tie in ties if tie.first in keys and tie.second in keys]
    left_out["relations of annotations that are left out"] += len(ties) - len(kept)

    meta = {**meta_of(annotator), "left_out": +left_out}
    document = build(id, text, marks, kept, labels, problems, where=where, meta=meta)
    if document and annotator == INITIAL and not document.spans:
        return replace(document, scope=UNMARKED)
    return document


def short_name(layer: str) -> str:
    return layer.rpartition(".")[2]


def _role(name: str, labels: LabelMap) -> str:
    """What a layer of this name holds, if it is one of SOURCE, CUE and CONTENT: the label or what is mapped to it."""
    label = name if name in labels else name.upper()
    return label if layer_of_label(labels.get(label, label)) in ("source", "cue", "content") else ""


def _label(name: str, values: Mapping[str, str], labels: LabelMap) -> tuple[str, str]:
    """The feature that says a span's label, if one does, and the label."""
    if role := _role(name, labels):
        return "", role
    # INCEpTION calls it `value` or `label`; any may be there beside it, a comment or a link into a knowledge base.
    candidates = sorted(values.items(), key=lambda item: item[0] not in ("value", "label"))
    for feature, value in candidates:
        if value in labels or layer_of_label(value):
            return feature, value
    return candidates[0] if candidates and name not in labels else ("", name)
