"""How well predicted articles match their gold: span scores a layer, whole attributions, links, intervals, errors.

Scores are taken on whole documents. Span scores are seqeval's (Nakayama 2018), `mode="strict", scheme=IOB2`, on word
tags, one sequence a line. Gold spans that the tags of `narasumber.tags` cannot say are counted as `lost`. As training
masks these, they are neither found nor missed, and what is predicted over them alone is neither right nor wrong, in all
figures of spans, confusions and errors. Recall by attribute, words of contents, links and attributions are counted on
all character spans, with their gaps.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from narasumber.document import Attribution, Document, Span
from narasumber.labels import ATTRIBUTES, HEADS, Head, Layer, head_labels
from narasumber.sentences import sentences
from narasumber.tags import Lost, bio, flat_view
from narasumber.words import lines, words

RESAMPLES: Final = 2000
BATCH: Final = 3_000_000
"""Counts drawn at a time, which bounds memory."""
CONTEXT: Final = 40
"""Characters shown on each side of an error."""

HALF: Final = 0.5

Counts = npt.NDArray[np.float64]
"""[documents, 3]: right, predicted, gold. Of several runs [documents, runs, 3]; F1 is the mean of theirs."""

Bounds = Mapping[str, Sequence[tuple[int, int]]]


def score(
    gold: Sequence[Document],
    predicted: Sequence[Document],
    *,
    relinked: Sequence[Document] | None = None,
    leaked: Bounds | None = None,
) -> dict[str, Any]:
    """All scores of `predicted` against `gold`, the same articles in the same order, as plain JSON values.

    `relinked`: the gold articles with the attributions that the linker makes of gold spans. `leaked`: by document id
    the bounds of sentences that training has all but seen. A score is `{precision, recall, f1, support}`, `support`
    being the number in gold, with `interval` (95 %, of f1) of two documents or more that have something to score:

        layers       head -> {micro, macro: {f1, labels}, labels: {label: score}, lost}; content also has `overlap`,
                     the token-overlap score of its spans (Pareti 2013)
        attribution  {exact, half, by_form: {Form: {recall, support}}}; `half`: cue and sources exact, and contents that
                     share at least half of all words that either covers
        sources      {by_kind: {Kind: {recall, support}}}        contents  {by_form: {Form: {recall, support}}}
        links        {source, content, all} with gold spans, if `relinked`
        unseen       {sentences, of, layers: {head: score}, attribution: score} outside `leaked`, if given
        confusion    gold entity label -> {predicted label of the same bounds, or of most overlap, or "missed": count};
                     the row "spurious" holds predictions that overlap no gold
        documents    id -> {head: score, "attribution": score}
    """
    if [document.id for document in gold] != [document.id for document in predicted]:
        raise ValueError("gold and predicted are not the same articles in the same order")
    layers: dict[str, Any] = {}
    counts = {head: span_counts(gold, predicted, head) for head in HEADS}
    for head in HEADS:
        own = span_score(gold, predicted, head)
        own["micro"] |= interval(counts[head])
        layers[head] = own
    layers["content"]["overlap"] = _prf(*(_word_counts(gold, predicted).sum(axis=0)))
    exact, half = attribution_counts(gold, predicted), attribution_counts(gold, predicted, half=True)
    result: dict[str, Any] = {
        "layers": layers,
        "attribution": {
            "exact": _prf(*exact.sum(axis=0)) | interval(exact),
            "half": _prf(*half.sum(axis=0)) | interval(half),
            "by_form": _attributions_by_form(gold, predicted),
        },
        "sources": {"by_kind": _by_attribute(gold, predicted, "Kind")},
        "contents": {"by_form": _by_attribute(gold, predicted, "Form")},
        "confusion": confusion(gold, predicted),
        "documents": {
            document.id: {head: _prf(*counts[head][number]) for head in HEADS} | {"attribution": _prf(*exact[number])}
            for number, document in enumerate(gold)
        },
    }
    if relinked is not None:
        result["links"] = _links(gold, relinked)
    if leaked is not None:
        result["unseen"] = _unseen(gold, predicted, leaked)
    return result


def span_score(gold: Sequence[Document], predicted: Sequence[Document], head: Head) -> dict[str, Any]:
    """seqeval's strict IOB2 scores of one head: `micro`, `macro` over the types in gold or prediction, and by label.

    The one place that calls seqeval: it ignores `mode` or `scheme` given alone in some of its functions.
    """
    truth, found = [], []
    for document, other in zip(gold, predicted, strict=True):
        one, two = _views(document, other, head)
        truth += _tag_lines(document.text, one)
        found += _tag_lines(document.text, two)
    lost = sum(len(_tagged(document, head)[1]) for document in gold)
    report: dict[str, Any] = {}
    if any(tag != "O" for tags in (*truth, *found) for tag in tags):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy's, of empty classes; zero_division has settled these
            report = classification_report(truth, found, mode="strict", scheme=IOB2, zero_division=0, output_dict=True)
    labels = {label: _seqeval_prf(report[label]) for label in head_labels(head) if label in report}
    return {
        "micro": _seqeval_prf(report.get("micro avg", {})),
        "macro": {"f1": float(np.mean([item["f1"] for item in labels.values()] or [0.0])), "labels": len(labels)},
        "labels": labels,
        "lost": lost,
    }


def learned_by(layers: Iterable[str]) -> set[str]:
    """What a model of these layers is scored on: their heads, and "attribution" if it can get a whole one right."""
    heads = set(layers)
    return heads | {"attribution"} if heads >= {"source", "cue", "content"} else heads


def selection_score(gold: Sequence[Document], predicted: Sequence[Document], heads: Iterable[Head] = HEADS) -> float:
    """The one number that the best epoch is chosen by: the mean micro F1 of those of `heads` that are in gold."""
    counts = [span_counts(gold, predicted, head) for head in heads]
    return float(np.mean([f1(own) for own in counts if own[:, 2].any()] or [0.0]))


def span_counts(
    gold: Sequence[Document], predicted: Sequence[Document], head: Head, leaked: Bounds | None = None
) -> Counts:
    """Exact spans (label, start, end) of one head that tags can say, by document, but for those in `leaked` bounds."""
    rows = []
    for document, other in zip(gold, predicted, strict=True):
        views = _views(document, other, head)
        rows.append([{_span_key(span) for span in view if _is_new(document, span, leaked or {})} for view in views])
    return _rows(rows)


def f1(counts: Counts) -> float:
    """Micro F1; 0 where there is neither gold nor prediction."""
    return float(np.nan_to_num(_f1(counts.sum(axis=0))).mean())


def _views(gold: Document, predicted: Document, head: Head) -> tuple[list[Span], list[Span]]:
    """The spans of one head in gold and prediction that are compared: those that tags can say.

    Predictions that overlap a gold span that tags cannot say, and no other, are not compared.
    """
    (truth, lost), (found, _) = _tagged(gold, head), _tagged(predicted, head)
    masked = [item.span for item in lost if item.cause != "nested"]
    return truth, [span for span in found if not _overlaps(span, masked) or _overlaps(span, truth)]


def _tagged(document: Document, head: Head) -> tuple[list[Span], list[Lost]]:
    lost = bio(document, head, words(document.text))[1]
    unsaid = {item.span for item in lost}
    return [span for span in flat_view(document, head)[0] if span not in unsaid], lost


def _span_key(span: Span) -> Hashable:
    return (span.label, span.start, span.end)


def attribution_counts(gold: Sequence[Document], predicted: Sequence[Document], *, half: bool = False) -> Counts:
    """Whole attributions by document: cue, all sources and all contents right, contents by half if `half`."""
    if not half:
        return _counts(gold, predicted, _attribution_keys)
    rows = []
    for document, other in zip(gold, predicted, strict=True):
        text = document.text
        by_cue = {item.cue.stretches(text): item for item in other.attributions}
        right = sum(
            (found := by_cue.get(item.cue.stretches(text))) is not None
            and {own.stretches(text) for own in found.sources} == {own.stretches(text) for own in item.sources}
            and _share(document.text, item.contents, found.contents) >= HALF
            for item in document.attributions
        )
        rows.append((right, len(other.attributions), len(document.attributions)))
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def compare(one: Counts, other: Counts) -> dict[str, Any]:
    """The difference of two F1 on the same documents, with its 95 % interval by paired bootstrap."""
    one, other = _by_run(one), _by_run(other)
    if not np.array_equal(one[:, 0, 2], other[:, 0, 2]):
        raise ValueError("the two are not of the same gold documents")
    runs = one.shape[1]
    return {"difference": f1(one) - f1(other)} | _bootstrap(
        np.concatenate([one, other], axis=1), lambda sums: _mean_f1(sums[:, :runs]) - _mean_f1(sums[:, runs:])
    )


def confusion(gold: Sequence[Document], predicted: Sequence[Document]) -> dict[str, dict[str, int]]:
    """See `score`."""
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document, other in zip(gold, predicted, strict=True):
        truth, found = _views(document, other, "entity")
        for span in truth:
            best = max(found, key=lambda item: (_shared(span, item), _alike(span, item)), default=None)
            rows[span.label][best.label if best and _shared(span, best) else "missed"] += 1
        for span in found:
            if not _overlaps(span, truth):
                rows["spurious"][span.label] += 1
    order = [*head_labels("entity"), "spurious"]
    return {label: dict(rows[label]) for label in order if label in rows}


def find_errors(gold: Sequence[Document], predicted: Sequence[Document]) -> list[dict[str, Any]]:
    """Every span that counts as not right, in text order, as plain JSON values.

    `error`: "boundary" (label right, bounds not), "type" (bounds right, label not), "both" (overlap, nothing more),
    "missed", "spurious". `gold` and `predicted` are `{label, start, end, text}` or null; `before` and `after` the text
    around. Each gold span is paired with at most one prediction, the most overlapping first.
    """
    errors: list[dict[str, Any]] = []
    for document, other in zip(gold, predicted, strict=True):
        own: list[dict[str, Any]] = []
        for head in HEADS:
            for one, two in _paired(*_views(document, other, head)):
                if one is None or two is None or _span_key(one) != _span_key(two):
                    own.append(_error(document, head, one, two))
        errors += sorted(own, key=lambda item: (item["start"], item["end"]))
    return errors


def _error(document: Document, head: Head, gold: Span | None, predicted: Span | None) -> dict[str, Any]:
    text = document.text
    if gold is None or predicted is None:
        kind = "spurious" if gold is None else "missed"
    elif gold.label == predicted.label:
        kind = "boundary"
    else:
        kind = "type" if _alike(gold, predicted) else "both"
    there = [span for span in (gold, predicted) if span]
    start, end = min(span.start for span in there), max(span.end for span in there)

    def told(span: Span | None) -> dict[str, Any] | None:
        if span is None:
            return None
        return {"label": span.label, "start": span.start, "end": span.end, "text": span.text_in(text)}

    return {
        "document": document.id,
        "head": head,
        "error": kind,
        "start": start,
        "end": end,
        "gold": told(gold),
        "predicted": told(predicted),
        "before": text[max(0, start - CONTEXT) : start],
        "after": text[end : end + CONTEXT],
    }


def _paired(truth: Sequence[Span], found: Sequence[Span]) -> list[tuple[Span | None, Span | None]]:
    candidates = [(one, two) for one in truth for two in found if _shared(one, two)]
    candidates.sort(key=lambda pair: (not _alike(*pair), -_shared(*pair), pair[0].label != pair[1].label))
    left, right = dict.fromkeys(truth), dict.fromkeys(found)
    pairs: list[tuple[Span | None, Span | None]] = []
    for one, two in candidates:
        if one in left and two in right:
            del left[one], right[two]
            pairs.append((one, two))
    return [*pairs, *((one, None) for one in left), *((None, two) for two in right)]


def _tag_lines(text: str, spans: Iterable[Span]) -> list[list[str]]:
    """IOB2 tags of the words of each line that is not blank; no span of a view crosses a line."""
    starts = [start for start, _ in words(text)]
    names = ["O"] * len(starts)
    for span in spans:
        first, end = bisect_left(starts, span.start), bisect_left(starts, span.end)
        names[first:end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (end - first - 1)
    bounds = [bisect_left(starts, start) for start, _ in lines(text)] + [len(starts)]
    return [names[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]


def _counts(
    gold: Sequence[Document], predicted: Sequence[Document], keys: Callable[[Document], set[Hashable]]
) -> Counts:
    return _rows([keys(document), keys(other)] for document, other in zip(gold, predicted, strict=True))


def _rows(pairs: Iterable[Sequence[set[Hashable]]]) -> Counts:
    counts = [(len(truth & found), len(found), len(truth)) for truth, found in pairs]
    return np.array(counts, dtype=np.float64).reshape(-1, 3)


def _word_counts(gold: Sequence[Document], predicted: Sequence[Document]) -> Counts:
    """Words inside the outermost contents."""

    def keys(document: Document) -> set[Hashable]:
        return set(_words_in(document.text, flat_view(document, "content")[0]))

    return _counts(gold, predicted, keys)


def _words_in(text: str, spans: Iterable[Span]) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for span in spans:
        for start, end in span.parts:
            found |= {(start + first, start + last) for first, last in words(text[start:end])}
    return found


def _share(text: str, one: Sequence[Span], other: Sequence[Span]) -> float:
    """The Jaccard index of the words that the spans cover; two empty sets share all."""
    left, right = _words_in(text, one), _words_in(text, other)
    return len(left & right) / len(left | right) if left or right else 1.0


def _attribution_keys(document: Document) -> set[Hashable]:
    return {attribution_key(item, document.text) for item in document.attributions}


def attribution_key(item: Attribution, text: str) -> tuple[frozenset[Hashable], ...]:
    """By what whole attributions are compared: the stretches of its cue, of its sources and of its contents."""
    roles = ((item.cue,), item.sources, item.contents)
    return tuple(frozenset(span.stretches(text) for span in spans) for spans in roles)


def _attributions_by_form(gold: Sequence[Document], predicted: Sequence[Document]) -> dict[str, Any]:
    """Recall of whole attributions by the Form of their first content."""
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for document, other in zip(gold, predicted, strict=True):
        found = _attribution_keys(other)
        for item in document.attributions:
            forms = [form for content in item.contents if (form := content.attribute("Form"))]
            if forms:
                hits[forms[0]].append(attribution_key(item, document.text) in found)
    return _recalls(hits, ATTRIBUTES["Form"][1])


def _by_attribute(gold: Sequence[Document], predicted: Sequence[Document], name: str) -> dict[str, Any]:
    """Recall of exact spans by the value of an attribute of gold spans, nested ones included."""
    layer, values = ATTRIBUTES[name]
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for document, other in zip(gold, predicted, strict=True):
        found = {span.stretches(other.text) for span in other.layer(layer)}
        for span in document.layer(layer):
            if value := span.attribute(name):
                hits[value].append(span.stretches(document.text) in found)
    return _recalls(hits, values)


def _recalls(hits: Mapping[str, Sequence[bool]], order: Sequence[str]) -> dict[str, Any]:
    return {name: {"recall": float(np.mean(hits[name])), "support": len(hits[name])} for name in order if name in hits}


def _links(gold: Sequence[Document], relinked: Sequence[Document]) -> dict[str, Any]:
    def keys(document: Document, layers: Sequence[Layer]) -> set[Hashable]:
        return {
            (item.cue.stretches(document.text), span.layer, span.stretches(document.text))
            for item in document.attributions
            for span in item.spans
            if span.layer in layers
        }

    parts: dict[str, tuple[Layer, ...]] = {"source": ("source",), "content": ("content",), "all": ("source", "content")}
    return {
        name: _prf(*_counts(gold, relinked, lambda document, own=own: keys(document, own)).sum(axis=0))  # type: ignore[misc]
        for name, own in parts.items()
    }


def _unseen(gold: Sequence[Document], predicted: Sequence[Document], leaked: Bounds) -> dict[str, Any]:
    """The scores without the spans and attributions that begin in a leaked sentence."""

    def part(document: Document) -> Document:
        kept = tuple(item for item in document.attributions if _is_new(document, item.cue, leaked))
        return document.with_annotation({span for item in kept for span in item.spans}, kept)

    exact = attribution_counts([part(document) for document in gold], [part(document) for document in predicted])
    total = sum(len(sentences(document.text)) for document in gold)
    return {
        "sentences": total - sum(len(leaked.get(document.id, ())) for document in gold),
        "of": total,
        "layers": {head: _prf(*span_counts(gold, predicted, head, leaked).sum(axis=0)) for head in HEADS},
        "attribution": _prf(*exact.sum(axis=0)),
    }


def _is_new(document: Document, span: Span, leaked: Bounds) -> bool:
    return not any(start <= span.start < end for start, end in leaked.get(document.id, ()))


def _alike(one: Span, other: Span) -> bool:
    """Whether the bounds are the same."""
    return (one.start, one.end) == (other.start, other.end)


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(_shared(span, other) for other in others)


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def _prf(right: float, found: float, truth: float) -> dict[str, Any]:
    return {
        "precision": float(right / found) if found else 0.0,
        "recall": float(right / truth) if truth else 0.0,
        "f1": f1(np.array([[right, found, truth]])),
        "support": int(truth),
    }


def _seqeval_prf(row: Mapping[str, float]) -> dict[str, Any]:
    return {
        "precision": float(row.get("precision", 0.0)),
        "recall": float(row.get("recall", 0.0)),
        "f1": float(row.get("f1-score", 0.0)),
        "support": int(row.get("support", 0)),
    }


def _f1(sums: Counts) -> Any:
    """F1 of [..., 3] counts; NaN where there is neither gold nor prediction."""
    with np.errstate(invalid="ignore"):
        return 2 * sums[..., 0] / (sums[..., 1] + sums[..., 2])


def interval(counts: Counts) -> dict[str, Any]:
    """`{"interval": [low, high]}` of the F1 of counts by document, 95 %; empty for a single document."""
    return _bootstrap(_by_run(counts), _mean_f1)


def _by_run(counts: Counts) -> Counts:
    """[documents, runs, 3]"""
    return counts if counts.ndim == 3 else counts[:, None]


def _mean_f1(sums: Counts) -> Any:
    """[resamples], of [resamples, runs, 3]."""
    return _f1(sums).mean(axis=1)


def _bootstrap(counts: Counts, statistic: Callable[[Counts], Any]) -> dict[str, Any]:
    """`{"interval": [low, high]}`, 95 %, percentile bootstrap over documents (Efron 1979); empty for a single one.

    Resamples of which there is no statistic, NaN, are left out: of a rare label many hold nothing.
    """
    size = len(counts)
    if size < 2:
        return {}
    random = np.random.default_rng(0)
    batch = max(1, BATCH // counts.size)
    sums = [
        counts[random.integers(0, size, (min(batch, RESAMPLES - done), size))].sum(axis=1)
        for done in range(0, RESAMPLES, batch)
    ]
    values = statistic(np.concatenate(sums))
    values = values[~np.isnan(values)]
    return {"interval": np.percentile(values, [2.5, 97.5]).tolist()} if len(values) else {}
