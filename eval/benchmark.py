"""How quick Narasumber is, beside others on the same input: `python -m eval.benchmark convert`, or `train`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from itertools import count, islice, permutations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from eval.processes import told
from narasumber import formats
from narasumber.errors import InputError
from narasumber.memory import peak_memory

ROOT: Final = Path(__file__).resolve().parent.parent

NERGRIT: Final = ROOT / "configs" / "nergrit-alone.yaml"

FILE: Final = 10_000
"""Articles in a file of spaCy's; ours hold as many."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def benchmark() -> None:
    """Measure."""


@app.command()
def convert(articles: Annotated[int, typer.Option(min=1, help="N: N, 2N and 4N are measured.")] = 2000) -> None:
    """JSON Lines to training data, by Narasumber and by spaCy: a Markdown table of time and memory."""
    if find_spec("spacy") is None:
        raise InputError("spaCy", "is not installed", "pip install -e '.[spacy]' in the checkout")
    typer.echo(_HEAD)
    with TemporaryDirectory() as folder:
        for number in (articles, 2 * articles, 4 * articles):
            source = Path(folder, f"{number}.jsonl")
            words = write_articles(source, number)
            ours, theirs = (_measured(way, source, Path(folder, f"{number}-{way}")) for way in WAYS)
            cells = [f"{number:,}", f"{source.stat().st_size / 1e6:,.0f}", f"{words:,}"]
            for used in (ours, theirs):
                cells += [f"{used.seconds:,.1f}", f"{words / used.seconds:,.0f}", f"{used.peak:,.0f}"]
            typer.echo(f"| {' | '.join(cells)} | {theirs.seconds / ours.seconds:.1f} |")
    typer.echo(_NOTE)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="Of a run with entities and held-out articles.")] = NERGRIT,
    overrides: Annotated[list[str] | None, typer.Option("--set", help="key=value, as for narasumber train.")] = None,
) -> None:
    """Entities of a corpus, by Narasumber and by the standard recipe: a Markdown table of speed, F1 and memory.

    Both train the same encoder for the same epochs on the same articles, in turn, each in a process of its own.
    """
    from eval.training_speed import table  # with torch, whose memory is not the other benchmark's

    typer.echo(table(config, overrides or []))


@app.command(hidden=True)
def learn(run: Path) -> None:
    """Train as the standard recipe does on the articles of a finished run."""
    from eval.training_speed import learned

    typer.echo(json.dumps(asdict(learned(run))))


_HEAD: Final = """\
| articles | MB | words | Narasumber: s | words/s | MiB | spaCy: s | words/s | MiB | times as quick |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""

_NOTE: Final = """
One core each. Seconds are the processor's, without imports; memory is the peak, with them. Both read the same JSON
Lines: the seed articles over and over, with other ids and names. Narasumber checks every span and link and writes
Parquet with text, words, five BIO columns, spans, links and the sections of the page. spaCy makes words with
`blank("id")`, spans with `Doc.char_span` (entities, and a span group for each other layer) and writes `DocBin` files of
10,000 articles: no links, no sections, and nothing is checked. So the two results are not the same thing; either is
what training begins with. Words are counted as Narasumber splits them in both columns."""


def write_articles(path: Path, number: int) -> int:
    """The seeds over and over, with other ids and with other vowels in names, so that offsets stay. Returns the words.

    There are 600 texts; the ids all differ.
    """
    from narasumber.formats.json_lines import render
    from narasumber.words import words

    variants: list[tuple[str, int]] = []
    for order, document in islice(product(permutations("aiueo"), formats.read(ROOT / "seeds", "brat")), number):
        vowels = str.maketrans("aiueo", "".join(order))
        text = document.text
        for span in document.layer("entity"):
            if span.label in ("PER", "ORG", "GPE"):
                text = text[: span.start] + text[span.start : span.end].translate(vowels) + text[span.end :]
        (line,) = render([replace(document, text=text)])
        variants.append((line, len(words(text))))
    total = 0
    with path.open("w", encoding="utf-8") as file:
        for place in range(number):
            line, size = variants[place % len(variants)]
            file.write(line.replace('{"id": "', f'{{"id": "{place}-', 1))
            total += size
    return total


@dataclass(frozen=True)
class Used:
    """What a run needed: processor seconds, and MiB at the peak."""

    seconds: float
    peak: float


def _measured(way: str, source: Path, target: Path) -> Used:
    """Runs `measure` in a process of its own."""
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Used(**json.loads(told("eval.benchmark", "measure", way, str(source), str(target), **one_core)))


@app.command(hidden=True)
def measure(way: str, source: Path, target: Path) -> None:
    """Run one way in this process, on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    work = WAYS[way]()
    start = time.process_time()
    work(source, target)
    seconds = time.process_time() - start
    typer.echo(json.dumps(asdict(Used(seconds, peak_memory()))))


Work = Callable[[Path, Path], object]


def _narasumber() -> Work:
    import datasets

    from data.convert import convert_lines

    datasets.disable_progress_bars()
    return convert_lines


def _spacy() -> Work:
    """As spaCy's pages on training data have it (https://spacy.io/usage/training#training-data)."""
    import spacy
    from spacy.tokens import DocBin, Span

    nlp = spacy.blank("id")

    def work(source: Path, target: Path) -> None:
        target.mkdir()
        with source.open("rb") as file:
            for part in count():
                docs = DocBin(store_user_data=True)
                for line in islice(file, FILE):
                    value = json.loads(line)
                    doc = nlp.make_doc(value["text"])
                    layers: dict[str, list[Span]] = {"entity": []}
                    for item in value["spans"]:
                        span = doc.char_span(item["start"], item["end"], label=item["label"])
                        if span is not None:  # an edge inside one of spaCy's words
                            layers.setdefault(item["layer"], []).append(span)
                    doc.ents = layers.pop("entity")
                    for layer, spans in layers.items():
                        doc.spans[layer] = spans
                    docs.add(doc)
                if not len(docs):
                    return
                docs.to_disk(target / f"{part:05}.spacy")

    return work


WAYS: Final[dict[str, Callable[[], Work]]] = {"narasumber": _narasumber, "spacy": _spacy}
"""Each imports what it needs, then is the work itself: a JSON Lines file to a folder."""


if __name__ == "__main__":
    try:
        app()
    except InputError as error:
        sys.exit(str(error))
