"""Scores: of gold against itself 1, by hand on small cases, equal to counts of character spans, strict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.baselines import attribution_baseline, entity_baseline
from eval.score import (
    attribution_counts,
    compare,
    confusion,
    f1,
    find_errors,
    interval,
    learned_by,
    score,
    selection_score,
    span_counts,
    span_score,
)
from narasumber.document import Attribution, Document, Span
from narasumber.labels import HEADS
from narasumber.linking import link
from narasumber.words import words

TEXT = "Kim Jong Un bertemu Putin di Rusia.\nWatson mengatakan Kim akan pergi."


def entity(label: str, start: int, end: int) -> Span:
    return Span("entity", label, start, end)


def relinked(documents: Sequence[Document]) -> list[Document]:
    return [document.with_annotation(document.spans, link(document.text, document.spans)) for document in documents]


def test_gold_against_itself_is_perfect(seeds: list[Document]) -> None:
    found = score(seeds, seeds, relinked=seeds, leaked={})
    for head in HEADS:
        assert found["layers"][head]["micro"]["f1"] == found["layers"][head]["macro"]["f1"] == 1.0
        assert found["unseen"]["layers"][head]["f1"] == 1.0
    assert found["attribution"]["exact"]["f1"] == found["attribution"]["half"]["f1"] == 1.0
    assert found["links"]["all"]["f1"] == 1.0
    assert {item["recall"] for item in found["sources"]["by_kind"].values()} == {1.0}
    assert not find_errors(seeds, seeds)
    assert selection_score(seeds, seeds) == 1.0
    assert json.loads(json.dumps(found)) == found


def test_nothing_against_gold_is_nothing_without_a_warning(
    seeds: list[Document], recwarn: pytest.WarningsRecorder
) -> None:
    bare = [document.bare() for document in seeds]
    for truth, other in ((seeds, bare), (bare, seeds), (bare, bare)):
        found = score(truth, other)
        assert found["layers"]["entity"]["micro"]["f1"] == found["attribution"]["exact"]["f1"] == 0.0
    assert not recwarn.list


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    grid = words(TEXT)
    spans: dict[int, Span] = {}
    place = 0
    while place < len(grid):
        size = draw(st.integers(0, 2))
        last = min(place + size, len(grid)) - 1
        if size and "\n" not in TEXT[grid[place][0] : grid[last][1]]:
            label = draw(st.sampled_from(["PER", "GPE"]))
            start, end = grid[place][0], grid[last][1]
            spans[place] = entity(label, start, max(start + 1, end - draw(st.integers(0, 1))))  # may cut a word
        place += max(size, 1)
    return Document("d", TEXT, tuple(spans.values()))


@settings(max_examples=100, deadline=None)
@given(annotated(), annotated())
def test_seqeval_and_character_spans_agree(gold: Document, predicted: Document) -> None:
    (right, found, truth) = span_counts([gold], [predicted], "entity")[0]
    micro = span_score([gold], [predicted], "entity")["micro"]
    assert micro["support"] == truth
    assert micro["precision"] == pytest.approx(right / found if found else 0)
    assert micro["recall"] == pytest.approx(right / truth if truth else 0)
    errors = find_errors([gold], [predicted])
    assert sum(item["gold"] is not None for item in errors) == truth - right
    assert sum(item["predicted"] is not None for item in errors) == found - right


def test_what_tags_cannot_say_is_lost_to_every_figure() -> None:
    cut, whole = entity("PER", 0, 2), entity("GPE", 29, 34)
    gold = [Document(name, TEXT, (cut, whole)) for name in "ab"]
    found = score(gold, [document.with_annotation([whole]) for document in gold])
    entities = found["layers"]["entity"]
    assert (entities["lost"], entities["micro"]["support"], entities["micro"]["f1"]) == (2, 2, 1.0)
    assert entities["micro"]["interval"] == [1.0, 1.0]
    assert found["documents"]["a"]["entity"]["f1"] == 1.0


def test_what_is_predicted_where_tags_cannot_say_gold_is_neither_right_nor_wrong() -> None:
    cut, whole, name = entity("PER", 0, 2), entity("GPE", 29, 34), entity("PER", 36, 53)
    gold = Document("d", TEXT, (cut, whole, name, entity("PER", 43, 57)))  # the last crosses the one before
    assert span_counts([gold], [gold], "entity").tolist() == [[2, 2, 2]]
    right = gold.with_annotation([entity("PER", 0, 3), whole, name])  # all that tags can say of `cut`
    for leaked in (None, {"d": [(36, 69)]}):
        found = score([gold], [right], leaked=leaked)
        assert found["layers"]["entity"]["micro"]["precision"] == 1.0
    assert found["unseen"]["layers"]["entity"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    assert found["confusion"] == {"PER": {"PER": 1}, "GPE": {"GPE": 1}}
    assert not find_errors([gold], [right])
    both = gold.with_annotation([entity("PER", 0, 34), entity("PER", 36, 42)])
    assert [item["error"] for item in find_errors([gold], [both])] == ["both", "boundary"]


def test_macro_is_the_mean_over_types_in_gold_or_prediction() -> None:
    gold = Document("d", TEXT, (entity("PER", 0, 11), entity("GPE", 29, 34)))
    predicted = gold.with_annotation([entity("PER", 0, 11), entity("ORG", 20, 25)])
    found = span_score([gold], [predicted], "entity")
    assert found["macro"] == {"f1": pytest.approx(1 / 3), "labels": 3}
    assert found["micro"]["f1"] == pytest.approx(0.5)


def test_errors_are_classed_and_shown_in_their_text() -> None:
    gold = Document(
        "d", TEXT, (entity("PER", 0, 11), entity("PER", 20, 25), entity("GPE", 29, 34), entity("PER", 36, 42))
    )
    predicted = gold.with_annotation(
        [entity("PER", 0, 3), entity("ORG", 20, 25), entity("PER", 36, 42), entity("PER", 54, 57)]
    )
    errors = find_errors([gold], [predicted])
    assert [(item["error"], item["start"]) for item in errors] == [
        ("boundary", 0), ("type", 20), ("missed", 29), ("spurious", 54),
    ]  # fmt: skip
    assert errors[1]["gold"] == {"label": "PER", "start": 20, "end": 25, "text": "Putin"}
    assert errors[1]["before"].endswith("bertemu ")
    assert errors[1]["after"].startswith(" di Rusia.")
    assert confusion([gold], [predicted]) == {
        "PER": {"PER": 2, "ORG": 1}, "GPE": {"missed": 1}, "spurious": {"PER": 1},
    }  # fmt: skip


def attributed(contents: tuple[tuple[int, int], ...], source: tuple[int, int] = (36, 42)) -> Document:
    cue = Span("cue", "CUE", 43, 53)
    said = tuple(Span("content", "CONTENT", start, end, (("Form", "Indirect"),)) for start, end in contents)
    who = Span("source", "SOURCE", *source, (("Kind", "Person"),))
    return Document("d", TEXT, (cue, who, *said), (Attribution(cue, (who,), said),))


@pytest.mark.parametrize(
    ("predicted", "exact", "half"),
    [
        (attributed(((54, 68),)), 1, 1),
        (attributed(((58, 68),)), 0, 1),  # two words of three
        (attributed(((54, 57),)), 0, 0),  # one word of three
        (attributed(((54, 68),), source=(0, 11)), 0, 0),
        (attributed(((54, 68),)).bare(), 0, 0),
    ],
)
def test_whole_attributions(predicted: Document, exact: int, half: int) -> None:
    gold = attributed(((54, 68),))
    assert attribution_counts([gold], [predicted])[0, 0] == exact
    assert attribution_counts([gold], [predicted], half=True)[0, 0] == half
    by_form = score([gold], [predicted])["attribution"]["by_form"]
    assert by_form == {"Indirect": {"recall": float(exact), "support": 1}}


def test_a_gap_is_part_of_a_span() -> None:
    """`Kim, kata Watson, akan pergi` is not said as a whole: the cue stands within."""
    cue = Span("cue", "CUE", 43, 53)
    parts = Span("content", "CONTENT", 36, 68, fragments=((36, 42), (54, 68)))
    whole = replace(parts, fragments=())
    gold, predicted = (Document("d", TEXT, (cue, own), (Attribution(cue, (), (own,)),)) for own in (parts, whole))
    assert attribution_counts([gold], [predicted]).tolist() == [[0, 1, 1]]
    assert attribution_counts([gold], [gold]).tolist() == [[1, 1, 1]]
    lines = replace(whole, start=29, fragments=((29, 35), (36, 68)))  # what brat makes of a span over two lines
    one, other = (
        Document("d", TEXT, (cue, own), (Attribution(cue, (), (own,)),))
        for own in (lines, replace(lines, fragments=()))
    )
    assert attribution_counts([one], [other]).tolist() == [[1, 1, 1]]


def test_the_best_epoch_is_chosen_by_what_is_learned(seeds: list[Document]) -> None:
    named = [document.with_annotation(document.layer("entity")) for document in seeds]
    assert selection_score(seeds, named, ("entity",)) == 1.0 > selection_score(seeds, named)
    assert learned_by(["entity", "cue"]) == {"entity", "cue"}
    assert learned_by(HEADS) == {*HEADS, "attribution"}


def test_sentences_that_training_has_seen_are_left_out() -> None:
    gold = Document("d", TEXT, (entity("PER", 0, 11), entity("PER", 36, 42)))
    predicted = gold.with_annotation([entity("PER", 0, 11)])
    found = score([gold], [predicted], leaked={"d": [(0, 35)]})["unseen"]
    assert (found["sentences"], found["of"]) == (1, 2)
    assert found["layers"]["entity"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_intervals_hold_the_score_and_need_two_articles(seeds: list[Document]) -> None:
    rules = entity_baseline(seeds[1:])
    predicted = [rules(document.bare()) for document in seeds]
    micro = score(seeds, predicted)["layers"]["entity"]["micro"]
    low, high = micro["interval"]
    assert 0 < low < micro["f1"] < high < 1
    assert score(seeds, predicted) == score(seeds, predicted)
    assert "interval" not in score(seeds[:1], predicted[:1])["layers"]["entity"]["micro"]


def test_resamples_that_hold_nothing_say_nothing() -> None:
    """Of five articles one has the label, so that a third of the resamples do not; where it is, it is found."""
    rare = np.zeros((5, 3))
    rare[2] = (4, 4, 4)
    assert interval(rare) == {"interval": [1.0, 1.0]}
    half = rare * (0.5, 1, 1)
    assert compare(rare, half) == {"difference": 0.5, "interval": [0.5, 0.5]}
    assert interval(rare * 0) == {} and compare(rare * 0, rare * 0) == {"difference": 0.0}
    assert interval(rare * (0, 1, 0)) == {"interval": [0.0, 0.0]}


def test_two_runs_are_compared_on_the_same_articles(seeds: list[Document]) -> None:
    perfect = span_counts(seeds, seeds, "entity")
    bare = span_counts(seeds, [document.bare() for document in seeds], "entity")
    assert compare(perfect, bare) == {"difference": 1.0, "interval": [1.0, 1.0]}
    assert compare(perfect, perfect) == {"difference": 0.0, "interval": [0.0, 0.0]}
    with pytest.raises(ValueError, match="same gold"):
        compare(perfect, perfect[:2])


def test_seeds_are_counted_one_by_one_not_added_up() -> None:
    """Of two seeds one predicts little, and little is wrong: added up it would weigh next to nothing."""
    good, poor = np.tile([9.0, 10, 10], (8, 1)), np.tile([0.0, 1, 10], (8, 1))
    seeds, once = np.stack([good, poor], axis=1), np.stack([good, good], axis=1)
    assert f1(seeds) == pytest.approx(0.45)
    assert interval(seeds)["interval"] == pytest.approx([0.45, 0.45])
    found = compare(seeds, once)
    assert [found["difference"], *found["interval"]] == pytest.approx([-0.45] * 3)
    assert compare(seeds, good) == found  # of a single run


def test_other_articles_are_refused(seeds: list[Document]) -> None:
    with pytest.raises(ValueError, match="same articles"):
        score(seeds, seeds[:2])
    with pytest.raises(ValueError, match="same articles"):
        score(seeds[:1], [replace(seeds[0], id="other")])


def test_rules_are_better_than_nothing_and_no_oracle(seeds: list[Document]) -> None:
    predicted = []
    for document in seeds:
        named = entity_baseline([other for other in seeds if other is not document])(document.bare())
        said = attribution_baseline(document.bare())
        predicted.append(document.with_annotation((*named.spans, *said.spans), said.attributions))
    found = score(seeds, predicted)
    assert 0.6 < found["layers"]["entity"]["micro"]["f1"] < 0.9
    assert 0.6 < found["layers"]["cue"]["micro"]["f1"] < 0.9
    assert 0.2 < found["attribution"]["exact"]["f1"] < 0.8


def test_rules_read_any_text() -> None:
    for text in ("", '"', '"Ya," kata Ani.', "A\nB C", "Menurut ia, ya", "dikabarkan", '"" kata'):
        document = Document("d", text)
        assert attribution_baseline(document).text == entity_baseline([])(document).text == text
    (said,) = attribution_baseline(Document("d", '"Kami siap," kata Ani Budi, kemarin.')).attributions
    assert (said.cue.start, said.sources[0].start, said.sources[0].end) == (13, 18, 26)
