"""Several annotators of one article: how far they agree, and one annotation out of theirs by majority.

Annotations of one article share their document's id; who made them is `meta["annotator"]`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.sources import read
from narasumber import formats
from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError, Problem
from narasumber.formats.common import LabelMap
from narasumber.formats.projects import CURATED, files_of, is_of_several
from narasumber.labels import ATTRIBUTES, HEADS, Head, Layer, layer_of_head
from narasumber.scope import Scope, joined
from narasumber.tags import MASKED, bio, flat_view
from narasumber.words import words

ANNOTATOR: Final = "annotator"

Ratings = npt.NDArray[np.int64]
"""[annotators, units]: the number of the category that each saw in each, `MASKED` where one said nothing."""


LINKS: Final = "links"
ATTRIBUTION: Final = "attribution"

_Stretches = tuple[tuple[int, int], ...]
"""What a span covers, as `Span.stretches`."""


@dataclass(frozen=True)
class PairAgreement:
    """Two annotators on the articles that both annotated: how much each said, and what both did."""

    first: str
    second: str
    articles: int
    said_first: int
    said_second: int
    both: int
    f1: float | None
    """Of either against the other; None where neither said anything."""


@dataclass(frozen=True)
class LayerAgreement:
    """One row of `Agreement`: `alpha` over `units`, and each pair; `f1` is of the counts of all pairs, added up."""

    alpha: float | None
    units: int
    f1: float | None
    pairs: tuple[PairAgreement, ...]


@dataclass(frozen=True)
class Agreement:
    """`articles` that two annotators or more have read, and what they make of them: the spans of each head; the `links`
    of CUEs to a SOURCE or CONTENT; each whole `attribution`; and, of spans that both marked, `Kind` and `Form`.

    `dataclasses.asdict` makes plain JSON values of it.
    """

    annotators: tuple[str, ...]
    articles: int
    layers: dict[str, LayerAgreement]


@dataclass(frozen=True)
class Dispute:
    """What some of an article's annotators say of a span, and some do not.

    `what` is that it is there (its label); or its attribute (`Kind=Person`); or that a CUE has an `attribution`, or the
    `Source` or `Content` that `other` is. Spans are named without their attributes. `kept`: whether the majority says
    so, which a tie is not.
    """

    document: str
    span: Span
    what: str
    said_by: tuple[str, ...]
    not_by: tuple[str, ...]
    kept: bool
    other: Span | None = None


@dataclass(frozen=True)
class Adjudicated:
    """What the majority says of one article, and what is in dispute, in text order.

    `everything` has the spans and links of all annotators, attributes by majority.
    """

    document: Document
    disputes: tuple[Dispute, ...]
    everything: Document


def load_annotators(sources: Sequence[Path], format: str = "auto", labels: LabelMap | None = None) -> list[Document]:
    """The documents of all sources. Of several, each is one annotator's, called like the folder or file; columns, which
    tell what labels they use, are of one scheme, so that a label that one never uses is one that they could have used.
    A single source says its annotators itself; of an exported project they are those of its folder `annotation`,
    without who curated it. Raises InputError with every problem of a source.
    """
    if len(sources) == 1:
        return list(read(_annotated(sources[0]), format, labels))
    names = [(path.name if path.is_dir() else path.stem) for path in (source.resolve() for source in sources)]
    if len(set(names)) < len(names):
        names = list(map(str, sources))
    documents = [
        replace(document, meta={**document.meta, ANNOTATOR: name})
        for source, name in zip(sources, names, strict=True)
        for document in read(source, format, labels)
    ]
    if any((formats.detect(source)[0].name if format == "auto" else format) != "conll" for source in sources):
        return documents
    scopes: dict[str, list[Scope]] = {}
    for document in documents:
        scopes.setdefault(document.id, []).append(document.scope)
    return [_of_one_scheme(document, scopes[document.id]) for document in documents]


def _annotated(source: Path) -> Path:
    """Of a project that WebAnno or INCEpTION exported, the annotators' part. Raises InputError where it lies deeper."""
    if (source / "annotation").is_dir() and (source / "curation").is_dir():
        return source / "annotation"
    with ExitStack() as stack:
        names = [file.name for file in files_of(source, stack, Counter())] if is_of_several(source) else []
    if any(name.stem == CURATED for name in names):
        what = "holds what a curator made of several annotations, which is read in their place"
        raise InputError(str(source), what, "unpack it, and name the folder annotation in it")
    return source


