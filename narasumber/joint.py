"""Layers read together.

Each layer is read by itself, and some are harder to see than others. A source is the hardest: no form marks it, while
cues are a small set of words. Of 817 annotated cues that call for a source (`linking.needs_source`) 815 have one, 811
in their sentence; so such a cue gets the likeliest of its sentence. And each of the 3,270 annotated sources, cues and
contents belongs to one of 1,177 attributions, each of which has a content, all in the sentence of its cue. Of 2,399
annotated names that their article has more than once 2,396 have the same label there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np

from narasumber.consistency import ADVERB, FUNCTION_WORDS, QUOTES, WEEKDAYS, around, is_addressee
from narasumber.decode import Scores, likely_spans
from narasumber.document import Span
from narasumber.labels import head_labels
from narasumber.linking import CITED, LIMIT, QUOTING, SOURCE_FOLLOWS, link, needs_source
from narasumber.marked import IN_ORDER, MAY_SAY, SAYS, VERB_BEHIND, behind_connective
from narasumber.scope import LayerScope
from narasumber.sentences import sentences
from narasumber.tags import Offsets
from narasumber.words import BREAKS

_NO_CUE: Final = re.compile(
    "(?:seperti |sebagaimana )?diketahui|tercatat|tahu|menyadari|berencana|ingin|berkeinginan|membujuk|membahas"
    "|memantau|berharap|diharapkan|(?:me|di)?minta|(?:mengi|dii|i)mbau|(?:meng|di)?ajak|(?:ber)?janji|(?:men|di)?desak"
    "|menargetkan|(?:di)?targetkan|(?:meng|di)?usulkan|(?:meng|di)instruksikan",
    re.IGNORECASE,
)
"""Wishes, plans and actions, and what is known to all: by the guidelines no cues, and none of 1,177 annotated ones."""
_STEMS: Final = """
    kata ujar ucap ungkap tutur terang jelas imbuh tambah tegas papar beber sebut tulis lapor lanjut sambung
    tutup pungkas cetus tandas jawab tanya bilang omong bicara cerita curhat kicau cuit lontar seru teriak bisik
    tukas kilah dalih sampai nyata umum kabar berita informasi rilis muat bunyi pesan rinci ulas urai utara muka
    gambar contoh kutip lansir sitir urut dasar dari bagi versi konon rumor isu spekulasi tuang nilai anggap
    duga sangka curiga kira prediksi proyeksi estimasi ekspektasi expect ramal hitung yakin percaya optimis
    pesimis pikir rasa lihat pandang pendapat pasti tahu paham amat kenang kaji simpul temu tunjuk catat sinyal
    indikasi khawatir takut harap ingat singgung sorot tekan ungkit maksud klaim aku benar kukuh setuju sepakat
    bantah sangkal pungkir tampik tepis sanggah bela tuduh tuding kritik kecam protes keluh adu sesal tegur
    ancam nasihat apresiasi puji dalil putus pantau merujuk mengacu mentah amin asumsi
""".split()
_NASAL: Final = {"k": "ng", "p": "m", "s": "ny", "t": "n"}
"""What `me-` makes of a stem's first letter: `mengutip`, `memuji`, `menyebut`, `menulis`."""
_NASALS: Final = [_NASAL[stem[0]] + stem[1:] for stem in _STEMS if stem[0] in _NASAL]
_SAYING: Final = re.compile("|".join([":", SAYS, MAY_SAY, QUOTING, *_STEMS, *_NASALS]), re.IGNORECASE)
"""Words of saying and thinking: all but two of 1,177 annotated cues are."""
_BEHIND_QUOTATION: Final = re.compile(rf"(?<=[{QUOTES}] ){VERB_BEHIND}")
_BEFORE_QUOTATION: Final = re.compile(rf"[,:] [{QUOTES}](?=[A-Z])")
_SORTED: Final = re.compile(rf"menurut {IN_ORDER}", re.IGNORECASE)
_ACTIVE: Final = re.compile(rf"me\w+|{SAYS}|{MAY_SAY}", re.IGNORECASE)

_SUBJECT: Final = re.compile(
    r"(?:(?<!\S)(?P<pronoun>(?i:ia|dia|mereka|beliau|saya|kami|kita))|(?P<clause>, yang(?: [^\s,.]+){1,12}),)?"
    rf"(?: (?:{ADVERB}))* $"
)
"""What stands right before an active verb whose subject is a pronoun, or a name behind which this stands."""

