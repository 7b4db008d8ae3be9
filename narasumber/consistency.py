"""Predicted spans made to agree with each other and with the guidelines, in ways that annotated ones always do.

A model learns where spans end from examples, and from few it learns it badly. In 3,270 annotated sources, cues and
contents of 127 articles none ends in the middle of a name or of a pair of brackets, and one content in 1,213 has an odd
number of quotation marks. No content goes on behind its sentence or begins with a cue that has a source. Of 880 sources
none ends with a function word or before `tersebut`, is or holds an addressee, holds `itu, `, begins with `dikutip` or
`menurut`, or leaves out the first names of an enumeration; one begins with `pernyataan`, two end before a name. All of
16 verbs that `oleh` or `dari` follows hold it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from narasumber.document import Span
from narasumber.linking import CITED, CITING, QUOTING, SOURCE_FOLLOWS, SPEECH_CUE, needs_source
from narasumber.sentences import sentences
from narasumber.words import BREAKS, WORD, lines

QUOTES: Final = '"“”'
WEEKDAYS: Final = "Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu"
_STOPS: Final = ".,;:"
_EDGES: Final = ",;:-"
"""What no entity begins or ends with; `Tbk.` ends with a full stop."""
_OPENING: Final = re.compile(r"[\s.,;:]*(?:bahwa\s+)?")
"""What stands between a cue and its content."""

_SPEECH_CUE: Final = re.compile(SPEECH_CUE)
_ACTIVE: Final = re.compile(
    r"[Mm]e(?!nurut)\w+|(?:Ungkap|Sebut|Nilai|Akui|Soroti|Beber|Klaim|Ingatkan|Pastikan|Tegaskan)(?:kan)?"
)
_GAP: Final = re.compile(
    rf",? (?!(?:{WEEKDAYS}|hari|pekan|bulan|pada|di|ke|dalam|kepada|saat|usai|agar|tentang|dengan|soal|lebih|secara"
    r"|kembali)\b)"
    rf"(?:(?!bahwa )[^\s,.;:{QUOTES}]+ ){{1,6}}"
)
"""Words between an active verb and a content that belong to that."""
_CONJUNCTION: Final = re.compile(r"(?:Namun|Sementara|Sedangkan|Tetapi|Tapi|Dan|Kemudian|Lalu)\s+")
"""What opens the sentence of `harga naik, kata A` before the content."""
_NO_CONTENT: Final = re.compile(r"[-–—(]")
"""What stands behind a dateline, or opens a bracket."""

_LETTER: Final = re.compile(r"\w")
_HYPHENATED_BEFORE, _HYPHENATED_BEHIND = re.compile(r"(?:\w+-)+$"), re.compile(r"(?:-\w+)+")
_PREPOSITION: Final = re.compile(r" (?:oleh(?:nya)?|dari|(?<=mengacu )pada|(?<=merujuk )pada)\b", re.IGNORECASE)
_VERB: Final = re.compile(r"di\w|me\w|berdasarkan", re.IGNORECASE)
_WORD: Final = re.compile(r"[\w-]+")
_DETERMINER: Final = re.compile(r" (?:tersebut|itu|ini)\b")
_SHORT: Final = re.compile(r" \((?:[A-Za-z][^\s()\d/]{0,19}|\d{1,3}(?: tahun)?)\)")
"""A name's short form behind it, or somebody's age."""
ADVERB: Final = (
    "juga|pun|sempat|turut|ikut|kembali|sudah|telah|kemudian|lalu|lantas|justru|malah|bahkan|langsung|kerap|pernah|terus"
    "|tetap|akhirnya|sebelumnya|memang|hanya|cuma|sendiri|masih|akan|tidak|tak|belum|bisa|dapat|enggan"
)
"""What stands between a subject and its verb."""
_NOUN: Final = (
    rf"(?!(?:{ADVERB}|yang|ini|dan|atau|dengan|untuk|bahwa|karena|sebagai|adalah|agar|kalau|jika|dalam|di|pada|ke|oleh"
    rf"|saat|ketika|usai|kepada|lewat|melalui|tentang|soal|hari|pekan|kemarin|menurut"
    rf"|secara|tentu|balik|tahun|bulan|baru|selalu|sering|kini|tadi|sejak|sangat|semakin|makin|cukup|jangan|{WEEKDAYS})\b)"
    r"(?!(?:me|ber|di|ter)\w{3}|\w+nya\b|lagi-lagi\b)[a-z][\w-]*"
)
"""A word that may belong to a subject, as far as its form tells."""
_PRONOUN: Final = re.compile("saya|aku|kami|kita|dia|ia|beliau|mereka", re.IGNORECASE)
_PRONOUN_FIRST: Final = re.compile(r"(?:saya|aku|dia|ia|beliau)(?= )(?! (?:sendiri|dan|yang|serta)\b)", re.IGNORECASE)
"""`Menurut saya itu keliru`."""
_UP_TO_VERB: Final = re.compile(rf"(?P<own>(?: {_NOUN}){{1,4}})(?: (?:{ADVERB}))* ")
"""The rest of a subject that was begun: `Investor` of `Investor asing juga khawatir`."""
FUNCTION_WORDS: Final = frozenset(
    "yang juga sebelumnya telah sudah akan di pada dalam dan oleh dari kepada untuk saat bahwa pun".split()
)
"""What no source ends with."""
_HANGING: Final = re.compile(rf"(?:(?<![\s.,;:])[\s.,;:]*\s(?:{'|'.join(sorted(FUNCTION_WORDS))}))+$")
_LEADING: Final = re.compile(
    rf"(?:(?:{CITED}|{CITING}|menurut|kata|ujar)(?: dari| oleh)?|pernyataan"
    "|(?:senada|sementara itu|selain itu|selanjutnya|namun|kemudian),) ",
    re.IGNORECASE,
)
"""What the words of a source stand behind."""
_ASIDE: Final = re.compile(r"(?<=tersebut), |(?<=itu), |(?<=ini), ")
"""... `Menanggapi laporan itu, A mengatakan`."""
_ADDRESSEE: Final = re.compile(r"(?:(?<!\s)\s+(?:ber|me)\w+)?(?<!\s)\s+kepada\b")
_KEPADA: Final = re.compile(r"\bkepada\b\s*", re.IGNORECASE)
_QUOTED: Final = re.compile(r"(?:Mengutip|Melansir|Menyitir|Menurut|Dikutip|Dilansir)(?: dari)?(?: [a-z]\w+)? $")
"""What a sentence may open with, before the first of two sources: `Mengutip pernyataan A, B merinci ...`."""
ROLE: Final = re.compile(
    r"(?:Ketua|Wakil|Kepala|Juru|Jubir|Penas[ie]hat|Direktur|Dirjen|Deputi|Sekretaris|Menteri|Presiden|Gubernur|Bupati|Wali"
    r"|Komandan|Analis|Ekonom|Pengamat|Pakar|Peneliti|Anggota|Koordinator|Manajer|Chief|Head|CEO)"
    r"(?: (?!(?:me|ber|di|ter)[a-z]{3}|(?:yang|untuk|telah|akan|sudah|sedang|pada|saat|dari|dalam|ke|pergi)\b)"
    r"[^\s,\"“”]+){0,12}, "
)
"""What a sentence may open with, before the name of the one who speaks; no verb is in it."""
_BEGINS: Final = re.compile(
    r"\b(?:sejumlah|beberapa|sebagian|para|seluruh|semua|salah (?:satu|seorang)|seorang|mayoritas|wakil|mantan|eks|plt"
    r"|general|country|vice|managing|executive|senior|regional|area|corporate|deputy|chief) $",
    re.IGNORECASE,
)
"""What is of a noun phrase whose next word a source begins with."""
_CLAUSE: Final = re.compile(r"(?P<own> yang(?: [^\s,.\"“”]+){1,12}) ")
"""What stands between a source and its cue, if it is a relative clause of the source."""
_APPOSITION: Final = re.compile(
    rf"(?P<own>, (?!(?:pada|di|dalam|saat|ketika|tentang|kepada|hari|kemarin|{WEEKDAYS})\b)[^,.{BREAKS}{QUOTES}]+),"
    r"(?: \w+){0,2} "
)
"""... or who the named one is, between commas."""
_BEHIND_VERB: Final = re.compile(rf"\b(?:(?P<verb>{QUOTING})|menurut) $", re.IGNORECASE)
_WHO: Final = re.compile(
    r"(?P<own>, (?!(?:kepada|di\w*|dalam|pada|saat|ketika|usai|seusai|setelah|sebelum|kala|kemarin|seperti|sambil"
    rf"|seraya|sembari|(?:me|ber)\w+|lewat|hari|tanpa|dengan|bersama|tentang|soal|pekan|akhir|awal|beberapa|baru"
    r"|belum|pagi|siang|sore|malam|tadi|sebagaimana|namun|tetapi|tapi|lalu|kemudian|sementara|sedangkan|terkait|karena|\w+nya"
    rf"|{WEEKDAYS})\b)"
    rf"[a-z][^,.{BREAKS}{QUOTES}]*?)"
    r"(?=[,.]| (?:kepada|dalam|saat|ketika|usai|seusai|pada|dikutip|seperti)\b|\Z)"
)
"""Who somebody is, behind the name that the verb of a quotation stands before."""
_REST: Final = re.compile(r" (?:untuk|bidang|urusan|wilayah|daerah)(?: [^\s,.\"“”]+){1,12}(?=[,.])")
"""What is missing of a role that was begun."""


def consistent(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in text order, where

    - entities have neither a comma or the like nor a bracket without its other at their edges,
    - cues hold the whole of a hyphenated word (`disebut-sebut`) and their preposition (`dikutip dari`),
    - sources and contents hold the whole of a name that they reach into, and the bracket that closes one they hold,
    - no source stands behind `kepada`,
    - sources go on over a hyphenated word, a name, its short form `(BPS)` or an age, `tersebut` and the like, the rest
      of a noun phrase, a relative clause or an apposition before their cue, and who the one is that a quotation's verb
      stands before; are a pronoun alone behind `menurut`; begin with the first name of an enumeration, with the role
      that opens a sentence (`Ketua APTI, A, mengatakan`) or the name before it (`A, Ketua APTI mengatakan`), behind
      `dikutip`, `selain itu, ` and `laporan itu, `; hold both role and name behind `kata`; end before an addressee; and
      part at the comma of `Mengutip A, B mengatakan` and where a sentence ends,
    - neither cues nor sources begin or end with punctuation, nor sources end with a function word,
    - contents hold both of a pair of quotation marks of a line, begin right behind `mengatakan bahwa` or another active
      verb, or with their sentence where `, kata A` stands behind them, and end with their sentence, without its full
      stop,

    and those of one layer that now overlap partly are one.
    """
    given = sorted(spans, key=lambda span: span.sort_key)
    names = _placed((span, _bare_name(text, span.start, span.end)) for span in given if span.layer == "entity")
    cues = _placed((span, _whole_cue(text, span.start, span.end)) for span in given if span.layer == "cue")
    contents = [span for span in given if span.layer == "content"]
    bounds = lines(text) if contents else []
    sentence_bounds = sentences(text) if any(span.layer in ("content", "source") for span in given) else []
    contents = _placed((span, _with_both_quotes(text, span.start, span.end, bounds)) for span in contents)
    contents = _placed((span, _whole_content(text, span, names, cues, sentence_bounds)) for span in contents)
    apart = [part for span in given if span.layer == "source" for part in _apart(text, span, cues, sentence_bounds)]
    apart = [span for span in apart if not is_addressee(text, span.start)]
    sources = _placed((span, _whole_source(text, span, names, cues, sentence_bounds)) for span in apart)
    found = {*names, *(span for own in (cues, contents, sources) for span in _without_crossings(own))}
    return sorted(found, key=lambda span: span.sort_key)


