"""The rows of a sweep side by side: means and spread over seeds, differences to the first row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

import numpy as np

from eval.evaluate import documents_of, learned_of, predictions_of, read_of
from eval.report import NONE, Table, num
from eval.score import Counts, attribution_counts, compare, interval, span_counts
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import write_file
from narasumber.labels import Head

HEADS: Final[tuple[Head, ...]] = ("entity", "source", "cue", "content")

SCORES: Final = (*HEADS, "attribution")

Counting = Callable[[Sequence[Document], Sequence[Document]], Counts]

NOTE: Final = (
    "F1 of exact spans, and of whole attributions, as mean ± standard deviation over the seeds. The 95 % intervals are "
    "of that mean, and of the difference of two, by bootstrap over the held-out articles: all seeds read each draw."
)


def compare_rows(rows: Mapping[str, Sequence[Path]]) -> dict[str, Any]:
    """What sweep.json holds of evaluated runs, by the name of their row:

        rows  [{name, runs, scores: {score: {mean, deviation, values, interval, against_first}}}]

    where `against_first` is {difference, interval}.

    The scores are micro F1 of `entity`, `source`, `cue` and `content`, and F1 of whole attributions, of what a row's
    runs have learned. `deviation` is missing for a single run, an `interval` for a single article, `against_first` in
    the first row and for what that has not. Raises InputError if two rows differ in their articles.
    """
    first: dict[str, Counts] = {}
    found: list[dict[str, Any]] = []
    for name, runs in rows.items():
        scores = _scores(runs)
        counts = _counts(runs)
        for score, own in scores.items():
            own |= interval(counts[score])
            if score in first:
                try:
                    own["against_first"] = compare(counts[score], first[score])
                except ValueError:
                    what = f"its held-out articles or their annotation are not those of {found[0]['runs'][0]}"
                    raise InputError(str(runs[0]), what, "compare on the same articles") from None
        first = first or {score: counts[score] for score in scores}
        found.append({"name": name, "runs": [str(run) for run in runs], "scores": scores})
    return {"rows": found}


def write_sweep(found: Mapping[str, Any], folder: Path) -> str:
    """Writes sweep.json and sweep.md, and returns the latter's text, which reads on a terminal too."""
    text = f"{_means(found['rows']).markdown()}\n"
    if len(found["rows"]) > 1:
        text += f"\n{_differences(found['rows']).markdown()}\n"
    text += f"\n{NOTE}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / "sweep.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        write_file(folder / "sweep.md", text)
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error.strerror}", "make room or get the right") from None
    return text


def _scores(runs: Sequence[Path]) -> dict[str, dict[str, Any]]:
    models = [read_of(run / "eval", "scores.json")["model"] for run in runs]
    learned = set.intersection(*map(learned_of, runs))
    values: dict[str, list[float]] = {
        head: [model["layers"][head]["micro"]["f1"] for model in models] for head in HEADS if head in learned
    }
    if "attribution" in learned:
        values["attribution"] = [model["attribution"]["exact"]["f1"] for model in models]
    return {
        score: {"mean": mean(own), **({"deviation": stdev(own)} if len(own) > 1 else {}), "values": own}
        for score, own in values.items()
    }


def _counts(runs: Sequence[Path]) -> dict[str, Counts]:
    """[documents, runs, 3] of each score, in the order of the documents' ids."""
    documents = documents_of(runs[0])
    predicted = [sorted(predictions_of(run), key=lambda item: item.id) for run in runs]
    for run, own in zip(runs, predicted, strict=True):
        if [item.id for item in own] != [item.id for item in predicted[0]]:
            what = f"its held-out articles are not those of {runs[0]}"
            raise InputError(str(run), what, "remove the folder eval of both, and give the command again")
    counting: dict[str, Counting] = {head: _of(head) for head in HEADS} | {"attribution": attribution_counts}
    return {
        score: np.stack([counts([documents[item.id] for item in own], own) for own in predicted], axis=1)
        for score, counts in counting.items()
    }


def _of(head: Head) -> Counting:
    return lambda gold, predicted: span_counts(gold, predicted, head)


def _means(rows: Sequence[Mapping[str, Any]]) -> Table:
    def cell(own: Mapping[str, Any] | None) -> str:
        if own is None:
            return NONE
        deviation = f" ±{num(own['deviation'])}" if "deviation" in own else ""
        bounds = f" ({' to '.join(map(num, own['interval']))})" if "interval" in own else ""
        return f"{num(own['mean'])}{deviation}{bounds}"

    shown = [score for score in SCORES if any(score in row["scores"] for row in rows)]
    return Table(
        ("", "runs", *shown),
        [(row["name"], str(len(row["runs"])), *(cell(row["scores"].get(score)) for score in shown)) for row in rows],
    )


def _differences(rows: Sequence[Mapping[str, Any]]) -> Table:
    def cell(own: Mapping[str, Any] | None) -> str:
        if own is None:
            return NONE
        found = own["against_first"]
        bounds = f" ({' to '.join(num(bound, '+') for bound in found['interval'])})" if "interval" in found else ""
        return f"{num(found['difference'], '+')}{bounds}"

    shown = rows[0]["scores"]
    return Table(
        (f"minus {rows[0]['name']}", *shown),
        [(row["name"], *(cell(row["scores"].get(score)) for score in shown)) for row in rows[1:]],
    )