_SAYS: Final = re.compile(f"{SAYS}|{MAY_SAY}")
_NOT_IN_PHRASE: Final = (
    "yang|untuk|pada|dalam|dengan|karena|saat|ketika|bahwa|adalah|atau|oleh|ke|kepada|seperti|sejak|setelah|usai|hingga"
    f"|sampai|itu|ini|hari|kemarin|kini|balik|{ADVERB}|{WEEKDAYS}"
)
_NOUN: Final = (
    rf"(?!(?:{_NOT_IN_PHRASE}|{SAYS})\b)"
    r"(?!(?:[Mm]e(?!n(?:teri|ko|hub|kes|keu))|[Bb]er(?!ita)|[Tt]er(?!dakwa|sangka|lapor)|[Dd]i(?!r(?:ektur|jen)|nas\b))"
    r"[a-z]{3})(?![A-Z]\w*nya\b)[^\s,.:;\"“”…–—-][^\s,.:;\"“”…]*"
)
_PHRASE: Final = re.compile(
    rf"(?:[A-Z][^{BREAKS}\"“”]{{0,40}} [-–—] )?(?P<source>(?=[A-Z])(?!(?i:{_NOT_IN_PHRASE})\b)"
    rf"{_NOUN}(?: {_NOUN}){{0,11}})"
    r"(?:, (?P<name>[A-Z][^,\d\"“”]{0,60}?(?: \(\d+\))?)(?=,))?,?"
    rf"(?: (?:{ADVERB}|balik))* $"
)
"""A noun phrase, as far as forms tell, that a sentence opens with, and the name behind it, before an active verb."""

_AGENT: Final = re.compile(
    r" (?P<source>[^\W\d_][^\s,.]*(?: [^\s,.]+){0,11}?)"
    r"(?=[,.\n]|\Z| \(| (?:sambil|seraya|sembari|saat|ketika|kepada|dalam|pada|di|usai|seusai|dengan|melalui|lewat"
    rf"|kemarin|seperti|{CITED}|{WEEKDAYS})\b)"
)
"""Who stands behind the bare verb of a quotation, named or not."""

WRONG_SIDE: Final = 0.03
"""794 of 815 annotated sources stand on the side that `linking.SOURCE_FOLLOWS` tells, odds of 38 to 1."""
UNLIKELY: Final = 0.007
"""A source that is no more probable is none (docs/experiments.md)."""


def with_one_label(text: str, names: Sequence[Span], words: Offsets, scores: Scores, scope: LayerScope) -> list[Span]:
    """The entities, those that are written alike with the one of their labels that all their scores together are for.

    `words` of the text, and the entity layer's `scores` [words, tags]; each entity begins and ends with one, and has
    one of the labels of `scope`.
    """
    place_of = {start: place for place, (start, _) in enumerate(words)}
    behind = {end: place + 1 for place, (_, end) in enumerate(words)}
    fine = head_labels("entity")
    places = {group[0]: [fine.index(label) for label in group] for group in scope.groups}
    alike: dict[str, list[Span]] = {}
    for name in names:
        alike.setdefault(name.text_in(text), []).append(name)
    found: list[Span] = []
    for own in alike.values():
        labels = sorted({name.label for name in own})
        if len(labels) > 1:
            parts = [scores[place_of[name.start] : behind[name.end]] for name in own]
            sums = np.array([part[0, 1::2] + part[1:, 2::2].sum(axis=0) for part in parts])
            label = max(labels, key=lambda label: float(np.logaddexp.reduce(sums[:, places[label]], axis=1).sum()))
            found += [replace(name, label=label) for name in own]
        else:
            found += own
    return sorted(found, key=lambda span: span.sort_key)


