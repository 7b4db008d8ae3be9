"""Which articles a run learns from, which choose its model, and which it is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data.sources import Source, taught
from data.splits import Fold, HeldOut, refuse_doubled, related, split
from narasumber.document import Document
from narasumber.errors import InputError
from train.config import Config


@dataclass(frozen=True)
class Part:
    """One training: `train` by source, in the config's order, and articles that it does not see.

    `dropped`: articles left out of training or development, each with the one held out or for development that it all
    but repeats, or with nothing where the rule that holds out leaves it on neither side.
    """

    name: str
    train: list[list[Document]]
    development: list[Document]
    held_out: list[Document]
    dropped: list[tuple[str, str]]

    @property
    def articles(self) -> list[Document]:
        return [document for own in self.train for document in own]

    @property
    def all(self) -> list[Document]:
        return [*self.articles, *self.development, *self.held_out]

    @property
    def ids(self) -> dict[str, list[str]]:
        sides = {"train": self.articles, "development": self.development, "held_out": self.held_out}
        return {side: [document.id for document in own] for side, own in sides.items()}


def parts_of(config: Config) -> list[Part]:
    """Reads the sources and parts them. Raises InputError for articles, ids and rules that do not fit each other."""
    data = config.data
    sources = [source.load() for source in data.sources]
    held_out, chosen_by = (_load(item) for item in (data.held_out, data.development))
    again = _known_again(sources, held_out, chosen_by)
    open_to_rules = [
        document
        for source, own in zip(data.sources, sources, strict=True)
        if source.held_out
        for document in own
        if document.id not in again
    ]
    if isinstance(data.held_out, HeldOut):
        folds = split(open_to_rules, data.held_out)
    else:
        # Development articles, too, are none that are held out, nor near-duplicates of these.
        near = {left for left, _ in related(open_to_rules, held_out)} if isinstance(data.development, HeldOut) else ()
        folds = [Fold("all", [own for place, own in enumerate(open_to_rules) if place not in near], held_out)]
    parts = []
    for fold in folds:
        copies: dict[str, str] = {}
        if isinstance(data.development, HeldOut):
            try:
                inner = split(fold.train, data.development)
            except InputError as error:
                own = [replace(one, where=one.where.replace("held_out", "development", 1)) for one in error.problems]
                raise InputError.of(own) from None
            if len(inner) != 1:
                raise InputError(f"{config.name}: data.development", "must be one share", "give fraction or documents")
            development, out = inner[0].held_out, [*fold.dropped, *inner[0].dropped]
        else:
            # What all but repeats a held-out article would choose the model that this is to measure.
            near_ones = related(chosen_by, fold.held_out) if chosen_by else ()
            copies = {chosen_by[left].id: fold.held_out[right].id for left, right in near_ones}
            development, out = [own for own in chosen_by if own.id not in copies], fold.dropped
            if chosen_by and not development:
                what = f"repeats what is held out: {', '.join(f'{own} {other}' for own, other in copies.items())}"
                raise InputError(f"{config.name}: data.development", what, "name articles of its own")
        if config.train.patience is not None and not development:
            cure = "set data.development, or drop patience"
            raise InputError(f"{config.name}: train.patience", "needs development articles", cure)
        dropped = {**{document.id: "" for document in out}, **again, **copies}
        parts.append(_part(config, fold, sources, development, dropped))
    return parts


def _load(asked: HeldOut | Sequence[Source] | None) -> list[Document]:
    """The articles of sources, none of a rule."""
    return [] if isinstance(asked, HeldOut) else [document for source in asked or () for document in source.load()]


def _known_again(
    sources: Sequence[Sequence[Document]], held_out: Sequence[Document], development: Sequence[Document]
) -> dict[str, str]:
    """The articles of `sources` that stand in the other lists too, each by its id, with the same.

    Raises InputError where one id is of two articles, or of two annotations of one, or in both other lists.
    """
    first = {document.id: document for own in sources for document in own}
    in_sources = set(first)
    refuse_doubled("data.sources", (document for own in sources for document in own))
    again: dict[str, str] = {}
    for key, own in (("held_out", held_out), ("development", development)):
        refuse_doubled(f"data.{key}", own)
        for document in own:
            known = first.setdefault(document.id, document)
            if taught(known) != taught(document):
                what = f"another article, or another annotation of it, is called {document.id} too"
                raise InputError(f"data.{key}", what, "give each its own file name")
            if document.id in in_sources:
                again[document.id] = document.id
    held_out_ids = {document.id for document in held_out}
    if both := [document.id for document in development if document.id in held_out_ids]:
        what = f"{both[0]} is in data.held_out too, and would choose the model that it is to measure"
        raise InputError("data.development", what, "leave it out of one of the two")
    return again


def _part(
    config: Config,
    fold: Fold,
    sources: list[list[Document]],
    development: list[Document],
    dropped: dict[str, str],
) -> Part:
    """The training articles: neither unseen nor `dropped`, nor near-duplicates of unseen ones from another source."""
    unseen = [*fold.held_out, *development]
    # An article that is held out by a file of its own is at home there, wherever it stands besides.
    home = {
        document.id: number
        for number, own in enumerate(sources)
        for document in own
        if dropped.get(document.id) != document.id
    }
    ids = {document.id for document in unseen}
    rest = [document for own in sources for document in own if document.id not in ids]
    dropped = dropped | {
        rest[left].id: unseen[right].id
        for left, right in related(rest, unseen)
        if home[rest[left].id] != home.get(unseen[right].id)
    }
    train = [[document for document in own if document.id not in ids | dropped.keys()] for own in sources]
    for number, stage in enumerate(config.train.all_stages):
        names = stage.sources or tuple(source.title for source in config.data.sources)
        own = [own for source, own in zip(config.data.sources, train, strict=True) if source.title in names]
        if not any(document.text.strip() for documents in own for document in documents):
            where = f"{config.name}: {f'train.stages.{number}' if config.train.stages else 'data'}"
            what = f"no article of {', '.join(names)} is left to train on"
            raise InputError(where, what, "hold out fewer, or add sources; copies of what is held out do not count")
    return Part(fold.name, train, development, fold.held_out, sorted(dropped.items()))
