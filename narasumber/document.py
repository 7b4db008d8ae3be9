"""`Document`: an article with its annotation, the one truth that everything else is a view of.

Offsets count Unicode code points of `Document.text`, start inclusive, end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from narasumber.labels import ATTRIBUTES, LABELS, LAYERS, Layer
from narasumber.scope import UNMARKED, WHOLE, Scope


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of text.

    `fragments` is empty for a span without gaps; a discontinuous span lists its parts (at least two, in order,
    not touching), whose outer bounds are `start` and `end`. `attributes` is sorted by name.
    """

    layer: Layer
    label: str
    start: int
    end: int
    attributes: tuple[tuple[str, str], ...] = ()
    fragments: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise ValueError(f"unknown layer {self.layer!r}; layers are {', '.join(LAYERS)}")
        if self.label not in LABELS[self.layer]:
            raise ValueError(f"unknown {self.layer} label {self.label!r}; labels are {', '.join(LABELS[self.layer])}")
        if not 0 <= self.start < self.end:
            raise ValueError(f"span {self.start}..{self.end} is empty or negative")
        if len(self.attributes) > 1 and tuple(sorted(self.attributes)) != self.attributes:
            object.__setattr__(self, "attributes", tuple(sorted(self.attributes)))
        for name, value in self.attributes:
            layer, values = ATTRIBUTES.get(name, (None, ()))
            if layer != self.layer or value not in values:
                raise ValueError(f"attribute {name}={value!r} is not one that a {self.label} may have")
        if self.fragments:
            flat = [offset for part in self.fragments for offset in part]
            if len(self.fragments) < 2 or flat != sorted(set(flat)) or (flat[0], flat[-1]) != (self.start, self.end):
                raise ValueError(f"fragments {self.fragments} do not fill {self.start}..{self.end} in order with gaps")

    @property
    def sort_key(self) -> tuple[int, int, int, str]:
        """Text order, longer before shorter, then layer and label."""
        return (self.start, -self.end, LAYERS.index(self.layer), self.label)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each stretch that is covered; one where there is no gap."""
        return self.fragments or ((self.start, self.end),)

    def stretches(self, text: str) -> tuple[tuple[int, int], ...]:
        """The parts, as one where nothing but white space is between: brat parts a span wherever a line ends."""
        found = [self.parts[0]]
        for start, end in self.parts[1:]:
            if text[found[-1][1] : start].isspace():
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return tuple(found)

    def attribute(self, name: str) -> str | None:
        return dict(self.attributes).get(name)

    def text_in(self, text: str) -> str:
        """The covered text; the parts of a discontinuous span joined by one space, as brat does."""
        return " ".join(text[start:end] for start, end in self.parts)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Somebody (`sources`) expressed something (`contents`), and `cue` is how we know it."""

    cue: Span
    sources: tuple[Span, ...] = ()
    contents: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        for role, spans in (("cue", (self.cue,)), ("source", self.sources), ("content", self.contents)):
            if any(span.layer != role for span in spans):
                raise ValueError(f"a span that is no {role} stands in the {role} role of an attribution")
            if len(set(spans)) < len(spans):
                raise ValueError(f"an attribution names the same {role} twice")
        object.__setattr__(self, "sources", tuple(sorted(self.sources, key=lambda span: span.sort_key)))
        object.__setattr__(self, "contents", tuple(sorted(self.contents, key=lambda span: span.sort_key)))

    @classmethod
    def of(cls, cue: Span, members: Iterable[Span]) -> Attribution:
        """The attribution of a cue with these sources and contents."""
        own = tuple(members)
        return cls(cue, *(tuple(span for span in own if span.layer == role) for role in ("source", "content")))

    @property
    def spans(self) -> tuple[Span, ...]:
        return (self.cue, *self.sources, *self.contents)