def missing_sources(
    text: str, spans: Sequence[Span], words: Offsets, scores: Scores, transitions: Scores
) -> list[Span]:
    """Sources of those cues among `spans` that call for one and are linked to none: the likeliest of the sentence, else
    the subject of an active verb by its form, or who stands behind the bare verb of a quotation.

    `words` of the text, and the source layer's `scores` [words, tags] and `transitions`, as for `decode.likely_spans`.
    """
    needy = [
        attribution.cue
        for attribution in link(text, spans)
        if not attribution.sources and needs_source(attribution.cue.text_in(text))
    ]
    if not needy:
        return []
    starts, ends = np.array(words, dtype=np.int64).T
    free = np.ones(len(words), dtype=np.bool_)
    for span in spans:
        if span.layer in ("source", "cue"):
            free[np.searchsorted(ends, span.start, side="right") : np.searchsorted(starts, span.end)] = False
    bounds = sentences(text)
    names = {span.end: span for span in spans if span.layer == "entity"}
    found: list[Span] = []
    for place, cues in groupby(needy, lambda cue: bisect_right(bounds, cue.start, key=lambda bound: bound[0]) - 1):
        begin, end = np.searchsorted(starts, bounds[place]).tolist()
        likely = [
            (begin + one.first, begin + one.last, one.probability)
            for one in likely_spans(scores[begin:end], transitions, [[0]], UNLIKELY)
        ]
        may = [item for item in likely if _may_be_source(text, words[item[0]], words[item[1]])]
        for cue in cues:
            quoted = bool(_BEHIND_QUOTATION.match(text, cue.start))
            follows = quoted or bool(SOURCE_FOLLOWS.fullmatch(cue.text_in(text)))
            ranked = [
                (probability if (starts[first] > cue.start) == follows else probability * WRONG_SIDE, first, last)
                for first, last, probability in may
                # What stands further away is not linked to it.
                if cue.start - LIMIT <= starts[first] and starts[last] < cue.end + LIMIT
                if free[first : last + 1].all()
            ]
            best, first, last = max(ranked, default=(0.0, 0, 0))
            if best > UNLIKELY:
                free[first : last + 1] = False
                found.append(Span("source", "SOURCE", words[first][0], words[last][1]))
            elif not follows and (subject := _subject(text, bounds[place][0], cue, names)):
                found.append(subject)
            elif quoted and (agent := _AGENT.match(text, cue.end)):
                found.append(Span("source", "SOURCE", *agent.span("source")))
    return found


def _subject(text: str, first: int, cue: Span, names: Mapping[int, Span]) -> Span | None:
    """The pronoun, or the name of a person or organisation, that stands before a verb in its sentence; or, where that
    says something, the noun phrase that the sentence opens with.

    `names` by their end; the sentence begins at `first`.
    """
    match = _SUBJECT.search(text, max(first, cue.start - LIMIT), cue.start)
    if match and match["pronoun"]:
        return Span("source", "SOURCE", *match.span("pronoun"))
    name = names.get(match.start()) if match else None
    if match and name and name.start >= first and name.label in ("PER", "ORG"):
        return Span("source", "SOURCE", name.start, match.end("clause") if match["clause"] else name.end)
    phrase = _PHRASE.match(text, behind_connective(text, first), cue.start)
    if phrase is None or not _SAYS.fullmatch(text, cue.start, cue.end):
        return None
    return Span("source", "SOURCE", phrase.start("source"), phrase.end("name" if phrase["name"] else "source"))


def attributed(text: str, spans: Sequence[Span]) -> list[Span]:
    """The entities, and of the other layers what belongs to a whole attribution.

    That is one with a content, of a cue that is a word of saying or thinking and no wish, and with a source where its
    cue calls for one, unless the cue is an active verb behind its subject, which may stand sentences before. Of several
    contents those of other sentences are left out, but for quotations, which may go on.
    """
    bounds = sentences(text)
    whole: set[Span] = set()
    for one in link(text, spans):
        cue = one.cue.text_in(text)
        marked = _BEHIND_QUOTATION.match(text, one.cue.start) or _BEFORE_QUOTATION.match(text, one.cue.end)
        says = (marked or _is_cue(cue)) and not _SORTED.match(text, one.cue.start)
        if one.contents and says and (one.sources or _needs_none_beside_it(cue)):
            first, last = around(bounds, one.cue.start)
            near = [own for own in one.contents if (own.start < last and first < own.end) or _is_quoted(text, own)]
            whole.update((one.cue, *one.sources, *(near or one.contents)))
    return [span for span in spans if span.layer == "entity" or span in whole]


def _is_cue(word: str) -> bool:
    return bool(_SAYING.search(word)) and not _NO_CUE.fullmatch(word)


def _is_quoted(text: str, span: Span) -> bool:
    return text[span.start] in QUOTES or text[span.end - 1] in QUOTES


def _needs_none_beside_it(cue: str) -> bool:
    is_behind_its_subject = _ACTIVE.fullmatch(cue) and not SOURCE_FOLLOWS.fullmatch(cue)
    return bool(is_behind_its_subject) or not needs_source(cue)


def _may_be_source(text: str, first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether the words at these places may open and close a source: none that no source ends with."""
    start, end = last
    opens = text[first[0]].isalnum() and not is_addressee(text, first[0])
    return (
        opens and (text[end - 1].isalnum() or text[end - 1] in ")%") and text[start:end].lower() not in FUNCTION_WORDS
    )
