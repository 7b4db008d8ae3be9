"""Alpha is Krippendorff's on published examples; F1 is the score's; the majority's annotation has what most say."""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.agreement import Adjudicated, adjudicate, agreement, alpha, with_notes
from eval.score import span_counts
from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError
from narasumber.formats.brat import write as write_brat
from narasumber.labels import HEADS, LABELS, layer_of_label
from narasumber.scope import WHOLE, LayerScope, Scope
from narasumber.tags import MASKED, bio
from narasumber.words import words

Command = Callable[..., "CompletedProcess[str]"]

TEXT = "Ani berkata Budi pergi ke Solo. Tuti diam."
GRID = words(TEXT)


def span(label: str, part: str, **attributes: str) -> Span:
    layer = layer_of_label(label)
    assert layer is not None
    start = TEXT.index(part)
    return Span(layer, label, start, start + len(part), tuple(attributes.items()))


def by(who: str, *spans: Span, links: Sequence[Attribution] = (), id: str = "d", scope: Scope = WHOLE) -> Document:
    return Document(id, TEXT, spans, tuple(links), {"annotator": who}, scope)


ANI, BUDI, SOLO = span("PER", "Ani"), span("PER", "Budi"), span("GPE", "Solo")
CUE, CONTENT = span("CUE", "berkata"), span("CONTENT", "Budi pergi ke Solo", Form="Indirect")
SOURCE = span("SOURCE", "Ani", Kind="Person")


Table = npt.NDArray[np.int64]


def table(*rows: str) -> Table:
    """A row an observer, a character a unit; a full stop is missing data."""
    return np.array([[MASKED if value == "." else ord(value) for value in row] for row in rows], dtype=np.int64)


# Alpha.


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": binary, nominal, and with missing data.
        (table("0100000010", "1110010000"), 0.095),
        (table("aabbdcccedda", "babbbccceddd"), 0.692),
        (table("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
        # The three coders of Wikipedia's article on alpha.
        (table(".....34121133.3", "1.213343.......", "..21344.21133.4"), 0.691),
    ],
)
def test_alpha_of_published_examples(ratings: Table, expected: float) -> None:
    assert alpha(ratings) == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize("ratings", [table("...", "..."), table("11", "11"), table("12", ".."), table("", "")])
def test_alpha_says_nothing_where_there_is_nothing_to_tell_apart(ratings: Table) -> None:
    assert alpha(ratings) is None


@given(st.lists(st.lists(st.sampled_from("abc."), min_size=6, max_size=6), min_size=2, max_size=5), st.randoms())
def test_alpha_knows_no_order_of_annotators_units_or_names(rows: list[list[str]], chance: random.Random) -> None:
    found = alpha(table(*map("".join, rows)))
    shuffled = [list(row) for row in zip(*chance.sample(list(zip(*rows, strict=True)), 6), strict=True)]
    renamed = table(*("".join(row).replace("a", "z") for row in chance.sample(shuffled, len(rows))))
    assert alpha(renamed) == (found if found is None else pytest.approx(found))
    assert found is None or found <= 1
    perfect = alpha(table(*["".join(rows[0])] * len(rows)))
    assert perfect is None or perfect == 1


# Agreement.


def test_who_agrees_wholly_and_who_in_part() -> None:
    found = agreement([by("ani", ANI, SOLO), by("budi", ANI, SOLO), by("citra", ANI, span("LOC", "Solo"), BUDI)])
    assert (found.annotators, found.articles) == (("ani", "budi", "citra"), 1)
    entity = found.layers["entity"]
    first, second, third = entity.pairs
    assert (first.first, first.second, first.f1) == ("ani", "budi", 1.0)
    assert (second.said_first, second.said_second, second.both, second.f1) == (2, 3, 1, 0.4)
    assert (third.both, third.articles, entity.f1) == (1, 1, 2 * (2 + 1 + 1) / (4 + 5 + 5))
    values = np.zeros((3, len(GRID)), dtype=np.int64)
    words_of = {TEXT[start:end]: place for place, (start, end) in enumerate(GRID)}
    values[:, words_of["Ani"]], values[:, words_of["Solo"]], values[2, words_of["Budi"]] = 1, (3, 3, 4), 1
    assert (entity.alpha, entity.units) == (alpha(values), len(GRID))
    cue = found.layers["cue"]
    assert (cue.alpha, cue.f1, {pair.f1 for pair in cue.pairs}) == (None, None, {None})
    assert json.loads(json.dumps(asdict(found)))["layers"]["entity"]["pairs"][0]["f1"] == 1.0


