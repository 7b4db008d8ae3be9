"""The fuzzer itself: a few of its files of each format, and that it sees a reader that fails."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from narasumber.formats import FORMATS, plain_text
from tests.fuzz import GOOD, READ, WRITTEN, attempt, attempts, mutated
from tests.samples import Input, inputs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fuzzer asks Linux for the memory that a file took")


@pytest.mark.parametrize("format", READ)
def test_mutated_files_are_read_or_refused(format: str, tmp_path: Path) -> None:
    for extra in {FORMATS[format].extra, *(FORMATS[to].extra for to in WRITTEN)} - {""}:
        pytest.importorskip({"inception": "cassis", "html": "trafilatura"}.get(extra, extra))
    found = list(attempts(format, 30, 7, tmp_path))
    assert [item.number for item in found] == list(range(30))
    assert [item for item in found if item.told not in GOOD] == []


@pytest.mark.parametrize("format", ["doccano", "conll"])
def test_the_file_of_a_number_is_always_the_same(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> list[Input]:
        samples = inputs(format)
        return [mutated(samples, random.Random(number)) for number in range(100)]  # noqa: S311

    before = made()
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert made() == before


def test_a_reader_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(plain_text, "read", fail)
    outcome = attempt("text", 1, inputs("text"), 7, tmp_path)
    assert "ZeroDivisionError" in outcome.told
    assert "ZeroDivisionError" in (tmp_path / "text-1" / "why.txt").read_text()
