"""What a model has learned, told beside its weights: what goes on from it is not measured on that, and bound by its
licences.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from data.splits import digests
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import write_file

FILE: Final = "learned.json"


@dataclass(frozen=True)
class Learned:
    """`digests` of the articles that a model, and those that it goes on from, `learned` and were `chosen_by`; and the
    public `corpora` among them, whose licences bind it too.
    """

    corpora: frozenset[str] = frozenset()
    learned: frozenset[str] = frozenset()
    chosen_by: frozenset[str] = frozenset()

    @classmethod
    def read(cls, encoder: str) -> Learned:
        """That of an encoder; nothing where it is from no run. Raises InputError where it does not tell."""
        file = Path(encoder) / FILE
        if not file.is_file():
            return cls()
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            told = {key: found[key] for key in asdict(cls())}
            if not all(isinstance(own, list) and all(isinstance(one, str) for one in own) for own in told.values()):
                raise ValueError("no lists of strings")
            return cls(**{key: frozenset(own) for key, own in told.items()})
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            what = "does not tell what the encoder has learned from"
            raise InputError(str(file), what, "restore it, or copy the encoder's folder without it") from None

    def then(self, articles: Iterable[Document], development: Iterable[Document]) -> Learned:
        """That of a model that goes on from this one."""
        own = list(articles)
        corpora = {str(article.meta["corpus"]) for article in own if "corpus" in article.meta}
        return Learned(self.corpora | corpora, self.learned | digests(own), self.chosen_by | digests(development))

    def write(self, folder: Path) -> None:
        told = {key: sorted(values) for key, values in asdict(self).items()}
        write_file(folder / FILE, json.dumps(told, indent=2) + "\n")
