"""Exactly one name is installed, `narasumber`; the other folders are found in the checkout and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_holds_narasumber_only(tmp_path: Path) -> None:
    # Built from a copy, for setuptools puts what an earlier build left behind into the wheel.
    skipped = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "runs")
    checkout = shutil.copytree(ROOT, tmp_path / "checkout", ignore=skipped)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(checkout)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"narasumber", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    assert {f"narasumber/{path.name}" for path in (ROOT / "narasumber").glob("*.py")} < names
    assert {"narasumber/cli.py", "narasumber/py.typed"} < names


def test_the_editable_install_is_one_plain_path() -> None:
    (pth,) = Path(sysconfig.get_path("purelib")).glob("*narasumber*.pth")
    assert pth.read_text().splitlines() == [str(ROOT)]


@pytest.mark.parametrize("folder", ["narasumber", "data", "models", "train", "eval"])
def test_folders_come_from_the_checkout(folder: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"import {folder}; print({folder}.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()
    assert found == str(ROOT / folder / "__init__.py")