def test_who_agrees_on_links_attributions_and_attributes() -> None:
    named, other = replace(SOURCE, attributes=(("Kind", "Institution"),)), span("SOURCE", "Tuti", Kind="Person")
    one = by("ani", SOURCE, CUE, CONTENT, links=[Attribution(CUE, (SOURCE,), (CONTENT,))])
    two = by("budi", named, other, CUE, CONTENT, links=[Attribution(CUE, (named,), (CONTENT,))])
    three = by("citra", SOURCE, CUE, CONTENT, links=[Attribution(CUE, (), (CONTENT,))])
    four = by("dewi", ANI, scope=Scope((("entity", dict(WHOLE.layers)["entity"]),)))
    layers = agreement([one, two, three, four]).layers
    assert list(layers) == [*HEADS, "links", "attribution", "Form", "Kind"]

    def told(name: str) -> list[tuple[str, str, int, int, int]]:
        return [(own.first, own.second, own.said_first, own.said_second, own.both) for own in layers[name].pairs]

    assert told("links") == [("ani", "budi", 2, 2, 2), ("ani", "citra", 2, 1, 1), ("budi", "citra", 2, 1, 1)]
    assert told("attribution") == [("ani", "budi", 1, 1, 1), ("ani", "citra", 1, 1, 0), ("budi", "citra", 1, 1, 0)]
    assert told("Kind") == [("ani", "budi", 1, 1, 0), ("ani", "citra", 1, 1, 1), ("budi", "citra", 1, 1, 0)]
    assert told("Form") == [("ani", "budi", 1, 1, 1), ("ani", "citra", 1, 1, 1), ("budi", "citra", 1, 1, 1)]
    assert (layers["links"].alpha, layers["links"].units) == (None, 0)
    assert layers["Kind"].units == 1 and layers["Kind"].alpha == alpha(np.array([[0], [1], [0]]))
    assert layers["Form"].alpha is None and layers["Form"].f1 == 1.0


def test_crossing_and_nested_spans_count_and_what_a_format_cannot_say_does_not() -> None:
    crossing = Span("entity", "ORG", TEXT.index("berkata"), TEXT.index("Budi") + 4)
    (pair,) = agreement([by("A", BUDI, crossing), by("B", BUDI)]).layers["entity"].pairs
    assert (pair.said_first, pair.said_second, pair.both) == (2, 1, 1)
    nested = span("SOURCE", "Budi pergi"), span("SOURCE", "Budi")
    (pair,) = agreement([by("A", *nested), by("B", nested[0])]).layers["source"].pairs
    assert (pair.said_first, pair.said_second, pair.both) == (2, 1, 1)
    whole = by("A", SOURCE, CUE, CONTENT, links=[Attribution(CUE, (SOURCE,), (CONTENT,))])
    flat = by("B", *(replace(one, attributes=()) for one in (SOURCE, CUE, CONTENT)))
    layers = agreement([whole, flat]).layers
    assert [layers[name].pairs for name in ("links", "attribution", "Form", "Kind")] == [()] * 4


@st.composite
def annotated(draw: st.DrawFn) -> list[Document]:
    """Three annotators of two articles, not all of both."""
    documents = []
    for id in ("d", "e"):
        for who in draw(st.sets(st.sampled_from(["ani", "budi", "citra"]), min_size=2)):
            drawn = draw(
                st.sets(st.tuples(st.sampled_from(sorted(LABELS)), st.integers(0, 9), st.integers(0, 3)), max_size=6)
            )
            bounds = {
                (layer, GRID[first][0], GRID[min(first + more, 8)][1]) for layer, first, more in drawn if first < 9
            }
            spans = [Span(layer, LABELS[layer][0], start, end) for layer, start, end in bounds if start < end]
            cue = next((item for item in spans if item.layer == "cue"), None)
            sources = tuple(item for item in spans if item.layer == "source")
            links = [Attribution(cue, sources)] if cue else []
            documents.append(by(who, *spans, links=links, id=id))
    return documents


