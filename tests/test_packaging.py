"""Exactly one name is installed, `narasumber`; the other folders are found in the checkout and nowhere else."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["narasumber", "data", "models", "train", "eval"]


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


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_come_from_the_checkout(folder: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"import {folder}; print({folder}.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()
    assert found == str(ROOT / folder / "__init__.py")


def test_what_is_imported_is_declared() -> None:
    declared = set(re.findall(r'"([\w-]+)[>=]=', (ROOT / "pyproject.toml").read_text(encoding="utf-8").lower()))
    imported: set[str] = set()
    for file in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - set(FOLDERS) - {"pydantic_core"}  # a part of pydantic
    names = packages_distributions()
    assert {name for name in others if not {own.lower() for own in names.get(name, ())} & declared} == set()
