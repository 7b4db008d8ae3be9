"""The report of a run, for people: `report.html` to read and click through, `report.md` for a terminal.

Both are made of the same tables. The page is one file that loads nothing and reads without JavaScript.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from eval.score import attribution_key, learned_by
from narasumber import html
from narasumber.document import Attribution, Document, Span
from narasumber.labels import HEADS, layer_of_head

Scores = Mapping[str, Any]

NONE: Final = "–"
"""Stands for a figure that there is none of."""

ERRORS_IN_MARKDOWN: Final = 100

CLASSES: Final = {
    "boundary": "right label, other bounds",
    "type": "right bounds, other label",
    "both": "they overlap, no more",
    "missed": "in gold only",
    "spurious": "predicted only",
}

LINES: Final = (
    ("entity", "exact bounds and type", ("layers", "entity", "micro")),
    ("entity, mean of types", "each type counts the same", ("layers", "entity", "macro")),
    ("source", "exact bounds", ("layers", "source", "micro")),
    ("cue", "exact bounds", ("layers", "cue", "micro")),
    ("content", "exact bounds", ("layers", "content", "micro")),
    ("content, words", "words inside contents", ("layers", "content", "overlap")),
    ("content_inner", "contents inside contents", ("layers", "content_inner", "micro")),
    ("attribution", "cue, sources and contents exact", ("attribution", "exact")),
    ("attribution, half", "contents overlap by half or more", ("attribution", "half")),
)
"""The headline table: name, what counts as right, and where `score()` has it."""

TILES: Final = {
    "entity": "Who is named",
    "attribution": "Who said what, exact",
    "attribution, half": "Who said what, half of the content",
}


@dataclass(frozen=True)
class Headline:
    """A line of the headline table; `None` where the scores have no such figure."""

    name: str
    note: str
    f1: float | None
    precision: float | None
    recall: float | None
    support: int | None
    interval: tuple[float, float] | None
    baselines: tuple[float | None, ...]


@dataclass(frozen=True)
class Table:
    """Cells are text, ready to be shown; the first column names the row."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.rows)

    def markdown(self) -> str:
        """Aligned by spaces too, so that it reads on a terminal."""
        cells = [tuple(map(_cell, row)) for row in (self.columns, *self.rows)]
        widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]

        def line(row: Sequence[str]) -> str:
            others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
            return f"| {' | '.join((row[0].ljust(widths[0]), *others))} |"

        rule = (f"{'-' * (width - 1)}:" if place else "-" * width for place, width in enumerate(widths))
        return "\n".join((line(cells[0]), f"| {' | '.join(rule)} |", *map(line, cells[1:])))


def write_report(
    name: str,
    facts: dict[str, Any],
    scores: dict[str, Any],
    baselines: dict[str, dict[str, Any]],
    gold: Sequence[Document],
    predicted: Sequence[Document],
    errors: list[dict[str, Any]],
    metrics: list[dict[str, Any]],
    folder: Path,
) -> None:
    """Writes `report.html` and `report.md` into `folder`. Raises OSError where it cannot be written.

    `scores` and each of `baselines` are of `eval.score.score`, `errors` of `find_errors`; `facts` tells `config`,
    `environment`, `lost`, `folds` and `leaked_sentences`, and `on`, where the articles are none of the run's; `metrics`
    are the rows of `metrics.jsonl`.
    """
    view = {
        "name": name,
        "facts": facts,
        "scores": scores,
        "about": _about(facts, len(gold)),
        "headlines": _headlines(facts, scores, baselines),
        "baselines": list(baselines),
        "reading": _reading(baselines, gold),
        "tables": _tables(facts, scores, baselines),
        "confusion": _confusion(scores["confusion"]),
        "errors": errors,
        "classes": CLASSES,
        "error_counts": _error_counts(errors),
        "metrics": metrics,
        "learning": _learning(metrics),
        "config": yaml.safe_dump(facts["config"], sort_keys=False, allow_unicode=True),
        "environment": yaml.safe_dump(facts["environment"], sort_keys=False, allow_unicode=True),
    }
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["num"] = num
    page = environment.get_template("report.html.jinja").render(
        **view,
        tiles=TILES,
        dash=NONE,
        policy=html.POLICY,
        style=Markup(html.STYLE),  # noqa: S704
        script=Markup(html.SCRIPT),  # noqa: S704
        legend=Markup(html.legend(_VIEWS)),  # noqa: S704
        curve=learning_curve(metrics),
        articles=[
            _article(number, document, other, facts, scores, errors)
            for number, (document, other) in enumerate(zip(gold, predicted, strict=True), 1)
        ],
        shown=_shown,
        unseen=_unseen(scores["unseen"]) if "unseen" in scores else "",
        lost=_lost(facts, scores),
    )
    (folder / "report.html").write_text(page, encoding="utf-8", newline="")
    (folder / "report.md").write_text(_markdown(view), encoding="utf-8")


