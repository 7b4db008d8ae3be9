"""Configs: every file of configs/ is one, and what is wrong with another is said by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from narasumber.errors import InputError
from train.config import dump, load_adapt_config, load_config

ROOT = Path(__file__).resolve().parent.parent.parent
QUICKSTART = ROOT / "configs" / "quickstart.yaml"


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_is_valid_and_named_like_its_file(path: Path) -> None:
    load = load_adapt_config if path.stem == "adapt" else load_config
    assert load(path).name == path.stem


def test_a_dumped_config_reads_back_the_same(tmp_path: Path) -> None:
    config = load_config(QUICKSTART, ["train.patience=3", "data.development={fraction: 0.25}"])
    (tmp_path / "config.yaml").write_text(dump(config), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == config


def test_overrides_reach_nested_keys_as_yaml() -> None:
    config = load_config(QUICKSTART, ["train.learning_rate=3e-5", "seed=7", "model.revision=null", "window.pieces=128"])
    assert config.train.learning_rate == 3e-5
    assert (config.seed, config.model.revision, config.window.pieces) == (7, None, 128)
    assert config.window.overlap == load_config(QUICKSTART).window.overlap


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("name: x\ndata: {sources: [{path: seeds}]}\ntrain: {epoch: 3}", "train.epoch", "is no key there"),
        (
            "name: x\ndata: {sources: [{path: seeds}]}\nmodel: {word_shape: maybe}",
            "model.word_shape",
            "'auto'",
        ),
        ("name: x\ndata: {sources: []}", "data.sources", "must not be empty"),
        ("name: x\nlayers: [entity, entity]\ndata: {sources: [{path: seeds}]}", "layers", "twice"),
        ("name: x\nlayers: [content_inner]\ndata: {sources: [{path: seeds}]}", "layers", "name content too"),
        ("name: x/y\ndata: {sources: [{path: seeds}]}", "name", "names a folder"),
        ("name: ..\ndata: {sources: [{path: seeds}]}", "name", "names a folder"),
        ("name: [x", ":1", "not YAML"),
        ("name: x\ntrain: {epochs: 3, learning_rate: 1e-4, epochs: 4}", ":2", "epochs stands there twice"),
        ("name: x\ndata: {held_out: {after: 2025-02-30}}", "", "not YAML: day"),
        ("", "", "holds no keys"),
        ("- a", "", "holds no keys"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_config(path)
    (problem, *_) = caught.value.problems
    assert str(path) in problem.where
    assert place in problem.where
    assert said in problem.what


@pytest.mark.parametrize("value", ["2025-02-30", "!!bool x", "!!timestamp x", "[" * 2000])
def test_a_value_that_is_none_is_told(value: str) -> None:
    with pytest.raises(InputError, match="its value is not YAML"):
        load_config(QUICKSTART, [f"data.held_out.after={value}"])


def test_all_wrong_keys_are_listed_in_one_go() -> None:
    with pytest.raises(InputError) as caught:
        load_config(QUICKSTART, ["train.epochs=0", "seed=-1", "nonsense=1"])
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("override", "cure"),
    [
        ("train.epoch=3", "the keys there are learning_rate, "),
        ("nonsense=1", "the keys there are name, seed, data, "),
        ("data.sources=[{path: seeds, formt: brat}]", "the keys there are path, format, "),
        ("data.held_out={document: [a]}", "the keys there are documents, "),
        ("train.stages=[{epoch: 3, epochs: 3}]", "the keys there are epochs, sources, learning_rate"),
        ("data.sources=[{format: brat}]", "add it"),
    ],
)
def test_of_keys_that_are_unknown_or_missing_it_is_said_which_there_are(override: str, cure: str) -> None:
    with pytest.raises(InputError) as caught:
        load_config(QUICKSTART, [override])
    assert caught.value.problems[0].cure.startswith(cure)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "data.held_out=seeds",
            "data.held_out: must have keys below it (got 'seeds')\n    the keys there are documents, ",
        ),
        (
            "data.held_out=[seeds]",
            "data.held_out.0: must have keys below it (got 'seeds')\n    the keys there are path, ",
        ),
        ("data.held_out={folds: 1}", "data.held_out.folds: Input should be greater than or equal to 2 (got 1)"),
        ("data.held_out={documents: [003]}", "data.held_out.documents.0: must be text (got 3)\n    put it in quotes: "),
        ("data.held_out={after: heute}", "data.held_out.after: must be a day (got 'heute')\n    such as 2025-01-31"),
        ("data.held_out={outlets: x.id}", "data.held_out.outlets: must be a list (got 'x.id')\n    write [x.id]"),
        (
            "data.sources={path: seeds}",
            "data.sources: must be a list\n    begin each item with -; the keys of one are path, ",
        ),
        (
            "data.sources=[{path: seeds, 'a[b]': 1}]",
            "data.sources.0.a[b]: is no key there\n    the keys there are path",
        ),
        ("data.sources=[{path: seeds, annotates: [[LOC, 3]]}]", "data.sources.0.annotates.0.1: must be text (got 3)"),
        ("data.sources=[{path: seeds, labels: [a]}]", "data.sources.0.labels: must have keys below it (got ['a'])"),
        ("model=builtin", "model: must have keys below it (got 'builtin')\n    the keys there are encoder, "),
        ("layers=[ent]", "layers.0: Input should be 'entity', "),
    ],
)
def test_a_value_of_another_kind_is_told_once_in_the_words_of_yaml(override: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_config(QUICKSTART, [override])
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{QUICKSTART}: {said}")


@pytest.mark.parametrize("override", ["train.epochs", "=3", "seed.x=1", "train.epochs=[1"])
def test_a_broken_override_is_refused(override: str) -> None:
    with pytest.raises(InputError):
        load_config(QUICKSTART, [override])


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ("{stages: [{epochs: 1}], epochs: 2}", "stages say how many epochs there are"),
        ("{stages: [{epochs: 1}, {epochs: 1}], patience: 2}", "patience would end training before its last stage"),
        ("{stages: [{epochs: 1, average: true}, {epochs: 1}]}", "behind averaged ones would be lost"),
        ("{learning_rate: .inf}", "finite number"),
    ],
)
def test_what_would_be_passed_over_in_silence_is_refused(train: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_config(QUICKSTART, [f"train={train}"])
