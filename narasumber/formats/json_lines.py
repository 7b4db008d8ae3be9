"""Documents as JSON Lines, one `Document.to_json()` a line: what `predict` writes, without any loss.

An article without annotation is `{"id": "a", "text": "Ani kata", "meta": {...}}`, `meta` if there is some.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from narasumber.document import Document
from narasumber.formats.common import LabelMap, Problems, json_lines


def sniff(path: Path, head: str) -> str:
    first = head.lstrip().split("\n", 1)[0]
    if path.is_dir() or not first.startswith("{"):
        return ""
    if '"attributions"' in head and '"spans"' in head:
        return "lines are JSON objects with text, spans and attributions"
    return "lines are JSON objects with id and text alone" if _is_bare(first) else ""


def _is_bare(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    names = ("id", "text")
    return all(isinstance(value.get(name), str) for name in names) and value.keys() <= {*names, "meta", "scope"}


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """Labels are those of the scheme: `labels` is not used. Raises InputError, with all problems, at the end."""
    del labels
    problems = Problems()
    for where, value in json_lines(path, problems):
        try:
            document = Document.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            what = f"lacks {error}" if isinstance(error, KeyError) else str(error)[:200]
            problems.add(where, f"is no document: {what}", "write it with `narasumber predict` or `convert`")
            continue
        if document.text.strip():
            yield document
        else:
            problems.add(where, "the article is empty", "take it out or put the text back")
    problems.raise_if_any()


def render(documents: Iterable[Document]) -> Iterator[str]:
    for document in documents:
        yield json.dumps(document.to_json(), ensure_ascii=False) + "\n"


def kept(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    return meta
