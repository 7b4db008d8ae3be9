"""A run as something to give away: the exported model, checked on the held-out articles, with its card."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any, Final

import numpy as np

from data.corpora import credit_lines
from data.learned import Learned
from eval.evaluate import folds_of, learned_of, model_folder, predict_folds, read_of
from eval.report import num
from eval.score import f1, span_counts
from models.export import INT8, ONNX, Format, check_target, write_int8, write_onnx, write_transformers
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import new_folder
from narasumber.labels import HEADS
from narasumber.settings import Settings
from narasumber.tagger import Tagger

INT8_LOSS: Final = 0.005
"""The F1 that weights of 8 bits may cost before their file is left out."""
MOST: Final = 10
"""Held-out articles that a card names."""


def export_run(run: Path, target: Path, format: Format = "onnx") -> Path:
    """Writes the export folder, whole or not at all, and returns it.

    Raises InputError if the run is unfinished or one of several folds, if `target` is something else than an older
    export, or if the export does not read the held-out articles as the run does.
    """
    folds = folds_of(run)
    if folds != [run]:
        raise InputError(str(run), f"holds {len(folds)} models", f"name one of them, such as {folds[0]}")
    check_target(target)
    try:
        with new_folder(target) as aside:
            if format == "onnx":
                figures = _write_onnx(run, aside)
            else:
                figures = {}
                write_transformers(model_folder(run), aside)
                # Others may train it further, and must not measure that on what it has learned.
                Learned.read(str(model_folder(run))).write(aside)
            (aside / "README.md").write_text(card(run, format, figures), encoding="utf-8")
    except OSError as error:
        raise InputError(str(target), f"cannot be written: {error.strerror}", "choose another --to") from error
    return target


def _write_onnx(run: Path, folder: Path) -> dict[str, float]:
    """Fills `folder`, and returns the figures that its card tells."""
    (fold,) = predict_folds(run)
    write_onnx(model_folder(run), folder)
    full = _read(folder, ONNX, fold.gold)
    for ours, theirs in zip(fold.predicted, full, strict=True):
        if ours != theirs:
            what = "the spans from ONNX differ from PyTorch's"
            raise InputError(f"{run}: {ours.id}", what, "please report this with the run")
    figures = {"megabytes": _megabytes(folder / ONNX)}
    learned = learned_of(run)
    if any(span_counts(fold.gold, full, head)[:, 2].any() for head in HEADS if head in learned):
        write_int8(folder)
        small = _read(folder, INT8, fold.gold)
        loss = round(_f1(fold.gold, full, learned) - _f1(fold.gold, small, learned), 4)
        figures |= {"int8_f1_loss": loss, "int8_megabytes": _megabytes(folder / INT8)}
        if loss > INT8_LOSS:
            (folder / INT8).unlink()
    return figures


def _read(folder: Path, weights: str, documents: Sequence[Document]) -> list[Document]:
    tagger = Tagger.load(folder, weights=weights)
    return [tagger.annotate(document.bare()) for document in documents]


def _f1(gold: Sequence[Document], predicted: Sequence[Document], learned: Set[str]) -> float:
    """Micro F1 of the spans of all heads that were learned."""
    return f1(np.concatenate([span_counts(gold, predicted, head) for head in HEADS if head in learned]))


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 1)


def card(run: Path, format: Format, figures: dict[str, float]) -> str:
    """The model card (Mitchell et al. 2019): its use, what it learned from, how well it reads, its limits."""
    settings = Settings.read(model_folder(run))
    split = read_of(run, "split.json")
    environment = read_of(run, "environment.json")
    use = {
        "onnx": '```python\nfrom narasumber import Tagger\n\ndocument = Tagger.load("THIS FOLDER")(text)\n```\n\n'
        "or `narasumber predict THIS_FOLDER article.txt`. Needs neither PyTorch nor the training code.",
        "transformers": "```python\nfrom transformers import pipeline\n\n"
        'ner = pipeline("token-classification", "THIS FOLDER", aggregation_strategy="first")\n'
        "for line in text.splitlines():\n    for found in ner(line):\n"
        '        name = line[found["start"] : found["end"]].strip(" .,:;()\\"“”")\n```\n\n'
        "The entity layer only; words are read at their first piece, so aggregate by `first`. Text that is longer than "
        "a window is cut, so read it by lines; names may hold the blank before and punctuation behind them. The scores "
        "below are those of `narasumber predict`, which parts words and punctuation and knows which tag follows which; "
        "here every word is read by itself, and worse.",
    }[format]
    parts = [
        f"---\nlanguage: id\nlibrary_name: {'narasumber' if format == 'onnx' else 'transformers'}\n"
        "pipeline_tag: token-classification\n---",
        f"# {settings.name}",
        "Reads Indonesian news and marks who is named and who said what: "
        f"{', '.join(settings.heads)}, over the encoder `{settings.encoder}`.",
        "## Use",
        use,
        "## Training data",
        f"{len(split['train'])} annotated articles; {len(split['held_out'])} held out "
        f"({_some(split['held_out'])}). Seed {environment['seed']}, {environment['precision']}, "
        f"data fingerprint `{environment['data']['fingerprint'][:16]}`.",
        *_credits(environment["data"].get("corpora", ())),
        "## Scores on the held-out articles",
        _scores(run),
    ]
    if "int8_f1_loss" in figures:
        kept = "is" if figures["int8_f1_loss"] <= INT8_LOSS else "would be"
        parts.append(
            f"`model.onnx` takes {figures['megabytes']} MB; `model.int8.onnx` {kept} {figures['int8_megabytes']} MB "
            f"and costs {100 * figures['int8_f1_loss']:.2f} points of F1 over all spans"
            + ("." if kept == "is" else ", more than half a point, so it was left out.")
        )
    parts += [
        "## Limits",
        "Written news in standard Indonesian. Names, outlets and topics unlike those of the training articles are read "
        "less well; a few articles make a first model, not a finished one. Quotes are attributed within a line. "
        "A predicted attribution is no proof that somebody said something: check it against the article.",
    ]
    return "\n\n".join(parts) + "\n"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(names[:MOST]) or 'none'}{more}"


def _credits(corpora: Sequence[str]) -> list[str]:
    """What the licences of public corpora ask for; nothing where it learned from none."""
    lines = credit_lines(corpora)
    return ["Public corpora that it learned from, and their licences:", "\n".join(lines)] if lines else []


def _scores(run: Path) -> str:
    if not any(read_of(fold, "split.json")["held_out"] for fold in folds_of(run)):
        return f"None: no article was held out. `narasumber evaluate {run} --on PATH` scores it on others."
    if not (run / "eval" / "scores.json").exists():
        return f"Not evaluated yet: `narasumber evaluate {run}`, then export again."
    model: dict[str, Any] = read_of(run / "eval", "scores.json")["model"]
    learned = learned_of(run)
    scores = {name: layer["micro"] for name, layer in model["layers"].items() if name in learned}
    if "attribution" in learned:
        scores["whole attribution"] = model["attribution"]["exact"]
    rows = [
        f"| {name} | {num(own['precision'])} | {num(own['recall'])} | {num(own['f1'])} | {own['support']} |"
        for name, own in scores.items()
        if own["support"]
    ]
    return "\n".join(["| layer | precision | recall | F1 | gold spans |", "|---|---|---|---|---|", *rows])
