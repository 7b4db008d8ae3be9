"""Speech that words and marks alone tell.

Of 127 annotated articles that is 801 cues and 101 sources, all right, and 762 contents of 767, where names are known:
quotations that a bare verb stands right behind, that verb (`"...," kata A`), or another before (`A menjawab, "..."`),
`kata` and the like behind a comma, what stands behind `mengatakan` or `menilai, ` to the end of its sentence, openings
such as `Menurut A, `, headlines and links (`A: harga naik`, `A akui harga naik`). The model reads the rest. It knows
the verbs that its training articles have; rarer ones stand here as the language has them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from narasumber.consistency import QUOTES, ROLE, WEEKDAYS, around, marks_in, next_from, within
from narasumber.document import Span
from narasumber.labels import LABELS, Layer
from narasumber.linking import CITED, CITING, LIMIT, QUOTING, REPORTING, SOURCE_FOLLOWS, SPEECH_CUE
from narasumber.sentences import sentences
from narasumber.words import BREAKS

_BLANK: Final = rf"[^\S{BREAKS}]"
_QUOTATION: Final = rf"(?<![^\s(])[{QUOTES}](?=\S)[^{QUOTES}{BREAKS}]*[,.?!…][{QUOTES}]"
_ANY_VERB: Final = (
    rf"(?<=,[{QUOTES}] )(?!(?:di|me|ber|ter|pe)\w|(?:dan|atau|yang|pada|untuk|dalam|dengan|karena|namun|tetapi|tapi"
    r"|lalu|kemudian|kepada|ketika|kecuali|kemarin|saat|usai|sambil|begitu|demikian|bukan|juga|hingga|sampai|agar|supaya"
    r"|jika|kalau|bila|maka|bahwa|oleh|dari|lewat|itu|ini|adalah|ialah|yakni|yaitu|hanya|sudah|telah|akan|masih|pun|para|lagi"
    r"|se(?:suai|hingga|bab|bagai|jak|perti|lain|telah|belum|mentara|raya|mbari|kaligus|rta|usai|saat|orang|cara)"
    r")\b)[a-z]{3,}(?:nya\b|\b(?! (?:itu|ini|tentang|lagi|dan)\b)(?! [^,.?!…\"“”\n]*\b(?:me|ber|di|ter)\w{3}))"
)
"""What stands behind the comma of a quotation, is no function word or derived, and no subject of a verb behind it."""
VERB_BEHIND: Final = rf"(?:(?:{QUOTING})(?:nya)?\b|{_ANY_VERB}\b)"
"""The verb that stands right behind a quotation."""
_SAID: Final = re.compile(rf"(?P<content>{_QUOTATION}){_BLANK}+(?P<cue>{VERB_BEHIND})")
_KATA: Final = "(?:kata|ujar|ucap|tutur|lapor|papar|imbuh|ungkap|sambung|beber|lanjut|menurut)(?:nya)?"
_SAID_BEHIND: Final = re.compile(rf", (?P<cue>{_KATA})\b")
"""Behind indirect speech, the words that are nothing but cues there: `terang` and the like may be adjectives."""
SAYS: Final = (
    "mengatakan|mengaku|menyatakan|bilang|berkata|berujar|menerangkan|menuturkan|menekankan|memperkirakan|memprediksi"
    "|memproyeksikan|menduga|meyakini|berpendapat|berpandangan|meng(?:e)?klaim|menuding|menuduh|menampik|menyimpulkan"
    "|menyayangkan|menyesalkan|mengeluhkan|berkisah|berseloroh|berkelakar|menimpali"
    "|menganggap|mengira|menyangka|yakin|khawatir|curiga|beralasan|berdalih|berkilah|mewartakan|memberitakan"
    "|mengabarkan|memungkiri|mempertanyakan|meragukan|menaksir|mengkhawatirkan|mewanti-wanti|menyangsikan"
    "|mensinyalir|menyinyalir|menengarai|meramal(?:kan)?|mengeluh|menggarisbawahi|mengisyaratkan"
)
"""Verbs that are nothing but cues."""
MAY_SAY: Final = (
    "menjelaskan|menambahkan|menegaskan|memaparkan|membeberkan|menyebut(?:kan)?|menulis(?:kan)?|melaporkan|melanjutkan"
    "|menyampaikan|menilai|mencatat|mengungkap(?:kan)?|mengingatkan|memperingatkan|menceritakan"
    "|bercerita|mengakui|merinci|mencontohkan|mengumumkan|memberitahukan|mengutarakan|mengemukakan"
    "|menyela|menguraikan|mengonfirmasi|mengkonfirmasi|bersikeras|bersikukuh|berkukuh|menyoroti|membantah|menyangkal|optimistis|percaya"
)
"""Words that are before a comma or `bahwa`: others of them do something, or say it in a noun."""
BARE: Final = (
    "sebut|akui|ungkap|nilai|catat|klaim|tegaskan|bantah|yakin|sesalkan|soroti|tuding|tuduh|pertanyakan|proyeksikan"
    "|perkirakan|prediksi|duga|keluhkan|umumkan|kritik|jelaskan|beberkan|sangkal|tampik|khawatir|ramal|sangsikan"
)
"""Verbs of saying as headlines have them."""
_NOT_SAID: Final = "".join(
    rf"(?<!\b{word} )"
    for word in """
    yang tidak tak belum jangan enggan untuk tanpa bisa dapat perlu usah boleh mau ingin hendak sangat sembarangan
    menolak dan
    """.split()
)
_WHEN: Final = (
    rf"(?: (?:kembali|sebelumnya|kemarin|pada|hari|pekan|minggu|bulan|lalu|ini|itu|{WEEKDAYS}|\([\d/]+\)),?)*"
)
_THAT: Final = rf"(?:{_WHEN},? bahwa |, )"
_ADVERBIAL: Final = (
    rf"(?:kepada|ke|pada|di|dalam|saat|ketika|melalui|lewat|usai|seusai|hal|itu|ini|demikian|bahwa|{WEEKDAYS})\b"
)
"""What stands between a verb and what is said, where that begins is left to the model."""
_SAYS_THAT: Final = re.compile(
    rf"\b{_NOT_SAID}(?P<cue>(?:{SAYS})(?={_THAT}| )|(?:{MAY_SAY})(?={_THAT}))(?:{_THAT}| )"
    rf"(?P<content>(?!{_ADVERBIAL})\w)?"
)
_CLAUSE_ENDS: Final = re.compile(
    rf"[,.?!…][{QUOTES}]|;|, {SPEECH_CUE}\b|, (?:sementara|sedangkan)\b"
    rf"|,? (?:seperti |sebagaimana )?(?:{CITED}) |, (?:seperti |sebagaimana )?(?:{CITING}) "
    r"|, (?:tapi|tetapi|namun) (?:enggan|menolak) "
    r"|,? (?:saat|ketika|usai|seusai) (?:di(?:temui|hubungi|konfirmasi|tanya)|memberi)"
)
"""What ends what is said, in its sentence; in a quotation `_QUOTATION_ENDS` does."""
_QUOTATION_ENDS: Final = re.compile(rf"[{QUOTES}]|[.?!…] (?=[A-Z])")
_AT_SECOND_HAND: Final = re.compile(rf",?{_BLANK}*(?:seperti{_BLANK}+)?(?:{CITED}|{CITING})\b", re.IGNORECASE)
"""What stands behind a content that holds all of `"...," kata A`."""

_DOCUMENT: Final = (
    "data|informasi|keterangan|hasil|laporan|catatan|dokumen|statistik|grafik|indeks|rekapitulasi|sensus|survei|jajak"
    "|riset|studi|kajian|penelitian|analisis|analisa|temuan|pantauan|pemantauan|pengamatan|perhitungan|penghitungan"
    "|proyeksi|prediksi|perkiraan|rekomendasi|putusan|dakwaan|kesaksian|pengakuan|pemeriksaan|penyelidikan|penyidikan"
    "|prospektus|keterbukaan|pernyataan|siaran|rilis|berita|unggahan|situs|laman"
)
"""What says something: `Berdasarkan skema yang ada` cites nothing."""
IN_ORDER: Final = (
    "(?:rencana|abjad|urutan|perolehan|jenis|wilayah|provinsi|negara (?:asal|tujuan)|sektor|kelompok (?:umur|usia)|umur"
    "|usia|tanggal|kategori|ukuran)"
    r"\b(?! (?:ini|itu|tersebut|yang)\b)"
)
"""What is sorted or planned by: `menurut abjad` says nothing."""
_LAST_WORD: Final = rf"[^\s,{QUOTES}]*[^\s,.?!…:;{QUOTES}]"
_WORD: Final = rf"{_LAST_WORD}{_BLANK}+"
_DAY: Final = (
    rf"(?:,? (?:pada )?(?:hari )?(?:{WEEKDAYS})(?: \([\d/]+\))?|, (?:pada )?\d{{1,2}} [A-Z]\w+ \d{{4}}"
    r"|,? (?:sekitar )?[Pp]ukul [\d.:]+(?: WI(?:B|TA?))?)"
)
_OPENING: Final = re.compile(
    rf"(?<![\w-])(?P<cue>Berdasarkan(?= (?:{_DOCUMENT})\b)|Merujuk(?: pada)?|Mengacu pada|Menurut(?! {IN_ORDER})"
    rf"|(?:{CITED.title()}|{CITING.title()})(?: dari)?)"
    rf"{_BLANK}+(?:pernyataan{_BLANK}+)?(?P<source>(?:{_WORD}){{0,24}}?{_LAST_WORD})"
    rf"(?:{_BLANK}+(?:sesuai|per) [^,{BREAKS}{QUOTES}]{{1,80}})?{_DAY}*,{_BLANK}+(?P<content>[\w{QUOTES}(])"
)
"""What a sentence opens with: `Menurut A, ` and what A says."""
_REPORTED: Final = re.compile(
    rf"(?<![\w-])(?:(?:Seperti|Sebagaimana){_BLANK})?(?P<cue>[Dd]iberitakan|Kabarnya|Konon)(?: sebelumnya)?,{_BLANK}+"
    r"(?P<content>\w)"
)
"""... or that nobody is named for."""
_AMID: Final = re.compile(
    rf"(?<!\S)(?P<before>(?:{_WORD}){{0,9}}{_LAST_WORD})(?<!\bkarena)(?<!\bbahwa), (?P<cue>{_KATA})\b"
    rf"(?:{_BLANK}+(?P<source>(?:{_WORD}){{0,12}}{_LAST_WORD}))?,{_BLANK}+(?P<content>\w)"
)
"""`Riky, kata polisi, sempat kabur`."""
_CONNECTIVE: Final = re.compile(
    "(?:Apalagi|Terlebih(?: lagi)?|Hanya saja|Selain itu|Sementara itu|Selanjutnya|Sebab(?: itu)?|Karena itu"
    "|Oleh karena itu|Dengan (?:demikian|begitu)|(?:Namun|Meski(?:pun)?|Walau(?:pun)?)(?: demikian| begitu)?"
    "|Di sisi lain|Akan tetapi|Padahal|Bahkan|Justru|Misalnya|Artinya|Jadi|Pasalnya|Adapun|Sebelumnya|Sedangkan"
    r"|Sementara|Kemudian|Lalu|Tetapi|Tapi|Dan),?\s+"
)
"""What opens a sentence and says nothing."""
_RETOLD: Final = re.compile(
    rf"(?P<content>{_QUOTATION}{_BLANK}+(?:{REPORTING})(?:nya)?\b"
    rf"[^{QUOTES}{BREAKS}]{{0,120}}?),?{_BLANK}+(?:seperti{_BLANK}+)?(?P<cue>(?:{CITED}|{CITING})(?: dari)?){_BLANK}+"
    rf"(?P<source>(?!dari\b)(?:{_WORD}){{0,12}}?{_LAST_WORD})(?=[,.{BREAKS}]|{_BLANK}+(?:dari|pada|di)\b|\Z)"
)
"""`"...," kata A, dikutip B`."""
_COLON: Final = rf"(?P<source>[^\s,:][^,:{BREAKS}]{{0,80}}?)(?: soal [^:{BREAKS}]{{1,80}})?(?P<cue>:) "
_TITLE: Final = re.compile(rf"\A\s*(?=\S)(?:[^{BREAKS}:]*[^\s{BREAKS}:],{_BLANK})?{_COLON}(?P<content>\S)")
"""`A: harga naik` above an article."""
_LINK_TO: Final = r"\b(?:[Bb]aca|[Ss]imak|[Ll]ihat|[Tt]onton)(?: [Jj]uga)?(?: [Vv]ideo)? ?:? (?P<quote>['\"‘“])?"
_TO_ITS_END: Final = (
    rf"(?:(?P<content>(?(quote)[^\"'’”{BREAKS}]{{3,120}}(?=[\"'’”])"
    rf"|(?:[^.?!{BREAKS}]|[.?!]\w){{3,150}}?(?<!\s)(?=\s*(?:[{BREAKS}]|\Z)|, (?:Ini|Begini|Berikut)\b)))|)"
)
"""What is said in a headline or the text of a link, to a quotation mark or the end of its line."""
_LINK: Final = re.compile(rf"{_LINK_TO}{_COLON}{_TO_ITS_END}")
"""... and in it, where the article may go on in the same line."""
_HEADLINE: Final = re.compile(
    rf"(?:{_LINK_TO}|\A\s*(?:[^{BREAKS}:,]*[^\s{BREAKS}:,],{_BLANK})?)"
    rf"(?P<source>[^\s,:.][^,:.{BREAKS}]{{0,60}}) {_NOT_SAID}(?P<cue>(?i:{BARE})) {_TO_ITS_END}"
)
"""`A akui harga naik`."""
_SPEAKER: Final = re.compile(
    r"(?:Men(?:teri|ko\w*|sos|hub|keu|ag|dag|tan|kes|aker|dik\w*|lu|han|dagri|perin|pora|ristek|kom\w+|kumham|hut|LH)"
    r"|Wamen\w+|Presiden|Wapres|Kapol(?:ri|da|res)|Pol(?:isi|ri|da|res)|Panglima|Gubernur|Wagub|Bupati|Wabup"
    r"|Wal(?:i K|k)ota|Ketua|Kepala|Dirjen|Direktur|Dirut|Juru bicara|Jubir|Pengamat|Pakar|Ekonom|Analis|Peneliti"
    r"|Survei|Studi|Riset|Jaksa|Pengacara|Kuasa [Hh]ukum|Terdakwa|Tersangka|Korban|Saksi|Pelatih|Warga)(?: [\w-]+){0,4}"
)
"""Who says something in a headline and has no name."""
_SAID_OF: Final = re.compile(
    r"\b(?P<content>(?i:hal|kabar|isu|tudingan|tuduhan|pernyataan|spekulasi|dugaan|klaim|informasi|rumor|anggapan)"
    r" (?:ini|itu|tersebut|serupa|senada))(?: \w+)? "
    r"(?P<cue>di(?:sampaikan|ungkap(?:kan)?|kata(?:kan)?|jelaskan|tegaskan|tuturkan|utarakan|kemukakan|akui|paparkan"
    r"|beberkan|nyatakan|bantah|tepis|tampik|sangkal|mentahkan|amini|benarkan|pertanyakan|lontarkan|sesalkan"
    r")(?: oleh(?:nya)?\b|\b(?! (?:oleh|di|ke|dalam|pada|saat|ketika|usai|seusai|setelah|kepada"
    r"|melalui|lewat|untuk|dengan|agar|karena|sebagai)\b)))"
)
"""`Hal itu disampaikan A`."""
_SECOND_HAND: Final = tuple(f"{CITED}|{CITING}".split("|"))
_CLAIM: Final = re.compile(
    r"\b(?P<cue>(?i:tudingan|tuduhan|anggapan|klaim|rumor|isu|spekulasi|kekhawatiran|peringatan|dugaan|keyakinan|pernyataan"
    r"|pengakuan|kabar|pandangan|asumsi|prediksi))(?: (?!bahwa|me\w{3})\w+){0,3} bahwa\b"
)
"""Nouns that say something."""
_INTRODUCED: Final = re.compile(
    r"\b(?P<cue>(?!(?:mereka|media|menteri|memang|merdeka|merek|menit|berikut|bersama|berita|berjudul|bertajuk|bertema"
    rf"|bertulis\w*|bernama|berbeda)\b)(?:me|ber)\w{{3,}})[,:]{_BLANK}+"
    rf"(?P<content>[{QUOTES}](?=[A-Z])[^{QUOTES}{BREAKS}]*[.?!…][{QUOTES}])"
)
"""`A berseloroh, "..."`."""

Bounds = Sequence[tuple[int, int]]
"""Where the sentences of a text stand."""


@dataclass(frozen=True)
class _Told:
    """What words tell of one attribution; `begins` is where a content does, that goes on to the end of its sentence."""

    cue: Span
    source: Span | None = None
    content: Span | None = None
    begins: int | None = None


def with_marked_speech(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans, and those that words and marks alone tell:

    - quotations that a bare verb stands right behind, that verb, and who retells it (`"...," kata A, dikutip B`), and
      those that a verb stands before (`A menjawab, "..."`),
    - what verbs say that stands behind them to the end of the sentence,
    - what is cited where a sentence opens with `Menurut A, ` and the like, or around `, kata A, `,
    - who says what in `A: ...` of a headline, `hal itu disampaikan`, and that `tuduhan ... bahwa` says something.

    They take the place of cues and sources that they touch, and of contents that go beyond a quotation, but for what is
    quoted itself, or begin elsewhere in what is said; and sources end before these verbs or begin behind them.
    """
    given, bounds = _in_order(spans), sentences(text)
    names, read = _of(given, "entity"), _of(given, "cue")
    by_marks = sorted(_by_marks(text), key=lambda one: one.cue.start)
    verbs = [one.cue for one in by_marks]
    openings = _openings(text, bounds, names, verbs, _in_order({*read, *verbs}))
    by_names = [*openings, *_amid(text, bounds, names), *_headlines(text, names)]
    told = sorted([*by_marks, *by_names], key=lambda one: one.cue.start)
    retold = list(_retold(text, names))
    marked = _in_order({part for one in (*told, *retold) for part in (one.cue, one.source, one.content) if part})
    quotations = _in_order(one.content for one in told if one.content)
    retelling = {one.source for one in by_names if one.begins is None}
    kept = _kept(text, given, _of(marked, "cue"), _of(marked, "source"), quotations, retelling)
    return _with_clauses(text, _in_order({*kept, *marked}), _clauses(text, bounds, told, quotations))