def _of_one_scheme(document: Document, scopes: Sequence[Scope]) -> Document:
    """The document, whose annotation tells apart what any of these does, unless one has a coarser label."""
    whole = joined(scopes)
    layers = []
    for layer, own in document.scope.layers:
        told = whole.layer(layer)
        is_alike = told is not None and set(own.groups) <= set(told.groups)
        layers.append((layer, replace(own, groups=told.groups) if told and is_alike else own))
    return replace(document, scope=Scope(tuple(layers)))


def by_article(documents: Iterable[Document]) -> dict[str, dict[str, Document]]:
    """Article id -> annotator -> document, both in the order in which they come.

    Where others say their annotator, a document that is alone with its id need not: tools that give several people some
    of the articles do so; its annotator is an empty string. Raises InputError with every other document that does not
    say it, comes twice from one, or has another text than the same article elsewhere.
    """
    everything = list(documents)
    times = Counter(document.id for document in everything)
    some_say = any(map(_annotator, everything))
    articles: dict[str, dict[str, Document]] = {}
    problems: list[Problem] = []
    for document in everything:
        who = _annotator(document)
        own = articles.setdefault(document.id, {})
        other = next(iter(own.values()), document)
        if not who and (times[document.id] > 1 or not some_say):
            cure = "name a folder for each annotator, or a file whose documents say it in meta.annotator"
            problems.append(Problem(document.id, "does not say who annotated it", cure))
        elif who in own:
            problems.append(Problem(document.id, f"is there twice by {who}", "leave one of the two"))
        elif document.text != other.text:
            what = f"{who} has another text than {other.meta[ANNOTATOR]}, from character {_unlike(document, other)}"
            problems.append(Problem(document.id, what, "give all annotators the same file"))
        elif layer := _told_apart_otherwise(document, own.values()):
            what = f"{who} tells other labels of the layer {layer} apart than another annotator"
            problems.append(Problem(document.id, what, "compare annotations of one scheme"))
        else:
            own[who] = document
    if problems:
        raise InputError.of(problems)
    return articles


def _annotator(document: Document) -> str:
    """Who annotated a document, or an empty string where it does not say."""
    who = document.meta.get(ANNOTATOR)
    return "" if who is None else str(who)


def _told_apart_otherwise(document: Document, others: Iterable[Document]) -> Layer | None:
    for other in others:
        for layer, scope in document.scope.layers:
            there = other.scope.layer(layer)
            if there and set(there.groups) != set(scope.groups):
                return layer
    return None


def _unlike(document: Document, other: Document) -> int:
    pairs = enumerate(zip(document.text, other.text, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(document.text), len(other.text)))


def agreement(documents: Iterable[Document]) -> Agreement:
    """How far annotators agree, by head, over the articles that two or more of them annotated.

    F1 counts exact spans, label and bounds, so that a model's F1 can be read beside it, but also those that cross, have
    gaps or are within words, which tags cannot say and `eval.score` leaves out; that of one annotator against the other
    is the same either way round (Hripcsak and Rothschild 2005). Alpha is Krippendorff's for nominal data, its units the
    words, its value the label over a word or none. That is not his alpha for unitizing, which weighs how far bounds are
    apart: words are what a model is trained on, and a span whose bounds differ by a word then disagrees in that word
    alone. What a BIO view cannot say is missing data. Of attributes its units are the spans that several marked. Links
    and attributions, which have no units to choose from, have none.

    Layers that an annotation does not speak of, or leaves open (`Scope`), are not compared. Raises InputError as
    `by_article`, and where no article has two annotators.
    """
    articles = by_article(documents)
    shared = {id: own for id, own in articles.items() if len(own) > 1}
    annotators = tuple(sorted({who for own in articles.values() for who in own if who}))
    if not shared:
        what = "has one annotator only" if len(annotators) < 2 else "share no article"
        cure = "name the folders of two annotators or more, the same articles in them under the same file names"
        raise InputError(" and ".join(annotators) or "the input", what if annotators else "holds no article", cure)
    own = list(shared.values())
    layers: dict[str, LayerAgreement] = {head: _layer(own, annotators, head) for head in HEADS}
    layers |= {LINKS: _speech(own, annotators, _links), ATTRIBUTION: _speech(own, annotators, _whole)}
    layers |= {name: _attribute(own, annotators, name) for name in ATTRIBUTES}
    return Agreement(annotators, len(shared), layers)


