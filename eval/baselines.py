"""What rules alone reach: the figures that a model has to beat.

Entities: the names of the training articles, longest match first, and runs of capitalised words under the label that
training names of that many words mostly have. Attribution: paired quotation marks (Syaifudin and Nurwidyantoro 2016
find Indonesian quotes so) and a lexicon of cues, with the sentence around them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from narasumber.document import Document, Span
from narasumber.linking import link
from narasumber.sentences import sentences
from narasumber.words import words

_BEFORE = r"kata|ujar|ucap|ungkap|tutur|jelas|terang|imbuh|tegas|papar|lapor|sebut|tulis"
_VERB = (
    r"(?:menga|berka|menuturk|menyata|mengungkapk|menjelask|menegask|melapork|menyebut|memperingatk|menambahk|menilai"
    r"|memaparka|menyampaik|memperkirak|menduga|menuduh|merinci|mencatat|menganggap|meyakini)\w*"
)
_PASSIVE = r"di(?:kabar|lapor|duga|sebut|prediksi|perkira|nilai|anggap|yakini)\w*"

QUOTE = re.compile(r'["“”][^"“”\n]+["“”]')
BEHIND = re.compile(rf"[\s,]*\b((?:{_BEFORE})(?:nya)?)\b(?:\s+([^,.\n\"“”]+(?:, [A-Z][^,.\n\"“”]+)?))?")
"""`kata` and its like behind a quote, and the SOURCE up to the next comma or full stop."""
CLAUSE = re.compile(rf"^(?P<source>[^\n\"“”]+?),? (?P<cue>{_VERB})(?:,| bahwa)? (?P<content>[^\n]+?)[.]?$")
"""`SOURCE mengatakan (bahwa) CONTENT.`"""
ACCORDING = re.compile(r"^(?P<cue>[Mm]enurut|[Dd]ikutip dari) (?P<source>[^,\n]+), (?P<content>[^\n]+?)[.]?$")
"""`Menurut SOURCE, CONTENT.`"""
UNSOURCED = re.compile(rf"^(?P<content>[^\n\"“”]+? (?P<cue>{_PASSIVE}) [^\n]+?)[.]?$")
"""`CONTENT`, with `dikabarkan` in it."""


def entity_baseline(training: Sequence[Document]) -> Callable[[Document], Document]:
    """A reader that marks entities by what `training` names."""
    labels: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    by_length: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for document in training:
        for span in document.layer("entity"):
            name = _forms(document.text, span.start, span.end)
            labels[name][span.label] += 1
            if all(form[0].isupper() for form in name):
                by_length[min(len(name), 3)][span.label] += 1
    longest = max(map(len, labels), default=0)

    def read(document: Document) -> Document:
        text, grid = document.text, words(document.text)
        forms = [text[start:end] for start, end in grid]
        openers = {start for start, _ in sentences(text)}
        found: list[Span] = []
        place = 0
        while place < len(grid):
            size, label = 1, ""
            for length in range(min(longest, len(grid) - place), 0, -1):
                if known := labels.get(tuple(forms[place : place + length])):
                    size, label = length, known.most_common(1)[0][0]
                    break
            if not label and forms[place][0].isupper() and grid[place][0] not in openers:
                while (
                    place + size < len(grid) and forms[place + size][0].isupper() and _touch(text, grid, place + size)
                ):
                    size += 1
                label = max(by_length[min(size, 3)].items(), key=lambda item: item[1], default=("",))[0]
            if label and "\n" not in text[grid[place][0] : grid[place + size - 1][1]]:
                found.append(Span("entity", label, grid[place][0], grid[place + size - 1][1]))
            place += size
        return document.with_annotation(found)

    return read


def attribution_baseline(document: Document) -> Document:
    """The article with the attributions that quotation marks and cue words give."""
    found: list[Span] = []
    for start, end in sentences(document.text):
        sentence = document.text[start:end]
        for layer, first, last in _quoted(sentence) or _reported(sentence):
            while first < last and sentence[last - 1].isspace():
                last -= 1
            if first < last:
                label = layer.upper()
                found.append(Span(layer, label, start + first, start + last))  # type: ignore[arg-type]
    spans = list(dict.fromkeys(found))
    return document.with_annotation(spans, link(document.text, spans))


def _quoted(sentence: str) -> list[tuple[str, int, int]]:
    """Quotes with a cue behind them; without one in the sentence, a pair of quotation marks may be a title."""
    parts: list[tuple[str, int, int]] = []
    for quote in QUOTE.finditer(sentence):
        if behind := BEHIND.match(sentence, quote.end()):
            parts += [("content", *quote.span()), ("cue", *behind.span(1))]
            if behind.group(2) and not behind.group(1).endswith("nya"):
                parts.append(("source", *behind.span(2)))
    return parts


def _reported(sentence: str) -> Iterator[tuple[str, int, int]]:
    for pattern in (ACCORDING, CLAUSE, UNSOURCED):
        if match := pattern.match(sentence):
            for layer in match.groupdict():
                yield layer, *match.span(layer)
            return


def _forms(text: str, start: int, end: int) -> tuple[str, ...]:
    return tuple(text[start + first : start + last] for first, last in words(text[start:end]))


def _touch(text: str, grid: Sequence[tuple[int, int]], place: int) -> bool:
    """Whether only a space stands between the word and the one before it."""
    return text[grid[place - 1][1] : grid[place][0]] == " "
