"""What pydantic finds wrong, in words for people who write YAML and JSON."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from narasumber.errors import Problem

_TAG: Final = re.compile(r"<\w+>")
"""The tag of a union's member, in the place of a finding: the record or whatever else a value was taken for."""

_TOLD: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no key there",
    "tuple_type": "must be a list",
    "model_type": "must have keys below it",
    "dict_type": "must have keys below it",
    "string_type": "must be text",
    "path_type": "must be text",
    "too_short": "must not be empty",
    **dict.fromkeys(("date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"), "must be a day"),
}
"""In place of pydantic's words, which speak of Python."""


def validation_problems(where: str, error: ValidationError, kind: type[BaseModel]) -> list[Problem]:
    """Findings about values of `kind` as problems whose place names the key's path."""
    found = error.errors(include_url=False)
    return [_problem(where, item, kind) for item in found if not _follows_from_another(item, found)]


def _follows_from_another(item: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Of a list whose items are wrong none is left, and that there are too few is not what is wrong with it."""
    size = len(item["loc"])
    return item["type"] == "too_short" and any(
        len(other["loc"]) > size and other["loc"][:size] == item["loc"] for other in found
    )


def _problem(where: str, item: ErrorDetails, kind: type[BaseModel]) -> Problem:
    key = ".".join(part for part in map(str, item["loc"]) if not _TAG.fullmatch(part)) or "the file"
    what = _TOLD.get(item["type"]) or item["msg"].removeprefix("Value error, ")
    tells_itself = item["type"] in ("missing", "extra_forbidden", "json_invalid") or isinstance(item["input"], dict)
    return Problem(f"{where}: {key}", what if tells_itself else f"{what} (got {item['input']!r})", _cure(item, kind))


def _cure(item: ErrorDetails, kind: type[BaseModel]) -> str:
    given, of = item["input"], item["type"]
    if of == "missing":
        return "add it, as the files of configs/ have it"
    if of in ("extra_forbidden", "model_type"):
        kinds = _kinds_at(item["loc"][:-1] if of == "extra_forbidden" else item["loc"], kind)
        lists = "; or a list of sources, each with a path" if "<HeldOut>" in item["loc"] else ""
        return f"the keys there are {_keys(kinds)}{lists}"
    if of == "tuple_type":
        *above, key = item["loc"]
        if records := _below(_kinds_at(tuple(above), kind), key):
            return f"begin each item with -; the keys of one are {_keys(records)}"
        return f"write [{given}]" if isinstance(given, str | int | float) else "begin each item with -"
    if of.startswith("date_"):
        return "such as 2025-01-31"
    if of == "string_type" and not isinstance(given, list | dict):
        return "put it in quotes: without them it is read as a number, a date, or yes or no"
    return ""


def _keys(kinds: list[type[BaseModel]]) -> str:
    return ", ".join(dict.fromkeys(key for one in kinds for key in one.model_fields))


def _kinds_at(place: tuple[int | str, ...], kind: type[BaseModel]) -> list[type[BaseModel]]:
    kinds = [kind]
    for part in place:
        # A part is a key, a place in a list, or the tag of the record that a value was taken for.
        kinds = _below(kinds, part) or [one for one in kinds if f"<{one.__name__}>" == part] or kinds
    return kinds


def _below(kinds: list[type[BaseModel]], key: int | str) -> list[type[BaseModel]]:
    """The records that a value of this key of these holds, or a list of it."""
    return [found for one in kinds if key in one.model_fields for found in _kinds(one.model_fields[key].annotation)]


def _kinds(annotation: Any) -> list[type[BaseModel]]:
    """The kinds of record that a key of this type may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _kinds(part)]
