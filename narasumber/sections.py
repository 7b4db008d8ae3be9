"""The parts of an Indonesian news page: what is the article and what stands around it.

Each line is one part, but for a line with a dateline, which is that and the body behind it. The tables below are read
from top to bottom, the first that fits wins; what none fits is the body, or the title if no body has come yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, get_args

from narasumber.words import lines

Kind = Literal["title", "byline", "dateline", "caption", "link", "furniture", "body"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

DOMAIN: Final = re.compile(r"\b[A-Za-z0-9]+\.(?i:co\.id|com|co|id|net|org|news|tv)\b")
"""A publisher's name as it stands in datelines: `KONTAN.CO.ID`, `WahanaNews.co`."""

_AGENCY: Final = r"(?:AFP|AP|ANTARA|REUTERS|EPA|EFE|XINHUA|SPUTNIK|KCNA|KNS|YONHAP|BLOOMBERG|GETTY(?: IMAGES)?|HO|POOL)"

_DAY: Final = "(?:senin|selasa|rabu|kamis|jumat|sabtu|minggu)"

_RIGHTS: Final = r"(?i).*\ball rights? reserved"

_TABLE: Final[tuple[tuple[Kind, str], ...]] = (
    # Names of people, and when: `Penulis: Ani`, `[Redaktur: Budi]`, `(Tribunnews.com/Ani)`, `(abc/def)`.
    ("byline", r"(?i)\W?(penulis|editor|redaktur|reporter|pewarta|penyunting|kontributor|oleh)\s*:"),
    ("byline", r"(?i)laporan (wartawan|reporter|jurnalis|kontributor)\b"),
    ("byline", r"(?i)\(\w+\.(com|co|co\.id|id|net)( ?[/,-] ?[^()]+)?\)$"),
    ("byline", r"[(\[][a-z]{2,4}([/-][a-z]{2,4})+[)\]]$"),
    ("byline", rf"(?i)({_DAY},? )?\d{{1,2}} \w+ \d{{4}},?[ |-]*\d\d[.:]\d\d( wi[bt]a?)?$"),
    # Ways to other stories.
    ("link", r"(?i)(baca|simak|lihat|tonton) juga\b"),
    ("link", r"(?i)(simak|tonton|saksikan) (video|live)\b"),
    ("link", r"(?i)(artikel|berita) (terkait|lainnya)\s*(:|$)|halaman (selanjutnya|berikutnya)\b|selengkapnya\W*$"),
    # What the site puts on every page.
    ("furniture", r"(?i)(tribun|tribunnews|atas|iklan|share|bagikan|komentar|loading\W*|berita rekomendasi)$"),
    ("furniture", r"(?i)advertisement$|scroll to (continue|resume)|\[gambas:|zoom-in\b"),
    ("furniture", r"(?i)(dapatkan|nikmati|ikuti|cek|simak|baca) (berita|kami|update|informasi|artikel|whatsapp)\b"),
    ("furniture", r"(?i)(\([^()]+\) )?(artikel|berita) ini (telah|sudah|pertama kali) (di)?(tayang|muat|terbit)"),
    ("furniture", r"(?i)di whatsapp anda$|(download|unduh) aplikasi\b|(tag|tags|topik)\s*:"),
    ("furniture", r"(?i)©|\(c\) ?\d{4}|copyright\b|hak cipta\b"),
    ("furniture", _RIGHTS),
    # Photographs: their texts and credits.
    ("caption", r"(?i)(foto|ilustrasi|keterangan foto|infografis|dok\. ?\w*)\s*[:/]"),
    ("caption", r"(?i)(gambar|foto) (yang (diambil|dirilis|disediakan)|ini|file|arsip|selebaran)\b|ilustrasi\b"),
    ("caption", rf"(?!.*\.$).*(\bANTARA FOTO\b|\bVIA [A-Z]+|/ ?{_AGENCY})[^.]{{0,40}}$"),
)


