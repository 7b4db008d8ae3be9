"""From a finished run to scores, errors and report: held-out articles, each read by the model that never saw it, or
others that no model of the run has seen.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from data.learned import Learned
from data.sources import DataConfig, Source, fingerprint, is_uncorrected
from data.splits import FEW, is_known, leaked_sentences, refuse_doubled
from eval.baselines import attribution_baseline, entity_baseline
from eval.report import num, write_report
from eval.score import attribution_counts, compare, find_errors, learned_by, score, span_counts
from models.network import load, torch_tagger
from narasumber.document import Document
from narasumber.errors import InputError, some
from narasumber.files import new_folder
from narasumber.formats.common import all_left_out
from narasumber.labels import HEADS, layer_of_head
from narasumber.linking import link
from narasumber.sentences import sentences
from narasumber.tags import in_terms_of, summed_lost
from narasumber.validation import validation_problems


@dataclass(frozen=True)
class Evaluated:
    """One fold: gold and predicted held-out articles, the training articles, and what the fold's directory tells.

    `known`: how many articles its model has learned, or was chosen by; `left_out`: what is not scored. Of held-out
    articles there are none.
    """

    folder: Path
    gold: list[Document]
    predicted: list[Document]
    training: list[Document]
    changed: bool
    known: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


def model_folder(run: Path) -> Path:
    """The model that a run stands for: the best by development score if there is one, else the last."""
    return run / "best" if (run / "best").exists() else run / "last"


def folds_of(run: Path) -> list[Path]:
    """The run itself, or the runs of its folds. Raises InputError if it is no run of `train` or not finished."""
    if not (run / "config.yaml").exists():
        raise InputError(
            str(run), "is no run directory", "name one that `narasumber train` wrote, such as runs/quickstart"
        )
    if "text" in (read_of(run, "config.yaml") or ()):
        cure = "name a run of `narasumber train` that begins with it: model.encoder"
        raise InputError(str(run), "is a run of `narasumber adapt`, whose model marks nothing", cure)
    if not (run / "DONE").exists():
        raise InputError(str(run), "is not finished", "run `narasumber train` again: it resumes where it stopped")
    folds = sorted(path.parent for path in run.glob("*/config.yaml"))
    return folds or [run]


def read_of(run: Path, name: str) -> Any:
    """What a YAML, JSON or JSON Lines file of a run directory holds. Raises InputError if it is missing or broken."""
    file = run / name
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jsonl":
            *lines, rest = text.split("\n")
            if rest:
                raise ValueError("the last line is cut off")
            return [json.loads(line) for line in lines]
        return yaml.safe_load(text) if file.suffix == ".yaml" else json.loads(text)
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}", "restore it, or train the run again") from None
    except (ValueError, yaml.YAMLError):
        raise InputError(str(file), "is cut off or changed", "restore it, or train the run again") from None


def learned_of(run: Path) -> set[str]:
    """What the run's model is scored on, as `learned_by`."""
    config = read_of(run, "config.yaml")
    return learned_by(config.get("layers", HEADS) if isinstance(config, dict) else HEADS)


def documents_of(run: Path) -> dict[str, Document]:
    """The articles of the run's config, by id, as they are now."""
    config = read_of(run, "config.yaml")
    try:
        data = DataConfig.model_validate(config.get("data") if isinstance(config, dict) else None)
    except ValidationError as error:
        raise InputError.of(validation_problems(f"{run}/config.yaml: data", error, DataConfig)) from None
    return data.documents()


def held_out_of(run: Path, documents: dict[str, Document], part: str = "held_out") -> list[Document]:
    """The articles of one part of the run's split. Raises InputError if one is gone."""
    split = read_of(run, "split.json")
    missing = [name for name in split[part] if name not in documents]
    if missing:
        raise InputError(str(run / "split.json"), f"names articles that are gone: {', '.join(missing)}", "restore them")
    return [documents[name] for name in split[part]]