def _in_order(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.sort_key)


def _of(spans: Iterable[Span], layer: Layer) -> list[Span]:
    return [span for span in spans if span.layer == layer]


def _kept(
    text: str,
    given: Sequence[Span],
    cues: Sequence[Span],
    sources: Sequence[Span],
    quotations: Sequence[Span],
    retelling: Container[Span | None],
) -> Iterator[Span]:
    """Those given that nothing marked takes the place of; sources end before marked cues or begin behind them."""
    for span in given:
        if span.layer == "source" and (marked := _touched(sources, span)):
            # `Mengutip A, B merinci`, where one source was read of two.
            rest = marked[-1].end + 2
            if marked[-1] not in retelling or rest >= span.end or text[rest - 2 : rest] != ", ":
                continue
            span = replace(span, start=rest)
        if span.layer == "content":
            if not any(_goes_beyond(text, span, one) for one in _touched(quotations, span)):
                yield span
        elif span.layer == "entity" or not (touched := _touched(cues, span)):
            yield span
        elif span.layer == "source":
            follows = SOURCE_FOLLOWS.fullmatch(touched[-1].text_in(text))
            start, end = (touched[-1].end, span.end) if follows else (span.start, touched[0].start)
            if words := text[start:end].strip(" ,"):
                start = text.index(words, start)
                yield replace(span, start=start, end=start + len(words))


