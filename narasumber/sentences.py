"""Sentence bounds of Indonesian news, within lines.

A line falls into tokens at white space, where a quotation counts as one token, however many words and full stops it
has; so no quotation is ever cut. A sentence ends behind a token in `.`, `?`, `!` or `…` that is no abbreviation, if
the next token begins with a capital or a digit. Where that leaves doubt (`S.H. Ketua`), the sentence goes on.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from narasumber.words import lines

GO_ON: Final = frozenset(
    """Dr dr Drs Dra Prof Ir Hj KH Tn Ny Nn Sdr Sdri Bpk St Mr Mrs Ms Gen Jend Letjen Mayjen Brigjen Kol Letkol Kompol
    Kombes Irjen Komjen AKP AKBP Kapt Serda Bripka Aipda Aiptu Ipda Iptu No no Nr Jl jl Jln jln Gg Kec Kab Kel Ds RT RW
    Lt PT CV UD PD Fa Co Rp Yth Ps vs a.l a.n s.d u.p d.a c.q""".split()
)
"""Abbreviations, without their last full stop, that end no sentence; those here may also be written in capitals."""

END_BEFORE_CAPITAL: Final = frozenset(
    """dll dst dsb dkk tsb tbk inc ltd corp jr sr hal hlm vol ed cet tgl
    jan feb mar apr jun jul agt ags agu sep sept okt nov des""".split()
)
"""Abbreviations, in small letters, that may end a sentence, but do not before a bracket or a number."""

# Initials and degrees: `J`, `K.H`, `S.H`, `M.Si`, `Ph.D`.
_INITIALS: Final = re.compile(r"[A-Z](?:[a-z]?(?:\.[A-Z][A-Za-z]{0,4})+)?")
# Papers write “a”, ”a”, "a" and even "a”, so any mark may open and close. But “a "b" c” and "a “b” c" come first.
_QUOTATION: Final = r'(?:“(?=\S)(?:[^"“”]|"[^"“”]*")*”|"(?=\S)(?:[^"“”]|“[^"“”]*”)*"|["“”](?=\S)[^"“”]*["“”])'
# In single marks, the same marks within words are apostrophes: 'Jum'at', ‘Qur’an’.
_SINGLE: Final = r"(?:'(?=\S)(?:[^']|(?<=\w)'(?=\w))*(?<=\S)'|‘(?=\S)(?:[^‘’]|(?<=\w)’(?=\w))*(?<=\S)’)"
_TOKEN: Final = re.compile(rf"(?:(?<!\w)(?:{_QUOTATION}|{_SINGLE})(?!\w)|\S)+")
_OPENERS: Final = "\"'“”‘([{"
_CLOSERS: Final = "\"'“”’)]}"


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets of the sentences, in order; none crosses a line break, and each character but white space is in one."""
    found: list[tuple[int, int]] = []
    for line_start, line_end in lines(text):
        tokens = [match.span() for match in _TOKEN.finditer(text, line_start, line_end)]
        start = tokens[0][0]
        for (first, end), (next_first, next_end) in pairwise(tokens):
            is_list_number = first == tokens[0][0] and re.fullmatch(r"\d{1,3}\.", text[first:end])
            if not is_list_number and _ends(text[first:end], text[next_first:next_end]):
                found.append((start, end))
                start = next_first
        found.append((start, tokens[-1][1]))
    return found


def _ends(token: str, following: str) -> bool:
    """Whether a sentence ends between two tokens."""
    body = token.rstrip(_CLOSERS)
    begin = following.lstrip(_OPENERS)[:1]
    if not body.endswith((".", "?", "!", "…")) or not begin.isalnum() or begin.islower():
        return False
    word = body[:-1].split()[-1:] if body.endswith(".") else []
    if not word:
        return True
    bare = word[0].lstrip(_OPENERS)
    if bare.lower() in END_BEFORE_CAPITAL:
        return following.lstrip("\"'“”‘")[:1].isalpha()
    return bare not in GO_ON and not (bare.isupper() and bare.title() in GO_ON) and not _INITIALS.fullmatch(bare)
