"""Documents of any content, for the round trips of formats."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from narasumber.document import Attribution, Document, Span
from narasumber.labels import ATTRIBUTES, LABELS, LAYERS


def characters(often: str, never: str = "") -> st.SearchStrategy[str]:
    """Any character but half ones, some often and some never."""
    return st.one_of(st.sampled_from(often), st.characters(exclude_categories=["Cs"], exclude_characters=never))


@st.composite
def documents(
    draw: st.DrawFn,
    pieces: st.SearchStrategy[str],
    *,
    ids: st.SearchStrategy[str] = st.just("d"),  # noqa: B008
    meta: st.SearchStrategy[dict[str, Any]] = st.just({}),  # noqa: B008
    gaps: bool = False,
    lone_cues: bool = False,
    attributes: bool = True,
) -> Document:
    """A document whose text is made of `pieces`, with up to eight spans of any layers and attributions of them.

    `gaps`: spans in several parts, `lone_cues`: attributions without any role, `attributes`: Form and Kind; whether
    there are such things, which not every format can carry.
    """
    text = draw(st.lists(pieces, min_size=1, max_size=40).map("".join).filter(str.strip))
    spans: dict[tuple[int, int, int, str], Span] = {}
    for layer in draw(st.lists(st.sampled_from(LAYERS), max_size=8)):
        bounds = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=6 if gaps else 2)))
        parts = tuple(zip(bounds[::2], bounds[1::2], strict=False))
        chosen = tuple(
            (name, draw(st.sampled_from(values)))
            for name, (place, values) in ATTRIBUTES.items()
            if attributes and place == layer and draw(st.booleans())
        )
        label = draw(st.sampled_from(LABELS[layer]))
        span = Span(layer, label, parts[0][0], parts[-1][1], chosen, parts if len(parts) > 1 else ())
        spans[span.sort_key] = span
    sources, cues, contents = (
        [span for span in spans.values() if span.layer == layer] for layer in ("source", "cue", "content")
    )
    attributions = []
    for cue in cues:
        roles = [tuple(span for span in found if draw(st.booleans())) for found in (sources, contents)]
        if any(roles) or (lone_cues and draw(st.booleans())):
            attributions.append(Attribution(cue, *roles))
    return Document(draw(ids), text, tuple(spans.values()), tuple(attributions), draw(meta))
