"""The fuzzer itself: a few of its files of each format, and that it sees a reader that fails."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from narasumber.formats import plain_text
from tests.fuzz import GOOD, READ, attempt, attempts
from tests.samples import inputs


@pytest.mark.parametrize("format", READ)
def test_mutated_files_are_read_or_refused(format: str, tmp_path: Path) -> None:
    found = list(attempts(format, 30, 7, tmp_path))
    assert [item.number for item in found] == list(range(30))
    assert [item for item in found if item.told not in GOOD] == []


def test_a_reader_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(plain_text, "read", fail)
    outcome = attempt("text", 1, inputs("text"), 7, tmp_path)
    assert "ZeroDivisionError" in outcome.told
    assert "ZeroDivisionError" in (tmp_path / "text-1" / "why.txt").read_text()