def _with_clauses(text: str, spans: Sequence[Span], begun: Iterable[tuple[_Told, Span]]) -> list[Span]:
    """The spans, in text order, and what is told to begin somewhere in place of what was read to begin elsewhere."""
    verbs, contents = _of(spans, "cue"), _of(spans, "content")
    others: set[Span] = set()
    clauses = []
    for one, clause in begun:
        verb = next_from(verbs, clause.start + 1)
        # What begins with the cue of an opening is somebody else's, who says all of that.
        behind = one.cue.end if one.source else one.cue.start
        own = within(contents, behind, min(clause.end, verb.start) if verb else clause.end)
        early = bool(own and one.source) and own[0].start < clause.start
        if not own or early or (own[0].start > clause.start and not text.endswith("bahwa ", 0, own[0].start)):
            others.update(own)
            clauses.append(clause)
    return _in_order({*(span for span in spans if span not in others), *clauses})


def _span(layer: Layer, match: re.Match[str]) -> Span | None:
    """What a pattern's group of that name holds."""
    is_there = layer in match.re.groupindex and match[layer]
    return Span(layer, LABELS[layer][0], *match.span(layer)) if is_there else None


def _told(match: re.Match[str]) -> _Told:
    """What a pattern tells whose group `content` is all of one."""
    return _Told(Span("cue", "CUE", *match.span("cue")), _span("source", match), _span("content", match))


