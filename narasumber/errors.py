"""The one error that people see: what is wrong, where, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One finding about an input: `where` is `file:line`, a config key's path, or a folder."""

    where: str
    what: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"\n    {self.cure}" if self.cure else "")


class InputError(ValueError):
    """Bad input, with every problem found in it; the command line prints it and exits with 2.

    >>> raise InputError("seeds/a.ann:3", "offset 90 lies behind the text's end 80", "check the file pair")
    """

    def __init__(self, where: str, what: str, cure: str = "", *, more: tuple[Problem, ...] = ()) -> None:
        self.problems: tuple[Problem, ...] = (Problem(where, what, cure), *more)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def of(cls, problems: list[Problem]) -> InputError:
        """One error out of a non-empty list of problems."""
        first, *rest = problems
        return cls(first.where, first.what, first.cure, more=tuple(rest))


class Diverged(InputError):
    """A training whose loss or weights are no numbers any more."""


def some(names: Sequence[str]) -> str:
    """The first three, as messages name them."""
    return f"{', '.join(names[:3])}{', ...' * (len(names) > 3)}"


def no_such(path: Path, cure: str) -> InputError:
    """Of a path that leads to nothing; a relative one is told with where it begins."""
    place = "" if path.is_absolute() else f" in {Path.cwd()}"
    return InputError(str(path), f"no such file or folder{place}", cure)
