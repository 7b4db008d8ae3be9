"""The command line. Commands import what they need when they run: `--help` is quick, `predict` needs no PyTorch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from narasumber.errors import InputError

if TYPE_CHECKING:
    from narasumber.document import Document

CHECKOUT = ("data", "models", "train", "eval")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Who is named and who said what in Indonesian news.",
)


class PredictFormat(str, Enum):
    json = "json"
    brat = "brat"
    html = "html"
    conll = "conll"


class ExportFormat(str, Enum):
    onnx = "onnx"
    transformers = "transformers"


class Adjudicate(str, Enum):
    majority = "majority"


class Resume(str, Enum):
    auto = "auto"
    must = "must"
    never = "never"


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A folder of .txt and .ann pairs, or one .txt file.")],
    to: Annotated[Path, typer.Option(help="The folder to write; an earlier data set there is replaced.")],
    held_out: Annotated[
        list[str] | None, typer.Option(help="Id of an article for the split `test`; repeat it.")
    ] = None,
) -> None:
    """Turn annotated articles into a datasets.DatasetDict (Parquet) with a card."""
    import datasets

    from data.convert import convert as write
    from data.sources import load_documents

    datasets.disable_progress_bars()
    data = write(load_documents(source), to, held_out or ())
    sizes = ", ".join(f"{name} {part.num_rows}" for name, part in data.items())
    typer.echo(f"{to}: {sizes} articles")


@app.command()
def lint(
    source: Annotated[Path, typer.Argument(help="A folder of .txt and .ann pairs, or one .txt file.")],
    min_examples: Annotated[int, typer.Option(min=1, help="Report labels with fewer examples than this.")] = 5,
) -> None:
    """List what is odd about annotated articles; exits with 1 if the guidelines rule any of it out."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from data.lint import lint as findings_of
    from data.sources import load_documents

    findings = findings_of(load_documents(source), min_examples)
    table = Table(title=f"{source}: {len(findings)} findings")
    for column in ("severity", "code", "place", "what", "text", "cure"):
        table.add_column(column, overflow="fold")
    for item in findings:
        place = f"{item.document}:{item.start}-{item.end}" if item.document else "all"
        text = item.text if len(item.text) <= 60 else f"{item.text[:57]}..."
        table.add_row(item.severity, item.code, place, item.what, escape(text), item.cure)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if any(item.severity == "error" for item in findings):
        raise typer.Exit(1)


