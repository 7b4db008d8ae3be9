"""CoNLL columns: every scheme means the same spans, what is written reads back, no line is passed over in silence."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from narasumber import formats
from narasumber.document import Document, Span
from narasumber.errors import InputError
from narasumber.formats import detect, losses
from narasumber.formats.conll import Scheme, chunks, detokenise, illegal, read, sniff, survey, to_conll
from narasumber.labels import ENTITY_LABELS, HEADS, LABELS
from narasumber.scope import WHOLE, LayerScope, Scope
from narasumber.tags import MASKED, bio, flat_view, unknown
from narasumber.words import words

SCHEMES = ("IOB1", "IOB2", "BIOES", "BILOU")

File = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> File:
    def write(content: str | bytes, name: str = "berita.conll") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def told(path: Path, **labels: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        list(read(path, labels))
    return [str(problem).replace(str(path.parent) + "/", "") for problem in caught.value.problems]


def said(document: Document) -> list[tuple[str, str]]:
    return [(span.label, span.text_in(document.text)) for span in document.spans]


# Schemes

Chunk = tuple[str, int]
"""A label, empty for words outside, and a number of words."""


def tags_in(scheme: str, pieces: list[Chunk]) -> list[str]:
    tags: list[str] = []
    last = ""
    for label, size in pieces:
        if not label:
            own = ["O"] * size
        elif scheme == "IOB1":
            own = [f"{'B' if last == label else 'I'}-{label}", *[f"I-{label}"] * (size - 1)]
        else:
            end, unit = {"IOB2": ("I", "B"), "BIOES": ("E", "S"), "BILOU": ("L", "U")}[scheme]
            letters = unit if size == 1 else "B" + "I" * (size - 2) + end
            own = [f"{letter}-{label}" for letter in letters]
        tags += own
        last = label
    return tags


def spans_in(pieces: list[Chunk]) -> list[tuple[str, int, int]]:
    spans, place = [], 0
    for label, size in pieces:
        if label:
            spans.append((label, place, place + size))
        place += size
    return spans


pieces = st.lists(st.tuples(st.sampled_from(["", "PER", "ORG", "GPE"]), st.integers(1, 4)), min_size=1, max_size=8)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(texts=st.lists(pieces, min_size=1, max_size=4))
@example(texts=[[("PER", 2), ("PER", 1), ("ORG", 3)]])
def test_a_file_says_the_same_in_every_scheme(
    tmp_path_factory: pytest.TempPathFactory, scheme: str, texts: list[list[Chunk]]
) -> None:
    path = tmp_path_factory.mktemp("scheme") / "a.txt"
    all_tags = [tags_in(scheme, text) for text in texts]
    rows = ["".join(f"w{place}\t{tag}\n" for place, tag in enumerate(tags)) for tags in all_tags]
    path.write_text("\n".join(rows), encoding="utf-8")
    (document,) = read(path, {})
    lines = document.text.split("\n")
    expected, start = [], 0
    for line, text in zip(lines, texts, strict=True):
        grid = words(line)
        expected += [(label, start + grid[a][0], start + grid[b - 1][1]) for label, a, b in spans_in(text)]
        start += len(line) + 1
    assert [(span.label, span.start, span.end) for span in document.spans] == expected
    assert "illegal_tags" not in document.meta
    assert all(chunks(tags) == spans_in(text) for tags, text in zip(all_tags, texts, strict=True))
    found = survey(path, {}).columns[0].scheme
    singles = {size for text in texts for label, size in text if label}
    if singles and scheme in ("BIOES", "BILOU"):
        assert found == scheme


@pytest.mark.parametrize(
    ("tags", "scheme", "odd"),
    [
        ("O B-PER I-PER O", "IOB2", 0),
        ("O I-PER I-PER B-PER I-ORG", "IOB1", 0),
        ("I-PER O", "IOB1", 0),
        ("O B-PER O I-PER I-ORG", "IOB2", 2),
        ("B-PER E-PER S-ORG", "BIOES", 0),
        ("B-PER I-PER O L-ORG", "BILOU", 2),
        ("U-PER L-PER", "BILOU", 1),
        ("O O", "IOB2", 0),
    ],
)
def test_the_scheme_of_a_file_and_what_it_does_not_allow(file: File, tags: str, scheme: Scheme, odd: int) -> None:
    path = file("".join(f"w {tag}\n" for tag in tags.split()))
    (document,) = read(path, {})
    assert survey(path, {}).columns[0].scheme == scheme
    assert document.meta.get("illegal_tags", 0) == odd == illegal(tags.split(), scheme)


def test_a_tag_that_continues_nothing_starts_a_span() -> None:
    assert chunks("I-PER I-ORG O E-GPE I-GPE L-GPE O I-PER B-PER".split()) == [
        ("PER", 0, 1),
        ("ORG", 1, 2),
        ("GPE", 3, 4),
        ("GPE", 4, 6),
        ("PER", 7, 8),
        ("PER", 8, 9),
    ]


# Columns and lines


@pytest.mark.parametrize(
    "content",
    [
        "Ani\tB-PER\nke\tO\nSolo\tB-GPE\n\nIa\tO\ntiba\tO\n",
        "Ani B-PER\nke O\nSolo B-GPE\n\nIa O\ntiba O\n\n",
        "\ufeffAni\tB-PER\r\nke\tO\r\nSolo\tB-GPE\r\n\r\nIa\tO\r\ntiba\tO",
        "\n\n\nAni PROPN B-PER\nke ADP O\nSolo PROPN B-GPE\n \n\t\n\nIa PRON O\ntiba VERB O\n\n\n\n",
        "Ani\tPROPN\tB-NP\tB-PER\nke\tADP\tB-PP\tO\nSolo\tPROPN\tB-NP\tB-GPE\n\nIa\tPRON\tB-NP\tO\ntiba\tVERB\tB-VP\tO\n",
        "# sent_id = 1\n1\tAni\tB-PER\n2\tke\tO\n3\tSolo\tB-GPE\n\n# a word\n1\tIa\tO\n2\ttiba\tO\n",
        "# global.columns = ID FORM NER\n1\tAni\tB-PER\n2\tke\tO\n3\tSolo\tB-GPE\n\n4\tIa\tO\n5\ttiba\tO\n",
        "# columns = ID FORM NER\n1-2\tAnike\t_\n1\tAni\tB-PER\n2\tke\tO\n3\tSolo\tB-GPE\n\n1\tIa\tO\n2\ttiba\tO\n",
        "1\tAni\tX\tB-PER\n1.1\tit\t_\t_\n2-3\tkeSolo\t_\t_\n2\tke\tX\tO\n3\tSolo\tX\tB-GPE\n\n1\tIa\tX\tO\n2\ttiba\tX\tO\n",
        "Ani \t B-PER \nke\tO\t\nSolo\tB-GPE\n\nIa\tO\ntiba\tO\n",
        "Ani B-PER\n# ke mana\nke O\nSolo B-GPE\n# akhir kalimat\n\nIa O\n# tanpa apa-apa di sini O\ntiba O\n",
    ],
)
def test_one_text_in_many_columns(file: File, content: str) -> None:
    (document,) = read(file(content, "solo.txt"), {})
    assert (document.id, document.text) == ("solo", "Ani ke Solo\nIa tiba")
    assert said(document) == [("PER", "Ani"), ("GPE", "Solo")]
    assert document.meta == {}
    assert document.scope == Scope((("entity", LayerScope((("PER",), ("GPE",)))),))


@pytest.mark.parametrize("rows", ["Ani\tB-PER\n\xa0\tO\nSolo\tB-GPE\n", "Ani B-PER\n\xa0 O\nSolo B-GPE\n"])
def test_a_no_break_space_may_be_a_word(file: File, rows: str) -> None:
    (document,) = read(file(rows), {})
    assert (document.text, said(document)) == ("Ani \xa0 Solo", [("PER", "Ani"), ("GPE", "Solo")])
    (document,) = read(file(f"# text = Ani\xa0Solo\n{rows}"), {})
    assert (document.text, said(document)) == ("Ani\xa0Solo", [("PER", "Ani"), ("GPE", "Solo")])


def test_words_that_are_written_together(file: File) -> None:
    rows = "# text = Ani keSolo\n1\tAni\tX\tB-PER\n2-3\tkeSolo\t_\t_\n2\tke\tX\tO\n3\tSolo\tX\tB-GPE\n"
    (document,) = read(file(rows), {})
    assert (document.text, said(document)) == ("Ani keSolo", [("PER", "Ani"), ("GPE", "Solo")])
    with pytest.raises(InputError, match="# text does not hold the words below it"):
        list(read(file(rows.replace("2\tke", "2\tkepada")), {}))


def test_a_score_is_a_word(file: File) -> None:
    (document,) = read(file("1-2 X B-CRD\nSolo X B-ORG\n\n1.1 X O\n"), {})
    assert said(document) == [("CRD", "1-2"), ("ORG", "Solo")]
    assert document.text == "1-2 Solo\n1.1"


def test_tokens_with_spaces_stay_one(file: File) -> None:
    for content in (
        "salah satu\tO\nRumah Sakit Umum\tB-ORG\n",
        "salah satu O\nRumah Sakit Umum B-ORG\ndi O\nSolo O\nya O\n",
    ):
        (document,) = read(file(content), {})
        assert said(document) == [("ORG", "Rumah Sakit Umum")]
        assert document.text.startswith("salah satu Rumah Sakit Umum")


def test_hash_signs_that_are_words_and_those_that_comment(file: File) -> None:
    (document,) = read(file("# dari harian\n# O\n1 O\n\n#Solo\tB-ORG\n".replace(" O", "\tO")), {})
    assert document.text == "#1\n#Solo"
    assert said(document) == [("ORG", "#Solo")]


def test_bounds_part_documents(file: File) -> None:
    docstart = "Awal\tO\n\n-DOCSTART-\t-X-\n\nAni\tB-PER\n\nIa\tO\n-DOCSTART- O\n\nSolo\tB-GPE\n"
    assert [(d.id, d.text) for d in read(file(docstart), {})] == [
        ("berita-00001", "Awal"),
        ("berita-00002", "Ani\nIa"),
        ("berita-00003", "Solo"),
    ]
    ids = "-DOCSTART-\tO\n# id = satu\nAni\tB-PER\n\n# newdoc id = dua\n# sent_id = 7\nIa\tO\n\n# newdoc\nSolo\tB-GPE\n"
    documents = list(read(file(ids), {}))
    assert [(d.id, d.text) for d in documents] == [("satu", "Ani"), ("dua", "Ia"), ("berita-00003", "Solo")]
    assert len({d.scope for d in documents}) == 1


def test_several_tag_columns_fill_several_layers(file: File) -> None:
    rows = ["Ani\tB-PER\tB-SOURCE\tO", "bilang\tO\tO\tB-CUE", "Solo\tB-GPE\tO\tO"]
    (document,) = read(file("\n".join(rows)), {})
    assert said(document) == [("PER", "Ani"), ("SOURCE", "Ani"), ("CUE", "bilang"), ("GPE", "Solo")]
    assert [layer for layer, _ in document.scope.layers] == ["entity", "source", "cue"]


def test_labels_are_mapped_and_left_out(file: File) -> None:
    content = "Ani B-PERSON\ndi O\nSolo B-PLACE\nPersis B-KLUB\n"
    labels = {"PERSON": "PER", "PLACE": "LOC", "KLUB": ""}
    (document,) = read(file(content), labels)
    assert said(document) == [("PER", "Ani"), ("LOC", "Solo")]
    assert document.meta["left_out"] == {"spans labelled KLUB": 1}
    assert document.scope == Scope((("entity", LayerScope((("PER",), ("LOC",)))),))


def test_a_file_of_nothing_but_o_speaks_of_nothing(file: File) -> None:
    (document,) = read(file("Ani O\ntiba O\n"), {})
    assert document.scope.layers == ()
    assert (bio(document, "entity", words(document.text))[0] == MASKED).all()


# Faults


@pytest.mark.parametrize(
    ("content", "problem", "cure"),
    [
        ("", "berita.conll: holds no columns", "a word and its tag"),
        ("# id = a\n\n-DOCSTART- O\n", "berita.conll: holds no columns", ""),
        ("Ani tiba\ndi sana\n", "berita.conll: has no column of tags", "B-LABEL"),
        ("Ani\tB-PER\ndi\n", "berita.conll:2: 'di' has not the 2 columns", "one tab"),
        ("Ani\tB-PER\ndi\tO\tO\nya\tO\n", "berita.conll:2: 'di\\tO\\tO' has not the 2 columns", ""),
        ("Ani B-PER\n#catatan\ndi O\n", "berita.conll:2: '#catatan' has not the 2 columns", "comments before"),
        ("Ani B-PER\ndi 0\nya O\n", "berita.conll:2: tag '0' is neither O nor of the form", "mapped"),
        ("Ani B-PER\ndi PER\nya O\n", "berita.conll:2: tag 'PER' is neither O nor", ""),
        ("Ani\tB-PER\n \tO\nya\tO\n", "berita.conll:2: has tags, but no word", "take the line out"),
        ("Ani B-MISC\ndi O\n", "berita.conll:1: unknown label 'MISC'", "--label MISC=LABEL"),
        ("Ani S-PER\ndi L-PER\n", "berita.conll:2: column 2 mixes BIOES (E-, S-) with BILOU", "one scheme"),
        (b"Ani B-PER\n\xff O\nya O\n", "berita.conll:2: byte 0 is not UTF-8", "UTF-8"),
        ("Ani B-PER\rdi O\r", "berita.conll:1: holds a carriage return", "line feeds"),
        ("# columns = word entity\nAni\tX\tB-PER\n", "berita.conll:1: names 2 columns, the lines have 3", ""),
        ("# columns = word entity\nAni\tB-CUE\n", "berita.conll:2: column 2, entity, holds CUE", "PER, ORG"),
        ("1-2\tAnike\tB-PER\n1\tAni\tB-PER\n2\tke\tO\n", "berita.conll:1: tags '1-2', which counts", "tag the words"),
        ("# text = Ani ya\nAni B-PER\nsaja O\n", "berita.conll:1: # text does not hold the words", "take it out"),
        ("# text = Ani\n\n# text = ya\nya O\nya O\n", "berita.conll:1: # text has no words below", ""),
        ("# scope = {\nAni B-PER\n", "berita.conll:1: is not JSON", ""),
        ('# scope = {"nama": 1}\nAni B-PER\n', "berita.conll:1: the scope does not fit", ""),
        ('# scope = {"cue": {"groups": [["CUE"]]}}\nAni B-PER\n', "berita.conll:1: the scope does not fit", ""),
        ('# unknown = [["entity", 3]]\nAni B-PER\n', "berita.conll:1: # unknown is no list", ""),
        ("# id = a\n\n# id = b\nAni B-PER\n", "berita.conll:1: the article is empty", ""),
    ],
)
def test_faults_are_told_with_their_place_and_a_cure(file: File, content: str | bytes, problem: str, cure: str) -> None:
    first, *_ = told(file(content))
    assert first.startswith(problem)
    assert cure in first


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    assert told(tmp_path)[0].endswith("name one file of columns")
    assert "cannot be read" in told(tmp_path / "none")[0]


def test_good_documents_come_before_the_problems_of_the_others(file: File) -> None:
    parts = [
        "# id = a\nAni B-PER\n",
        "# id = b\nAni PER\n\nya O\n",
        "# id = c\nya O\n",
        "# id = d\nya\n",
        "# id = e\nya O\n",
    ]
    documents = read(file("\n".join(parts)), {})
    assert [next(documents).id for _ in range(3)] == ["a", "c", "e"]
    with pytest.raises(InputError) as caught:
        next(documents)
    assert [problem.where.rpartition(":")[2] for problem in caught.value.problems] == ["5", "13"]


def test_many_documents_take_the_memory_of_one(file: File) -> None:
    one = "".join(f"kata{place}\tO\n" for place in range(50))
    path = file("".join(f"# id = {number}\n{one}\n" for number in range(1000)))
    tracemalloc.start()
    count = sum(1 for _ in read(path, {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1000
    assert peak < path.stat().st_size / 4


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Ani B-PER\nke O\nSolo B-GPE\n", "IOB2 tags in column 2"),
        ("-DOCSTART- -X- O O\n\nAni N I-NP I-PER\nke P I-PP O\n", "IOB1 tags in column 4"),
        ("Ani\tU-PER\nke\tO", "BILOU tags in column 2"),
        ("# id = a\n# columns = word entity\n# text = Ani\nAni\tB-PER\n", "IOB2 tags in column 2"),
        ("Ani tiba di Solo\ndan pergi\n", ""),
        ("text\tlabel\nAni tiba\tberita\n", ""),
        ('{"text": "Ani"}\n', ""),
        ("", ""),
    ],
)
def test_columns_are_known_by_their_look(file: File, content: str, why: str) -> None:
    path = file(content)
    assert sniff(path, content).endswith(why) and bool(sniff(path, content)) == bool(why)
    if why:
        assert detect(path)[0].name == "conll"


# There and back

AFFIXES = ("", " ", "\t", "\r", "\u2028", " \r")


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Spans of whole words within lines: flat entities, sources and cues, contents in contents."""
    line = st.text(st.sampled_from('ab K,"#”-\t\r\u0301😀9'), min_size=0, max_size=12)
    parts = draw(st.lists(line, min_size=1, max_size=5))
    text = "\n".join(part + draw(st.sampled_from(AFFIXES)) for part in [*parts, "akhir"])
    spans: list[Span] = []
    for layer, labels in LABELS.items():
        top, start = [], 0
        for part in text.split("\n"):
            grid = [(a + start, b + start) for a, b in words(part.split("\u2028")[0].split("\r")[0])]
            start += len(part) + 1
            place = 0
            while place < len(grid):
                size = draw(st.integers(0, 3))
                if size:
                    end = grid[min(place + size, len(grid)) - 1][1]
                    top.append(Span(layer, draw(st.sampled_from(labels)), grid[place][0], end))
                    if layer == "content" and end > grid[place][1]:
                        top.append(Span("content", "CONTENT", grid[place][0], grid[place][1]))
                place += max(size, 1)
        spans += top
    return Document(draw(st.sampled_from(["a", "003_e50", "a b"])), text, tuple(spans))


