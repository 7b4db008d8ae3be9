"""Annotation that speaks of a part of the scheme trains that part, and nothing else."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st

from models.encoders import load_encoder
from models.network import Network, torch_tagger
from narasumber.decode import NEVER, illegal
from narasumber.document import Document, Span
from narasumber.labels import HEADS, bio_tags, head_labels
from narasumber.scope import WHOLE, LayerScope, Scope, joined
from narasumber.tags import MASKED
from train.config import Config, load_config
from train.examples import Example, examples_of, tag_meanings
from train.loop import Loop
from train.plan import Plan, choose, draw
from train.run import settings_of
from train.tagging import Tagging, log_partition, start_transitions

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
    start_transitions(network, examples, settings)
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


LINES = "Ani Wijaya tiba.\nIa pulang ke Solo."
OPEN = Scope((("entity", LayerScope((("PER",), ("LOC", "GPE", "FAC")), closed=False)),))


@pytest.mark.parametrize("scope", [NAMES, OPEN])
@pytest.mark.parametrize("unit", ["line", "article"])
def test_the_loss_is_minus_the_log_of_the_share_of_what_the_annotation_may_mean(
    config: Config, unit: str, scope: Scope
) -> None:
    """Beside a sum over every tag sequence of a toy scheme of three labels, in two lines; where a word may be anything,
    it makes no marked span longer.
    """
    config = config.model_copy(update={"window": config.window.model_copy(update={"unit": unit})})
    document = Document("a", LINES, (Span("entity", "PER", 0, 10), Span("entity", "LOC", 30, 34)), scope=scope)
    loop, network, examples = made(config, [document])
    torch.nn.init.normal_(network.transitions["entity"])
    network.eval()
    found = float(loop.objective.loss(network, examples).detach())

    wanted, follow = 0.0, network.transitions["entity"].detach() + torch.from_numpy(illegal(len(TAGS)))
    for example in examples:
        batch = {
            "input_ids": torch.from_numpy(example.row.ids)[None],
            "attention_mask": torch.ones(1, len(example), dtype=torch.long),
            "token_type_ids": torch.zeros(1, len(example), dtype=torch.long),
            "word_shapes": torch.from_numpy(example.row.shapes)[None],
        }
        with torch.no_grad():
            scores = network(**batch)[0][example.row.places]
        tags = torch.from_numpy(example.labels[0][example.row.places])
        for first in (bounds := [*np.flatnonzero(example.row.opens).tolist(), len(tags)])[:-1]:
            last = bounds[bounds.index(first) + 1]
            own = tags[first:last]
            may = torch.from_numpy(tag_meanings("entity", scope)).log()[own.clamp(min=0)]
            may[own == MASKED] = 0.0
            for place in range(1, len(own)):
                if own[place] == MASKED and own[place - 1] > 0:
                    may[place, 2::2] = -torch.inf
            sums = []
            for extra in (torch.zeros_like(may), may):  # all sequences, then those that the annotation may mean
                total = scores[first] + follow[0] + extra[0]
                for place in range(first + 1, last):
                    total = (total[:, None] + follow).logsumexp(0) + scores[place] + extra[place - first]
                sums.append(float(total.logsumexp(0)))
            wanted += sums[0] - sums[1]
    assert found == pytest.approx(wanted, rel=1e-4)


def test_the_forward_sum_is_that_over_every_sequence() -> None:
    """Three tags, windows of four, two and four words, a line beginning in the first and the last, which begins within
    a line: summed by enumeration.
    """
    random = torch.Generator().manual_seed(1)
    scores = torch.randn(1, 3, 4, 3, generator=random)
    follow = torch.randn(1, 3, 3, generator=random)
    there = torch.tensor([[True] * 4, [True, True, False, False], [True] * 4])
    opens = torch.tensor([[True, False, True, False], [True, False, False, False], [False, False, True, False]])
    found = log_partition(scores, follow, there, opens)
    for window, words in enumerate((4, 2, 4)):
        sums = []
        for tags in product(range(3), repeat=words):
            total = torch.tensor(0.0)
            for word, tag in enumerate(tags):
                before = 0 if opens[window, word] else tags[word - 1]
                if word or opens[window, word]:
                    total = total + follow[0, before, tag]
                total = total + scores[0, window, word, tag]
            sums.append(total)
        assert float(found[0, window]) == pytest.approx(float(torch.stack(sums).logsumexp(0)), rel=1e-5)


def test_a_span_over_several_windows_is_learned_in_each(config: Config) -> None:
    text = f"Ani Wijaya {'dan Budi ' * 30}tiba"
    document = Document("a", text, (Span("entity", "PER", 0, len(text) - 5),))
    config = config.model_copy(update={"window": config.window.model_copy(update={"pieces": 16, "overlap": 4})})
    loop, network, examples = made(config, [document])
    assert len(examples) > 4
    assert {bool(example.row.opens[0]) for example in examples[1:]} == {False}
    network.eval()
    assert 0 < float(loop.objective.loss(network, examples).detach()) < 10 * loop.objective.size(examples)
    starts = network.transitions["entity"].detach().exp()
    assert starts[0, TAGS.index("I-PER")] <= starts[0, TAGS.index("I-ORG")]  # no example has it behind an O


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
    half_known = Document("a", TEXT, meta={"unknown": [["entity", 17, 23]]})
    assert tagger.annotate(half_known).spans == COARSE.spans[:1]


groupings = st.permutations(("PER", "GPE", "LOC", "FAC", "DAT")).flatmap(
    lambda labels: st.integers(1, 5).map(
        lambda size: LayerScope(tuple(tuple(labels[i : i + size]) for i in range(0, len(labels), size)))
    )
)


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


def test_what_a_model_never_told_apart_can_be_learned_when_it_is_trained_further(config: Config) -> None:
    _, coarse, _ = made(config, [COARSE])
    fine = Document("b", TEXT, (Span("entity", "PER", 0, 10), Span("entity", "GPE", 19, 23)))
    _, network, _ = made(config, [fine])
    start = network.transitions["entity"].detach().clone()
    with torch.no_grad():
        coarse.transitions["entity"] += 1
    network.take({name: value for name, value in coarse.state_dict().items() if not name.startswith("encoder.")})
    place = TAGS.index("B-GPE")
    assert start[0, place] > NEVER / 2 > coarse.transitions["entity"][0, place]
    assert torch.equal(network.transitions["entity"][:, place], start[:, place])
    assert torch.equal(network.transitions["entity"][0, :3], coarse.transitions["entity"][0, :3])


def test_no_temperature_is_too_much_for_an_epoch() -> None:
    assert draw([3, 200], [1.0, 1.0], 1e-6) == [1, 203]
    assert draw([3, 200], [1.0, 1.0], 1e300) == [102, 102]