def _begun(match: re.Match[str]) -> _Told:
    """What a pattern tells whose group `content` is where one begins."""
    return replace(_told(match), content=None, begins=match.start("content") if match["content"] else None)


def _by_marks(text: str) -> Iterator[_Told]:
    """What is told whoever is named."""
    for pattern in (_SAID, _SAID_BEHIND, _SAID_OF, _INTRODUCED, _CLAIM):
        yield from map(_told, pattern.finditer(text))
    for pattern in (_SAYS_THAT, _REPORTED):
        yield from map(_begun, pattern.finditer(text))


def _openings(
    text: str, bounds: Bounds, names: Sequence[Span], verbs: Sequence[Span], cues: Sequence[Span]
) -> Iterator[_Told]:
    """Sentences that open with who is cited; behind `Menurut` that may be a role and a name, a comma between.

    Where a comma stands in a name, or one of `verbs` in the source or right behind it, the model reads; and so it does
    what is said where one of `cues` stands in what a medium tells.
    """
    for match in _OPENING.finditer(text):
        start, end, begins = *match.span("source"), match.start("content")
        if _runs_on(start, end, names) or _name_over(begins, names):
            continue
        if match["cue"] == "Menurut":
            named = any(name.label == "PER" for name in within(names, start, end))
            name = next_from(names, begins)
            if not named and name and name.label == "PER" and name.start == begins and text[name.end :][:2] == ", ":
                end, begins = name.end, name.end + 2
            elif named and (role := ROLE.match(text, begins)):
                end, begins = role.end() - 2, role.end()
        retells = match["cue"].lower().startswith(_SECOND_HAND) and within(cues, begins, around(bounds, begins)[1])
        if not within(verbs, start, (end if retells else begins) + 1):
            source = Span("source", "SOURCE", start, end)
            yield replace(_begun(match), source=source, begins=None if retells else begins)


