"""The command line. Commands import what they need when they run: `--help` is quick, `predict` needs no PyTorch."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from narasumber import __version__, formats
from narasumber.errors import Diverged, InputError, Problem

if TYPE_CHECKING:
    from data.lint import Finding
    from narasumber.document import Document

CHECKOUT = ("data", "models", "train", "eval")

OF_ANNOTATION = ("annotator", "annotators", "brat", "illegal_tags", "score", "unknown")
"""What an article's `meta` may say of its annotation and not of the article."""

FIRST = os.environ.get("RANK", "0") == "0"
"""Whether this is the process that speaks and scores, of those that `accelerate launch` started."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is named and who said what in Indonesian news.",
)


READ = ("auto", *(item.name for item in formats.FORMATS.values() if item.reads))
WRITTEN = tuple(item.name for item in formats.FORMATS.values() if item.writes)


Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="THEIRS=OURS", help="Their label and ours; THEIRS= leaves it out, as if unmarked. Repeat it."
    ),
]


Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key; repeat it.")]
Resuming = Annotated[
    Literal["auto", "must", "never"],
    typer.Option(help="auto: go on where the run stopped, else start. must: only go on. never: only start."),
]


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"narasumber {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """What stands before a command."""


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A file or folder of annotated articles.")],
    to: Annotated[
        Path,
        typer.Option(help="The file or folder to write; a file or data set there is replaced, if not in the source."),
    ],
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help=f"One of {', '.join(READ)}, or a public corpus by name. auto finds it out and says why.",
        ),
    ] = "auto",
    format: Annotated[
        str,
        typer.Option(metavar="FORMAT", help=f"dataset (a datasets.DatasetDict with a card), {', '.join(WRITTEN)}."),
    ] = "dataset",
    label: Labels = None,
    held_out: Annotated[
        list[str] | None, typer.Option(help="Id of an article for the split `test` of a data set; repeat it.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if anything would be lost.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that make a data set of JSON Lines.")] = 1,
) -> None:
    """Turn annotated articles of any format into a data set (Parquet) or another format."""
    if origin not in READ:
        _check_choice("--from", origin, (*READ, *_corpora()))
    _check_choice("--format", format, ("dataset", *WRITTEN))
    labels = _label_map(label or [])
    origin = _found_out(source, origin)
    if held_out and format != "dataset":
        raise InputError("--held-out", f"{format} has no splits", "leave it out, or write --format dataset")
    _check_labels(labels, origin)
    if workers > 1 and (origin, format) != ("json", "dataset"):
        typer.echo(f"--workers: from {origin} to {format} one process does all", err=True)
    if format != "dataset":
        _check_target(to, [source])
        formats.write(_watched(_documents(source, origin, labels), format, strict), to, format)
        typer.echo(f"written: {to}")
        return

    import datasets

    from data.convert import LEAKS, convert_lines
    from data.convert import convert as convert_documents

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    if origin == "json":
        splits = convert_lines(source, to, held_out or (), strict, workers)
    else:
        splits = convert_documents(_documents(source, origin, labels), to, held_out or (), strict)
    left_out = sum((Counter(counts["left_out"]) for counts in splits.values()), Counter[str]())
    _tell_losses({f"{what}, left out in reading": number for what, number in left_out.items()})
    sizes = ", ".join(f"{name} {counts['articles']}" for name, counts in splits.items())
    typer.echo(f"{to}: {sizes} articles")
    if "test" in splits:
        leaks = splits["test"]["leaks"]
        told = f"{leaks['near_duplicates']} of {leaks['sentences']} sentences have a near-duplicate in train"
        typer.echo(f"test: {told}" + f": see {to / LEAKS}" * bool(leaks["near_duplicates"]))


@app.command()
def labels(
    format: Annotated[
        Literal["text", "labelstudio"],
        typer.Option(help="labelstudio: the labelling configuration of a project, to paste into it."),
    ] = "text",
) -> None:
    """Print the labels of the scheme, or an annotation tool's configuration with them."""
    from narasumber.formats.labelstudio import labelling_config
    from narasumber.labels import ATTRIBUTES, LABELS

    if format == "labelstudio":
        typer.echo(labelling_config())
        return
    for layer, names in LABELS.items():
        typer.echo(f"{layer}: {' '.join(names)}")
    for name, (layer, values) in ATTRIBUTES.items():
        typer.echo(f"{name} of {layer}: {' '.join(values)}")