def predict_folds(run: Path, on: Source | None = None) -> Iterator[Evaluated]:
    """Each fold's held-out articles, or those of `on`, as its model reads them, with gold of what the run learned."""
    folds = folds_of(run)
    if on and len(folds) > 1:
        cure = f"name one of them: {folds[0]}, or train without folds"
        raise InputError(str(run), "has a model for each fold, and other articles want one", cure)
    documents = documents_of(run)
    learned = learned_of(run)
    for fold in folds:
        own, known, left_out = _others(on, fold, documents) if on else (held_out_of(fold, documents), 0, {})
        gold = [_part(document, learned) for document in own]
        training = held_out_of(fold, documents, "train")
        network, tokenizer, settings = load(model_folder(fold))
        tagger = torch_tagger(network, tokenizer, settings)
        predicted = [tagger.annotate(document.bare()) for document in gold]
        yield Evaluated(fold, gold, predicted, training, changed_since_training(fold, documents), known, left_out)


def _others(on: Source, fold: Path, documents: dict[str, Document]) -> tuple[list[Document], int, dict[str, int]]:
    """The articles of a source that have gold, how many of them the fold's model knows, and what is left out.

    Raises InputError where they cannot measure it: it may know no article, and no more than half of texts of a sentence
    or two, which recur.
    """
    given = on.load()
    where = f"--on {on.path}"
    refuse_doubled(where, given)
    heads = [head for head in HEADS if head in learned_of(fold)]
    own = [document for document in given if any(document.scope.layer(layer_of_head(head)) for head in heads)]
    left_out = all_left_out(given)
    left_out["articles that nobody has annotated"] += len(given) - len(own)
    if not own:
        raise InputError(where, f"annotates none of {', '.join(heads)}", "name articles with gold annotation")
    if read := [document.id for document in own if is_uncorrected(document)]:
        raise InputError(where, f"{some(read)}: what a model has read, corrected by nobody", "name gold annotation")
    parts = (held_out_of(fold, documents, part) for part in ("train", "development"))
    told = Learned.read(str(model_folder(fold))).then(*parts)
    seen = [document for document in own if is_known(document, told.learned | told.chosen_by)]
    if any(len(sentences(document.text)) > FEW for document in seen) or 2 * len(seen) > len(own):
        what = f"{model_folder(fold)} has learned from {some([document.id for document in seen])}, or was chosen by it"
        raise InputError(where, what, "leave out what it has seen")
    return own, len(seen), dict(+left_out)


def _part(document: Document, learned: Set[str]) -> Document:
    """The document with the layers of these heads, and with its attributions if they are learned."""
    layers = {layer_of_head(head) for head in HEADS if head in learned}
    attributions = document.attributions if "attribution" in learned else ()
    return document.with_annotation((span for span in document.spans if span.layer in layers), attributions)


def report_folder(run: Path, on: Source | None = None) -> Path:
    """Where the scores of a run on its held-out articles are, or those on others."""
    if on is None:
        return run / "eval"
    path = on.path.resolve()
    name = re.sub(r"[^\w.-]+", "-", on.corpus or (path.name if path.is_dir() else path.stem))
    return run / f"eval-{name}{f'-{on.split}' if on.split else ''}"


def _asked(on: Source) -> str:
    """The options that name other articles."""
    origin = f" --from {on.corpus or on.format}" if on.corpus or on.format != "auto" else ""
    return f"--on {on.path}{origin}{f' --split {on.split}' if on.split else ''}"


