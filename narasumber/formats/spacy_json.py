"""spaCy's JSON in: the training files of version 2 (https://v2.spacy.io/api/annotation#json-input), and plain pairs.

Three forms, told apart by what stands in them:

    [{"id": 42, "paragraphs": [{"raw": "Ani di Solo.", "sentences": [{"tokens": [{"orth": "Ani", "ner": "U-PER"}]}]}]}]
    [["Ani di Solo.", {"entities": [[0, 3, "PER"]]}]]             the pairs of text and annotation of the tutorials
    {"classes": [...], "annotations": [["Ani ...", {"entities": [...]}]]}      the same from NER Text Annotator

The paragraphs of an article are joined by a line end. Entities are the `ner` tags of the tokens (BILUO: B-PER I-PER
L-PER, U-PER, O), whose places are found in `raw`; without `raw` the text is made of the tokens, a space between two
unless `space` says otherwise. Where no token has a tag, the `entities` of the paragraph count, which spaCy 3 writes
too. Words with the tag `-` are of unknown kind; these, syntax and categories are counted in `meta["left_out"]`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.common import LabelMap, Mark, Problems, build, parse_json, read_text, short

_FORMS: Final = 'entries are {"paragraphs": [...]} or [TEXT, {"entities": [[START, END, LABEL]]}]'
_PENN_QUOTES: Final = {"``": '"', "''": '"'}
"""How the Penn Treebank, and spaCy's sample file, write quotation marks that are others in the raw text."""


def sniff(path: Path, head: str) -> str:
    start = head.lstrip()[:1]
    keys = set(re.findall(r'"(\w+)"\s*:', head))
    if path.is_dir() or start not in ("[", "{"):
        return ""
    if keys >= {"paragraphs", "sentences", "tokens", "orth"}:
        return "is JSON with paragraphs, sentences and tokens, as of spaCy 2"
    is_pair = re.match(r'(\{\s*"classes".*?"annotations"\s*:\s*)?\[\s*(null\s*,\s*)*\[\s*"', head.lstrip(), re.DOTALL)
    return "is JSON with pairs of text and entities" if is_pair and "entities" in keys else ""


def read(path: Path, labels: LabelMap) -> Iterator[Document]:
    """The whole file is read at once. Raises InputError, with all problems, at the end."""
    value = parse_json(read_text(path), str(path))
    if isinstance(value, dict):
        value = value["annotations"] if isinstance(value.get("annotations"), list) else [value]
    if not isinstance(value, list):
        raise InputError(str(path), f"holds a {type(value).__name__}, not a list of articles", _FORMS)
    problems = Problems()
    for number, item in enumerate(value):
        where = f"{path}: [{number}]"
        reader = _Reader(where, problems)
        if item is None:  # NER Text Annotator writes null for a text that was passed over
            continue
        if isinstance(item, dict) and isinstance(item.get("paragraphs"), list):
            reader.article(item)
            id = item.get("id")
        elif isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict):
            reader.pair(*item)
            id = None
        else:
            problems.add(where, f"is {short(item)}", _FORMS)
            continue
        if reader.is_sound:
            known = str(id) if isinstance(id, str | int) and id != "" else f"{path.stem}-{number + 1}"
            text, meta = "".join(reader.parts), {"left_out": +reader.left_out}
            document = build(known, text, reader.marks, (), labels, problems, where=where, meta=meta)
            if document:
                yield document
    problems.raise_if_any()


