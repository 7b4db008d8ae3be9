"""Annotation that speaks of a part of the scheme trains that part, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st

from models.encoders import load_encoder
from models.network import Network, torch_tagger
from narasumber.decode import coarsen
from narasumber.document import Document, Span
from narasumber.labels import HEADS, bio_tags, head_labels
from narasumber.scope import WHOLE, LayerScope, Scope, common, joined
from train.config import Config, load_config
from train.examples import Example, examples_of, tag_meanings
from train.loop import Loop
from train.plan import Plan, choose, draw
from train.run import settings_of
from train.tagging import Tagging

NAMES = Scope((("entity", LayerScope((("PER",), ("LOC", "GPE", "FAC")))),))
TEXT = "Ani Wijaya tiba di Solo pada Senin."
COARSE = Document("a", TEXT, (Span("entity", "PER", 0, 10), Span("entity", "LOC", 19, 23)), scope=NAMES)
TAGS = bio_tags(head_labels("entity"))


@pytest.fixture
def config(tiny_encoder: object) -> Config:
    from pathlib import Path

    place = Path(__file__).resolve().parents[2] / "configs" / "quickstart.yaml"
    return load_config(place, [f"model.encoder={tiny_encoder}", "train.precision=fp32", "layers=[entity]"])


def made(config: Config, documents: list[Document]) -> tuple[Loop[Example], Network, list[Example]]:
    torch.manual_seed(0)
    encoder = load_encoder(config.model.encoder)
    settings = settings_of(config, encoder, documents)
    network = Network(encoder.model, settings, 0.0)
    examples, _ = examples_of(documents, encoder.tokenizer, settings)
    objective = Tagging(examples, settings)
    plan = Plan(examples, config)
    return Loop(Accelerator(cpu=True), network, examples, objective, plan, config.train), network, examples


def test_meanings_of_the_whole_scheme_are_the_identity() -> None:
    for head in HEADS:
        assert (tag_meanings(head, WHOLE) == np.eye(len(bio_tags(head_labels(head))))).all()


def test_a_coarse_tag_means_its_labels_tags_and_o_what_nobody_looked_for() -> None:
    meanings = tag_meanings("entity", NAMES)

    def meant(tag: str) -> set[str]:
        return {TAGS[place] for place in np.flatnonzero(meanings[TAGS.index(tag)])}

    assert meant("B-LOC") == {"B-LOC", "B-GPE", "B-FAC"}
    assert meant("I-LOC") == {"I-LOC", "I-GPE", "I-FAC"}
    assert meant("B-PER") == {"B-PER"}
    assert meant("O") == {"O"} | {tag for tag in TAGS[1:] if tag[2:] not in ("PER", "LOC", "GPE", "FAC")}


def test_the_loss_is_minus_the_log_of_the_summed_probability(config: Config) -> None:
    loop, network, examples = made(config, [COARSE])
    network.eval()
    found = float(loop.objective.loss(network, examples).detach())
    (example,) = examples
    batch = {
        "input_ids": torch.from_numpy(example.row.ids)[None],
        "attention_mask": torch.ones(1, len(example), dtype=torch.long),
        "token_type_ids": torch.zeros(1, len(example), dtype=torch.long),
        "word_shapes": torch.from_numpy(example.row.shapes)[None],
    }
    with torch.no_grad():
        chances = network(**batch)[0].softmax(-1)
    wanted = 0.0
    for place, tag in enumerate(example.labels[0]):
        if tag >= 0:
            allowed = np.flatnonzero(tag_meanings("entity", NAMES)[tag])
            wanted -= float(chances[place, allowed].sum().log())
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_whole_scheme_written_as_a_scope_of_its_own_gives_the_same_loss(config: Config) -> None:
    fine = Scope((("entity", LayerScope(tuple((label,) for label in head_labels("entity")))),))
    spans = (Span("entity", "PER", 0, 10), Span("entity", "DAT", 29, 34))
    losses = []
    for scope in (WHOLE, fine):
        loop, network, examples = made(config, [Document("a", TEXT, spans, scope=scope)])
        network.eval()
        losses.append(float(loop.objective.loss(network, examples).detach()))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_layers_and_words_that_the_scope_leaves_open_are_masked(config: Config) -> None:
    opened = Scope((("entity", LayerScope((("PER",),), closed=False)), ("cue", LayerScope((("CUE",),)))))
    config = config.model_copy(update={"layers": ("entity", "cue")})
    document = Document("a", TEXT, (Span("entity", "PER", 0, 10), Span("cue", "CUE", 11, 15)), scope=opened)
    encoder = load_encoder(config.model.encoder)
    (example,), _ = examples_of([document], encoder.tokenizer, settings_of(config, encoder, [document]))
    entity, cue = ([int(tag) for tag in row[example.row.places]] for row in example.labels)
    assert entity[:2] == [1, 2]
    assert set(entity[2:]) == {-100}
    assert cue == [0, 0, 1, 0, 0, 0, 0, 0]


def test_a_tagger_speaks_in_the_terms_of_the_document(config: Config) -> None:
    """Trained on names and coarse places until it knows them: no date is ever predicted, no place told apart."""
    config = config.model_copy(update={"train": config.train.model_copy(update={"epochs": 60, "learning_rate": 1e-3})})
    loop, network, _ = made(config, [COARSE])
    for _ in loop.updates():
        pass
    encoder = load_encoder(config.model.encoder)
    tagger = torch_tagger(network, encoder.tokenizer, settings_of(config, encoder, [COARSE]))
    assert tagger.annotate(COARSE.bare()).spans == COARSE.spans
    assert tagger(TEXT).spans == COARSE.spans
    only_people = Scope((("entity", LayerScope((("PER",),))),))
    assert tagger.annotate(Document("a", TEXT, scope=only_people)).spans == COARSE.spans[:1]


groupings = st.permutations(("PER", "GPE", "LOC", "FAC", "DAT")).flatmap(
    lambda labels: st.integers(1, 5).map(
        lambda size: LayerScope(tuple(tuple(labels[i : i + size]) for i in range(0, len(labels), size)))
    )
)


@given(groupings, groupings)
def test_common_groups_part_the_labels_that_both_know_by_names_that_are_asked_for(
    taught: LayerScope, asked: LayerScope
) -> None:
    groups = common(taught, asked)
    labels = [label for group in groups.values() for label in group]
    assert sorted(labels) == sorted(label for group in asked.groups for label in group if taught.group_of(label))
    assert set(groups) <= set(asked.labels)
    for side in (taught, asked):
        for group in side.groups:
            assert len({name for name, own in groups.items() if set(own) & set(group)}) <= 1


@given(groupings, groupings)
def test_joined_scopes_tell_apart_what_either_tells_apart_alone(one: LayerScope, other: LayerScope) -> None:
    own = joined([Scope((("entity", one),)), Scope((("entity", other),))]).layer("entity")
    assert own is not None
    for label in ("PER", "GPE", "LOC", "FAC", "DAT"):
        group = own.group_of(label)
        assert group is not None
        assert set(group) <= set(one.group_of(label) or ()) or set(group) <= set(other.group_of(label) or ())
        if any(side.group_of(label) == (label,) for side in (one, other)):
            assert group == (label,)


@given(st.lists(st.floats(-20, 20, width=32), min_size=7, max_size=7))
def test_coarse_scores_sum_probabilities(row: list[float]) -> None:
    scores = np.array([row], dtype=np.float32)
    chances = np.exp(scores[0] - scores.max()) / np.exp(scores[0] - scores.max()).sum()
    coarse = np.exp(coarsen(scores, ("PER", "GPE", "LOC"), [("GPE", "LOC")])[0])
    coarse /= coarse.sum()
    assert coarse == pytest.approx(
        [chances[0] + chances[1] + chances[2], chances[3] + chances[5], chances[4] + chances[6]], abs=1e-4
    )
    assert coarsen(scores, ("PER", "GPE", "LOC"), [("PER",), ("GPE",), ("LOC",)]) is scores


@given(
    st.lists(st.tuples(st.integers(1, 200), st.floats(0.25, 4)), min_size=1, max_size=4),
    st.floats(1, 5),
    st.integers(0, 9),
)
def test_an_epoch_draws_each_source_evenly(sources: list[tuple[int, float]], temperature: float, epoch: int) -> None:
    counts, weights = [count for count, _ in sources], [weight for _, weight in sources]
    drawn = draw(counts, weights, temperature)
    assert abs(sum(drawn) - sum(counts)) <= len(counts)
    for count, number in zip(counts, drawn, strict=True):
        taken = choose(range(count), number, 13, epoch)
        often = [taken.count(place) for place in range(count)]
        assert len(taken) == number
        assert max(often) - min(often) <= 1
    if len(set(weights)) == 1 and temperature == 1:
        assert drawn == counts