@dataclass(frozen=True, slots=True)
class Document:
    """An article: `spans` in text order, `attributions` in the order of their cues, each built of these spans.

    `meta` holds plain JSON values: `outlet`, `title`, `sections` (list of `[kind, start, end]`), and whatever a
    reader must keep for its writer. `scope` is what the annotation speaks of, the whole scheme unless a reader knows
    better; every span is of its layers and labels.
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)
    scope: Scope = WHOLE

    def __post_init__(self) -> None:
        spans = tuple(sorted(self.spans, key=lambda span: span.sort_key))
        known = set(spans)
        if len(known) < len(spans):
            raise ValueError(f"document {self.id}: a span is given twice")
        size = len(self.text)
        for span in spans:
            if span.end > size:
                raise ValueError(f"document {self.id}: span {span.start}..{span.end} ends behind {size}")
            if self.scope is not WHOLE:
                own = self.scope.layer(span.layer)
                if own is None or span.label not in own.labels:
                    raise ValueError(f"document {self.id}: its annotation does not speak of {span.label}")
        cues = [attribution.cue for attribution in self.attributions]
        if len(set(cues)) < len(cues):
            raise ValueError(f"document {self.id}: two attributions share one cue")
        for attribution in self.attributions:
            for span in attribution.spans:
                if span not in known:
                    raise ValueError(f"document {self.id}: attribution uses {span}, which is not among its spans")
        object.__setattr__(self, "spans", spans)
        object.__setattr__(self, "attributions", tuple(sorted(self.attributions, key=lambda a: a.cue.sort_key)))

    def layer(self, layer: Layer) -> tuple[Span, ...]:
        return tuple(span for span in self.spans if span.layer == layer)

    def with_annotation(self, spans: Iterable[Span], attributions: Iterable[Attribution] = ()) -> Document:
        """The same text under another annotation, for example a model's."""
        return replace(self, spans=tuple(spans), attributions=tuple(attributions))

    def within(self, scope: Scope) -> Document:
        """What an annotation of this scope says of the text, in its terms; layers that its own does not speak of, or
        leaves open, stay so. Raises ValueError for labels told apart, or left out, that it has as one.
        """
        terms = [(layer, asked, own) for layer, asked in scope.layers if (own := self.scope.layer(layer))]
        for _, asked, own in terms:
            for group in own.groups:
                if len({asked.group_of(label) for label in group}) > 1:
                    raise ValueError(f"has {', '.join(group)} as one")
        told = Scope(tuple((layer, replace(asked, closed=own.closed)) for layer, asked, own in terms))
        names = {span: told.name_of(span.layer, span.label) for span in self.spans}
        spans = {span: replace(span, label=name) for span, name in names.items() if name}
        attributions = [
            Attribution.of(spans[one.cue], (spans[span] for span in one.spans[1:] if span in spans))
            for one in self.attributions
            if one.cue in spans
        ]
        return replace(self, spans=tuple(dict.fromkeys(spans.values())), attributions=tuple(attributions), scope=told)

    def bare(self) -> Document:
        """The same text without annotation, as a model sees it."""
        return self.with_annotation(())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; attributions name spans by their place in `spans`."""
        place = {span: index for index, span in enumerate(self.spans)}
        return {
            "id": self.id,
            "text": self.text,
            "spans": [
                {
                    "layer": span.layer,
                    "label": span.label,
                    "start": span.start,
                    "end": span.end,
                    "text": span.text_in(self.text),
                    **({"attributes": dict(span.attributes)} if span.attributes else {}),
                    **({"fragments": [list(part) for part in span.fragments]} if span.fragments else {}),
                }
                for span in self.spans
            ],
            "attributions": [
                {
                    "cue": place[attribution.cue],
                    "sources": [place[span] for span in attribution.sources],
                    "contents": [place[span] for span in attribution.contents],
                }
                for attribution in self.attributions
            ],
            "meta": dict(self.meta),
            **({} if self.scope == WHOLE else {"scope": self.scope.to_json()}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Document:
        """The inverse of `to_json`; with neither `spans` nor `attributions` it is of a text that nobody has annotated.

        Raises Key-, Type-, Attribute- or ValueError for values of another form.
        """
        if not value.keys() & {"spans", "attributions"}:
            value = {"scope": UNMARKED.to_json(), **value, "spans": [], "attributions": []}
        if not (isinstance(value["id"], str) and isinstance(value["text"], str)):
            raise TypeError("id and text must be strings")
        if not isinstance(value.get("meta", {}), Mapping):
            raise TypeError("meta must be an object")
        spans = tuple(
            Span(
                item["layer"],
                item["label"],
                _whole(item["start"]),
                _whole(item["end"]),
                tuple(item["attributes"].items()) if "attributes" in item else (),
                tuple((_whole(start), _whole(end)) for start, end in item["fragments"]) if "fragments" in item else (),
            )
            for item in value["spans"]
        )

        def at(place: int) -> Span:
            if not 0 <= _whole(place) < len(spans):
                raise ValueError(f"attributions name span {place}, and there are {len(spans)}")
            return spans[place]

        attributions = tuple(
            Attribution(at(item["cue"]), tuple(map(at, item["sources"])), tuple(map(at, item["contents"])))
            for item in value["attributions"]
        )
        scope = Scope.from_json(value["scope"]) if "scope" in value else WHOLE
        return cls(value["id"], value["text"], spans, attributions, value.get("meta", {}), scope)


def _whole(value: Any) -> int:
    """JSON has 3.0 and true where 3 and 1 are meant."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value
