"""Which articles a run trains on, chooses by and is scored on."""

from __future__ import annotations

from pathlib import Path

import pytest

from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.formats.brat import write as write_brat
from train.config import Config
from train.parts import parts_of

SENTENCE = "Menteri itu mengatakan harga beras di pasar {} naik sejak awal pekan lalu karena panen terlambat datang."


def config(tmp_path: Path, folders: dict[str, list[Document]], **data: object) -> Config:
    for name, documents in folders.items():
        write_brat(documents, tmp_path / name)
    sources = data.pop("sources")
    assert isinstance(sources, list)
    return Config.model_validate(
        {
            "name": "x",
            "data": {"sources": [{**source, "path": tmp_path / source["path"]} for source in sources], **data},
        }
    )


def articles(*names: str) -> list[Document]:
    return [Document(name, f"{SENTENCE.format(name)} {name * 3} pulang ke {name * 5}.") for name in names]


def test_a_rule_takes_from_the_sources_that_are_open_to_it(tmp_path: Path) -> None:
    folders = {"own": articles("ani", "budi"), "more": articles("citra", "dewi")}
    sources = [{"path": "own"}, {"path": "more", "held_out": False}]
    parts = parts_of(config(tmp_path, folders, sources=sources, held_out={"leave_one_out": True}))
    assert [[document.id for document in part.held_out] for part in parts] == [["ani"], ["budi"]]
    assert [[[document.id for document in own] for own in part.train] for part in parts] == [
        [["budi"], ["citra", "dewi"]],
        [["ani"], ["citra", "dewi"]],
    ]


def test_another_sources_copy_of_an_unseen_article_is_dropped_and_told(tmp_path: Path) -> None:
    (copied,) = articles("ani")
    folders = {"own": articles("ani", "budi"), "more": [Document("copy", copied.text), *articles("dewi")]}
    sources = [{"path": "own"}, {"path": "more", "held_out": False}]
    (part,) = parts_of(config(tmp_path, folders, sources=sources, held_out={"documents": ["ani"]}))
    assert part.dropped == [("copy", "ani")]
    assert [document.id for document in part.articles] == ["budi", "dewi"]


def test_near_duplicates_of_an_article_that_is_held_out_by_its_own_file_are_dropped(tmp_path: Path) -> None:
    """Also where the article stands in the source, too."""
    (ani, budi) = articles("ani", "budi")
    folders = {"own": [ani, Document("ani2", ani.text), budi], "same": [ani]}
    (part,) = parts_of(config(tmp_path, folders, sources=[{"path": "own"}], held_out=[{"path": tmp_path / "same"}]))
    assert part.dropped == [("ani", "ani"), ("ani2", "ani")]
    assert [document.id for document in part.articles] == ["budi"]


def test_all_of_a_source_may_be_held_out_where_others_train(tmp_path: Path) -> None:
    folders = {"own": articles("ani"), "more": articles("citra")}
    sources = [{"path": "own"}, {"path": "more", "held_out": False}]
    (part,) = parts_of(config(tmp_path, folders, sources=sources, held_out={"leave_one_out": True}))
    assert [document.id for document in part.articles] == ["citra"]
    with pytest.raises(InputError, match="no article of own is left"):
        parts_of(config(tmp_path, {}, sources=[{"path": "own"}], held_out={"leave_one_out": True}))


def test_sources_may_be_held_out_and_for_development_whole(tmp_path: Path) -> None:
    folders = {"own": articles("ani"), "test": articles("budi"), "dev": articles("citra")}
    (part,) = parts_of(
        config(
            tmp_path,
            folders,
            sources=[{"path": "own"}],
            held_out=[{"path": tmp_path / "test"}],
            development=[{"path": tmp_path / "dev"}],
        )
    )
    assert [document.id for document in part.held_out] == ["budi"]
    assert [document.id for document in part.development] == ["citra"]
    assert [document.id for document in part.articles] == ["ani"]


def test_what_a_rule_leaves_on_neither_side_is_not_trained_on(tmp_path: Path) -> None:
    """An article that does not say its outlet cannot be told to be of another."""
    texts = ("KOMPAS.com - Ani pulang ke Solo.", "DETIK.com - Budi tiba di Medan.", "Citra tinggal di Bali.")
    folders = {"own": [Document(name, text) for name, text in zip("abc", texts, strict=True)]}
    (part,) = parts_of(config(tmp_path, folders, sources=[{"path": "own"}], held_out={"outlets": ["kompas.com"]}))
    assert [document.id for document in part.held_out] == ["a"]
    assert [document.id for document in part.articles] == ["b"]
    assert part.dropped == [("c", "")]