def is_addressee(text: str, start: int) -> bool:
    """Whether what begins there is, or stands behind, `kepada`."""
    kepada = _KEPADA.search(text, max(0, start - 8), start + 7)
    return kepada is not None and kepada.start() <= start <= kepada.end()


def with_form(text: str, span: Span) -> Span:
    """A content with its Form, which its quotation marks say (so 1,207 of 1,213 annotated ones); others as they are."""
    if span.layer != "content":
        return span
    words = span.text_in(text)
    marks = marks_in(words, 0, len(words))
    quoted = marks == 2 and words[0] in QUOTES and words[-1] in QUOTES
    form = "Direct" if quoted else "Mixed" if marks else "Indirect"
    return replace(span, attributes=(("Form", form),))


def _placed(found: Iterable[tuple[Span, tuple[int, int]]]) -> list[Span]:
    """The spans at their new places, in text order; none where nothing is left."""
    moved = [replace(span, start=start, end=end) for span, (start, end) in found if start < end]
    return sorted(moved, key=lambda span: span.sort_key)


def _bare_name(text: str, start: int, end: int) -> tuple[int, int]:
    def is_loose(mark: str, bracket: str, other: str) -> bool:
        is_alone = mark == bracket and text.count(bracket, start, end) > text.count(other, start, end)
        return mark in _EDGES or mark.isspace() or is_alone

    while start < end and is_loose(text[start], "(", ")"):
        start += 1
    while start < end and is_loose(text[end - 1], ")", "("):
        end -= 1
    return start, end