@given(st.lists(documents(), min_size=1, max_size=3))
def test_what_is_written_reads_the_same(tmp_path_factory: pytest.TempPathFactory, given: list[Document]) -> None:
    path = tmp_path_factory.mktemp("conll") / "a.conll"
    path.write_bytes("".join(map(to_conll, given)).encode())
    found = list(read(path, {}))
    assert [(d.id, d.text, d.spans, d.scope) for d in found] == [(d.id, d.text, d.spans, WHOLE) for d in given]
    assert not any(d.meta for d in found)
    assert "".join(map(to_conll, found)) == "".join(map(to_conll, given))


@given(documents())
def test_a_file_changed_to_crlf_reads_the_same(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    path = tmp_path_factory.mktemp("conll") / "a.conll"
    path.write_bytes(b"\xef\xbb\xbf" + to_conll(document).replace("\n", "\r\n").encode())
    assert list(read(path, {})) == [document]


def test_the_seeds_come_back_but_for_what_columns_cannot_say(file: File, seeds: list[Document]) -> None:
    found = list(read(file("".join(map(to_conll, seeds))), {}))
    for back, seed in zip(found, seeds, strict=True):
        assert (back.id, back.text, back.scope) == (seed.id, seed.text, WHOLE)
        held = {(s.layer, s.label, s.start, s.end) for head in HEADS for s in flat_view(seed, head)[0]}
        assert {(s.layer, s.label, s.start, s.end) for s in back.spans} == held
    assert losses(seeds, "conll").keys() >= {"attributes (Form, Kind)"}


def test_scope_and_unknown_stretches_come_back(file: File) -> None:
    scope = Scope(
        (("entity", LayerScope((("PER",), ("LOC", "GPE", "FAC")))), ("content", LayerScope((("CONTENT",),), False)))
    )
    spans = (Span("entity", "PER", 0, 3), Span("entity", "LOC", 7, 11))
    given = Document("a", "Ani ke Solo naik Argo Dwipangga", spans, (), {"unknown": [["entity", 17, 31]]}, scope)
    assert list(read(file(to_conll(given)), {})) == [given]


def test_what_columns_cannot_say_is_unknown_to_who_reads_them(file: File) -> None:
    given = Document("a", "Ani ke Solo", (Span("entity", "PER", 0, 2), Span("entity", "GPE", 7, 11)))
    (found,) = read(file(to_conll(given)), {})
    assert said(found) == [("GPE", "Solo")]
    assert list(unknown(found.meta, "entity")) == [(0, 3)]
    assert bio(found, "entity", words(found.text))[0].tolist() == [MASKED, 0, 1 + 2 * ENTITY_LABELS.index("GPE")]


def test_written_columns_look_as_they_always_did() -> None:
    text = 'Judul\n\n"Ya," kata Ani.'
    document = Document("a", text, (Span("content", "CONTENT", 7, 12), Span("source", "SOURCE", 18, 21)))
    lines = to_conll(document).split("\n")
    assert lines[:2] == ["# id = a", f"# columns = word {' '.join(HEADS)}"]
    assert [line for line in lines[2:] if not line.startswith("# ")] == [
        "Judul\tO\tO\tO\tO\tO",
        "",
        '"\tO\tO\tO\tB-CONTENT\tO',
        "Ya\tO\tO\tO\tI-CONTENT\tO",
        ",\tO\tO\tO\tI-CONTENT\tO",
        '"\tO\tO\tO\tI-CONTENT\tO',
        "kata\tO\tO\tO\tO\tO",
        "Ani\tO\tB-SOURCE\tO\tO\tO",
        ".\tO\tO\tO\tO\tO",
        "",
        "",
    ]


# Text from tokens

token = st.one_of(
    st.sampled_from(
        [*"\"“”'‘’`.,:;?!()[]/-%$&@#…—", "''", "``", "...", ',"', "Rp", "s", "US", "5", "13", "salah satu"]
    ),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=4),
)