@settings(max_examples=30)
@given(annotated(), st.randoms())
def test_agreement_is_that_of_the_score_and_knows_no_order(documents: list[Document], chance: random.Random) -> None:
    found = agreement(documents)
    assert agreement(chance.sample(documents, len(documents))) == found
    told = {(document.id, document.meta["annotator"]): document for document in documents}
    for head in HEADS:
        for pair in found.layers[head].pairs:
            both = [id for id in "de" if (id, pair.first) in told and (id, pair.second) in told]
            sides = [[told[id, who] for id in both] for who in (pair.first, pair.second)]
            if any(bio(document, head, GRID)[1] for side in sides for document in side):
                continue  # the score compares nothing where tags cannot say spans
            right, second, first = span_counts(sides[0], sides[1], head).sum(axis=0)
            assert (pair.articles, pair.both) == (len(both), right)
            assert (pair.said_first, pair.said_second) == (first, second)


@settings(max_examples=30)
@given(annotated())
def test_copies_agree_wholly(documents: list[Document]) -> None:
    one = {document.id: document for document in documents}.values()
    copies = [replace(document, meta={"annotator": who}) for document in one for who in ("x", "y", "z")]
    for layer in agreement(copies).layers.values():
        assert layer.f1 in (None, 1.0) and layer.alpha in (None, 1.0)
    for item, document in zip(adjudicate(copies), one, strict=True):
        assert (item.document.spans, item.document.attributions) == (document.spans, document.attributions)
        assert not item.disputes and item.everything == item.document


def test_a_gap_is_part_of_a_span() -> None:
    cue, said = span("CUE", "pergi"), span("CONTENT", "Budi pergi ke Solo")
    parts = replace(said, fragments=((said.start, cue.start - 1), (cue.end + 1, said.end)))
    content = agreement([by("A", cue, said), by("B", cue, parts)]).layers["content"]
    assert (content.f1, content.pairs[0].both) == (0.0, 0)


def test_notes_of_another_form_are_left_where_they_are() -> None:
    sides = [replace(by(who, *spans), meta={"annotator": who, "brat": 5}) for who, spans in (("A", [ANI]), ("B", []))]
    (note,) = with_notes(settle(*sides)).meta["brat"]
    assert note["head"][0] == "AnnotatorNotes"


def test_an_article_that_one_annotator_lacks_is_missing_data() -> None:
    pair = [by("ani", ANI), by("budi", ANI, BUDI)]
    alone = by("budi", SOLO, id="e")
    assert agreement([*pair, alone]).layers == agreement(pair).layers
    found = agreement([*pair, by("citra", ANI, id="e"), by("budi", SOLO, id="e")])
    assert [(own.first, own.second, own.articles) for own in found.layers["entity"].pairs] == [
        ("ani", "budi", 1),
        ("budi", "citra", 1),
    ]


def test_layers_that_an_annotation_does_not_speak_of_or_leaves_open_are_not_compared() -> None:
    entities = Scope((("entity", dict(WHOLE.layers)["entity"]),))
    cues = Scope((*entities.layers, ("cue", LayerScope((("CUE",),), closed=False))))
    found = agreement([by("ani", ANI, CUE), by("budi", ANI, scope=entities), by("citra", ANI, CUE, scope=cues)])
    assert found.layers["cue"].pairs == () and found.layers["cue"].units == 0
    assert [pair.f1 for pair in found.layers["entity"].pairs] == [1.0] * 3


# Adjudication.


def settle(*documents: Document) -> Adjudicated:
    (one,) = adjudicate(documents)
    return one


def test_the_majority_has_its_way_and_a_tie_is_left_out_and_told() -> None:
    one = settle(by("ani", ANI, SOLO), by("budi", ANI, SOLO, BUDI), by("citra", ANI, span("LOC", "Solo")))
    assert one.document.spans == (ANI, SOLO) and one.document.meta == {"annotators": ["ani", "budi", "citra"]}
    assert [(d.what, d.span, d.said_by, d.not_by, d.kept) for d in one.disputes] == [
        ("PER", BUDI, ("budi",), ("ani", "citra"), False),
        ("GPE", SOLO, ("ani", "budi"), ("citra",), True),
        ("LOC", span("LOC", "Solo"), ("citra",), ("ani", "budi"), False),
    ]
    tie = settle(by("ani", ANI), by("budi"))
    assert tie.document.spans == () and [(d.said_by, d.not_by, d.kept) for d in tie.disputes] == [
        (("ani",), ("budi",), False)
    ]
    alone = settle(by("ani", ANI))
    assert alone.document.spans == (ANI,) and alone.disputes == ()