class _Reader:
    """Gathers the text and marks of one article; what is wrong goes to `problems`."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        self.before = problems.count
        self.parts: list[str] = []
        self.length = 0
        self.marks: list[Mark] = []
        self.left_out: Counter[str] = Counter()

    @property
    def is_sound(self) -> bool:
        return self.problems.count == self.before

    def pair(self, text: str, annotation: Mapping[str, Any]) -> None:
        for key, value in annotation.items():
            if key == "entities":
                self._entities(value, text, f"{self.where}: entities")
            elif key == "spans" and isinstance(value, dict):
                for group, spans in value.items():
                    self._entities(spans, text, f"{self.where}: spans {short(group)}")
            elif value:
                self.left_out[key[:80]] += 1
        self._add(text)

    def article(self, item: Mapping[str, Any]) -> None:
        for number, paragraph in enumerate(item["paragraphs"]):
            where = f"{self.where}: paragraphs[{number}]"
            if number:
                self._add("\n")
            if isinstance(paragraph, dict):
                self._paragraph(paragraph, where)
            else:
                self.problems.add(where, f"is {short(paragraph)}, not an object", _FORMS)
        self.left_out["cats"] += bool(item.get("cats"))

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _paragraph(self, paragraph: Mapping[str, Any], where: str) -> None:
        tokens = list(self._tokens(paragraph, where))
        text = paragraph.get("raw")
        if text is None:
            words = [token["orth"] + ("" if token.get("space") in ("", False) else " ") for _, token in tokens]
            text = "".join(words).removesuffix(" ")
        elif not isinstance(text, str):
            self.problems.add(where, f"its raw text is {short(text)}", "raw is a text, or null")
            return
        entities = paragraph.get("entities")
        if entities and all(token.get("ner") in (None, "", "-") for _, token in tokens):
            self._entities(entities, text, f"{where}: entities")
        else:
            self._tags(tokens, self._places(text, tokens))
        for key in ("cats", "links"):
            self.left_out[key] += bool(paragraph.get(key))
        self._add(text)

    def _tokens(self, paragraph: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
        sentences = paragraph.get("sentences")
        if not isinstance(sentences, list):
            self.problems.add(where, "has no sentences", _FORMS)
            return
        for number, sentence in enumerate(sentences):
            tokens = sentence.get("tokens") if isinstance(sentence, dict) else None
            if not isinstance(tokens, list):
                self.problems.add(f"{where}: sentences[{number}]", "has no tokens", _FORMS)
                continue
            self.left_out["phrases (brackets)"] += bool(sentence.get("brackets"))
            for index, token in enumerate(tokens):
                place = f"{where}: sentences[{number}]: tokens[{index}]"
                if isinstance(token, dict) and isinstance(token.get("orth"), str):
                    self.left_out["words with syntax"] += any(token.get(key) for key in ("tag", "pos", "dep", "lemma"))
                    yield place, token
                else:
                    self.problems.add(place, "has no orth", "orth is the word as it stands in the text")

    def _places(self, text: str, tokens: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[int, int]]:
        """Where each token stands in a text, up to one that does not; white space need not agree."""
        places: list[tuple[int, int]] = []
        here = 0
        for where, token in tokens:
            word = token["orth"].strip()
            while word and here < len(text) and text[here].isspace():
                here += 1
            if not text.startswith(word, here):
                word = _PENN_QUOTES.get(word, word)
            if not text.startswith(word, here):
                what = f"{short(word)} is not what comes next in the raw text: {short(text[here : here + 40])}"
                self.problems.add(where, what, "raw is the text that the tokens are made of")
                break
            places.append((here, here + len(word)))
            here += len(word)
        return places

    def _tags(self, tokens: Sequence[tuple[str, Mapping[str, Any]]], places: Sequence[tuple[int, int]]) -> None:
        cure = "tags are O, U-PER for one word, B-PER I-PER L-PER for several, and - for unknown"
        first: tuple[int, str, str] | None = None  # of the entity that goes on: its start, label and place in the file
        for (where, token), (start, end) in zip(tokens, places, strict=False):
            tag = token.get("ner") or "-"
            kind, _, label = tag.partition("-") if isinstance(tag, str) else ("", "", "")
            if first:
                is_legal = kind in ("I", "L") and label == first[1]
            else:
                is_legal = tag in ("O", "-") or (kind in ("B", "U") and label != "")
            if not is_legal:
                place = f"where {short(first[1])} goes on" if first else "where no entity has begun"
                self.problems.add(where, f"the tag {short(tag)} stands {place}", cure)
                return
            self.left_out["words of unknown kind"] += tag == "-"
            if kind in ("B", "U"):
                first = (start, label, where)
            if kind in ("L", "U") and first:
                self.marks.append(Mark(where, label, self.length + first[0], self.length + end, first[2]))
                first = None
        if first and len(places) == len(tokens):
            self.problems.add(first[2], f"{short(first[1])} has no end", cure)

    def _entities(self, value: object, text: str, where: str) -> None:
        """Entities as lists of start, end, label, and perhaps more, with offsets in a text that is yet to be added."""
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            place = f"{where}[{number}]"
            start, end, label = item[:3] if isinstance(item, list) and len(item) >= 3 else (None, None, None)
            if type(start) is not int or type(end) is not int or not isinstance(label, str):
                self.problems.add(place, f"is {short(item)}", "an entity is [START, END, LABEL]")
            elif not 0 <= start < end <= len(text):
                what = f"{label} {short(start)}..{short(end)} does not lie in the text, which ends at {len(text)}"
                self.problems.add(place, what, "offsets count code points from 0, the end exclusive")
            else:
                self.marks.append(Mark(place, label, self.length + start, self.length + end, place))