def _whole_cue(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start:end] == ":":
        return start, end
    start, end = _core(text, start, end)
    if start == end:
        return start, end
    if before := _HYPHENATED_BEFORE.search(text, max(0, start - 40), start):
        start = before.start()
    if behind := _HYPHENATED_BEHIND.match(text, end):
        end = behind.end()
    if " " in text[start:end] and not _PREPOSITION.search(text, start, end):
        start, end = next(
            (word.span() for word in _WORD.finditer(text, start, end) if _VERB.match(word[0])), (start, end)
        )
    if _VERB.match(text, start, end) and (preposition := _PREPOSITION.match(text, end)):
        end = preposition.end()
    return start, end


def _whole_content(
    text: str, span: Span, names: Sequence[Span], cues: Sequence[Span], bounds: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """`bounds` of the sentences."""
    start, end = _with_its_bracket(text, *_with_whole_names(names, span.start, span.end, within=False))
    cue = next_from(cues, start)
    if cue and cue.start == start and needs_source(cue.text_in(text)):
        start = cue.end
    if opening := _OPENING.match(text, start, end):
        start = opening.end()
    if start < end:
        first, last = around(bounds, start)
        verb = _last_within(cues, first, start)
        if verb and _ACTIVE.fullmatch(verb.text_in(text)) and _GAP.fullmatch(text, verb.end, start):
            start = start if within(cues, start, end) else text.index(" ", verb.end) + 1
        end = min(end, last)
        while start < end and (text[end - 1] in _STOPS or text[end - 1].isspace()) and text[start] not in QUOTES:
            end -= 1
        if _is_said_behind(text, end, cues) and not within(cues, first, start) and not marks_in(text, first, end):
            start = _behind_conjunction(text, first, start, names)
    return start, end


def _is_said_behind(text: str, end: int, cues: Sequence[Span]) -> bool:
    """Whether `, kata` stands there."""
    cue = next_from(cues, end)
    return cue is not None and text[end : cue.start] == ", " and bool(_SPEECH_CUE.fullmatch(cue.text_in(text)))


def _behind_conjunction(text: str, first: int, start: int, names: Sequence[Span]) -> int:
    """Where a content begins in its sentence, of which it is the first part and begins at `first`."""
    if _NO_CONTENT.search(text, first, start):
        return start
    conjunction, name = _CONJUNCTION.match(text, first), next_from(names, first)
    return conjunction.end() if conjunction and not (name and name.start == first) else first


def _whole_source(
    text: str, span: Span, names: Sequence[Span], cues: Sequence[Span], bounds: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """`bounds` of the sentences."""
    start, end = _with_its_bracket(text, *_with_whole_names(names, span.start, span.end, within=True))
    if leading := _LEADING.match(text, start, end):
        start = leading.end()
    if aside := _ASIDE.search(text, start, end):
        name = next_from(names, aside.end())
        start, end = (aside.end(), end) if name and name.end <= end else (start, aside.start())
    if addressee := _ADDRESSEE.search(text, start, end):
        end = addressee.start()
    start, end = _noun_phrase(text, start, end)
    if start == end:
        return start, end
    while text[end : end + 1] == " " and (name := next_from(names, end)) and name.start == end + 1:
        end = name.end
    for pattern in (_HYPHENATED_BEHIND, _DETERMINER, _SHORT):
        if more := pattern.match(text, end):
            end = more.end()
    if " dan " in text[start:end]:
        start = _first_of_its_kind(text, names, start)
    if verb := _BEHIND_VERB.search(text, max(0, start - 12), start):
        if pronoun := _PRONOUN_FIRST.match(text, start, end):
            return pronoun.span()
        end = _who_that_is(text, start, end, names, is_certain=bool(verb["verb"]))
        if age := _SHORT.match(text, end):
            end = age.end()
        is_quoted = text[verb.start() - 2 : verb.start() - 1] in tuple(QUOTES)
        if is_quoted and within(names, start, end) and (who := _WHO.match(text, end)):
            end = who.end("own")
    first, _ = around(bounds, start)
    if begun := _BEGINS.search(text, max(first, start - 20), start):
        start = begun.start()
    name = next_from(names, start)
    named = name is not None and name.start == start and name.label == "PER"
    if named and not within(cues, first, start) and ROLE.fullmatch(text, first, start):
        start = first
    before = _last_within(names, first, start)
    if before and before.label == "PER" and text[before.end : start] == ", " and ROLE.match(text[start:end] + ", "):
        start = before.start
    cue = next_from(cues, end)
    if cue and cue.text_in(text) != ":" and not SOURCE_FOLLOWS.fullmatch(cue.text_in(text)):
        if (rest := _UP_TO_VERB.fullmatch(text, end, cue.start)) and not _PRONOUN.fullmatch(text, start, end):
            end = rest.end("own")
        behind = _CLAUSE.fullmatch(text, end, cue.start) or _APPOSITION.fullmatch(text, end, cue.start)
        if behind:
            start, end = _noun_phrase(text, start, behind.end("own"))
    return start, end


def _who_that_is(text: str, start: int, end: int, names: Sequence[Span], *, is_certain: bool) -> int:
    """Where a source behind its verb ends: with the name behind a role (`juru bicara NSC, Watson`) or all of a role.

    Where a name may begin what is said, `Menurut polisi, Ani pergi`, a comma has to stand behind it.
    """
    name = next_from(names, end)
    if name and name.label == "PER" and text[end : name.start] == ", ":
        has_name = any(own.label == "PER" for own in within(names, start, end))
        begins_what_is_said = not is_certain and text[name.end : name.end + 1] != ","
        return end if has_name or begins_what_is_said else name.end
    rest = _REST.match(text, end) if ", " in text[start:end] else None
    return rest.end() if rest else end


def _apart(text: str, source: Span, cues: Sequence[Span], bounds: Sequence[tuple[int, int]]) -> list[Span]:
    """The two that were read as one, of a cue before them and a cue behind."""
    last = around(bounds, source.end - 1)[0] if bounds else 0
    if source.start < last and _BEHIND_VERB.search(text, max(0, source.start - 12), source.start):
        return [replace(source, end=last), replace(source, start=last)]
    comma = text.rfind(", ", source.start, source.end)
    if (
        comma <= source.start
        or comma + 2 == source.end
        or not _QUOTED.search(text, max(0, source.start - 40), source.start)
    ):
        return [source]
    cue = next_from(cues, source.end)
    between = text[source.end : cue.start] if cue else "\n"
    if len(between.split()) > 2 or "\n" in between:
        return [source]
    return [replace(source, end=comma), replace(source, start=comma + 2)]


def _noun_phrase(text: str, start: int, end: int) -> tuple[int, int]:
    """Without punctuation around it, nor function words behind."""
    start, end = _core(text, start, end)
    hanging = _HANGING.search(text, start, end)
    return _core(text, start, hanging.start()) if hanging else (start, end)


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole words, without the punctuation around them."""
    found = list(WORD.finditer(text, start, end))
    first = next((word.start() for word in found if _LETTER.search(word[0])), end)
    last = next((word.end() for word in reversed(found) if word[0] in (")", "%") or _LETTER.search(word[0])), end)
    return (first, last) if first < last else (end, end)


def next_from(spans: Sequence[Span], place: int) -> Span | None:
    """The first, of some in text order, that begins there or behind."""
    number = bisect_left(spans, place, key=lambda span: span.start)
    return spans[number] if number < len(spans) else None


def around(bounds: Sequence[tuple[int, int]], place: int) -> tuple[int, int]:
    """The last, of some in text order, that begins there or before."""
    return bounds[bisect_right(bounds, place, key=lambda bound: bound[0]) - 1]


def within(spans: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Those, of some in text order, that begin there."""
    first, last = (bisect_left(spans, place, key=lambda span: span.start) for place in (start, end))
    return spans[first:last]


def _last_within(spans: Sequence[Span], start: int, end: int) -> Span | None:
    """The last, of some in text order, that begins there."""
    found = within(spans, start, end)
    return found[-1] if found else None


def _first_of_its_kind(text: str, names: Sequence[Span], start: int) -> int:
    """Where the names of one label begin that stand in a row, commas between them, before the one that starts there."""
    number = bisect_left(names, start, key=lambda name: name.start)
    if number == len(names) or names[number].start != start:
        return start
    while number and names[number - 1].label == names[number].label:
        if text[names[number - 1].end : names[number].start] != ", ":
            break
        number -= 1
    return names[number].start


def _with_its_bracket(text: str, start: int, end: int) -> tuple[int, int]:
    is_open = text.count("(", start, end) > text.count(")", start, end)
    return start, end + (is_open and text[end : end + 1] == ")")


def _with_whole_names(names: Sequence[Span], start: int, end: int, *, within: bool) -> tuple[int, int]:
    """`names` in text order, none overlapping another."""
    place = max(0, bisect_left(names, start, key=lambda name: name.start) - 1)
    while place < len(names) and names[place].start < end:
        name = names[place]
        inside = name.start <= start and end <= name.end
        if start < name.end and (within or not inside):
            start, end = min(start, name.start), max(end, name.end)
        place += 1
    return start, end


def _with_both_quotes(text: str, start: int, end: int, bounds: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Drawn out to the mark that is missing, before or behind, if the line, one of `bounds`, has it."""
    if marks_in(text, start, end) % 2 == 0:
        return start, end
    first, last = around(bounds, start)
    opened_before = marks_in(text, first, start) % 2 == 1
    if not opened_before or text[start] in QUOTES:
        places = [place for mark in QUOTES if (place := text.find(mark, end, last)) >= 0]
        return start, min(places, default=end - 1) + 1
    return max(text.rfind(mark, first, start) for mark in QUOTES), end


def marks_in(text: str, start: int, end: int) -> int:
    """How many quotation marks stand there."""
    return sum(text.count(mark, start, end) for mark in QUOTES)


def _without_crossings(spans: Iterable[Span]) -> list[Span]:
    """Sources and cues, in text order, that overlap, and contents that cross, become one."""
    ended: list[Span] = []
    unended: list[Span] = []  # each within the one before
    for span in spans:
        while unended and unended[-1].end <= span.start:
            ended.append(unended.pop())
        joined = span
        while unended and (span.layer != "content" or unended[-1].end < joined.end):
            other = unended.pop()
            joined = replace(other, end=max(other.end, joined.end))
        unended.append(joined)
    return [*ended, *unended]
