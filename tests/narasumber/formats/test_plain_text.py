"""Plain articles: their text as it stands, ids from their names, and nothing that is another format."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats import FORMATS, detect, read
from narasumber.scope import Scope

SEEDS = Path(__file__).resolve().parents[3] / "seeds"
ARTICLE = "Judul berita\r\n\r\nAni pergi ke Solo 😀.\n"


def put(folder: Path, name: str, content: str | bytes = ARTICLE) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_file_is_an_article_that_nobody_has_marked(tmp_path: Path) -> None:
    path = put(tmp_path, "a.b.txt", codecs.BOM_UTF8 + ARTICLE.encode())
    assert list(read(path)) == [Document("a.b", ARTICLE, scope=Scope(()))]


def test_a_folder_is_read_with_the_folders_in_it(tmp_path: Path) -> None:
    for name in ("b.txt", "x/y/a.txt", "a.txt", ".cache/c.txt", "notes.md"):
        put(tmp_path, name)
    assert [document.id for document in read(tmp_path)] == ["a", "b", "x/y/a"]
    assert detect(tmp_path)[0].name == "text"


def test_what_is_wrong_is_told_behind_the_good(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", b"Satu\nd\xffa")
    put(tmp_path, "b.txt", " \n")
    put(tmp_path, "c.txt")
    found: list[str] = []
    with pytest.raises(InputError) as caught:
        found.extend(document.id for document in read(tmp_path))
    assert found == ["c"]
    assert [str(problem).replace(f"{tmp_path}/", "").partition("\n")[0] for problem in caught.value.problems] == [
        "a.txt:2: byte 6 (0xff) is not UTF-8",
        "b.txt: the article is empty",
    ]
    with pytest.raises(InputError, match=r"no \.txt file in it"):
        list(read(put(tmp_path, "empty/x.md").parent, "text"))


CONLL = "Ani\tB-PER\npergi\tO\nke\tO\nSolo\tB-GPE\n"
NOT_PROSE = [
    CONLL,
    CONLL.replace("\t", " "),
    "# columns = word entity\nAni\tB-PER\n",
    "-DOCSTART- O\n\nAni B-PER\n",
    "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Span|label\n\n\n#Text=Ani\n1-1\t0-3\tAni\tPER\n",
]


@pytest.mark.parametrize("content", NOT_PROSE)
def test_other_formats_in_txt_files_are_not_taken(tmp_path: Path, content: str) -> None:
    path = put(tmp_path, "a.txt", content)
    assert FORMATS["text"].load().sniff(path, content) == ""
    assert FORMATS["text"].load().sniff(tmp_path, "") == ""


def test_brat_folders_are_not_taken(tmp_path: Path) -> None:
    text = FORMATS["text"].load()
    (seed, *_) = sorted(SEEDS.glob("*.txt"))
    assert text.sniff(seed, "Judul") == text.sniff(SEEDS, "") == ""
    put(tmp_path, "a.txt")
    put(tmp_path, "x/b.txt")
    put(tmp_path, "x/b.ann", "")
    assert text.sniff(tmp_path, "") == ""
    assert detect(tmp_path)[0].name == "brat"


def test_prose_that_looks_a_little_like_tags_is_taken(tmp_path: Path) -> None:
    for content in (
        "Golongan darah O\n",
        "Golongan darah O\nGolongan darah O",
        "Vitamin O\nVitamin B-12\n",
        "Golongan O\nGolongan O\nGolongan O\n",
        "Vitamin B-kompleks dan O\nsaja.\n",
        "Judul\n\nIsi.",
    ):
        assert detect(put(tmp_path, "a.txt", content))[0].name == "text"
    assert FORMATS["text"].load().sniff(put(tmp_path, "a.md"), "Judul") == ""
    assert detect(put(tmp_path, "b.txt"))[0].name == "text"
