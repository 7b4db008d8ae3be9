"""Which files of a folder are read, and whose: the files of a project of WebAnno or INCEpTION say it by their place.

An exported project has the file `annotation/DOCUMENT/ANNOTATOR.xmi` (or `.json`, `.tsv`), or `curation/...`, for each
annotator of a document (INCEpTION user guide, "Project export"); there is an `INITIAL_CAS` too, what they began with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

_FOLDERS: Final = ("annotation", "curation")
_INITIAL: Final = "INITIAL_CAS"
_SOURCE_ENDINGS: Final = (".txt", ".xmi", ".json", ".tsv", ".html", ".htm", ".xml", ".pdf", ".conll", ".conllu")

T = TypeVar("T")


def files_in(folder: Path) -> dict[Path, PurePosixPath]:
    """All files of a folder and the folders in it, but for hidden ones, with their names in it, by name.

    The names of what is in a folder `annotation` or `curation` begin with these words.
    """
    own = folder.resolve().name
    top = PurePosixPath(own if own in _FOLDERS else "")
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    names = {file: top.joinpath(*file.relative_to(folder).parts) for file in found}
    return {file: name for file, name in names.items() if is_seen(name)}


def is_seen(name: PurePosixPath) -> bool:
    """Whether a file is no hidden one, nor in a hidden folder, nor one that macOS adds to archives."""
    return not any(part.startswith((".", "__MACOSX")) for part in name.parts)


def of_annotators(files: Sequence[T], name: Callable[[T], PurePosixPath]) -> list[T]:
    """Of a project, the annotators' files; elsewhere all. What they began with, only where there is nothing else."""
    found = [file for file in files if identity(name(file))[1]] or list(files)
    beside = Counter(name(file).parent for file in found)
    return [file for file in found if name(file).stem != _INITIAL or beside[name(file).parent] == 1]


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
    return {} if annotator in ("", _INITIAL) else {"annotator": annotator}