def _corpora() -> tuple[str, ...]:
    """The names of public corpora, which a checkout reads."""
    try:
        from data.corpora import CORPORA
    except ModuleNotFoundError:
        return ()
    return tuple(CORPORA)


def _found_out(source: Path, origin: str) -> str:
    """The format; for `auto` the one that the source is of, with a word on why it is thought so."""
    if origin != "auto":
        return origin
    found, why = formats.detect(source)
    typer.echo(_printable(f"{source}: read as {found.name}: {why}"), err=True)
    return found.name


def _documents(source: Path, origin: str, labels: Mapping[str, str]) -> Iterable[Document]:
    if origin in READ:
        return formats.read(source, origin, labels)
    from data.sources import read

    return read(source, origin, labels)


def _check_choice(option: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise InputError(option, f"{value!r} is none of its values", f"choose one of {', '.join(known)}")


def _label_map(pairs: Sequence[str]) -> dict[str, str]:
    from narasumber.labels import LABELS

    known = [label for names in LABELS.values() for label in names]
    labels: dict[str, str] = {}
    for pair in pairs:
        theirs, _, ours = pair.rpartition("=")
        if not theirs or (ours and ours not in known):
            cure = f"write THEIRS=OURS, or THEIRS= to leave it out; ours are {', '.join(known)}"
            raise InputError("--label", f"{pair!r} names no label of ours", cure)
        labels[theirs] = ours
    return labels


def _check_labels(labels: Mapping[str, str], origin: str) -> None:
    if labels and origin == "json":
        raise InputError("--label", "json has the labels of the scheme already", "leave it out")


def _watched(documents: Iterable[Document], format: str, strict: bool = False) -> Iterator[Document]:
    """Passes documents on to a writer; behind the last one, before their file is there, tells what is lost."""
    losses: Counter[str] = Counter()
    for document in documents:
        losses.update(formats.losses([document], format))
        losses.update(_left_out_in_reading([document]))
        yield document
    _tell_losses(losses)
    if strict and losses:
        raise InputError("--strict", f"{format} would lose what is listed", "write json, or leave --strict out")


def _left_out_in_reading(documents: Iterable[Document]) -> Counter[str]:
    from narasumber.formats.common import all_left_out

    return Counter({f"{what}, left out in reading": number for what, number in all_left_out(documents).items()})


def _tell_losses(losses: Mapping[str, int]) -> None:
    for what, number in losses.items():
        typer.echo(_printable(f"not carried over: {what}: {number}"), err=True)


@app.command()
def lint(
    source: Annotated[Path, typer.Argument(help="A file or folder with annotated articles.")],
    source_format: Annotated[
        str, typer.Option("--from", help="The format of the source, or the public corpus that it is.")
    ] = "auto",
    format: Annotated[
        Literal["table", "json", "html"], typer.Option(help="json: one list. html: a page with the text around.")
    ] = "table",
    to: Annotated[Path | None, typer.Option(help="The file to write; standard output if left out.")] = None,
    label: Labels = None,
    min_examples: Annotated[int, typer.Option(min=1, help="Report labels with fewer examples than this.")] = 5,
) -> None:
    """List what is odd about annotated articles; exits with 1 if the guidelines rule any of it out."""
    import json
    from dataclasses import asdict

    from data.lint import lint as findings_of
    from data.lint import page
    from data.sources import load_documents

    _check_target(to, [source])
    labels = _label_map(label or [])
    origin = _found_out(source, source_format)
    _check_labels(labels, origin)
    documents = load_documents(source, origin, labels)
    findings = findings_of(documents, min_examples)
    title = f"{source}: {len(findings)} findings"
    if format == "json":
        told = json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1) + "\n"
    elif format == "html":
        told = page(findings, documents, title)
    else:
        told = _table(findings, title, to is None and sys.stdout.isatty())
    _put([told], to)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _table(findings: list[Finding], title: str, in_colour: bool) -> str:
    """As wide as the terminal, or 200 columns for a file."""
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(_printable(title)))
    for column in ("severity", "code", "place", "what", "text", "cure"):
        table.add_column(column, overflow="fold")
    for item in findings:
        place = f"{item.document}:{item.line}, {item.start}-{item.end}" if item.document else "all"
        text = item.text if len(item.text) <= 60 else f"{item.text[:57]}..."
        who = f" ({item.annotator})" if item.annotator else ""
        cells = (item.severity, item.code, place + who, item.what, text, item.cure)
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    told = io.StringIO()
    Console(file=told, width=None if in_colour else 200, force_terminal=in_colour).print(table)
    return told.getvalue()


