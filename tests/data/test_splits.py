"""Folds part the documents, near-duplicates stay on one side, and they are found exactly."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

import data.splits
from data.splits import (
    NEAR,
    SHINGLE,
    Fold,
    HeldOut,
    digests,
    is_known,
    leak_report,
    leaked_sentences,
    near_duplicates,
    normalised,
    related,
    split,
)
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.sentences import sentences

# Few words, so that shingles meet; articles are short runs of one long chain or of chance.
WORDS = "ani budi tuti pergi ke solo".split()
CHAIN = [f"kata{number}" for number in range(30)]
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.tuples(st.integers(0, 20), st.integers(1, 12)).map(lambda at: " ".join(CHAIN[at[0] : at[0] + at[1]])),
    st.sampled_from(["", " .", "Ani", "ANI!", "Ani, pergi ke Solo", '"ani pergi: ke solo."']),
)


def named(texts: Sequence[str]) -> list[Document]:
    return [Document(f"d{number}", text) for number, text in enumerate(texts)]


def articles(number: int) -> list[Document]:
    return named([f"artikel nomor {n}" for n in range(number)])


def jaccard(a: str, b: str) -> Fraction:
    def shingles(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        if len(words) < SHINGLE:
            return {tuple(words)} - {()}
        return {tuple(words[place : place + SHINGLE]) for place in range(len(words) - SHINGLE + 1)}

    one, other = shingles(a), shingles(b)
    return Fraction(len(one & other), len(one | other)) if one and other else Fraction(0)


def ids(fold: Fold) -> tuple[list[str], list[str]]:
    return [document.id for document in fold.train], [document.id for document in fold.held_out]


def check_parting(fold: Fold, documents: Sequence[Document]) -> None:
    train, out = ids(fold)
    assert out
    assert not set(train) & set(out)
    order = [document.id for document in documents]
    assert train == [id for id in order if id in train] and out == [id for id in order if id in out]
    dropped = [document.id for document in fold.dropped]
    assert sorted(train + out + dropped) == sorted(order)


# Near-duplicates.


@given(st.lists(TEXTS, max_size=8), st.lists(TEXTS, max_size=8), st.integers(1, 12), st.integers(1, 12))
def test_near_duplicates_are_those_of_the_definition(a: list[str], b: list[str], one: int, other: int) -> None:
    threshold = Fraction(min(one, other), max(one, other))
    expected = [(i, j) for i, left in enumerate(a) for j, right in enumerate(b) if jaccard(left, right) >= threshold]
    assert near_duplicates(a, b, float(threshold)) == expected


def test_an_index_that_is_the_threshold_counts_however_it_is_rounded() -> None:
    """7 of 25 shingles: 0.28 * 25 is a little more than 7."""
    both = [f"kata{number}" for number in range(7 + SHINGLE - 1)]
    one, other = (" ".join(both + [f"{name}{number}" for number in range(9)]) for name in "ab")
    assert jaccard(one, other) == Fraction(7, 25)
    assert near_duplicates([one], [other], 0.28) == [(0, 0)]
    assert near_duplicates([one], [other], 0.281) == []


def test_many_texts_are_compared_by_minhash(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)  # noqa: S311  # nothing secret
    words = [f"kata{number}" for number in range(2000)]
    texts = [chance.choices(words, k=40) for _ in range(400)]
    # Each again with its first words replaced, up to 19 of them: Jaccard indices from 1 down to 0.31.
    again = [chance.choices(words, k=number % 20) + text[number % 20 :] for number, text in enumerate(texts)]
    a, b = [" ".join(text) for text in (*texts, [], ["?"])], [" ".join(text) for text in (*again, ["!"], [])]
    expected = near_duplicates(a, b), near_duplicates(a, b, 0.8)
    assert len(expected[0]) == 260 and len(expected[1]) == 100
    monkeypatch.setattr(data.splits, "LARGE", 0)
    found = near_duplicates(a, b)
    assert found == sorted(set(found) & set(expected[0])) and len(found) >= 257
    assert near_duplicates(a, b, 0.8) == expected[1]
    assert near_duplicates(a, a) == [(place, place) for place in range(400)]


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01, float("nan")])
def test_a_threshold_that_is_none(threshold: float) -> None:
    with pytest.raises(ValueError, match="is not above 0 and at most 1"):
        near_duplicates(["a"], ["a"], threshold)


def test_short_texts_are_near_only_when_equal_but_for_case_and_marks() -> None:
    assert near_duplicates(["Ani pergi!", "Ani pulang", "..."], ['"ANI, pergi"', "..."]) == [(0, 0)]
    assert normalised('"ANI, pergi-pergi" ke 5') == ("ani", "pergi", "pergi", "ke", "5")
    assert normalised("per\u00adgi cafe\u0301 \ufeffke\u200b ﬁlm") == ("pergi", "café", "ke", "film")


# Splits.


@given(st.integers(2, 12).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))))
def test_named_documents_are_held_out(drawn: tuple[int, set[int]]) -> None:
    number, places = drawn
    documents = articles(number)
    chosen = tuple(f"d{place}" for place in sorted(places, reverse=True))
    (fold,) = split(documents, HeldOut(documents=chosen))
    check_parting(fold, documents)
    assert set(ids(fold)[1]) == set(chosen) and fold.name == "held_out"


@given(st.integers(2, 12))
def test_each_document_is_left_out_once(number: int) -> None:
    documents = articles(number)
    folds = split(documents, HeldOut(leave_one_out=True))
    assert [(fold.name, [fold.name]) for fold in folds] == [
        (d.id, ids(f)[1]) for d, f in zip(documents, folds, strict=True)
    ]
    for fold in folds:
        check_parting(fold, documents)


@given(st.integers(3, 30), st.integers(1, 19), st.integers(0, 5), st.randoms(use_true_random=False))
def test_a_fraction_is_near_and_depends_on_ids_and_seed_alone(
    number: int, twentieths: int, seed: int, chance: random.Random
) -> None:
    documents = articles(number)
    chosen = HeldOut(fraction=twentieths / 20, seed=seed)
    assume(number * twentieths != 20 * number - 10)
    (fold,) = split(documents, chosen)
    check_parting(fold, documents)
    out = ids(fold)[1]
    assert abs(20 * len(out) - number * twentieths) <= 10 or len(out) == 1
    shuffled = [Document(document.id, f"teks lain {document.id}") for document in documents]
    chance.shuffle(shuffled)
    assert set(ids(split(shuffled, chosen)[0])[1]) == set(out)


def test_seeds_draw_differently() -> None:
    drawn = {tuple(ids(split(articles(20), HeldOut(fraction=0.2, seed=seed))[0])[1]) for seed in range(5)}
    assert len(drawn) > 1


@given(st.lists(TEXTS, min_size=2, max_size=10), st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 3))
def test_near_duplicates_stay_on_one_side(texts: list[str], fraction: float, seed: int) -> None:
    documents = named(texts)
    try:
        (fold,) = split(documents, HeldOut(fraction=fraction, seed=seed))
    except InputError:
        # The smallest group is all there is.
        reached = {0}
        for _ in texts:
            reached |= {j for i in reached for j in range(len(texts)) if jaccard(texts[i], texts[j]) >= NEAR}
        assert reached == set(range(len(texts)))
        return
    check_parting(fold, documents)
    assert near_duplicates([d.text for d in fold.train], [d.text for d in fold.held_out]) == []


def test_a_chain_of_near_duplicates_is_one_group() -> None:
    """The ends share nothing but the middle."""
    chain = [" ".join(CHAIN[at : at + 12]) for at in (0, 2, 4, 6, 8)]
    assert jaccard(chain[0], chain[-1]) == 0 and jaccard(chain[0], chain[1]) > NEAR
    documents = named([*chain, "lain satu", "lain dua", "lain tiga"])
    for seed in range(10):
        out = set(ids(split(documents, HeldOut(fraction=0.4, seed=seed))[0])[1])
        assert out.isdisjoint({"d0", "d1", "d2", "d3", "d4"}) or out >= {"d0", "d1", "d2", "d3", "d4"}


def test_where_every_group_is_too_large_the_smallest_is_held_out() -> None:
    documents = named([*(" ".join(CHAIN[at : at + 12]) for at in (0, 2, 4)), "lain"])
    for seed in range(5):
        (fold,) = split(documents, HeldOut(fraction=0.1, seed=seed))
        assert ids(fold)[1] == ["d3"]


def test_near_duplicates_may_be_parted_if_asked() -> None:
    documents = named([*(" ".join(CHAIN[at : at + 12]) for at in (0, 1)), "lain"])
    parted = [HeldOut(fraction=0.4, group_near_duplicates=False, seed=seed) for seed in range(5)]
    assert any(len({"d0", "d1"} & set(ids(split(documents, chosen)[0])[1])) == 1 for chosen in parted)


def test_thousands_of_copies_are_one_group_and_quickly_found() -> None:
    documents = named(["Ani pergi ke Solo kemarin pagi"] * 5000 + ["Budi pulang", "Tuti diam"])
    (fold,) = split(documents, HeldOut(fraction=0.01))
    assert len(fold.held_out) in (1, 2) and not fold.dropped


@given(
    st.lists(TEXTS, min_size=2, max_size=12), st.integers(2, 4), st.integers(0, 3), st.randoms(use_true_random=False)
)
def test_folds_hold_each_document_out_once_and_part_no_near_duplicates(
    texts: list[str], number: int, seed: int, chance: random.Random
) -> None:
    documents = named(texts)
    near = [(i, j) for i, one in enumerate(texts) for j, other in enumerate(texts) if jaccard(one, other) >= NEAR]
    group = {place: {place} for place in range(len(texts))}
    for i, j in near:
        merged = group[i] | group[j]
        group.update(dict.fromkeys(merged, merged))
    groups = {min(members): members for members in group.values()}
    if len(groups) < number:
        with pytest.raises(InputError, match=f"too few for {number} folds"):
            split(documents, HeldOut(folds=number, seed=seed))
        return
    folds = split(documents, HeldOut(folds=number, seed=seed))
    assert [fold.name for fold in folds] == [f"fold_{place}" for place in range(1, number + 1)]
    for fold in folds:
        check_parting(fold, documents)
        assert near_duplicates([d.text for d in fold.train], [d.text for d in fold.held_out]) == []
    sizes = [len(fold.held_out) for fold in folds]
    assert sum(sizes) == len(texts) and max(sizes) - min(sizes) <= max(map(len, groups.values()))
    shuffled = chance.sample(documents, len(documents))
    assert [set(ids(fold)[1]) for fold in split(shuffled, HeldOut(folds=number, seed=seed))] == [
        set(ids(fold)[1]) for fold in folds
    ]


SHARED = "Ani pergi ke Solo kemarin pagi bersama Budi dan Tuti"
PAPERS = [
    Document("a", SHARED, meta={"outlet": "kompas.com", "date": "2025-01-02"}),
    Document("b", f"{SHARED} juga", meta={"outlet": "detik.com", "date": "2025-01-01T23:59:00+07:00"}),
    Document("c", "Harga beras naik", meta={"outlet": "Kompas.com", "date": "2025-02-01"}),
    Document("d", "Harga beras turun", meta={"outlet": "detik.com", "date": "2024-12-31"}),
    Document("e", "Harga gula turun", meta={"date": "kemarin"}),
]


@pytest.mark.parametrize("rule", [HeldOut(outlets=("KOMPAS.com",)), HeldOut(after=date(2025, 1, 1))])
def test_outlets_and_days_are_held_out_and_nothing_blurs_it(rule: HeldOut) -> None:
    (fold,) = split(PAPERS, rule)
    check_parting(fold, PAPERS)
    # b is all but a; nobody knows where e is from, and when.
    assert ids(fold) == (["d"], ["a", "c"]) and [document.id for document in fold.dropped] == ["b", "e"]
    (fold,) = split(PAPERS, rule.model_copy(update={"group_near_duplicates": False}))
    assert ids(fold) == (["b", "d"], ["a", "c"])


def test_a_sentence_of_a_corpus_stays_with_the_article_that_holds_it() -> None:
    article = Document("article", f"{SHARED}. Harga beras naik.")
    sentence = Document("sentence", SHARED.lower().replace("ani ", ""))
    rest = [Document("x", "Harga gula turun. Tuti diam."), Document("y", "Budi pulang")]
    assert related([article], [sentence, *rest]) == related([sentence], [article, *rest]) == [(0, 0)]
    assert related([sentence], [sentence]) == [(0, 0)]
    for seed in range(6):
        for fold in split([article, sentence, *rest], HeldOut(folds=3, seed=seed)):
            assert len({"article", "sentence"} & {document.id for document in fold.held_out}) != 1


def test_articles_that_share_a_sentence_stay_together_but_for_what_is_on_every_page(seeds: list[Document]) -> None:
    own = [
        f"Artikel {name}\n\nJakarta - Rapat {name * 3} dibuka pagi ini oleh {name}." for name in ("satu", "dua", "tiga")
    ]
    page = "\n\nADVERTISEMENT\n\nSCROLL TO CONTINUE WITH CONTENT\n\nBaca juga: Harga beras naik di seluruh pasar Solo"
    shared = '"Harga beras tidak akan naik lagi tahun ini," kata Ani.'
    one, other, apart = (Document(name, text + page) for name, text in zip("abc", own, strict=True))
    one, other = (Document(item.id, f"{item.text}\n\n{shared}") for item in (one, other))
    assert related([one], [other, apart]) == related([other], [one, apart]) == [(0, 0)]
    for seed in range(6):
        (fold,) = split([one, other, apart], HeldOut(fraction=0.4, seed=seed))
        assert len({"a", "b"} & {document.id for document in fold.held_out}) != 1
    for fold in split(seeds, HeldOut(folds=3)):
        assert leak_report(fold.held_out, fold.train).leaks == ()


def test_settings_can_be_written_and_read_again() -> None:
    for rule in (HeldOut(leave_one_out=True), HeldOut(after=date(2025, 1, 1)), HeldOut(folds=5)):
        assert HeldOut.model_validate(rule.model_dump(mode="json")) == rule


@pytest.mark.parametrize(
    ("given_ids", "held_out", "where", "what", "cure"),
    [
        (["a", "b"], HeldOut(documents=("x", "a", "y")), "data.held_out.documents", "called x, y", "are a, b"),
        (["a", "b", "a"], HeldOut(documents=("b",)), "data.sources", "one id: a", "file name"),
        (["a", "a"], HeldOut(leave_one_out=True), "data.sources", "one id: a", "file name"),
        (["a", "b"], HeldOut(folds=3), "data.held_out.folds", "are too few for 3 folds: with near-", "fewer folds"),
        (list(map(str, range(99))), HeldOut(documents=("x",)), "data.held_out.documents", "called x", "and 69 more"),
        (["a", "b"], HeldOut(outlets=("x.com",)), "data.held_out.outlets", "of x.com", "no document says its"),
        (["a", "b"], HeldOut(after=date(2025, 1, 1)), "data.held_out.after", "after 2025-01-01", "says its date"),
        ([], HeldOut(leave_one_out=True), "data.held_out", "there is no document", "add some"),
        ([], HeldOut(fraction=0.2), "data.held_out", "there is no document", "add some"),
    ],
)
def test_what_cannot_be_split_is_told_with_place_and_cure(
    given_ids: list[str], held_out: HeldOut, where: str, what: str, cure: str
) -> None:
    with pytest.raises(InputError) as caught:
        split([Document(id, "teks") for id in given_ids], held_out)
    (problem,) = caught.value.problems
    assert problem.where == where and what in problem.what and cure in problem.cure


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"documents": ["a"], "fraction": 0.2},
        {"leave_one_out": True, "fraction": 0.2},
        {"documents": []},
        {"fraction": 0.0},
        {"fraction": 1.0},
        {"leave_one_out": True, "group_near_duplicates": True},
        {"documents": ["a"], "group_near_duplicates": False},
        {"folds": 1},
        {"folds": 5, "after": "2025-01-01"},
        {"outlets": []},
        {"after": "kemarin"},
        {"fraction": 0.2, "seeds": 3},
    ],
)
def test_settings_that_contradict_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HeldOut.model_validate(settings)


# Leaks.


@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, max_size=4))
def test_leaked_sentences_are_those_with_a_near_duplicate(out: list[str], training: list[str]) -> None:
    documents, known = (
        named([f"{text}. Ani ikut" for text in out]),
        [Document("t", f"{text}. Budi") for text in training],
    )
    expected = {
        document.id: [
            (start, end)
            for start, end in sentences(document.text)
            if any(
                jaccard(document.text[start:end], other.text[first:last]) >= NEAR
                for other in known
                for first, last in sentences(other.text)
            )
        ]
        for document in documents
    }
    assert leaked_sentences(documents, known) == expected


def test_the_report_names_the_sentence_that_is_most_like_each() -> None:
    known = [Document("t", f"Lain soal. {SHARED} lagi."), Document("u", f"{SHARED}.")]
    held = [Document("h", f"Harga naik. {SHARED.upper()}!"), Document("i", "Diam.")]
    report = leak_report(held, known)
    (leak,) = report.leaks
    assert (report.sentences, report.share) == (3, 1 / 3)
    assert (leak.document, leak.text, leak.training_document) == ("h", f"{SHARED.upper()}!", "u")
    assert (leak.training_text, leak.similarity) == (f"{SHARED}.", 1.0)
    assert held[0].text[leak.start : leak.end] == leak.text
    told = json.loads(json.dumps(asdict(report)))
    assert told["share"] == 1 / 3 and told["leaks"][0]["training_text"] == f"{SHARED}."
    assert leak_report([], known).share == 0.0


def test_what_was_learned_is_known_again_however_it_is_cut() -> None:
    lines = Document("a", "Ani pergi ke Solo\nBudi pulang ke rumah\n")  # no sentence of five words
    assert is_known(replace(lines, text=lines.text.upper()), digests([lines]))
    whole = Document("b", f"{SHARED}. Ani pergi ke pasar kemarin. Budi diam.")
    assert is_known(replace(whole, text=whole.text.replace("pasar", "Solo")), digests([whole]))
    assert not is_known(Document("c", "Harga beras naik lagi di Solo."), digests([whole, lines]))
    assert not is_known(Document("d", "Ani."), digests([Document("d", "Ani.")]))


def test_leaks_between_the_seeds(seeds: list[Document]) -> None:
    leaked = leaked_sentences(seeds[3:4], [*seeds[:3], seeds[4]])
    texts = [seeds[3].text[start:end] for start, end in leaked[seeds[3].id]]
    assert "Putin berkeinginan untuk mengamankan peluru artileri dan rudal antitank Korea Utara." in texts
    assert not any(text.startswith(("Penulis:", "Washington tidak segera")) for text in texts)
    assert leaked_sentences(seeds[3:4], []) == {seeds[3].id: []}
    # What an encoder has learned before is known by its digests alone.
    again = leaked_sentences(seeds[3:4], [], digests([*seeds[:3], seeds[4]]))[seeds[3].id]
    assert again and set(again) <= set(leaked[seeds[3].id])
