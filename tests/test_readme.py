"""The commands and code of the README, in its order, in a checkout with toy encoders in the place of real ones."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from narasumber.document import Document, Span
from narasumber.formats import write
from train.config import Config

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOY = ["data.held_out={documents: [003_e50b77e81069cd99]}", "train.epochs=1"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path, tiny_run: Path, seeds: list[Document]) -> Path:
    """What the README speaks of, beside what its commands make."""
    for name in ("configs", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    mine = yaml.safe_load((ROOT / "configs" / "quickstart.yaml").read_text(encoding="utf-8"))
    mine |= yaml.safe_load(blocks("yaml")[0])
    (tmp_path / "configs" / "mine.yaml").write_text(yaml.safe_dump(mine), encoding="utf-8")
    for name in ("quickstart", "news", "nergrit"):
        shutil.copytree(tiny_run, tmp_path / "runs" / name)
    for name in ("my-articles", "ANNOTATOR_A", "ANNOTATOR_B"):
        shutil.copytree(ROOT / "seeds", tmp_path / name)
    (tmp_path / "article.txt").write_text(seeds[0].text, encoding="utf-8")
    (tmp_path / "TEXTS").mkdir()
    for number in range(400):  # of which the config draws one in a hundred
        (tmp_path / "TEXTS" / f"{number}.txt").write_text(f"Artikel {number}.\n{seeds[0].text}", encoding="utf-8")
    write(seeds, tmp_path / "export.jsonl", "doccano")
    unseen = Document("new", "Watson bertemu Kim di Jakarta.", (Span("entity", "PER", 0, 6),))
    write([unseen], tmp_path / "ARTICLES", "brat")
    corpus = tmp_path / "corpora" / "indonlu-nergrit" / "test_preprocess.txt"
    corpus.parent.mkdir(parents=True)
    corpus.write_text("Watson\tB-PERSON\npulang\tO\n\n", encoding="utf-8")
    paragraphs = "".join(f"<p>{line}</p>" for line in seeds[0].text.splitlines())
    page = f"<html><body><article>{paragraphs}</article></body></html>"
    for name, content in (("pages/a.html", page), ("folder/b.txt", unseen.text)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "feed.jsonl").write_text(json.dumps({"id": "c", "text": "Kim pulang."}) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.filterwarnings("ignore:.* is of an unknown release")
def test_the_commands_do_what_they_say(
    checkout: Path, tiny_encoder: Path, here: Callable[..., CompletedProcess[str]]
) -> None:
    commands = [
        shlex.split(line, comments=True)[1:]
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith(".venv/bin/narasumber ")
    ]
    assert len(commands) > 20
    for words in commands:
        name, *rest = words
        rest = [
            word for given in rest for word in (sorted(map(str, checkout.glob(given))) if "*" in given else [given])
        ]
        if name in ("train", "sweep", "adapt"):
            keys = ["train.tokens=20000", "model.frozen_layers=0"] if name == "adapt" else TOY
            rest = [re.sub("^model.encoder=(?!runs/).*", f"model.encoder={tiny_encoder}", word) for word in rest]
            if not any(word.startswith("model.encoder=") for word in rest):
                keys = [*keys, f"model.encoder={tiny_encoder}"]
            rest += [word for key in keys for word in ("--set", key)]
        done = here(name, *rest, folder=checkout)
        # Of lint 1 says that it found something.
        assert done.returncode == 0 or (name, done.returncode) == ("lint", 1), (words, done.stderr)
        for option, place in zip(rest, rest[1:], strict=False):
            assert option != "--to" or (checkout / place).exists(), words


def test_the_keys_are_those_of_a_config() -> None:
    whole = yaml.safe_load((ROOT / "configs" / "quickstart.yaml").read_text(encoding="utf-8"))
    found = blocks("yaml")
    assert found
    for block in found:
        for key, value in yaml.safe_load(block).items():
            whole[key] = {**whole[key], **value} if isinstance(value, dict) else value
        if "stages" in whole["train"]:
            whole["train"].pop("epochs", None)  # the example stands for a whole section
        Config.model_validate(whole)


def test_the_code_says_who_said_what(
    tiny_run: Path, tmp_path: Path, seeds: list[Document], here: Callable[..., CompletedProcess[str]]
) -> None:
    assert here("export", str(tiny_run), "--to", "my-model", folder=tmp_path).returncode == 0
    (code,) = blocks("python")
    (tmp_path / "article.txt").write_text(seeds[0].text, encoding="utf-8")
    names: dict[str, object] = {}
    with redirect_stdout(io.StringIO()) as said:
        exec(code, names)  # noqa: S102  (our own README)
    document = names["document"]
    assert isinstance(document, Document)
    assert len(said.getvalue().splitlines()) == len(document.layer("entity")) + len(document.attributions)


def test_every_file_that_it_points_to_is_there() -> None:
    places = [place for place in re.findall(r"\]\(([^)]+)\)", README) if ":" not in place]
    headings = {
        f"#{'-'.join(re.findall('[a-z]+', line.lower()))}" for line in re.findall("^#+ (.*)", README, re.MULTILINE)
    }
    assert places
    assert [place for place in places if place not in headings and not (ROOT / place).exists()] == []