def _printable(text: str) -> str:
    """What an article or a file's name says must not steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


@app.command()
def agree(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...", help="A folder or file for each annotator, or one that says who annotated."
        ),
    ],
    format: Annotated[str, typer.Option("--from", help="The format of the sources.")] = "auto",
    label: Labels = None,
    adjudicate: Annotated[
        Literal["majority"] | None, typer.Option(help="majority: what more than half of the annotators mark.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="The brat folder for what --adjudicate makes.")] = None,
    disagreements: Annotated[
        Path | None, typer.Option(help="A brat folder for articles with all that anybody marked, and notes who did.")
    ] = None,
) -> None:
    """Tell how far annotators of the same articles agree, and make one annotation of theirs."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from data.agreement import adjudicate as majority
    from data.agreement import agreement, load_annotators, with_notes
    from narasumber.formats import write
    from narasumber.labels import HEADS

    if (adjudicate is None) != (to is None):
        raise InputError("--to", "goes with --adjudicate", "give both: --adjudicate majority --to DIR")
    for target in (to, disagreements):
        _check_target(target, sources)
    if to and disagreements and to.resolve() == disagreements.resolve():
        raise InputError("--disagreements", f"is {to}, as --to is", "name another folder")
    documents = load_annotators(sources, format, _label_map(label or []))
    _tell_losses(_left_out_in_reading(documents))
    found = agreement(documents)

    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    table = Table(title=f"{len(found.annotators)} annotators, {found.articles} articles that several of them read")
    for column in ("", "annotators", "articles", "each", "both", "F1", "alpha"):
        table.add_column(column, justify="left" if column in ("", "annotators") else "right")
    for layer, own in found.layers.items():
        if layer not in HEADS and own.f1 is None:  # nobody said any, or the format cannot
            continue
        table.add_row(layer, "all", "", "", "", shown(own.f1), shown(own.alpha))
        for pair in own.pairs:
            each = f"{pair.said_first}, {pair.said_second}"
            names = Text(_printable(f"{pair.first}, {pair.second}"))
            table.add_row("", names, str(pair.articles), each, str(pair.both), shown(pair.f1))
    Console(width=None if sys.stdout.isatty() else 200).print(table)

    def plain(document: Document) -> Document:
        """Who annotated is told here, and need not be in the files."""
        return replace(document, meta={**document.meta, "annotators": None})

    settled = majority(documents) if to or disagreements else []
    if to:
        write(_watched((plain(item.document) for item in settled), "brat"), to, "brat")
        left_out = [dispute for item in settled for dispute in item.disputes if not dispute.kept]
        for dispute in left_out:
            if len(dispute.said_by) == len(dispute.not_by):
                place = f"{dispute.document}:{dispute.span.start}-{dispute.span.end}"
                typer.echo(_printable(f"tie: {place}: {dispute.what} by {', '.join(dispute.said_by)}"))
        typer.echo(f"{to}: {len(settled)} articles; left out: {len(left_out)}")
    if disagreements:
        disputed = [plain(with_notes(item)) for item in settled if item.disputes]
        write(disputed if to else _watched(disputed, "brat"), disagreements, "brat")
        typer.echo(f"{disagreements}: {len(disputed)} articles with disagreements")


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A YAML file such as configs/quickstart.yaml.")],
    set: Overrides = None,
    resume: Resuming = "auto",
) -> None:
    """Train from a config; the run directory is runs/NAME."""
    from train.config import load_config

    loaded = load_config(config, set or ())  # before PyTorch is imported: a typo is told at once
    from train.run import train as run_training
    from train.rundir import usage_of

    folder = run_training(loaded, resume)
    if FIRST:
        typer.echo(f"trained: {folder}  {usage_of(folder)}".rstrip())