def _amid(text: str, bounds: Bounds, names: Sequence[Span]) -> Iterator[_Told]:
    """Who is named between commas, amid what he says."""
    for match in _AMID.finditer(text):
        first, _ = around(bounds, match.start("cue"))
        start, end = match.span("before")
        first = behind_connective(text, first)
        if match["source"] and _runs_on(*match.span("source"), names):
            continue
        if first > end:
            yield _begun(match)
        elif start <= first:
            yield replace(_begun(match), content=Span("content", "CONTENT", first, end))


def behind_connective(text: str, first: int) -> int:
    """Where a sentence that begins there goes on behind what says nothing."""
    connective = _CONNECTIVE.match(text, first)
    return connective.end() if connective else first


def _runs_on(start: int, end: int, names: Sequence[Span]) -> bool:
    """Whether a person's name stands there and something else behind it: `Menurut Ani beras, gula dan garam mahal`."""
    name = next_from(names, start)
    return name is not None and name.label == "PER" and name.start == start and name.end < end


def _name_over(place: int, names: Sequence[Span]) -> Span | None:
    """The name that begins before a place and does not end before it."""
    number = bisect_left(names, place, key=lambda name: name.start)
    return names[number - 1] if number and names[number - 1].end >= place else None


def _retold(text: str, names: Sequence[Span]) -> Iterator[_Told]:
    """Who retells a quotation, all of the name, whatever commas are in it."""
    for match in _RETOLD.finditer(text):
        start, end = match.span("source")
        name = _name_over(end, names)
        yield replace(_told(match), source=Span("source", "SOURCE", start, name.end if name else end))


