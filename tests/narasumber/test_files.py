"""Files and folders that are there as a whole or not at all, and what a killed process left of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from narasumber.files import new_file, new_folder


def test_what_a_killed_process_left_of_a_target_goes_when_the_next_is_whole(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name, make in (("set", Path.mkdir), ("a.json", Path.touch)):
        for ending in ("new", "old"):
            make(tmp_path / f".{name}.{gone.pid}.{ending}")
    kept = {f".other.{gone.pid}.new", f".set.{os.getppid()}.new", ".set.new"}
    for name in kept:
        (tmp_path / name).touch()
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "set"):
        1 / 0  # noqa: B018
    assert {path.name for path in tmp_path.iterdir()} == before  # it may be all that is left of what was there
    with new_folder(tmp_path / "set") as folder:
        (folder / "x").touch()
    with new_file(tmp_path / "a.json") as file:
        file.write("{}")
    assert {path.name for path in tmp_path.iterdir()} == {"set", "a.json", *kept}