def learning_curve(metrics: Sequence[Mapping[str, Any]], width: int = 720, height: int = 300) -> Markup:
    """The loss of each update, smoothed, and the development score where there is one, as inline SVG."""
    if len(metrics) < 2:
        return Markup("")
    left, right, top, bottom = 56, 64, 16, 44
    first, last = float(metrics[0]["step"]), float(metrics[-1]["step"])
    losses = [row["loss"] for row in metrics if math.isfinite(row["loss"])]
    highest = _nice(max(losses, default=1.0)) or 1.0

    def across(step: float) -> float:
        return left + (step - first) / (last - first or 1) * (width - left - right)

    def up(share: float) -> float:
        return height - bottom - share * (height - top - bottom)

    def path(points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{'L' if place else 'M'}{across(x):.1f} {up(y):.1f}" for place, (x, y) in enumerate(points))

    raw = [(row["step"], row["loss"] / highest) for row in metrics if math.isfinite(row["loss"])]
    around = len(raw) // 40
    smooth = [
        (step, sum(value for _, value in part) / len(part))
        for place, (step, _) in enumerate(raw)
        for part in (raw[max(0, place - around) : place + around + 1],)
    ]
    development = [(row["step"], row["development_score"]) for row in metrics if "development_score" in row]

    parts = [
        f'<svg class="curve" viewBox="0 0 {width} {height}" role="img" aria-labelledby="curve-title">'
        f'<title id="curve-title">{escape(_learning(metrics))}</title>'
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = up(share)
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{share * highest:.3g}</text>')
        if development:
            parts.append(f'<text x="{width - right + 8}" y="{y + 4:.1f}">{share:.2f}</text>')
    for step in sorted({round(first + (last - first) * share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)}):
        parts.append(f'<text x="{across(step):.1f}" y="{height - bottom + 18}" text-anchor="middle">{step}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 6}" text-anchor="middle">update</text>')
    middle = (top + height - bottom) / 2
    parts.append(f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">loss</text>')
    parts.append(f'<path class="raw" d="{path(raw)}"/><path class="loss" d="{path(smooth)}"/>')
    if development:
        turned = f'transform="translate({width - 6} {middle}) rotate(-90)"'
        parts.append(f'<text {turned} text-anchor="middle">development score</text>')
        parts.append(f'<path class="development" d="{path(development)}"/>')
        parts += [f'<circle class="development" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3"/>' for x, y in development]
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - of numbers only


def _nice(value: float) -> float:
    """The next 1, 2, 4, 5 or 10 times a power of ten."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if value <= step * power * (1 + 1e-9))


def _learning(metrics: Sequence[Mapping[str, Any]]) -> str:
    if not metrics:
        return "No update is on record."
    first, last = metrics[0], metrics[-1]
    speeds = sorted(row["tokens_per_second"] for row in metrics)
    told = (
        f"{last['step']} updates in {last['epoch']} epochs; loss {first['loss']:.3f} at the first, {last['loss']:.3f} "
        f"at the last; {speeds[len(speeds) // 2]:,.0f} word pieces a second, padding counted (median)."
    )
    scored = [row for row in metrics if "development_score" in row]
    if scored:
        best = max(scored, key=lambda row: row["development_score"])
        told += f" Best development score of an epoch {num(best['development_score'])}, after epoch {best['epoch']}."
    return told


def _about(facts: Mapping[str, Any], articles: int) -> list[tuple[str, str]]:
    """What run this is."""
    config, machine, folds = facts["config"], facts["environment"], facts["folds"]
    model = config.get("model", {})
    encoder = str(model.get("encoder", NONE)) + (f" @ {model['revision']}" if model.get("revision") else "")
    if len(folds) == 1:
        trained = f"{_count(len(folds[0]['train']), 'article')}: {', '.join(folds[0]['train'])}"
        held_out = f"{_count(articles, 'article')}: {facts.get('on') or ', '.join(folds[0]['held_out'])}"
    else:
        sizes = sorted({len(fold["train"]) for fold in folds})
        trained = f"{len(folds)} models, on {' to '.join(map(str, sizes[:: max(1, len(sizes) - 1)]))} articles each"
        held_out = f"{_count(articles, 'article')}, each read by the model that never saw it"
    git = machine.get("git") or {}
    commit = f"{git['commit'][:12]}{' with changes' if git.get('dirty') else ''}" if git.get("commit") else ""
    data = machine.get("data", {})
    fingerprint = str(data.get("fingerprint", NONE))[:12]
    told = [
        ("encoder", encoder),
        ("trained on", _short(trained)),
        ("scored on" if "on" in facts else "held out", _short(held_out)),
        ("left out", _short(_dropped(folds))),
        ("seed", str(machine.get("seed", config.get("seed", NONE)))),
        ("precision", f"{machine.get('precision', NONE)} on {machine.get('device', NONE)}"),
        ("data", f"{_count(data.get('documents', 0), 'article')}, fingerprint {fingerprint}"),
        ("code", commit),
    ]
    return [(name, value) for name, value in told if value]


def _dropped(folds: Sequence[Mapping[str, Any]]) -> str:
    """Articles that are on neither side, with the held-out or development article that each all but repeats."""
    left = dict(sorted((left, right) for fold in folds for left, right in fold["dropped"]))
    names = (f"{one} (as {other})" if other else one for one, other in left.items())
    return f"{_count(len(left), 'article')}: {', '.join(names)}" if left else ""


def _headlines(facts: Mapping[str, Any], scores: Scores, baselines: Mapping[str, Scores]) -> list[Headline]:
    learned = _learned(facts)
    found = []
    for name, note, path in LINES:
        own = _at(scores, path) or {}
        if (path[1] if path[0] == "layers" else path[0]) not in learned:
            found.append(Headline(name, "not trained", None, None, None, None, None, (None,) * len(baselines)))
            continue
        is_empty = own.get("support") == 0 and not own.get("f1")
        interval = own.get("interval")
        found.append(
            Headline(
                name,
                "none in gold" if is_empty else f"mean of {own['labels']} types" if "labels" in own else note,
                None if is_empty else own.get("f1"),
                None if is_empty else own.get("precision"),
                None if is_empty else own.get("recall"),
                own.get("support"),
                (interval[0], interval[1]) if interval and not is_empty else None,
                tuple(None if is_empty else _at(other, (*path, "f1")) for other in baselines.values()),
            )
        )
    return found


def _learned(facts: Mapping[str, Any]) -> list[str]:
    """What the model is scored on, in the order of the tables."""
    learned = learned_by(facts["config"].get("layers", HEADS))
    return [name for name in (*HEADS, "attribution") if name in learned]


def _reading(baselines: Mapping[str, Scores], gold: Sequence[Document]) -> list[str]:
    """How to read the headline table, in plain sentences."""
    told = [
        "A span is right only if its bounds and its label are exactly those of gold. Precision (P) is the share of "
        "what the model marks that is right, recall (R) the share of gold that it finds, F1 their harmonic mean: "
        "1 is perfect."
    ]
    if "rules" in baselines:
        told.append(
            "“Rules” is what a reader without any learning reaches on the same articles: a gazetteer of the training "
            "articles and capitals for entities, quotation marks and a list of cues for attribution."
        )
    if any(not own.closed for document in gold for _, own in document.scope.layers):
        told.append(
            "Some of these articles leave open what they do not mark: a right mark may count as wrong there, so "
            "precision is at least what the table shows. Recall is of what they mark, not of all that is there, so "
            "that F1 may be off either way."
        )
    if (articles := len(gold)) < 2:
        told.append(
            "There is no 95 % interval: it is made by drawing held-out articles anew, and a single article leaves "
            "nothing to draw from. One other article may well score quite differently; leave one out in turn "
            "(data.held_out: {leave_one_out: true}) to see how much."
        )
    else:
        few = " With so few it is rough." if articles < 20 else ""
        told.append(
            f"The 95 % interval says how far F1 may move with other articles of this kind: it is made by drawing the "
            f"{articles} held-out articles anew (bootstrap).{few}"
        )
    return told


def _tables(facts: Mapping[str, Any], scores: Scores, baselines: Mapping[str, Scores]) -> dict[str, Table]:
    """By name; a table without rows is not shown."""
    rules = list(baselines)
    prf = ("P", "R", "F1", "gold")
    learned = _learned(facts)
    tables = {
        "labels": Table(
            ("label", *prf, *(f"{name} F1" for name in rules)),
            [
                (
                    f"{label} in CONTENT" if head == "content_inner" else label,
                    *_figures(own),
                    *(num(_at(other, ("layers", head, "labels", label, "f1"))) for other in baselines.values()),
                )
                for head in HEADS
                if head in learned
                for label, own in scores["layers"][head]["labels"].items()
            ],
        ),
        "attributes": Table(
            ("what", "value", "gold", "found"),
            [
                (what, value, str(own["support"]), num(own["recall"]))
                for what, group in (
                    ("content by Form", scores["contents"]["by_form"]),
                    ("attribution by Form", scores["attribution"]["by_form"]),
                    ("source by Kind", scores["sources"]["by_kind"]),
                )
                for value, own in group.items()
            ],
        ),
        "links": Table(
            ("link", *prf),
            [
                ({"source": "cue to source", "content": "cue to content"}.get(name, name), *_figures(own))
                for name, own in scores.get("links", {}).items()
                if own["support"]
            ],
        ),
        "documents": Table(
            ("article", *learned),
            [
                (name, *(num(own[key]["f1"] if own[key]["support"] else None) for key in learned))
                for name, own in scores["documents"].items()
            ],
        ),
        "sampling": _sampling(facts["folds"][0]["sampling"]),
        "lost": Table(
            ("training spans", "cause", "label", "count"),
            [(row["head"], row["cause"], row["label"], str(row["count"])) for row in facts["lost"].get("by_cause", ())],
        ),
    }
    pairs: dict[str, tuple[Any, Any]] = {}
    if "unseen" in scores:
        pairs |= {head: (scores["layers"][head]["micro"], scores["unseen"]["layers"][head]) for head in HEADS}
        pairs["attribution"] = (scores["attribution"]["exact"], scores["unseen"]["attribution"])
    tables["unseen"] = Table(
        ("", "F1, all", "gold", "F1, unseen", "gold", "difference"),
        [
            (
                name,
                num(every["f1"] if every["support"] else None),
                str(every["support"]),
                num(new["f1"] if new["support"] else None),
                str(new["support"]),
                num(new["f1"] - every["f1"] if new["support"] and every["support"] else None, "+"),
            )
            for name, (every, new) in pairs.items()
            if name in learned
        ],
    )
    return tables


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Columns and rows of the entity types; each cell with its share of the row."""
    named = {label for row in confusion.values() for label in row} | set(confusion)
    columns = [label for label in dict.fromkeys((*confusion, *sorted(named))) if label not in ("missed", "spurious")]
    columns.append("missed")
    return {
        "columns": columns,
        "rows": [
            (label, [(column, row.get(column, 0), row.get(column, 0) / (sum(row.values()) or 1)) for column in columns])
            for label, row in confusion.items()
        ],
    }


def _error_counts(errors: Sequence[Mapping[str, Any]]) -> Table:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for error in errors:
        counts[error["head"]][error["error"]] += 1
    return Table(
        ("layer", *CLASSES, "all"),
        [
            (head, *(str(counts[head][kind]) for kind in CLASSES), str(sum(counts[head].values())))
            for head in HEADS
            if head in counts
        ],
    )


_VIEWS: Final = (
    '<fieldset class="views"><legend>Show</legend>'
    + "".join(
        f'<label><input type="radio" name="view" id="view-{name}" autocomplete="off"{state}>{told}</label>'
        for name, told, state in (("both", "both", " checked"), ("gold", "gold", ""), ("predicted", "prediction", ""))
    )
    + '</fieldset><label><input type="checkbox" id="only-differences" autocomplete="off">only what differs</label>'
)


def _article(
    number: int,
    document: Document,
    other: Document,
    facts: Mapping[str, Any],
    scores: Scores,
    errors: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Gold and prediction of one article, each marked where the other differs."""
    own = [error for error in errors if error["document"] == document.id]
    fold = next((fold for fold in facts["folds"] if document.id in fold["held_out"]), None)
    row = scores["documents"][document.id]

    def side(one: Document, another: Document, name: str) -> Markup:
        marks = _marks(one, another, own, name)
        heading = {"gold": "Gold", "predicted": "Prediction"}[name]
        return Markup(html.article(one, heading=heading, level=4, key=f"{name}{number}", marks=marks))  # noqa: S704

    return {
        "id": document.id,
        "title": document.meta.get("title"),
        "fold": fold["name"] if fold and len(facts["folds"]) > 1 else None,
        "leaked": facts.get("leaked_sentences", {}).get(document.id, 0),
        "figures": [(key, row[key]["f1"]) for key in _learned(facts) if row[key]["support"]],
        "errors": len(own),
        "gold": side(document, other, "gold"),
        "predicted": side(other, document, "predicted"),
    }


def _marks(
    document: Document, other: Document, errors: Sequence[Mapping[str, Any]], side: str
) -> dict[Span | Attribution, html.Mark]:
    """What of `document` is not in `other`; an attribution is near if its cue is that of one there."""
    said: dict[tuple[str, str, int, int], html.Mark] = {}
    for error in errors:
        if told := error[side]:
            place = (layer_of_head(error["head"]), told["label"], told["start"], told["end"])
            said[place] = "wrong" if error["error"] in ("missed", "spurious") else "near"
    text = document.text
    there = {_key(span, text) for span in other.spans}
    marks: dict[Span | Attribution, html.Mark] = {}
    for span in document.spans:
        if verdict := said.get((span.layer, span.label, span.start, span.end)):
            marks[span] = verdict
        elif _key(span, text) not in there:
            marks[span] = "wrong"
    whole = {attribution_key(item, text) for item in other.attributions}
    cues = {cue for cue, _, _ in whole}
    for item in document.attributions:
        if (key := attribution_key(item, text)) not in whole:
            marks[item] = "near" if key[0] in cues else "wrong"
    return marks


def _key(span: Span, text: str) -> Hashable:
    return span.layer, span.label, span.stretches(text)


def _shown(error: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An error's text, cut where gold or prediction begin or end: `(classes, text)`."""
    spans = {side: error[side] for side in ("gold", "predicted") if error[side]}
    start = error["start"]
    # What lies between the outer bounds, put together from the two texts.
    letters: dict[int, str] = {}
    for told in spans.values():
        if len(told["text"]) == told["end"] - told["start"]:
            letters |= dict(enumerate(told["text"], told["start"]))
    cuts = sorted({start, error["end"]} | {told[edge] for told in spans.values() for edge in ("start", "end")})
    return [
        (
            " ".join(side for side, told in spans.items() if told["start"] <= one and two <= told["end"]),
            "".join(letters.get(place, "…") for place in range(one, two)),
        )
        for one, two in zip(cuts, cuts[1:], strict=False)
    ]


def _markdown(view: Mapping[str, Any]) -> str:
    """The same tables, compact."""
    tables: Mapping[str, Table] = view["tables"]
    headline = Table(
        ("", "F1", "95 % interval", "P", "R", "gold", *(f"{name} F1" for name in view["baselines"])),
        [
            (
                line.name,
                num(line.f1),
                f"{num(line.interval[0])} to {num(line.interval[1])}" if line.interval else NONE,
                num(line.precision),
                num(line.recall),
                NONE if line.support is None else str(line.support),
                *map(num, line.baselines),
            )
            for line in view["headlines"]
        ],
    )
    parts = [
        f"# {_cell(view['name'])}",
        "\n".join(f"- {name}: {_cell(value)}" for name, value in view["about"]),
        headline.markdown(),
        "\n\n".join(view["reading"]),
    ]

    def add(title: str, *blocks: str) -> None:
        parts.extend((f"## {title}", *blocks))

    if len(view["scores"]["documents"]) > 1:
        add("F1 by article", tables["documents"].markdown())
    if tables["unseen"]:
        unseen = view["scores"]["unseen"]
        add("Unseen sentences", _unseen(unseen), tables["unseen"].markdown())
    titles = {"labels": "By label", "attributes": "Recall by Form and Kind", "links": "Links, given gold spans"}
    for name, title in titles.items():
        if tables[name]:
            add(title, tables[name].markdown())
    mixed = [
        (f"{label} → {column}", str(count))
        for label, cells in view["confusion"]["rows"]
        for column, count, _ in cells
        if count and column != label
    ]
    if mixed:
        add("Entities taken for something else", Table(("gold → prediction", "count"), mixed).markdown())
    errors = view["errors"]
    if errors:
        add("Errors", view["error_counts"].markdown(), "\n".join(map(_error_line, errors[:ERRORS_IN_MARKDOWN])))
        if len(errors) > ERRORS_IN_MARKDOWN:
            parts.append(f"{len(errors) - ERRORS_IN_MARKDOWN} more in `errors.jsonl` and `report.html`.")
    add("Training", view["learning"], *((tables["sampling"].markdown(),) if tables["sampling"] else ()))
    lost = _lost(view["facts"], view["scores"])
    add("Lost spans", lost, *((tables["lost"].markdown(),) if tables["lost"] else ()))
    add("Configuration", f"```yaml\n{view['config']}```")
    return "\n\n".join(parts) + "\n"


def _error_line(error: Mapping[str, Any]) -> str:
    sides = [
        f"{side} {told['label']} “{_cell(told['text'])}”" for side in ("gold", "predicted") if (told := error[side])
    ]
    return f"- {error['error']} {error['head']}, {_cell(error['document'])}:{error['start']}: {'; '.join(sides)}"


def _unseen(unseen: Mapping[str, Any]) -> str:
    return (
        f"{unseen['sentences']} of {unseen['of']} held-out sentences have no near-duplicate in the training articles; "
        "what begins in the others may be known by heart."
    )


def _lost(facts: Mapping[str, Any], scores: Scores) -> str:
    learned, lost = _learned(facts), facts["lost"].get("total", 0)
    held_out = sum(own["lost"] for head, own in scores["layers"].items() if head in learned)
    return (
        f"{lost} training spans cannot be said in tags; their words are masked, not taught as nothing. "
        f"Of the held-out spans {held_out} cannot be said in tags: they do not count as missed, nor what is predicted "
        "over them alone as wrong."
    )


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _sampling(stages: Sequence[Mapping[str, Mapping[str, int]]]) -> Table:
    """What an epoch of each stage reads; of a single source there is nothing to tell."""
    rows = [
        (f"{stage} {source}" if len(stages) > 1 else source, str(own["examples"]), str(own["an_epoch"]))
        for stage, sources in enumerate(stages, start=1)
        for source, own in sources.items()
    ]
    return Table(
        ("stage and source" if len(stages) > 1 else "source", "windows", "read in an epoch"),
        rows if any(len(sources) > 1 for sources in stages) else [],
    )


def _figures(own: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return num(own["precision"]), num(own["recall"]), num(own["f1"]), str(own["support"])


def num(value: float | None, sign: str = "") -> str:
    """A figure as all tables show it; `sign` is "+" for differences.

    The same figure comes as 0.8125 and a hair less, by the way it was computed.
    """
    return NONE if value is None else f"{value + 1e-9:{sign}.3f}".replace("-0.000", "+0.000")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cell(text: str) -> str:
    """Text that neither ends a cell or line of Markdown nor is taken for HTML."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
