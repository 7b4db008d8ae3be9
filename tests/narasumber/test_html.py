from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest

from narasumber.document import Attribution, Document, Span
from narasumber.html import article, legend, page


class Reader(HTMLParser):
    """What a browser would see: tags with attributes, and the text of the `.text` element."""

    VOID = ("meta", "input", "br", "link")

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(markup)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.VOID:
            return
        is_text = dict(attrs).get("class") == "text"
        if is_text:
            self.texts.append("")
        self._open.append((tag, is_text or bool(self._open and self._open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self.texts[-1] += data

    def pieces(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


def covered(markup: str, name: str) -> str:
    """The text of the pieces with a class, in order."""
    found = re.findall(
        rf'<(?:a|span)[^>]* class="[^"]*\b{name}(?: [^"]*)?"[^>]*>([^<]*)<', markup.split('class="side"')[0]
    )
    return html.unescape("".join(found))


NESTED = '"Kami yakin perang usai," kata Ani (Bank BI), kemarin.'


def at(text: str, part: str, layer: str, label: str, **more: object) -> Span:
    start = text.index(part)
    return Span(layer, label, start, start + len(part), **more)  # type: ignore[arg-type]


@pytest.fixture
def nested() -> Document:
    """Content in content, a cue in a content, an entity in a source, two attributions."""
    outer = at(NESTED, '"Kami yakin perang usai,"', "content", "CONTENT", attributes=(("Form", "Direct"),))
    inner = at(NESTED, "perang usai", "content", "CONTENT")
    believes, says = at(NESTED, "yakin", "cue", "CUE"), at(NESTED, "kata", "cue", "CUE")
    we, ani = at(NESTED, "Kami", "source", "SOURCE"), at(NESTED, "Ani (Bank BI)", "source", "SOURCE")
    bank = at(NESTED, "Bank BI", "entity", "ORG")
    return Document(
        "d",
        NESTED,
        (outer, inner, believes, says, we, ani, bank),
        (Attribution(believes, (we,), (inner,)), Attribution(says, (ani,), (outer,))),
    )


def test_every_character_of_the_seeds_survives(seeds: list[Document]) -> None:
    assert Reader(page(seeds, "Seeds")).texts == [document.text for document in seeds]


@pytest.mark.parametrize("text", ["", "\n\n  \n", "a", " a\r\nb\r c\u2028d\n\n\te\xa0 ", "&amp; <p>x</p> \"'"])
def test_every_character_survives_without_annotation(text: str) -> None:
    assert Reader(article(Document("d", text))).texts == [text]


def test_markup_in_text_id_title_and_heading_is_text() -> None:
    evil = "<script>alert(1)</script>"
    document = Document(f'"{evil}', f"{evil} kata 'Ani\"", (Span("entity", "PER", 0, len(evil)),), (), {"title": evil})
    for markup in (
        page([document], evil),
        page([Document(evil, evil)], "x"),
        article(document, heading=evil),
        page([Document(evil, evil, (), (), {"outlet": evil})], "x"),
    ):
        assert evil not in markup and "&lt;script&gt;" in markup
        assert sum(tag == "script" for tag, _ in Reader(markup).tags) <= 1


def test_spans_nest_and_overlap(nested: Document) -> None:
    markup = article(nested)
    assert Reader(markup).texts == [NESTED]
    assert covered(markup, "content") == '"Kami yakin perang usai,"'
    assert covered(markup, "inner") == "perang usai"
    assert covered(markup, "cue") == "yakinkata"
    assert covered(markup, "source") == "KamiAni (Bank BI)"
    assert covered(markup, "entity") == "Bank BI"
    # The chip stands once, at the last word.
    assert [piece["data-after"] for piece in Reader(markup).pieces("entity") if "data-after" in piece] == ["ORG"]


def test_attributions_are_listed_and_linked_both_ways(nested: Document) -> None:
    reader = Reader(article(nested, key="k"))
    ids = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
    targets = {str(attributes["href"])[1:] for _, attributes in reader.tags if "href" in attributes}
    assert ids == targets == {"k-c1", "k-l1", "k-c2", "k-l2"}
    inner = reader.pieces("inner")
    assert {(piece["data-a"], piece["data-on"]) for piece in inner} == {("1 2", "1")}


def test_discontinuous_span_leaves_its_gap_unmarked() -> None:
    text = 'Perang, kata Ani, "usai".\nBank (BI) Sentral.'
    content = Span("content", "CONTENT", 0, 24, (), ((0, 6), (18, 24)))
    start = text.index("Bank")
    entity = Span("entity", "ORG", start, len(text) - 1, (), ((start, start + 4), (start + 10, len(text) - 1)))
    cue = at(text, "kata", "cue", "CUE")
    markup = article(Document("d", text, (content, entity, cue), (Attribution(cue, (), (content,)),)))
    assert Reader(markup).texts == [text]
    assert covered(markup, "content") == 'Perang"usai"'
    assert covered(markup, "entity") == "BankSentral"
    assert markup.count('data-after="…"') == markup.count('data-before="…"') == 2


def test_span_over_lines_and_crossing_spans() -> None:
    text = "satu dua\n\ntiga empat"
    spans = (Span("content", "CONTENT", 5, 14), Span("content", "CONTENT", 10, 20), Span("entity", "PER", 0, 8))
    markup = article(Document("d", text, spans))
    assert Reader(markup).texts == [text]
    assert covered(markup, "content") == "duatiga empat"


def test_marks_show_on_spans_and_in_the_list(nested: Document) -> None:
    bank, first = nested.layer("entity")[0], nested.attributions[0]
    markup = article(nested, marks={bank: "wrong", first: "near"})
    assert 'data-after="✗ ORG"' in markup and '<span class="verdict near">≈</span>' in markup
    assert covered(markup, "entity-wrong") == "Bank BI"


def test_page_without_articles_and_ids_are_unique(nested: Document) -> None:
    assert "No articles" in page([], "Nothing")
    reader = Reader(page([nested, nested], "Twice"))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)


def test_page_loads_nothing(seeds: list[Document]) -> None:
    markup = page(seeds, "Seeds")
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:|//)|@import""", markup)
    assert "default-src &#x27;none&#x27;" in markup


def test_legend_names_every_layer() -> None:
    assert {f"show-{layer}" for layer in ("entity", "source", "cue", "content")} <= set(
        re.findall(r'id="([^"]+)"', legend())
    )