def _one_of(rows: Iterable[tuple[Kind, str]]) -> re.Pattern[str]:
    """The rows as one pattern, which is quicker than one by one; the group that fits is named for the kind."""
    kinds: dict[Kind, list[str]] = {}
    for kind, pattern in rows:
        kinds.setdefault(kind, []).append(re.sub(r"^\(\?i\)(.*)", r"(?i:\1)", pattern))
    return re.compile("|".join(f"(?P<{kind}>{'|'.join(patterns)})" for kind, patterns in kinds.items()))


_LINE: Final = _one_of(_TABLE)
# Of the rows, the costly one: it is looked for at every place of a line.
_LINE_BUT_RIGHTS: Final = _one_of(row for row in _TABLE if row[1] is not _RIGHTS)

_CITY: Final = r"[A-Z][A-Za-z']+(?: [A-Z][A-Za-z']+){0,3}"
_SITE: Final = DOMAIN.pattern
_DASH: Final = r"\s*[-\u2013\u2014]{1,2}(?=\s|$|[A-Z\"“”])"
DATELINES: Final = tuple(
    map(
        re.compile,
        (
            rf"{_SITE}{_DASH}\s*[A-Z][A-Z ]+\.(?=\s)",  # KONTAN.CO.ID - JAKARTA.
            rf"{_SITE}, {_CITY}{_DASH}",  # WahanaNews.co, Jakarta -
            rf"{_CITY}, {_SITE}{_DASH}",  # JAKARTA, KOMPAS.com -
            rf"{_SITE}{_DASH}",  # TRIBUNNEWS.COM -
            rf"{_CITY} \([A-Z]{{2,}}\){_DASH}",  # Jakarta (ANTARA) -
            rf"{_CITY}(?:, [A-Z][\w ]{{1,20}})?{_DASH}(?=\s.*[.!?\"”)]$)",  # Jakarta -, Jakarta, CNN Indonesia --
        ),
    )
)
"""Datelines, up to the dash or full stop that ends them. The last kind looks like a headline (`Persib - Persija`), so
the line must end like a sentence."""

# The same part goes on in the line right below a bare `Baca juga:` and below a bare photo credit.
_BARE_LINK: Final = re.compile(r"\w+ juga\s*:?", re.IGNORECASE)
_BARE_CREDIT: Final = re.compile(rf"[^.]{{0,60}}[/ ]{_AGENCY}")

_SENTENCE_END: Final = re.compile(r"[.;,:][\"”)]*$")
_LONGEST_TITLE: Final = 200


def sections(text: str) -> list[tuple[Kind, int, int]]:
    """`(kind, start, end)` in order, white space at line edges left out: all else is in exactly one part.

    A page has at most one title and one dateline. The title is the first line that is none of the other parts, if it
    does not end like a sentence.
    """
    parts: list[tuple[Kind, int, int]] = []
    has_dateline = has_begun = False
    above: tuple[Kind, str, int] = ("body", "", 0)
    for line_start, line_end in lines(text):
        line = text[line_start:line_end].strip()
        start = text.index(line, line_start)
        end = start + len(line)
        dateline = None if has_dateline else next(filter(None, (pattern.match(line) for pattern in DATELINES)), None)
        table = _LINE if "reserved" in line.casefold() else _LINE_BUT_RIGHTS
        found = table.match(line)
        kind: Kind = found.lastgroup if found else "body"  # type: ignore[assignment]
        if dateline:
            kind = "body"
            has_dateline = has_begun = True
            parts.append(("dateline", start, start + dateline.end()))
            start = end - len(line[dateline.end() :].lstrip())
        elif kind == "body" and text.count("\n", above[2], start) < 2 and _goes_on(above[0], above[1], line):
            kind = above[0]
        elif kind == "body":
            is_headline = not has_begun and len(line) <= _LONGEST_TITLE and not _SENTENCE_END.search(line)
            kind = "title" if is_headline else "body"
            has_begun = True
        if start < end:
            parts.append((kind, start, end))
        above = (kind, line, end)
    return parts


def _goes_on(kind: Kind, above: str, line: str) -> bool:
    if kind == "link":
        return bool(_BARE_LINK.fullmatch(above)) and not _SENTENCE_END.search(line)
    return kind == "caption" and bool(_BARE_CREDIT.fullmatch(above))
