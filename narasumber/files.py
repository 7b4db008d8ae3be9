"""Files and folders that are there as a whole or not at all: written aside, then renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

_ASIDE: Final = re.compile(r"\.(.+)\.(\d{1,9})\.(?:new|old)")
"""What `_beside` makes."""


def write_file(path: Path, content: str | bytes) -> None:
    """Writes `path` (text as UTF-8) in one step; an older file of that name stays until the new one is whole.

    A device or pipe, which no file may take the place of, is written to; so for `new_file`.
    """
    if is_special(path):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return
    aside = _beside(path := path.resolve(), "new")
    try:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def new_file(target: Path) -> Iterator[TextIO]:
    """A UTF-8 text file to write piece by piece, which takes the place of `target` when the block ends well."""
    if is_special(target):
        with target.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    aside = _beside(target := target.resolve(), "new")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            yield file
        aside.replace(target)
        remove_left(target.parent, target.name)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of `target` when the block ends well, and is gone when it fails.

    Raises OSError where it cannot be written. Whether `target` may be replaced is for the caller to know.
    """
    aside, old = _beside(target, "new"), _beside(target, "old")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir()
        yield aside
        readable = aside.stat().st_mode & 0o666  # safetensors writes for its owner alone
        for file in aside.rglob("*"):
            if file.is_file():
                file.chmod(readable)
        if target.exists():
            target.rename(old)
        aside.rename(target)
        remove_left(target.parent, target.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def remove_left(folder: Path, name: str | None = None) -> None:
    """Removes from a folder what a process that is no more, killed while writing what is called `name` (or anything),
    has left aside. Raises OSError.
    """
    for path in folder.glob(".*"):
        aside = _ASIDE.fullmatch(path.name)
        if aside and name in (None, aside[1]) and not _is_running(int(aside[2])):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    """Whether there is a process of this number, and it is not this one."""
    try:
        os.kill(process, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return process != os.getpid()


def short_name(plain: str, name: str, longest: int) -> str:
    """`plain`, or its first `longest` characters and a digest of the `name` that it is made of."""
    return plain if len(plain) <= longest else f"{plain[:longest]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def is_special(path: Path) -> bool:
    """Whether it is a device or pipe, which cannot be read twice nor replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _beside(path: Path, ending: str) -> Path:
    path = path.absolute()
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return path.with_name(f".{path.name}.{os.getpid()}.{ending}")
