"""Many runs of one config, over values of its keys and over seeds; all checked before the first begins."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from narasumber.errors import InputError
from narasumber.files import short_name
from train.config import Config, from_yaml, load_config
from train.parts import parts_of

LONGEST: Final = 80
"""Characters of a run's name that tell its row; file systems take 255 in all."""


@dataclass(frozen=True)
class Row:
    """Runs that differ in nothing but their seed; `name` is the row's values, such as `train.epochs=3`."""

    name: str
    configs: tuple[Config, ...]


def rows_of(path: Path, over: Sequence[str], seeds: str, overrides: Sequence[str] = ()) -> list[Row]:
    """A row for each combination of the values of `over` (`key=a,b,c`), a run in it for each of `seeds` (`1,2,3`).

    The runs are called after the config, their row and their seed. Without `over` there is one row, without seeds the
    config's own. Raises InputError for what is no config, for rows and seeds that are alike, and where no articles, or
    not the same in all rows, are held out.
    """
    base = load_config(path, tuple(overrides))
    if not base.data.held_out:
        cure = "--set 'data.held_out={leave_one_out: true}', or another of README.md"
        raise InputError(f"{path}: data.held_out", "holds no articles out, so there is nothing to compare on", cure)
    numbers = _values("--seeds", seeds) if seeds else [base.seed]
    keys = [_key(item) for item in over]
    if twice := sorted({key for key, _ in keys if [other for other, _ in keys].count(key) > 1}):
        raise InputError("--over", f"names {', '.join(twice)} twice", "--over key=a,b,c")
    rows = []
    for values in itertools.product(*(values for _, values in keys)):
        chosen = [(key, value) for (key, _), value in zip(keys, values, strict=True)]
        name = ", ".join(f"{key}={value if isinstance(value, str) else _json(value)}" for key, value in chosen)
        called = f"{base.name}-{_slug(name)}" if chosen else base.name
        configs = []
        for seed in numbers:
            own = [*chosen, ("seed", seed)] if seeds else chosen
            one = load_config(path, [*overrides, *(f"{key}={_json(value)}" for key, value in own)])
            configs.append(one.model_copy(update={"name": f"{called}-{one.seed}"}))
        rows.append(Row(name or base.name, tuple(configs)))
    _refuse_alike(rows)
    _refuse_other_articles(rows)
    return rows


def table_name(path: Path, over: Sequence[str], overrides: Sequence[str] = ()) -> str:
    """What the table of a sweep is called: the config and the keys, so that no sweep over others replaces it."""
    keys = ", ".join(_key(item)[0] for item in over)
    return "-".join([load_config(path, tuple(overrides)).name, *([_slug(keys)] if keys else []), "sweep"])


def _key(item: str) -> tuple[str, list[Any]]:
    key, equals, text = item.partition("=")
    if not key or not equals:
        raise InputError(f"--over {item}", "is not of the form key=a,b,c", "--over train.learning_rate=1e-4,3e-4")
    return key, _values(f"--over {item}", text)


def _values(where: str, text: str) -> list[Any]:
    """The items of a YAML list without its brackets, so that an item may hold commas of its own."""
    try:
        found = from_yaml(f"[{text}]")
        _json(found)  # keys may be dates
    except (yaml.YAMLError, TypeError):
        raise InputError(where, "its values are not a list in YAML", "quote them: 'a','b'") from None
    if not found:
        raise InputError(where, "has no values", "a,b,c")
    return list(found)


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _slug(name: str) -> str:
    slug = re.sub(r"[^\w.-]+", "_", name).strip("_")
    return short_name(slug, name, LONGEST)


def _refuse_alike(rows: Sequence[Row]) -> None:
    for one, other in itertools.combinations([(row.name, config) for row in rows for config in row.configs], 2):
        if one[1].model_copy(update={"name": other[1].name}) == other[1]:
            what = f"two runs would be the same: {one[0]} and {other[0]}, seed {one[1].seed}"
            raise InputError("--over and --seeds", what, "give each value once")
        if one[1].name == other[1].name:
            what = f"{one[0]} and {other[0]} would both be runs/{one[1].name}"
            raise InputError("--over", what, "spell one of the values so that its letters differ")


def _refuse_other_articles(rows: Sequence[Row]) -> None:
    first = rows[0].configs[0]
    others = [row for row in rows if row.configs[0].data != first.data]
    if not others:
        return
    held_out = _held_out(first)
    for row in others:
        if _held_out(row.configs[0]) != held_out:
            what = f"{row.name} holds other articles out than {rows[0].name}"
            raise InputError("--over", what, "name what is held out: data.held_out={documents: [...]}")


def _held_out(config: Config) -> set[str]:
    return {document.id for part in parts_of(config) for document in part.held_out}