def test_attributes_and_links_are_settled_among_those_who_mark_the_span() -> None:
    medium = span("SOURCE", "Ani", Kind="Medium")
    full = Attribution(CUE, (SOURCE,), (CONTENT,))
    one = settle(
        by("ani", CUE, SOURCE, CONTENT, links=[full]),
        by("budi", CUE, SOURCE, CONTENT, links=[Attribution(CUE, (), (CONTENT,))]),
        by("citra", CUE, medium, links=[Attribution(CUE, (medium,))]),
        by("dewi"),
    )
    # Of the source two of three say Person and link it; of the content two of four, which is a tie.
    assert one.document.spans == (SOURCE, CUE)
    assert one.document.attributions == (Attribution(CUE, (SOURCE,)),)
    told = {(d.what, d.kept): (d.said_by, d.not_by) for d in one.disputes}
    assert told["Kind=Person", True] == (("ani", "budi"), ("citra",))
    assert told["Source", True] == (("ani", "citra"), ("budi",))
    assert told["CONTENT", False] == (("ani", "budi"), ("citra", "dewi"))
    assert ("attribution", True) not in told
    assert set(one.everything.spans) == {SOURCE, CUE, replace(CONTENT)}
    assert one.everything.attributions == (full,)


def test_who_does_not_speak_of_a_layer_has_no_vote_in_it() -> None:
    entities = Scope((("entity", dict(WHOLE.layers)["entity"]),))
    one = settle(by("ani", ANI, CUE, links=[Attribution(CUE)]), by("budi", ANI, scope=entities))
    assert one.document.spans == (ANI, CUE) and one.document.attributions == (Attribution(CUE),)
    assert one.disputes == () and one.document.scope == WHOLE


@settings(max_examples=30)
@given(annotated())
def test_what_stands_is_what_most_mark(documents: list[Document]) -> None:
    for one in adjudicate(documents):
        own = [document for document in documents if document.id == one.document.id]
        votes = [item for document in own for item in document.spans]
        assert set(one.document.spans) == {item for item in votes if 2 * votes.count(item) > len(own)}
        assert set(one.everything.spans) == set(votes)
        assert set(one.document.spans) <= set(one.everything.spans)
        told = {d.span for d in one.disputes if d.what == d.span.label}
        assert told == {item for item in votes if votes.count(item) < len(own)}


def test_the_folder_of_disagreements_says_who_said_what(tmp_path: Path) -> None:
    links = [Attribution(CUE, (SOURCE,), (CONTENT,))]
    one = settle(by("ani", ANI, CUE, SOURCE, CONTENT, links=links), by("budi", ANI, CUE, SOURCE, CONTENT))
    write_brat([with_notes(one)], tmp_path)
    (read,) = formats.read(tmp_path, "brat")
    assert read.spans == one.everything.spans and read.attributions == one.everything.attributions
    notes = [
        line.split("\t") for line in (tmp_path / "d.ann").read_text(encoding="utf-8").splitlines() if line[0] == "#"
    ]
    assert [(head, told) for _, head, told in notes] == [
        ("AnnotatorNotes T3", "left out: Content 'Budi pergi ke Solo' by ani, not by budi"),
        ("AnnotatorNotes T3", "left out: Source 'Ani' by ani, not by budi"),
        ("AnnotatorNotes T3", "left out: attribution by ani, not by budi"),
    ]


def test_an_article_of_one_annotator_need_not_say_whose_it_is_beside_those_of_several() -> None:
    documents = [Document("e", TEXT, (SOLO,)), by("ani", ANI), by("budi", ANI)]
    found = agreement(documents)
    assert (found.annotators, found.articles) == (("ani", "budi"), 1) and found.layers["entity"].f1 == 1
    alone, _ = adjudicate(documents)
    assert alone.document.spans == (SOLO,) and alone.document.meta == {"annotators": []}


# What cannot be compared.