def test_nothing_left_to_train_on_is_an_error(tmp_path: Path) -> None:
    (copied,) = articles("ani")
    folders = {"own": articles("ani"), "test": [Document("copy", copied.text)]}
    with pytest.raises(InputError, match="no article of own is left"):
        parts_of(config(tmp_path, folders, sources=[{"path": "own"}], held_out=[{"path": tmp_path / "test"}]))


def test_of_development_articles_that_are_not_there_it_is_said_which_key_names_them(tmp_path: Path) -> None:
    folders, sources = {"own": articles("ani", "budi", "citra")}, [{"path": "own"}]
    rules = {"held_out": {"documents": ["ani"]}, "development": {"documents": ["ani"]}}
    with pytest.raises(InputError, match=r"^data\.development\.documents: no document is called ani"):
        parts_of(config(tmp_path, folders, sources=sources, **rules))


def test_a_stage_with_no_article_left_is_refused(tmp_path: Path) -> None:
    folders = {"own": articles("ani"), "more": articles("budi", "citra")}
    own = config(
        tmp_path,
        folders,
        sources=[{"path": "own"}, {"path": "more"}],
        held_out={"documents": ["budi", "citra"]},
    )
    assert [document.id for document in parts_of(own)[0].articles] == ["ani"]
    stages = {"stages": [{"epochs": 1, "sources": ["own"]}, {"epochs": 1, "sources": ["more"]}]}
    staged = Config.model_validate({**own.model_dump(), "train": stages})
    with pytest.raises(InputError, match=r"^x: train\.stages\.1: no article of more is left"):
        parts_of(staged)


def test_one_id_may_not_be_of_two_articles(tmp_path: Path) -> None:
    (other,) = articles("budi")
    folders = {"own": articles("ani", "citra"), "more": [Document("ani", other.text)], "same": articles("ani")}

    def parts(*sources: str, **data: object) -> list[str]:
        named = [{"path": name, "held_out": name == "own"} for name in sources]
        (part,) = parts_of(config(tmp_path, folders, sources=named, **data))
        return [f"{left} {right}" for left, right in part.dropped]

    with pytest.raises(InputError, match=r"^data\.sources: documents with one id: ani"):
        parts("own", "more", held_out={"documents": ["citra"]})
    with pytest.raises(InputError, match=r"^data\.held_out: another article, or .* is called ani too"):
        parts("own", held_out=[{"path": tmp_path / "more"}])
    with pytest.raises(InputError, match=r"^data\.held_out: documents with one id: ani"):
        parts("own", held_out=[{"path": tmp_path / "more"}, {"path": tmp_path / "same"}])
    with pytest.raises(InputError, match=r"^data\.development: another article"):
        parts("own", held_out=[{"path": tmp_path / "same"}], development=[{"path": tmp_path / "more"}])
    assert parts("own", held_out=[{"path": tmp_path / "same"}]) == ["ani ani"]


def test_what_a_file_holds_out_does_not_choose_the_model(tmp_path: Path) -> None:
    """Nor do near-duplicates of it, which are not trained on either."""
    own = articles("ani", "budi", "citra")
    copied = Document("copy", own[0].text)
    folders = {"own": [*own, copied], "test": own[:1]}
    sources, test = [{"path": "own"}], [{"path": tmp_path / "test"}]
    chosen = set()
    for seed in range(6):
        rule = {"fraction": 0.5, "seed": seed}
        (part,) = parts_of(config(tmp_path, folders, sources=sources, held_out=test, development=rule))
        assert part.dropped == [("ani", "ani"), ("copy", "ani")]
        assert len(part.articles) == len(part.development) == 1
        chosen |= {document.id for document in part.development}
    assert chosen == {"budi", "citra"}
    with pytest.raises(InputError, match=r"^data\.development: ani is in data\.held_out too"):
        parts_of(config(tmp_path, folders, sources=sources, held_out=test, development=test))


def test_a_copy_of_a_held_out_article_does_not_choose_the_model_either(tmp_path: Path) -> None:
    ani, budi, citra, dewi = articles("ani", "budi", "citra", "dewi")
    folders = {"own": [ani, budi, citra], "chosen": [Document("copy", ani.text), dewi]}
    sources, chosen = [{"path": "own"}], [{"path": tmp_path / "chosen"}]
    parts = parts_of(config(tmp_path, folders, sources=sources, held_out={"leave_one_out": True}, development=chosen))
    assert [[document.id for document in part.development] for part in parts] == [
        ["dewi"],
        ["copy", "dewi"],
        ["copy", "dewi"],
    ]
    assert parts[0].dropped == [("copy", "ani")]
    write_brat([Document("copy", ani.text)], tmp_path / "copies")
    alone = [{"path": tmp_path / "copies"}]
    asked = config(tmp_path, {}, sources=sources, held_out={"documents": ["ani"]}, development=alone)
    with pytest.raises(InputError, match=r"data\.development: repeats what is held out: copy ani"):
        parts_of(asked)