@app.command()
def adapt(
    config: Annotated[Path, typer.Argument(help="A YAML file such as configs/adapt.yaml.")],
    set: Overrides = None,
    resume: Resuming = "auto",
) -> None:
    """Let an encoder read raw text before it is trained; runs/NAME/last is then one for model.encoder."""
    from train.config import load_adapt_config

    loaded = load_adapt_config(config, set or ())
    from train.adapt import adapt as run_adaptation
    from train.adapt import summary
    from train.rundir import usage_of

    folder = run_adaptation(loaded, resume)
    if not FIRST:
        return
    if told := summary(folder):
        typer.echo(told)
    typer.echo(f"adapted: {folder / 'last'}  {usage_of(folder)}".rstrip())


@app.command()
def sweep(
    config: Annotated[Path, typer.Argument(help="A YAML file such as configs/quickstart.yaml.")],
    over: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=A,B,C", help="Values of a key, a row of the table each. Several are combined."),
    ] = None,
    seeds: Annotated[str, typer.Option(metavar="1,2,3", help="Train each row with each seed.")] = "",
    set: Overrides = None,
) -> None:
    """Train and score a config over values of its keys and seeds; what is finished already is not done again."""
    from train.sweep import rows_of, table_name

    rows = rows_of(config, over or (), seeds, set or ())
    table = table_name(config, over or (), set or ())
    from eval.evaluate import evaluate_run
    from eval.sweep import compare_rows, write_sweep
    from train.run import RUNS, checked_parts
    from train.run import train as run_training
    from train.rundir import open_run, usage_of

    for row in rows:
        checked_parts(row.configs[0])
        for one in row.configs:
            if FIRST and (RUNS / one.name).exists():
                open_run(RUNS / one.name, one, "auto")
    runs: dict[str, list[Path]] = {row.name: [] for row in rows}
    failed: list[Problem] = []
    for row in rows:
        for one in row.configs:
            try:
                folder = run_training(one)
            except Diverged as error:
                failed += [replace(own, where=f"{one.name}: {own.where}") for own in error.problems]
                runs.pop(row.name, None)
                continue
            if row.name in runs:
                runs[row.name].append(folder)
            if FIRST:
                if not (folder / "eval" / "scores.json").exists():
                    evaluate_run(folder)
                typer.echo(f"trained: {folder}  {usage_of(folder)}".rstrip(), err=True)
    if not FIRST:
        return
    if runs:
        typer.echo(write_sweep(compare_rows(runs), RUNS / table))
        typer.echo(f"sweep: {RUNS / table / 'sweep.md'}")
    if failed:
        raise InputError.of(failed)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A finished run directory, such as runs/quickstart.")],
    on: Annotated[
        Path | None,
        typer.Option(help="A file or folder of annotated articles, or a public corpus, in place of the held-out ones."),
    ] = None,
    origin: Annotated[
        str, typer.Option("--from", metavar="FORMAT", help="The format of --on, or the public corpus that it is.")
    ] = "auto",
    split: Annotated[Literal["train", "dev", "test"] | None, typer.Option(help="Of the public corpus.")] = None,
    label: Labels = None,
    against: Annotated[
        Path | None, typer.Option(help="Another evaluated run on the same articles, to compare with.")
    ] = None,
) -> None:
    """Score the held-out articles, or others that the model has not seen, and write the report."""
    if origin not in READ:
        _check_choice("--from", origin, (*READ, *_corpora()))
    if on is None and (origin != "auto" or split or label):
        raise InputError("--from, --split and --label", "speak of other articles", "name these: --on PATH")
    if split and origin in READ:
        raise InputError("--split", "goes with a public corpus", "name it: --from CORPUS")
    from data.sources import Source

    others = None
    if on and origin in READ:
        found = _found_out(on, origin)
        labels = _label_map(label or [])
        _check_labels(labels, found)
        others = Source(path=on, format=found, labels=labels)
    elif on and label:
        raise InputError("--label", f"{origin} has a table of its own", "leave it out")
    elif on:
        others = Source(path=on, corpus=origin, split=split)
    from eval.evaluate import check_comparable, compare_runs, evaluate_run, summary

    if against:
        check_comparable(run, against, others)
    scores, report = evaluate_run(run, others)
    typer.echo(summary(scores))
    if against:
        typer.echo(compare_runs(run, against, others))
    typer.echo(f"report: {report}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A finished run directory, such as runs/quickstart.")],
    to: Annotated[Path, typer.Option(help="The folder to write; an earlier export there is replaced.")],
    format: Annotated[
        Literal["onnx", "transformers"],
        typer.Option(help="onnx: all layers, for Tagger. transformers: entities, for pipeline()."),
    ] = "onnx",
) -> None:
    """Write a model folder that runs without this checkout (and, as onnx, without PyTorch)."""
    from eval.release import export_run

    typer.echo(f"exported: {export_run(run, to, format)}")


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A folder that `narasumber export` wrote.")],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Articles as UTF-8 text, saved web pages, JSON Lines or any other format, what is annotated in them "
            "left aside; folders of them; - is standard input.",
        ),
    ],
    format: Annotated[
        str, typer.Option(metavar="FORMAT", help=f"html (a page to read), {', '.join(WRITTEN)}.")
    ] = "json",
    to: Annotated[
        Path | None,
        typer.Option(
            help="File to write, in place of one there, or (for some formats) new folder; standard output if left out."
        ),
    ] = None,
    weights: Annotated[str, typer.Option(help="model.int8.onnx is smaller, where the export has it.")] = "model.onnx",
) -> None:
    """Mark who is named and who said what in articles."""
    from narasumber.tagger import Tagger

    _check_choice("--format", format, (*WRITTEN, "html"))
    if to is None and format != "html" and not formats.FORMATS[format].is_text:
        raise InputError("--to", f"{format} cannot go to standard output", "name a folder or file: --to PATH")
    _check_target(to, files)
    if to is not None and to.is_dir() and any(to.iterdir()):
        what = "holds files, which may have been corrected by hand"
        raise InputError(str(to), what, "name a new folder, or a file, or empty it")
    documents = _articles(files)
    tagger = Tagger.load(model, weights)
    made: dict[str, str] = {"model": tagger.settings.name}
    if format != "html":
        made = dict(formats.FORMATS[format].load().kept(made))  # no other format need say that it does not
    if format == "json":
        made["annotator"] = f"model:{tagger.settings.name}"
    annotated: Iterator[Document] = (
        replace(tagger.annotate(document), meta={**document.meta, **made}) for document in documents
    )
    if format != "html":
        annotated = _watched(annotated, format)
    if to is None or format == "html":
        _put(_rendered(format, annotated), to)
    else:
        formats.write(annotated, to, format)


