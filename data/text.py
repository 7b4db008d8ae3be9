"""Raw text for an encoder to read: files, folders and data sets as one stream of documents."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field, field_validator

from narasumber import formats
from narasumber.errors import InputError, no_such
from narasumber.formats.common import Problems, json_lines
from narasumber.settings import Frozen

PART: Final = 1 << 20
"""Bytes; a longer text file is read as documents of about this size, parted where lines end."""

_SUFFIXES: Final = {".txt": "text", ".jsonl": "jsonl", ".parquet": "datasets"}


class TextSource(Frozen):
    """Text of any kind.

    `text`: an article a file. `jsonl`: an article a line, under the key `text`. `datasets`: a Parquet file, or a folder
    that `save_to_disk` wrote; the column `text`. Any format of annotated articles: their text, whatever the labels.
    `auto` goes by the names of the files (.txt, .jsonl, .parquet), and where they have others by the content. All such
    files of a folder are read, and of the folders in it.
    """

    path: Path
    format: str = "auto"

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        known = dict.fromkeys(
            ("auto", *_SUFFIXES.values(), *(item.name for item in formats.FORMATS.values() if item.reads))
        )
        if value not in known:
            raise ValueError(f"is no format; formats are {', '.join(known)}")
        return value


class TextConfig(Frozen):
    """The key `text` of a config."""

    sources: tuple[TextSource, ...] = Field(min_length=1)
    held_out: float = Field(default=0.01, ge=0, lt=1)
    """Share of the documents that are not learned but measured on; which ones, their text alone says."""


def texts(config: TextConfig) -> Iterator[str]:
    """The documents that are not blank, source by source. Raises InputError for what cannot be read."""
    for source in config.sources:
        yield from (text for text in _texts(source) if text.strip())


def _texts(source: TextSource) -> Iterator[str]:
    path = source.path
    if not path.exists():
        raise no_such(path, "name text in text.sources")
    format = _format(path) if source.format == "auto" else source.format
    if format == "datasets" and _is_saved(path):
        yield from _saved(path)
    elif format in ("files", *_SUFFIXES.values()):
        for file in _files(path, format):
            yield from _READERS[_SUFFIXES[file.suffix] if format == "files" else format](file)
    else:
        yield from (document.text for document in formats.read(path, format, _NoLabels()))


def _format(path: Path) -> str:
    """A format by name, `files` for a folder of several."""
    if path.is_file() and path.suffix in _SUFFIXES:
        return _SUFFIXES[path.suffix]
    if _is_saved(path):
        return "datasets"
    if path.is_dir() and any(file.suffix in _SUFFIXES for file in path.rglob("*")):
        return "files"
    try:
        return formats.detect(path)[0].name
    except InputError:
        return "files" if path.is_dir() else "text"


def _files(path: Path, format: str) -> list[Path]:
    if path.is_file():
        return [path]
    wanted = [suffix for suffix, name in _SUFFIXES.items() if format in ("files", name)]
    found = sorted(file for file in path.rglob("*") if file.suffix in wanted and file.is_file())
    if not found:
        raise InputError(str(path), f"holds no file that ends in {' or '.join(wanted)}", "name a folder with text")
    return found


def _text(path: Path) -> Iterator[str]:
    lines: list[str] = []
    size = number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                lines.append((line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).decode())
                size += len(line)
                if size >= PART:
                    yield "".join(lines)
                    lines, size = [], 0
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        what = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise InputError(f"{path}:{number}", what, "save the file as UTF-8") from None
    yield "".join(lines)


def _lines(path: Path) -> Iterator[str]:
    problems = Problems()
    for where, value in json_lines(path, problems):
        text = value.get("text")
        if isinstance(text, str):
            yield text
        else:
            problems.add(where, "has no string under the key text", 'write an article a line: {"text": "..."}')
    problems.raise_if_any()


def _is_saved(path: Path) -> bool:
    return any((path / name).is_file() for name in ("dataset_dict.json", "state.json"))


def _saved(path: Path) -> Iterator[str]:
    import datasets

    try:
        loaded = datasets.load_from_disk(str(path))
    except Exception as error:  # datasets and pyarrow, each with exceptions of its own
        raise InputError(str(path), f"cannot be read: {str(error)[:200]}", "save the data set again") from error
    for part in loaded.values() if isinstance(loaded, dict) else [loaded]:
        yield from _column(part, path)


def _parquet(path: Path) -> Iterator[str]:
    import datasets

    try:
        yield from _column(
            datasets.load_dataset("parquet", data_files=[str(path)], split="train", streaming=True), path
        )
    except InputError:
        raise
    except Exception as error:
        raise InputError(str(path), f"cannot be read: {str(error)[:200]}", "write the file again") from error


def _column(part: Any, path: Path) -> Iterator[str]:
    if "text" not in (part.column_names or ()):
        what = f"has no column text; its columns are {', '.join(part.column_names or ())}"
        raise InputError(str(path), what, "rename one: data.rename_column(...)")
    rows: Iterable[dict[str, Any]] = part.select_columns(["text"])
    for number, row in enumerate(rows):
        if not isinstance(row["text"], str | None):
            raise InputError(f"{path}: row {number}", "its text is no string", "name a data set with text")
        yield row["text"] or ""


_READERS: Final = {"text": _text, "jsonl": _lines, "datasets": _parquet}


class _NoLabels(Mapping[str, str]):
    """Leaves all spans of annotated articles out, whatever they are called."""

    def __getitem__(self, label: str) -> str:
        return ""

    def __iter__(self) -> Iterator[str]:
        return iter(("",))

    def __len__(self) -> int:
        return 1