@app.command()
def agree(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...", help="A folder or file for each annotator, or one that says who annotated."
        ),
    ],
    format: Annotated[str, typer.Option("--from", help="The format of the sources.")] = "auto",
    adjudicate: Annotated[
        Adjudicate | None, typer.Option(help="majority: what more than half of the annotators mark.")
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

    if (adjudicate is None) != (to is None):
        raise InputError("--to", "goes with --adjudicate", "give both: --adjudicate majority --to DIR")
    for target in filter(None, (to, disagreements)):
        if target.resolve() in {source.resolve() for source in sources}:
            raise InputError(str(target), "is one of the sources", "name another folder")
    documents = load_annotators(sources, format)
    found = agreement(documents)

    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    table = Table(title=f"{len(found.annotators)} annotators, {found.articles} articles that several of them read")
    for column in ("layer", "annotators", "articles", "spans", "both", "F1", "alpha"):
        table.add_column(column, justify="left" if column in ("layer", "annotators") else "right")
    for layer, own in found.layers.items():
        table.add_row(layer, "all", "", "", "", shown(own.f1), shown(own.alpha))
        for pair in own.pairs:
            spans = f"{pair.spans_first}, {pair.spans_second}"
            names = Text(f"{pair.first}, {pair.second}")
            table.add_row("", names, str(pair.articles), spans, str(pair.both), shown(pair.f1))
    Console(width=None if sys.stdout.isatty() else 200).print(table)

    settled = majority(documents) if to or disagreements else []
    if to:
        write([item.document for item in settled], to, "brat")
        left_out = [dispute for item in settled for dispute in item.disputes if not dispute.kept]
        for dispute in left_out:
            if len(dispute.said_by) == len(dispute.not_by):
                place = f"{dispute.document}:{dispute.span.start}-{dispute.span.end}"
                typer.echo(f"tie: {place}: {dispute.what} by {', '.join(dispute.said_by)}")
        typer.echo(f"{to}: {len(settled)} articles; left out: {len(left_out)}")
    if disagreements:
        disputed = [with_notes(item) for item in settled if item.disputes]
        write(disputed, disagreements, "brat")
        typer.echo(f"{disagreements}: {len(disputed)} articles with disagreements")


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A YAML file such as configs/quickstart.yaml.")],
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key; repeat it.")
    ] = None,
    resume: Annotated[
        Resume, typer.Option(help="auto: go on where the run stopped, else start. must: only go on. never: only start.")
    ] = Resume.auto,
) -> None:
    """Train from a config; the run directory is runs/NAME."""
    from train.config import load_config

    loaded = load_config(config, set or ())  # before PyTorch is imported: a typo is told at once
    from train.run import train as run_training
    from train.rundir import usage_of

    folder = run_training(loaded, resume.value)
    typer.echo(f"trained: {folder}  {usage_of(folder)}".rstrip())


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A finished run directory, such as runs/quickstart.")],
    against: Annotated[
        Path | None, typer.Option(help="Another evaluated run on the same articles, to compare with.")
    ] = None,
) -> None:
    """Score the held-out articles and write the report."""
    from eval.evaluate import compare_runs, evaluate_run, summary

    scores, report = evaluate_run(run)
    typer.echo(summary(scores))
    if against:
        typer.echo(compare_runs(run, against))
    typer.echo(f"report: {report}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A finished run directory, such as runs/quickstart.")],
    to: Annotated[Path, typer.Option(help="The folder to write; an earlier export there is replaced.")],
    format: Annotated[
        ExportFormat, typer.Option(help="onnx: all layers, for Tagger. transformers: entities, for pipeline().")
    ] = ExportFormat.onnx,
) -> None:
    """Write a model folder that runs without this checkout (and, as onnx, without PyTorch)."""
    from eval.release import export_run

    typer.echo(f"exported: {export_run(run, to, format.value)}")


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A folder that `narasumber export` wrote.")],
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Articles as UTF-8 text; - is standard input.")],
    format: Annotated[PredictFormat, typer.Option(help="json: one line an article.")] = PredictFormat.json,
    to: Annotated[
        Path | None, typer.Option(help="File to write (for brat: folder); standard output if left out.")
    ] = None,
    weights: Annotated[str, typer.Option(help="model.int8.onnx is smaller, where the export has it.")] = "model.onnx",
) -> None:
    """Mark who is named and who said what in articles."""
    from narasumber.formats.brat import write_brat
    from narasumber.tagger import Tagger

    if format is PredictFormat.brat and to is None:
        raise InputError("--to", "brat writes two files an article", "name a folder: --to DIR")
    documents = _articles(files)
    tagger = Tagger.load(model, weights)
    annotated = (tagger.annotate(document) for document in documents)
    if format is PredictFormat.brat:
        assert to is not None
        write_brat(annotated, to)
    elif to is None:
        for part in _rendered(format.value, annotated):
            sys.stdout.write(part)
    else:
        from narasumber.files import write_file

        try:
            write_file(to, "".join(_rendered(format.value, annotated)))
        except OSError as error:
            raise InputError(str(to), f"cannot be written: {error.strerror}", "choose another --to") from None


def _articles(files: list[str]) -> list[Document]:
    from narasumber.document import Document
    from narasumber.errors import Problem

    documents: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            text = content.decode("utf-8-sig")
        except OSError as error:
            problems.append(
                Problem(file, f"cannot be read: {error.strerror}", "name a text file, or - for standard input")
            )
            continue
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            problems.append(Problem(f"{file}:{line}", f"byte {error.start} is not UTF-8", "save the file as UTF-8"))
            continue
        if not text.strip():
            problems.append(Problem(file, "the article is empty", "name a file with text in it"))
        documents.append(Document("stdin" if file == "-" else Path(file).stem, text))
    if problems:
        raise InputError.of(problems)
    return documents


def _rendered(format: Literal["json", "html", "conll", "brat"], documents: Iterator[Document]) -> Iterator[str]:
    if format == "html":
        from narasumber.html import page

        yield page(list(documents), "Narasumber")
    elif format == "conll":
        from narasumber.formats.conll import to_conll

        yield from map(to_conll, documents)
    else:
        import json

        for document in documents:
            yield json.dumps(document.to_json(), ensure_ascii=False) + "\n"


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
            sys.stderr.write(f"{problem}\n")
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
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