def _headlines(text: str, names: Sequence[Span]) -> Iterator[_Told]:
    """`A: ...`, where A is a person, an organisation or who has such a role."""
    speakers = {(name.start, name.end) for name in names if name.label in ("PER", "ORG")}
    ends = {end for _, end in speakers}
    for pattern, told in ((_TITLE, _begun), (_LINK, _told), (_HEADLINE, _told)):
        for match in pattern.finditer(text):
            spoken = match.end("source") in ends if pattern is _HEADLINE else match.span("source") in speakers
            if spoken or _SPEAKER.fullmatch(match["source"]):
                yield told(match)


def _clauses(
    text: str, bounds: Bounds, told: Sequence[_Told], quotations: Sequence[Span]
) -> Iterator[tuple[_Told, Span]]:
    """What is told to begin somewhere, and that, to the end of its sentence or quotation.

    `bounds` of the sentences; `quotations`: some in text order, which belong to another verb. What is longer than a cue
    reaches is left out.
    """
    ends = [match.start() for match in _CLAUSE_ENDS.finditer(text)] if told else []
    for one in told:
        if (start := one.begins) is None:
            continue
        first, end = around(bounds, start)
        end = min([end, *ends[(place := bisect_left(ends, start)) : place + 1]])
        if quotation := next_from(quotations, start):
            end = min(end, quotation.start)
        if end - start > LIMIT or start - first > 5 * LIMIT:
            continue
        if marks_in(text, first, start) % 2 and (stop := _QUOTATION_ENDS.search(text, start, end)):
            end = stop.start()
        opened = text.count("(", start, end)
        while text.count(")", start, end) > opened:
            end = text.rindex(")", start, end)
        while start < end and (text[end - 1] in ",.;:" or text[end - 1].isspace()):
            end -= 1
        if start < end:
            yield one, Span("content", "CONTENT", start, end)


def _touched(spans: Sequence[Span], span: Span) -> Sequence[Span]:
    """Those of some in text order, none overlapping another, that overlap one more."""
    first = bisect_right(spans, span.start, key=lambda own: own.end)
    return spans[first : bisect_left(spans, span.end, key=lambda own: own.start)]


def _goes_beyond(text: str, content: Span, quotation: Span) -> bool:
    """Whether a content goes beyond the quotation that it overlaps, and is not quoted itself."""
    if quotation.start <= content.start and content.end <= quotation.end:
        return False
    holds = content.start <= quotation.start and quotation.end < content.end
    return not (holds and _AT_SECOND_HAND.match(text, content.end))
