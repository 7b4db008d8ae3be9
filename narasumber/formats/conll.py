"""CoNLL columns out: a word a line with an IOB2 tag for each layer, a blank line behind each line of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from narasumber.document import Document
from narasumber.labels import HEADS
from narasumber.tags import bio, tag_names
from narasumber.words import words


def to_conll(document: Document) -> str:
    """The document as columns `word`, `entity`, `source`, `cue`, `content`, `content_inner`, named in its first line.

    What columns cannot say is left out: links, attributes, a third level of contents, spans with gaps.
    """
    text, grid = document.text, words(document.text)
    columns = [tag_names(bio(document, head, grid)[0], head) for head in HEADS]
    identity = document.id.replace("\n", " ")
    rows = [f"# id = {identity}", f"# columns = {' '.join(('word', *HEADS))}"]
    for index, (start, end) in enumerate(grid):
        if index and "\n" in text[grid[index - 1][1] : start]:
            rows.append("")
        rows.append("\t".join((text[start:end], *(column[index] for column in columns))))
    return "\n".join(rows) + "\n\n"


def render(documents: Iterable[Document]) -> Iterator[str]:
    yield from map(to_conll, documents)
