"""A tagger reads in the terms of the document: its scope, and nothing where its annotation says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from narasumber.document import Document
from narasumber.labels import HEADS, LAYERS, Head, bio_tags, head_labels
from narasumber.scope import LayerScope, Scope
from narasumber.settings import Settings
from narasumber.tagger import Tagger
from narasumber.windows import Batch, Floats
from tests.vocabularies import trained

TEXT: Final = 'Kemarin Ani mengatakan harga naik. "Itu salah." kata Budi.'
KNOWN: Final = {"source": ["Ani", "Budi"], "cue": ["mengatakan"], "content": ["harga"], "entity": ["Ani"]}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """A network that knows some words, each as a span of its own."""
    tokenizer = trained("WordPiece", [TEXT] * 10, 300)
    heads = HEADS[:4]
    labels = {head: head_labels(head) for head in heads}
    counts = {head: len(bio_tags(labels[head])) for head in heads}
    transitions = {head: tuple((0.0,) * count for _ in range(count)) for head, count in counts.items()}
    settings = Settings(
        name="t", encoder="t", heads=heads, labels=labels, cls_id=2, sep_id=3, pad_id=0, unk_id=1,
        transitions=transitions,
    )  # fmt: skip

    def forward(batch: Batch) -> Floats:
        parts = []
        for head in heads:
            logits = np.zeros((*batch["input_ids"].shape, counts[head]), dtype=np.float32)
            ids = [number for word in KNOWN[head] if (number := tokenizer.token_to_id(word)) is not None]
            logits[np.isin(batch["input_ids"], ids), 1] = 9.0
            logits[..., 2:] = -9.0
            parts.append(logits)
        return np.concatenate(parts, axis=-1)

    return Tagger(settings, tokenizer, forward)


def read(tagger: Tagger, document: Document) -> dict[str, list[str]]:
    found = tagger.annotate(document)
    return {layer: [span.text_in(document.text) for span in found.layer(layer)] for layer in LAYERS}


def scope_of(*layers: str) -> Scope:
    return Scope(tuple((layer, own) for layer, own in Document("d", "x").scope.layers if layer in layers))


SPEECH: Final = {"source": ["Ani", "Budi"], "cue": ["mengatakan", "kata"], "content": ["harga", '"Itu salah."']}


def test_speech_is_read_whole(tagger: Tagger) -> None:
    assert read(tagger, Document("d", TEXT)) == {**SPEECH, "entity": ["Ani"]}
    said = tagger.annotate(Document("d", TEXT)).attributions
    assert [(one.cue.text_in(TEXT), one.sources[0].text_in(TEXT)) for one in said] == [
        ("mengatakan", "Ani"),
        ("kata", "Budi"),
    ]


@pytest.mark.parametrize("written", [TEXT.lower(), TEXT.upper()], ids=["small letters", "capitals"])
def test_speech_is_read_without_casing(tagger: Tagger, written: str) -> None:
    spans = [(span.layer, span.start, span.end) for span in tagger.annotate(Document("d", TEXT)).spans]
    found = tagger.annotate(Document("d", written))
    assert [(span.layer, span.start, span.end) for span in found.spans] == spans
    assert found.text == written


@pytest.mark.parametrize("layers", [("source", "cue"), ("cue", "content"), ("source", "content"), ("entity",)])
def test_layers_that_the_document_does_not_annotate_are_not_read(tagger: Tagger, layers: tuple[str, ...]) -> None:
    found = read(tagger, Document("d", TEXT, scope=scope_of(*layers)))
    known = {**SPEECH, "entity": ["Ani"]}
    if "content" not in layers or "cue" not in layers:  # a quotation is told by the verb behind it
        known |= {"content": ["harga"], "cue": ["mengatakan"]}
    assert found == {layer: known[layer] if layer in layers else [] for layer in LAYERS}


def scored(tagger: Tagger, head: Head, word: str, behind: str, nats: dict[str, float], behind_nats: float) -> Tagger:
    """The tagger, but that a head gives `word` so many nats for each tag, and the word behind it for its going on."""
    tags = bio_tags(head_labels(head))
    place = sum(len(bio_tags(head_labels(other))) for other in HEADS[: HEADS.index(head)])
    first, second = (tagger.tokenizer.token_to_id(own) for own in (word, behind))

    def forward(batch: Batch) -> Floats:
        logits = tagger.forward(batch)
        own = logits[..., place : place + len(tags)]
        own[...] = np.where(np.arange(len(tags)) == 0, 0.0, -99.0)
        for tag, value in nats.items():
            own[batch["input_ids"] == first, tags.index(tag)] = value
        own[batch["input_ids"] == second, 2] = behind_nats
        return logits

    return replace(tagger, forward=forward)


def test_a_coarse_label_is_as_probable_as_all_its_labels_together(tagger: Tagger) -> None:
    doubtful = scored(tagger, "entity", "Ani", "mengatakan", {"B-GPE": -0.3, "B-LOC": -0.3}, -99.0)
    fine = doubtful.annotate(Document("d", TEXT))
    assert fine.layer("entity") == ()
    coarse = Scope((("entity", LayerScope((("PER",), ("LOC", "GPE", "FAC")))),))
    [name] = doubtful.annotate(Document("d", TEXT, scope=coarse)).layer("entity")
    assert (name.text_in(TEXT), name.label) == ("Ani", "LOC")


def test_of_a_source_whose_end_is_in_doubt_the_likeliest_is_read_of_a_name_none(tagger: Tagger) -> None:
    """`O` is .3, `Kemarin` .4 and `Kemarin Ani` .3."""
    odds = np.log([0.4 / 0.3, 0.3 / 0.4])
    source = scored(tagger, "source", "Kemarin", "Ani", {"B-SOURCE": odds[0]}, odds[1])
    [found, *_] = source.annotate(Document("d", TEXT, scope=scope_of("source"))).layer("source")
    assert found.text_in(TEXT) == "Kemarin"
    name = scored(tagger, "entity", "Kemarin", "Ani", {"B-PER": odds[0]}, odds[1])
    assert name.annotate(Document("d", TEXT)).layer("entity") == ()


@pytest.mark.parametrize("hidden", ["source", "cue", "content"])
def test_what_is_hidden_in_one_layer_takes_nothing_from_the_others(tagger: Tagger, hidden: str) -> None:
    found = read(tagger, Document("d", TEXT, meta={"unknown": [[hidden, 0, len(TEXT)]]}))
    assert found == {**SPEECH, "entity": ["Ani"], hidden: []}