@given(st.lists(token, max_size=20))
def test_offsets_cover_their_tokens_and_no_two_tokens_become_one_word(tokens: list[str]) -> None:
    text, offsets = detokenise(tokens)
    assert [text[start:end] for start, end in offsets] == tokens
    assert all(one[1] <= other[0] <= one[1] + 1 for one, other in zip(offsets, offsets[1:], strict=False))
    alone = [(start + a, start + b) for (start, _), word in zip(offsets, tokens, strict=True) for a, b in words(word)]
    assert words(text) == alone


@pytest.mark.parametrize(
    "text",
    [
        '" Kami siap , " kata Ani ( 37 ) .> "Kami siap," kata Ani (37).',
        "” Kami siap , ” ujar Ani dalam acara ” Temu ” .> ”Kami siap,” ujar Ani dalam acara ”Temu”.",
        "“ Ya , ” kata ‘ dia ’ .> “Ya,” kata ‘dia’.",
        "karena perlu , ” jelasnya .> karena perlu,” jelasnya.",
        'Ia bilang , " Kami siap .> Ia bilang, "Kami siap.',
        'dan seterusnya . "> dan seterusnya."',
        "Rp 482,5 triliun , US $ 180 , 000 , dan 43 , 70 %> Rp 482,5 triliun, US$180,000, dan 43,70%",
        "tahun 2005 , 2006 , pukul 10 . 55 , skor 2 : 1> tahun 2005, 2006, pukul 10.55, skor 2:1",
        "Rabu ( 21 / 10 / 2020 ) , Covid - 19 , sumber - sumber> Rabu (21/10/2020), Covid-19, sumber-sumber",
        "JAKARTA , KOMPAS — Presiden tiba ; rakyat senang !> JAKARTA, KOMPAS — Presiden tiba; rakyat senang!",
        "Syafi ' i tiba> Syafi'i tiba",
        "Musica Studio ' s tertarik pada ' kedai '> Musica Studio's tertarik pada 'kedai'",
        "akun @ Ani , nomor # 1> akun @Ani, nomor #1",
        ">",
    ],
)
def test_running_text(text: str) -> None:
    tokens, _, expected = text.partition(">")
    assert detokenise(tokens.split())[0] == expected.strip()


def test_a_line_with_more_tags_than_the_others_has_is_one_word(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(", O\n007 I-MON\nRp B-MON\nKami I-MON siap O\nkata B-PER\n", encoding="utf-8")
    (document,) = formats.read(tmp_path / "a.conll", "conll")
    assert "Kami I-MON siap" in document.text