def evaluate_run(run: Path, on: Source | None = None) -> tuple[dict[str, Any], Path]:
    """Writes `report_folder` of the run's held-out articles, or of those of `on`; returns what scores.json holds, and
    the path of report.html.

    Raises InputError if the run is not finished, held nothing out, or its articles are gone; and where a model of it
    has seen those of `on`.
    """
    target = report_folder(run, on)
    if on and (target / "scores.json").exists():
        before = str(read_of(target, "scores.json").get("on"))
        if Path(before).resolve() != on.path.resolve():
            raise InputError(
                str(target), f"holds the scores on {before}", "remove it, or give the articles another name"
            )
    folds = list(predict_folds(run, on))
    gold = [document for fold in folds for document in fold.gold]
    if not gold:
        cure = "train with data.held_out, or name other articles: --on PATH"
        raise InputError(f"{run}/config.yaml: data.held_out", "the run held no article out", cure)
    predicted = [document for fold in folds for document in fold.predicted]
    leaked: dict[str, list[tuple[int, int]]] = {}
    for fold in folds:
        learned_before = Learned.read(str(model_folder(fold.folder))).learned
        leaked |= leaked_sentences(fold.gold, fold.training, learned_before)
    relinked = [document.with_annotation(document.spans, link(document.text, document.spans)) for document in gold]
    scores = score(gold, predicted, relinked=relinked, leaked=leaked)
    baseline = [document for fold in folds for document in _baseline(fold)]
    baselines = {"rules": score(gold, baseline)}
    learned = learned_of(run)
    errors = [error for error in find_errors(gold, predicted) if error["head"] in learned]
    metrics = [row for fold in folds[:1] for row in read_of(fold.folder, "metrics.jsonl")]
    facts = _facts(run, folds, leaked) | ({"on": str(on.path)} if on else {})
    changed = any(fold.changed for fold in folds)
    summed = {
        "run": run.name,
        "on": str(on.path) if on else None,
        "split": on.split if on else None,
        "learned": [name for name in (*HEADS, "attribution") if name in learned],
        "model": scores,
        "baselines": baselines,
        "articles_changed": changed,
        "known": sum(fold.known for fold in folds),
        "left_out": dict(sum((Counter(fold.left_out) for fold in folds), Counter[str]())),
    }
    title = f"{run.name} on {' '.join(filter(None, (str(on.path), on.corpus, on.split)))}" if on else run.name
    try:
        with new_folder(target) as aside:
            (aside / "scores.json").write_text(json.dumps(summed, indent=2) + "\n", encoding="utf-8")
            by = {"annotator": f"model:{run.name}"}  # so that nobody takes it for gold
            read = [replace(document, meta={**document.meta, **by}) for document in predicted]
            _write_lines(aside / "predictions.jsonl", [document.to_json() for document in read])
            _write_lines(aside / "errors.jsonl", errors)
            write_report(title, facts, scores, baselines, gold, predicted, errors, metrics, aside)
    except OSError as error:
        raise InputError(str(target), f"cannot be written: {error.strerror}", "make room or get the right") from None
    return summed, target / "report.html"


def summary(summed: dict[str, Any]) -> str:
    """The headline of scores.json as a table for a terminal."""
    rows = [("", "P", "R", "F1", "95 % interval", "gold", "rules F1")]
    rules = summed["baselines"]["rules"]
    lines = {
        head: (layer["micro"], rules["layers"][head]["micro"]) for head, layer in summed["model"]["layers"].items()
    }
    lines["attribution"] = (summed["model"]["attribution"]["exact"], rules["attribution"]["exact"])
    for name, (own, other) in lines.items():
        if not own["support"] or name not in summed["learned"]:
            continue
        interval = " to ".join(map(num, own.get("interval", ())))
        figures = (num(own[key]) for key in ("precision", "recall", "f1"))
        rows.append((name, *figures, interval, str(own["support"]), num(other["f1"])))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    if summed["articles_changed"]:
        table.append("note: articles or annotations have changed since this run was trained")
    table += [f"note: left out: {what}: {number:,}" for what, number in summed["left_out"].items()]
    if known := summed["known"]:
        told = (
            f"note: {known:,} of {len(summed['model']['documents']):,} texts stand in what the model has learned from"
        )
        table.append(f"{told}; the report scores apart what it has not seen")
    return "\n".join(table)


def check_comparable(run: Path, other: Path, on: Source | None = None) -> None:
    """Raises InputError where `compare_runs` will, once `run` is evaluated."""
    folds, _ = folds_of(run), folds_of(other)
    documents = documents_of(run)
    own = (
        _others(on, folds[0], documents)[0]
        if on
        else [document for fold in folds for document in held_out_of(fold, documents)]
    )
    _same_articles(run, own, other, predictions_of(other, on))