@pytest.mark.parametrize(
    ("documents", "where", "what"),
    [
        ([], "the input", "holds no article"),
        ([by("ani", ANI)], "ani", "has one annotator only"),
        ([by("ani", ANI), by("budi", ANI, id="e")], "ani and budi", "share no article"),
        ([by("ani", ANI), by("ani")], "d", "is there twice by ani"),
        ([Document("d", TEXT)], "d", "does not say who annotated it"),
        ([by("ani"), Document("d", TEXT)], "d", "does not say who annotated it"),
        ([by("ani"), replace(by("budi"), text=TEXT.replace("Solo", "Sola"))], "d", "from character 29"),
        ([by("ani"), replace(by("budi"), text=f"{TEXT} Ya.")], "d", "from character 42"),
        (
            [by("ani"), by("budi", scope=Scope((("entity", LayerScope((("LOC", "GPE"),))),)))],
            "d",
            "budi tells other labels of the layer entity apart",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(documents: list[Document], where: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        agreement(documents)
    (problem,) = caught.value.problems
    assert problem.where == where and what in problem.what and problem.cure


# The command.


@pytest.fixture
def folders(tmp_path: Path, seeds: list[Document]) -> Path:
    """Three annotators of the seeds: ani, budi without entities, and citra, who read one article only."""
    write_brat(seeds, tmp_path / "ani")
    without = [
        document.with_annotation([s for s in document.spans if s.layer != "entity"], document.attributions)
        for document in seeds
    ]
    write_brat(without, tmp_path / "budi")
    write_brat(seeds[:1], tmp_path / "citra")
    return tmp_path


def test_the_command_compares_folders_and_writes_what_the_majority_says(here: Command, folders: Path) -> None:
    ways = ["--adjudicate", "majority", "--to", "all", "--disagreements", "odd"]
    done = here("agree", "ani", "budi", "citra", *ways, folder=folders)
    assert done.returncode == 0, done.stderr
    assert "3 annotators, 5 articles" in done.stdout and "ani, citra" in done.stdout
    for name in ("links", "attribution", "Form", "Kind"):
        assert re.search(rf"│ {name} +│ all ", done.stdout)
    assert "all: 5 articles; left out:" in done.stdout and "tie: 001_718e06cf24c873e4:" in done.stdout
    assert "odd: 5 articles with disagreements" in done.stdout
    gold, settled = list(formats.read(folders / "ani", "brat")), list(formats.read(folders / "all", "brat"))
    assert settled[0].spans == gold[0].spans and settled[0].attributions == gold[0].attributions
    assert {item.layer for item in settled[1].spans} == {"source", "cue", "content"}
    assert list(formats.read(folders / "odd", "brat"))[1].spans == gold[1].spans
    assert "not by budi" in (folders / "odd" / f"{gold[1].id}.ann").read_text(encoding="utf-8")


def test_what_the_majority_says_of_lines_that_only_brat_has(here: Command, folders: Path) -> None:
    span, both = "T1\tPER 0 3\tAni\n", "#1\tAnnotatorNotes T1\tline break\n"
    for who, key in (("ani", "Q3"), ("budi", "Q3"), ("citra", "Q4")):
        (folders / "n" / who).mkdir(parents=True)
        (folders / "n" / who / "a.txt").write_text("Ani di Solo.\n", encoding="utf-8")
        own = f"N1\tReference T1 Wikidata:{key}\tAni\n#2\tAnnotatorNotes T1\tby {who}\n"
        (folders / "n" / who / "a.ann").write_text(span + both + own, encoding="utf-8")
    done = here("agree", "n/ani", "n/budi", "n/citra", "--adjudicate", "majority", "--to", "all", folder=folders)
    assert done.returncode == 0, done.stderr
    assert (folders / "all" / "a.ann").read_text() == f"{span}{both}N1\tReference T1 Wikidata:Q3\tAni\n"
    told = "not carried over: lines that only brat has, of no majority, left out in reading: 4\n"
    assert done.stderr == told
    odd = here("agree", "n/ani", "n/budi", "n/citra", "--disagreements", "odd", folder=folders)
    assert odd.returncode == 0 and (odd.stderr == told or "0 articles" in odd.stdout)


def test_a_zipped_project_with_curated_documents_is_not_compared_in_part(here: Command, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "project.zip", "w") as archive:
        for name in ("annotation/a/ani", "annotation/a/budi", "curation/a/CURATION_USER"):
            archive.writestr(f"{name}.tsv", "#FORMAT=WebAnno TSV 3.3\n")
    done = here("agree", "project.zip", folder=tmp_path)
    assert done.returncode == 2 and "unpack it, and name the folder annotation in it" in done.stderr


def test_a_scope_that_a_file_states_is_not_widened(here: Command, tmp_path: Path) -> None:
    narrow = Scope((("entity", LayerScope((("PER",),))),))
    for who, document in (("ani", by("ani", ANI, SOLO)), ("budi", by("budi", ANI, scope=narrow))):
        (tmp_path / f"{who}.jsonl").write_text(json.dumps(document.to_json()) + "\n", encoding="utf-8")
    done = here("agree", "ani.jsonl", "budi.jsonl", folder=tmp_path)
    assert done.returncode == 2 and "tells other labels of the layer entity apart" in done.stderr


def test_what_a_reader_leaves_out_is_told(here: Command, tmp_path: Path) -> None:
    for who in ("ani", "budi"):
        task = {
            "text": "Ani di Solo.",
            "spans": [{"start": 0, "end": 3, "label": "PER"}],
            "_annotator_id": who,
            "id": "x",
        }
        (tmp_path / f"{who}.jsonl").write_text(
            "".join(json.dumps({**task, "answer": answer}) + "\n" for answer in ("accept", "reject")), encoding="utf-8"
        )
    done = here("agree", "ani.jsonl", "budi.jsonl", "--from", "prodigy", folder=tmp_path)
    assert done.returncode == 0 and "articles answered reject, left out in reading: 2" in done.stderr


def test_annotators_of_one_scheme_need_not_use_all_its_labels(here: Command, tmp_path: Path) -> None:
    rows = {"ani": "Ani B-PER\ndi O\nSolo B-GPE\n", "budi": "Ani B-PER\ndi O\nSolo O\n"}
    for who, content in rows.items():
        (tmp_path / who).mkdir()
        (tmp_path / who / "x.conll").write_text(content, encoding="utf-8")
    ways = ["--adjudicate", "majority", "--to", "all"]
    done = here("agree", "ani/x.conll", "budi/x.conll", *ways, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0.667" in done.stdout and "tie: x:7-11: GPE by ani/x.conll" in done.stdout
    assert done.stderr.count("statements of what the annotation speaks of") == 1


def test_an_exported_project_is_compared_by_its_annotators(here: Command, tmp_path: Path) -> None:
    for place, label in (
        ("annotation/a/ani", "PER"),
        ("annotation/a/budi", "ORG"),
        ("curation/a/CURATION_USER", "PER"),
    ):
        file = tmp_path / "project" / f"{place}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NamedEntity|value\n\n\n#Text=Ani pergi\n"
        file.write_text(f"{head}1-1\t0-3\tAni\t{label}\t\n1-2\t4-9\tpergi\t_\t\n", encoding="utf-8")
    done = here("agree", "project", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 annotators, 1 articles" in done.stdout and "CURATION_USER" not in done.stdout


def test_one_file_that_says_its_annotators(here: Command, tmp_path: Path) -> None:
    documents = [by("ani", ANI, SOLO), by("budi", ANI)]
    lines = "".join(json.dumps(document.to_json()) + "\n" for document in documents)
    (tmp_path / "both.jsonl").write_text(lines, encoding="utf-8")
    done = here("agree", "both.jsonl", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0.667" in done.stdout


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        (["ani", "none"], "no such file or folder"),
        (["ani"], "does not say who annotated it"),
        (["ani", "budi", "--to", "x"], "--adjudicate majority --to DIR"),
        (["ani", "budi", "--adjudicate", "majority"], "--adjudicate majority --to DIR"),
        (["ani", "budi", "--adjudicate", "majority", "--to", "./budi"], "is the source"),
        (["ani", "budi", "--disagreements", "ani"], "is the source"),
        (["ani", "budi", "--disagreements", "."], "holds the source ani"),
        (["ani", "budi", "--adjudicate", "majority", "--to", "out", "--disagreements", "./out"], "is out, as --to is"),
        (["ani", "ani"], "is there twice by ani"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(here: Command, folders: Path, ways: list[str], told: str) -> None:
    done = here("agree", *ways, folder=folders)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
    assert {path.name for path in folders.iterdir()} == {"ani", "budi", "citra"}