def _check_target(to: Path | None, sources: Iterable[str | Path]) -> None:
    """What is read is not written over, nor the folder that it lies in, nor a file of the folder that is read."""
    if to is None:
        return
    place = to.resolve()
    for source in sources:
        own = Path(source).resolve()
        if place == own:
            raise InputError(str(to), "is the source", "name another file or folder")
        if place in own.parents and own.exists():
            raise InputError(str(to), f"holds the source {source}", "name another folder")
        if own in place.parents and place.exists():
            raise InputError(str(to), f"is there already, in the source {source}", "name another file or folder")


def _put(parts: Iterable[str], to: Path | None) -> None:
    """Writes text to a file, which is there as a whole or not at all, or to standard output."""
    from narasumber.files import new_file

    if to is None:
        sys.stdout.writelines(parts)
        return
    try:
        with new_file(to) as file:
            file.writelines(parts)
    except OSError as error:
        raise InputError(str(to), f"cannot be written: {error.strerror}", "choose another --to") from None
    except UnicodeEncodeError as error:
        what = f"would hold {error.object[error.start]!r}, of a text or a file's name that is not UTF-8"
        raise InputError(str(to), what, "rename the file, or save it as UTF-8") from None


def _articles(files: Sequence[str]) -> list[Document]:
    """The articles in all files, as nobody had annotated them, each under an id of its own."""
    from narasumber.document import Document

    found: list[tuple[Path, Document]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            found += [(Path(file), document) for document in _articles_of(file)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError.of(problems)
    ids = _told_apart([(file, document.id) for file, document in found])
    metas = (
        {name: value for name, value in own.meta.items() if name not in (OF_ANNOTATION if own.spans else ("unknown",))}
        for _, own in found
    )
    return [Document(id, own.text, meta=meta) for id, (_, own), meta in zip(ids, found, metas, strict=True)]


def _articles_of(file: str) -> Iterable[Document]:
    """The articles of a file or folder; one of no known format is text, if it is not called JSON."""
    from narasumber.document import Document
    from narasumber.files import is_special
    from narasumber.formats.common import read_bytes
    from narasumber.formats.plain_text import article_text

    path = Path(file)
    if file == "-":
        return [Document("stdin", article_text(sys.stdin.buffer.read(), file))]
    if is_special(path):  # a pipe, which cannot be looked at first
        return [Document(path.name, article_text(read_bytes(path), file))]
    if path.suffix != ".txt":
        try:
            return formats.read(path, formats.detect(path)[0].name)
        except InputError:
            if not path.is_file() or path.suffix in (".json", ".jsonl"):
                raise
    return [Document(path.stem, article_text(read_bytes(path), file))]


def _told_apart(named: Sequence[tuple[Path, str]]) -> list[str]:
    """The ids of articles; where several have one, with as much of the path in front as tells them apart."""
    ids = [id for _, id in named]
    above: list[tuple[str, ...]] = []
    for file, id in named:
        parts = Path(os.path.abspath(file if file.is_dir() else file.with_suffix(""))).parts
        above.append(parts[1:-1] if parts[-1] == id else parts[1:])
    for depth in range(1, 1 + max(map(len, above), default=0)):
        times = Counter(ids)
        ids = [
            "/".join((*parts[-depth:], own)) if times[id] > 1 else id
            for id, (_, own), parts in zip(ids, named, above, strict=True)
        ]
    times = Counter(ids)
    if twice := [(str(file), own) for id, (file, own) in zip(ids, named, strict=True) if times[id] > 1]:
        where, own = twice[-1]
        cure = "name each file once, and call each article in it otherwise"
        raise InputError(where, f"holds an article that is there twice: {own}", cure)
    return ids


def _rendered(format: str, documents: Iterator[Document]) -> Iterator[str]:
    if format == "html":
        from narasumber.html import page

        yield page(list(documents), "Narasumber")
    else:
        yield from formats.FORMATS[format].load().render(documents)


def main() -> None:
    """The console command: bad input ends with a message and exit code 2, never with a traceback."""
    _run(app)


def train_main() -> None:
    """`python -m train`: the command `train` by itself, for `accelerate launch`."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command()(train)
    _run(alone)


def _run(command: Callable[[], None]) -> None:
    try:
        command()
    except InputError as error:
        for problem in error.problems:
            sys.stderr.write("".join(f"{_printable(line)}\n" for line in str(problem).split("\n")))
        sys.exit(2)
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package in CHECKOUT:
            sys.stderr.write(
                f"this command needs a checkout: the folder {package}/ is not part of the installed package\n"
            )
        else:
            sys.stderr.write(f"this command needs the package {package}: pip install -e '.[train]' in the checkout\n")
        sys.exit(2)
    except UnicodeEncodeError as error:
        what = f"{error.encoding} has no {error.object[error.start]!r}"
        sys.stderr.write(f"standard output: {what}; name a file with --to, or set PYTHONIOENCODING=utf-8\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno == errno.ENOSPC:
            sys.stderr.write(f"standard output: {error.strerror}\n")
            sys.exit(2)
        if error.filename is None:
            raise
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")  # a name too long for a file, for one
        sys.exit(2)