def _same_articles(run: Path, own: Sequence[Document], other: Path, others: Sequence[Document]) -> None:
    first, second = (sorted((document.id, document.text) for document in side) for side in (own, others))
    if first != second:
        raise InputError(str(other), f"was scored on other articles than {run}", "compare runs of one split")


def compare_runs(run: Path, other: Path, on: Source | None = None) -> str:
    """Differences of F1, with 95 % intervals by paired bootstrap over the held-out articles, or those of `on`, as lines
    of text.

    Raises InputError if one of the two is not evaluated on them, or they held other articles out.
    """
    gold = {document.id: document for document in on.load()} if on else documents_of(run)
    first, second = (sorted(predictions_of(place, on), key=lambda document: document.id) for place in (run, other))
    _same_articles(run, first, other, second)
    truth = [gold[document.id] for document in first]
    pairs = {head: (span_counts(truth, first, head), span_counts(truth, second, head)) for head in HEADS}
    learned = learned_of(run) & learned_of(other)
    lines = [f"{run} minus {other}:"]
    for name, (one, two) in (
        pairs | {"attribution": (attribution_counts(truth, first), attribution_counts(truth, second))}
    ).items():
        if not one[:, 2].any() or name not in learned:
            continue  # there is none in gold, or one of the two does not read it
        found = compare(one, two)
        interval = " to ".join(num(bound, "+") for bound in found.get("interval", ()))
        lines.append(f"  {name:<14}{num(found['difference'], '+')}{interval and '  95 % interval '}{interval}")
    return "\n".join(lines)


def predictions_of(run: Path, on: Source | None = None) -> list[Document]:
    """The held-out articles, or those of `on`, as a run read them. Raises InputError if it is not evaluated on them."""
    folder = report_folder(run, on)
    if not (folder / "predictions.jsonl").exists():
        cure = f"narasumber evaluate {run}{f' {_asked(on)}' if on else ''}"
        raise InputError(str(folder / "predictions.jsonl"), "is missing", cure)
    return [Document.from_json(row) for row in read_of(folder, "predictions.jsonl")]


def _baseline(fold: Evaluated) -> list[Document]:
    """What rules make of the held-out articles: a gazetteer of the training articles, and quotes with a cue lexicon."""
    entities = entity_baseline(fold.training)
    found = []
    for document in fold.gold:
        whole = Document(document.id, document.text)  # the rules know nothing of the scope of a corpus
        named, said = entities(whole), attribution_baseline(whole)
        spans = in_terms_of(document, (*named.spans, *said.spans))
        known = set(spans)
        found.append(document.with_annotation(spans, (own for own in said.attributions if known.issuperset(own.spans))))
    return found


def _facts(run: Path, folds: Sequence[Evaluated], leaked: dict[str, list[tuple[int, int]]]) -> dict[str, Any]:
    """What the report tells about the run besides scores."""
    first = folds[0].folder
    return {
        "config": read_of(run, "config.yaml"),
        "environment": read_of(first, "environment.json"),
        "lost": _lost([read_of(fold.folder, "lost.json") for fold in folds]),
        "folds": [
            {
                "name": fold.folder.name,
                "train": [document.id for document in fold.training],
                "held_out": [document.id for document in fold.gold],
                "dropped": split["dropped"],
                "sampling": split["sampling"],
            }
            for fold in folds
            for split in [read_of(fold.folder, "split.json")]
        ],
        "leaked_sentences": {name: len(found) for name, found in leaked.items()},
    }


def _lost(folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The spans that training lost, each once: an article is in the training of several folds."""
    return summed_lost({json.dumps(span, sort_keys=True): span for fold in folds for span in fold["spans"]}.values())


def changed_since_training(fold: Path, documents: dict[str, Document]) -> bool:
    """Whether an article of the run's has another text or annotation now than it had then."""
    recorded = read_of(fold, "environment.json")["data"]["fingerprint"]
    parts = ("train", "development", "held_out")
    return bool(fingerprint(document for part in parts for document in held_out_of(fold, documents, part)) != recorded)


def _write_lines(path: Path, values: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