def _layer(articles: Sequence[Mapping[str, Document]], annotators: Sequence[str], head: Head) -> LayerAgreement:
    rows: list[Ratings] = []
    counts = _Counts(annotators)
    for article in articles:
        own = _speaking(article, layer_of_head(head))
        grid = words(next(iter(article.values())).text)
        row = np.full((len(annotators), len(grid)), MASKED, dtype=np.int64)
        for who, document in own.items():
            tags = bio(document, head, grid)[0]
            row[annotators.index(who)] = np.where(tags == MASKED, MASKED, (tags + 1) // 2)
        rows.append(row)
        counts.read(own)
        counts.add({who: _exact(document, head) for who, document in own.items()})
    return counts.table(np.concatenate(rows, axis=1))


def _speech(
    articles: Sequence[Mapping[str, Document]], annotators: Sequence[str], said: Callable[[Document], set[Any]]
) -> LayerAgreement:
    """What annotators who looked for all of speech say of it; one who never does could not, as in columns of tags."""
    counts = _Counts(annotators)
    able = {who for article in articles for who, document in article.items() if document.attributions}
    for article in articles:
        own = {who: document for who, document in _speaking(article, "source", "cue", "content").items() if who in able}
        counts.read(own)
        counts.add({who: said(document) for who, document in own.items()})
    return counts.table()


def _links(document: Document) -> set[tuple[_Stretches, Layer, _Stretches]]:
    return {
        (own.cue.stretches(document.text), span.layer, span.stretches(document.text))
        for own in document.attributions
        for span in own.spans[1:]
    }


def _whole(document: Document) -> set[frozenset[tuple[Layer, _Stretches]]]:
    return {
        frozenset((span.layer, span.stretches(document.text)) for span in own.spans) for own in document.attributions
    }


def _attribute(articles: Sequence[Mapping[str, Document]], annotators: Sequence[str], name: str) -> LayerAgreement:
    layer, values = ATTRIBUTES[name]
    columns: list[Ratings] = []
    counts = _Counts(annotators)
    able = {
        who
        for article in articles
        for who, document in article.items()
        if any(span.attribute(name) for span in document.layer(layer))
    }
    for article in articles:
        chosen = {
            who: {span.stretches(document.text): span.attribute(name) for span in document.layer(layer)}
            for who, document in _speaking(article, layer).items()
            if who in able
        }
        for span in sorted(set[_Stretches]().union(*chosen.values())):
            told = {who: own[span] for who, own in chosen.items() if span in own}
            counts.add({who: {value} if value else set() for who, value in told.items()})
            column = [values.index(value) if (value := told.get(who)) else MASKED for who in annotators]
            columns.append(np.array(column, dtype=np.int64)[:, None])
        counts.read(chosen)
    empty = np.empty((len(annotators), 0), dtype=np.int64)
    return counts.table(np.concatenate([empty, *columns], axis=1))


class _Counts:
    """What each pair of annotators say, both of them and each."""

    def __init__(self, annotators: Sequence[str]) -> None:
        self.pairs: dict[tuple[str, str], Counter[str]] = {pair: Counter() for pair in combinations(annotators, 2)}

    def read(self, annotators: Iterable[str]) -> None:
        """An article that these read."""
        for pair in combinations(sorted(annotators), 2):
            self.pairs[pair]["articles"] += 1

    def add(self, said: Mapping[str, set[Any]]) -> None:
        """What each of these says of the same."""
        for pair in combinations(sorted(said), 2):
            one, two = (said[who] for who in pair)
            self.pairs[pair].update(first=len(one), second=len(two), both=len(one & two))

    def table(self, ratings: Ratings | None = None) -> LayerAgreement:
        total = sum(self.pairs.values(), Counter[str]())
        return LayerAgreement(
            None if ratings is None else alpha(ratings),
            0 if ratings is None else int(((ratings != MASKED).sum(axis=0) > 1).sum()),
            _f1(total),
            tuple(
                PairAgreement(*pair, own["articles"], own["first"], own["second"], own["both"], _f1(own))
                for pair, own in self.pairs.items()
                if own["articles"]
            ),
        )


def _speaking(article: Mapping[str, Document], *layers: Layer) -> dict[str, Document]:
    """The documents of those who looked for these layers."""
    return {who: own for who, own in article.items() if all(_closed(own, layer) for layer in layers)}


def _closed(document: Document, layer: Layer) -> bool:
    """Whether what is unmarked has no label of the layer."""
    scope = document.scope.layer(layer)
    return scope is not None and scope.closed


def _exact(document: Document, head: Head) -> set[tuple[str, _Stretches]]:
    """All spans of a head, also those that tags cannot say."""
    spans, lost = flat_view(document, head)
    return {(span.label, span.stretches(document.text)) for span in (*spans, *(one.span for one in lost))}


def _f1(count: Mapping[str, int]) -> float | None:
    total = count["first"] + count["second"]
    return 2 * count["both"] / total if total else None


def alpha(ratings: Ratings) -> float | None:
    """Krippendorff's alpha for nominal data (2011, "Computing Krippendorff's Alpha-Reliability"), missing data apart.

    Units that fewer than two rated do not count. None where all that is left is of one category: then there is
    nothing to tell apart.
    """
    values = np.setdiff1d(ratings, [MASKED])
    counts = (ratings == values[:, None, None]).sum(axis=1)
    counts = counts[:, counts.sum(axis=0) > 1]
    raters = counts.sum(axis=0)
    total = raters.sum()
    observed = ((raters**2 - (counts**2).sum(axis=0)) / (raters - 1)).sum()
    expected = total**2 - (counts.sum(axis=1) ** 2).sum()
    return float(1 - (total - 1) * observed / expected) if expected else None


@dataclass(frozen=True)
class _Statement:
    """That a span is marked, which is named without its attributes; or that it has an attribute, an attribution, or a
    link to another.
    """

    span: Span
    name: str = ""
    value: str = ""
    other: Span | None = None

    @property
    def what(self) -> str:
        return f"{self.name}={self.value}" if self.value else self.name or self.span.label

    @property
    def sort_key(self) -> tuple[Any, ...]:
        return (self.span.sort_key, self.span.fragments, self.name, self.value, (self.other or self.span).sort_key)


def adjudicate(documents: Iterable[Document]) -> list[Adjudicated]:
    """One annotation of each article, by majority.

    A span stands if more than half of the annotators who speak of its layer mark it exactly; what is said of a span
    (an attribute, and of a CUE its attribution and each link) if more than half of those who mark it say so. A tie is
    left out, and is among the disputes. What a single annotator made of an article stands as it is. `meta` is what all
    of an article's annotators have in theirs, and `annotators`; of lines that only brat has, those of more than half,
    the others counted in `left_out`. Raises InputError as `by_article`.
    """
    return [_adjudicated(own) for own in by_article(documents).values()]


def _adjudicated(own: Mapping[str, Document]) -> Adjudicated:
    one = next(iter(own.values()))
    said = {who: _statements(document) for who, document in own.items()}
    votes = {
        statement: _votes(statement, own, said)
        for statement in sorted(set[_Statement]().union(*said.values()), key=lambda item: item.sort_key)
    }
    kept = {statement for statement, (yes, no) in votes.items() if len(yes) > len(no)}
    meta: dict[str, Any] = {
        key: value
        for key, value in one.meta.items()
        if key not in (ANNOTATOR, "left_out") and all(document.meta.get(key) == value for document in own.values())
    }
    if "brat" not in meta:
        meta |= _lines_of_most([document.meta.get("brat") for document in own.values()])
    scope = joined(document.scope for document in own.values())
    bare = replace(one.bare(), meta=meta | {"annotators": list(filter(None, own))}, scope=scope)
    disputes = tuple(
        Dispute(one.id, item.span, item.what, yes, no, item in kept, item.other)
        for item, (yes, no) in votes.items()
        if no
    )
    everything = [item for item in votes if item in kept or not item.value]
    return Adjudicated(_built(bare, [item for item in votes if item in kept]), disputes, _built(bare, everything))


def _lines_of_most(kept: Sequence[Any]) -> dict[str, Any]:
    """`meta` with the lines that more than half of `meta["brat"]` have, and how many others there are.

    A line that speaks of another such line does so by that one's place, which differs, so it is among the others.
    """
    items: dict[str, Any] = {}
    votes: Counter[str] = Counter()
    for lines in kept:
        own = {json.dumps(line, sort_keys=True): line for line in lines} if isinstance(lines, list) else {}
        items |= own
        votes.update(own.keys())
    most = [items[key] for key, number in votes.items() if 2 * number > len(kept) and not _speaks_of_a_line(items[key])]
    others = len(votes) - len(most)
    meta: dict[str, Any] = {"brat": most} if most else {}
    return meta | ({"left_out": {"lines that only brat has, of no majority": others}} if others else {})


def _speaks_of_a_line(item: Any) -> bool:
    head = item.get("head") if isinstance(item, dict) else None
    return any("line " in str(word) for word in head or ())


def _plain(span: Span) -> Span:
    return replace(span, attributes=())


def _statements(document: Document) -> set[_Statement]:
    said = {_Statement(_plain(span)) for span in document.spans}
    said |= {_Statement(_plain(span), name, value) for span in document.spans for name, value in span.attributes}
    for attribution in document.attributions:
        cue, *others = map(_plain, attribution.spans)
        said.add(_Statement(cue, "attribution"))
        said |= {_Statement(cue, span.label.capitalize(), other=span) for span in others}
    return said


def _votes(
    statement: _Statement, own: Mapping[str, Document], said: Mapping[str, set[_Statement]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who says it, and who could have but does not."""
    marked = _Statement(statement.span)
    voters = [
        who
        for who, document in own.items()
        if marked in said[who] or (statement == marked and _closed(document, statement.span.layer))
    ]
    yes = tuple(who for who in voters if statement in said[who])
    return yes, tuple(who for who in voters if who not in yes)


def _built(bare: Document, statements: Sequence[_Statement]) -> Document:
    """The document of which these are true, where the spans that they speak of are among them."""
    attributes: dict[Span, dict[str, str]] = {item.span: {} for item in statements if not item.name}
    for item in statements:
        if item.value and item.span in attributes:
            attributes[item.span][item.name] = item.value
    spans = {span: replace(span, attributes=tuple(own.items())) for span, own in attributes.items()}
    roles: dict[Span, list[Span]] = {
        item.span: [] for item in statements if item.name == "attribution" and item.span in spans
    }
    for item in statements:
        if item.other in spans and item.span in roles:
            roles[item.span].append(spans[item.other])
    attributions = [Attribution.of(spans[cue], members) for cue, members in roles.items()]
    return bare.with_annotation(spans.values(), attributions)


def with_notes(adjudicated: Adjudicated) -> Document:
    """All that anybody marked, as brat writes it: what is in dispute has AnnotatorNotes that say who said what."""
    document = adjudicated.everything
    names = {_plain(span): _brat_name(span) for span in document.spans}
    notes = []
    for dispute in adjudicated.disputes:
        other = f" {dispute.other.text_in(document.text)!r}" if dispute.other else ""
        told = f"{'kept' if dispute.kept else 'left out'}: {dispute.what}{other} by {', '.join(dispute.said_by)}"
        told += f", not by {', '.join(dispute.not_by)}"
        notes.append({"kind": "#", "head": ["AnnotatorNotes", names[dispute.span]], "tail": " ".join(told.split())})
    kept = document.meta.get("brat")
    return replace(document, meta={**document.meta, "brat": [*(kept if isinstance(kept, list) else ()), *notes]})


def _brat_name(span: Span) -> str:
    """What lines kept in `meta["brat"]` call a span."""
    parts = ";".join(f"{start} {end}" for start, end in span.parts)
    return " ".join((span.label, parts, *(f"{name}={value}" for name, value in span.attributes)))
