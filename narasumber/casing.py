"""Casing for a text that has none: in small letters throughout, as chats and some corpora are, or in capitals.

An encoder of cased text knows `Jakarta` as one piece and cuts `jakarta` into several that tell it little. So each word
is written as the tokenizer knows it best: truecasing (Lita et al. 2003, P03-1020) with a vocabulary in place of counts.
Sentences begin with a capital, and every character stays in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from tokenizers import Tokenizer

from narasumber.linking import REPORTING
from narasumber.words import lines, words

_LETTER: Final = re.compile(r"\w")
_OPENING: Final = re.compile(
    rf"(?:[.…][)\]]{{0,3}}|[?!]|[.…][\"'“”’]{{1,2}}(?!\s(?:{REPORTING})(?:nya)?\b))\s[^\w\s]{{0,3}}(?=\w)"
)
"""Before the first letter of a sentence. What follows an abbreviation is taken for one: it mostly is a name.
What follows a question in quotation marks is not: that mostly is who asked."""


def cased(text: str, tokenizer: Tokenizer, unk_id: int) -> str:
    """`text` itself if it has both small letters and capitals, or no letters; else the same number of characters.

    A word is written in small letters, with a capital or in capitals, as it has the fewest pieces, and none unknown.
    """
    if not (text.islower() or text.isupper()):
        return text
    small = _changed(text, str.lower)
    opening = {match.end() for match in _OPENING.finditer(small)}
    for start, end in lines(small):
        if letter := _LETTER.search(small, start, end):
            opening.add(letter.start())

    @cache
    def pieces(form: str) -> tuple[bool, int]:
        # With a space before it: byte-level vocabularies know a word in running text by other pieces.
        ids = tokenizer.encode(f" {form}", add_special_tokens=False).ids
        return not ids or unk_id in ids, len(ids)

    characters = list(small)
    for start, end in words(small):
        word = small[start:end]
        first = next((place for place, character in enumerate(word) if character.isalnum()), 0)
        title = word[:first] + _changed(word[first], str.upper) + word[first + 1 :]
        best = min(word, title, _changed(word, str.upper), key=pieces)
        unknown, _ = pieces(title)
        characters[start:end] = title if best == word and start + first in opening and not unknown else best
    return "".join(characters)


def _changed(text: str, change: Callable[[str], str]) -> str:
    """`change` of each character that stays a single one."""
    return "".join(other if len(other := change(character)) == 1 else character for character in text)
