"""Which files of a folder are read, and whose: the files of a project of WebAnno or INCEpTION say it by their place.

An exported project has the file `annotation/DOCUMENT/ANNOTATOR.xmi` (or `.json`, `.tsv`) for each annotator of a
document (INCEpTION user guide, "Project export"); there is an `INITIAL_CAS` too, what they began with. Where there is
nothing else, and no span in it, nobody has annotated the document: its scope is empty.

`curation/DOCUMENT/CURATION_USER.xmi` is what a curator made of the annotators' files, and is read in their place, as
nobody's own. The folder `annotation` by itself gives all annotators.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, TypeVar

from narasumber.errors import InputError
from narasumber.formats.common import short

_FOLDERS: Final = ("annotation", "curation")
INITIAL: Final = "INITIAL_CAS"
CURATED: Final = "CURATION_USER"
_SOURCE_ENDINGS: Final = (".txt", ".xmi", ".json", ".tsv", ".html", ".htm", ".xml", ".pdf", ".conll", ".conllu")

T = TypeVar("T")

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one file; a CAS in memory takes some twenty times as much."""

MOST_EXPANDED: Final = 1024**3
"""Bytes that an archive may expand to, with the archives in it."""

HIGHEST_RATIO: Final = 200
"""How many times its own size an archive may expand to."""


def files_in(folder: Path) -> dict[Path, PurePosixPath]:
    """All files of a folder and the folders in it, but for hidden ones, with their names in it, by name.

    The names of what is in a folder `annotation` or `curation` begin with these words. Raises InputError for folders
    that are nested a thousand deep.
    """
    own = folder.resolve().name
    top = PurePosixPath(own if own in _FOLDERS else "")
    try:
        found = sorted(file for file in folder.rglob("*") if file.is_file())
    except RecursionError:
        raise InputError(
            str(folder), "has folders that are nested too deep", "name the one with the articles"
        ) from None
    names = {file: top.joinpath(*file.relative_to(folder).parts) for file in found}
    return {file: name for file, name in names.items() if is_seen(name)}


def is_seen(name: PurePosixPath) -> bool:
    """Whether a file is no hidden one, nor in a hidden folder, nor one that macOS adds to archives."""
    return not any(part.startswith((".", "__MACOSX")) for part in name.parts)


def of_annotators(files: Sequence[T], name: Callable[[T], PurePosixPath]) -> list[T]:
    """Of a project, the annotators' files, or of a document that has one, the curated file; elsewhere all.

    What annotators began with, only where there is nothing else.
    """
    found = [file for file in files if identity(name(file))[1]] or list(files)
    beside = Counter(name(file).parent for file in found)
    found = [file for file in found if name(file).stem != INITIAL or beside[name(file).parent] == 1]

    def document(file: T) -> tuple[str, ...]:
        return tuple(part for part in name(file).parent.parts if part not in _FOLDERS)

    curated = {document(file): file for file in found if identity(name(file))[1] == CURATED}
    return [file for file in found if curated.get(document(file), file) is file]


def identity(name: PurePosixPath) -> tuple[str, str]:
    """A document's id and its annotator, who is empty outside of a project."""
    *folders, _ = name.parts
    for place, folder in enumerate(folders[:-1]):
        if folder in _FOLDERS:
            id = "/".join(folders[place + 1 :])
            # A project calls a document as the file that it was made of.
            source = next((ending for ending in _SOURCE_ENDINGS if id.endswith(ending)), "")
            return id.removesuffix(source) or id, name.stem
    return name.with_suffix("").as_posix(), ""


def meta_of(annotator: str) -> dict[str, Any]:
    return {} if annotator in ("", INITIAL, CURATED) else {"annotator": annotator}


@dataclass(frozen=True)
class File:
    """A file in a folder or an archive; `name` begins there."""

    name: PurePosixPath
    where: str
    open: Callable[[], IO[bytes]]

    def read(self, size: int = -1) -> bytes:
        """All of it, or its first bytes. Raises InputError where it cannot be read, or is too large."""
        try:
            with self.open() as file:
                content = file.read(LARGEST + 1 if size < 0 else size)
        # Archives have many ways to be broken, encrypted or of an unknown kind, and the library has no base for them.
        except Exception as error:
            raise InputError(self.where, f"cannot be read: {short(error)}", "export it again") from None
        if len(content) > LARGEST:
            raise InputError(self.where, f"has more than {LARGEST >> 20} MiB", "export its documents one by one")
        return content


def is_of_several(path: Path) -> bool:
    """Whether it is a folder or an archive."""
    return path.is_dir() or zipfile.is_zipfile(path)


def files_of(path: Path, stack: ExitStack, expanded: Counter[str]) -> list[File]:
    """All files of a folder or archive, by name, or the one file that it is; see `members_of`."""
    if path.is_dir():
        names = files_in(path)
    elif zipfile.is_zipfile(path):
        return members_of(path, path.stat().st_size, str(path), PurePosixPath(), stack, expanded)
    else:
        names = {path: PurePosixPath(path.name)}
    return [File(name, str(file), partial(_open, file)) for file, name in names.items()]


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def members_of(
    source: Path | IO[bytes], size: int, where: str, folder: PurePosixPath, stack: ExitStack, expanded: Counter[str]
) -> list[File]:
    """The files of an archive of `size` bytes. Raises InputError for one that is none, or too large when expanded.

    `expanded` counts the bytes of all archives of an input.
    """
    try:
        archive = stack.enter_context(zipfile.ZipFile(source))
        members = [member for member in archive.infolist() if not member.is_dir()]
    except Exception as error:  # see File.read
        raise InputError(where, f"is no archive that can be read: {short(error)}", "export it again") from None
    own = sum(member.file_size for member in members)
    expanded["bytes"] += own
    if expanded["bytes"] > MOST_EXPANDED or own > HIGHEST_RATIO * size:
        what = f"expands from {size:,} to {own:,} bytes"
        limit = f"{MOST_EXPANDED >> 30} GiB in all, {HIGHEST_RATIO} times its size"
        raise InputError(where, what, f"the limit is {limit}; unpack it and name the folder, if you trust it")
    found = []
    for member in sorted(members, key=lambda member: member.filename):
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts:
            raise InputError(where, f"holds the name {short(name)}, which leads out of it", "export it again")
        if is_seen(name):
            found.append(File(folder / name, f"{where}/{name}", partial(archive.open, member)))
    return found
