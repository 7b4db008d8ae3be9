"""The command line: quick help, every command on real articles, and bad input told without a traceback."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from narasumber import __version__
from narasumber.document import Document
from narasumber.formats import read
from narasumber.scope import UNMARKED
from tests.samples import read_brat

ROOT = Path(__file__).resolve().parent.parent
ARTICLE = str(ROOT / "seeds" / "003_e50b77e81069cd99.txt")
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def model(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory, command: Command) -> str:
    folder = str(tmp_path_factory.mktemp("cli") / "model")
    done = command("export", str(tiny_run), "--to", folder)
    assert done.returncode == 0, done.stderr
    assert folder in done.stdout
    return folder


def test_help_imports_nothing_heavy(command: Command) -> None:
    done = command("--help")
    assert done.returncode == 0
    for name in ("convert", "lint", "train", "evaluate", "export", "predict"):
        assert name in done.stdout
        assert command(name, "--help").returncode == 0
    code = """
import sys
from narasumber.cli import main
sys.argv = ["narasumber", "--help"]
try:
    main()
except SystemExit:
    print([name for name in ("torch", "transformers", "datasets", "numpy", "onnxruntime") if name in sys.modules])
"""
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.splitlines()[-1] == "[]"


def test_it_tells_its_version(here: Command) -> None:
    done = here("--version")
    assert (done.returncode, done.stdout) == (0, f"narasumber {__version__}\n")


def test_it_is_a_module_too() -> None:
    done = subprocess.run([sys.executable, "-m", "narasumber", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"narasumber {__version__}\n"


def test_convert_and_lint_the_seeds(here: Command, tmp_path: Path) -> None:
    done = here("convert", "seeds", "--to", str(tmp_path / "data"), "--held-out", "003_e50b77e81069cd99")
    assert done.returncode == 0, done.stderr
    assert "train 4, test 1 articles" in done.stdout
    assert (tmp_path / "data" / "data" / "test.parquet").exists()
    found = here("lint", "seeds")
    assert found.returncode == 0
    assert "repeated-sentence" in found.stdout
    assert "few-examples" in found.stdout


def test_lint_exits_with_1_where_the_guidelines_are_broken(here: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Kim pergi", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tCUE 4 9\tpergi\n", encoding="utf-8")
    done = here("lint", str(tmp_path))
    assert done.returncode == 1
    assert "no-attribution" in done.stdout


def test_evaluate_prints_the_headline_and_compares(here: Command, tiny_run: Path) -> None:
    assert here("evaluate", str(tiny_run)).returncode == 0
    done = here("evaluate", str(tiny_run), "--against", str(tiny_run))
    assert done.returncode == 0, done.stderr
    assert re.search(r"^entity +0\.\d{3} +0\.\d{3} +0\.\d{3}", done.stdout, re.MULTILINE)
    assert re.search(r"entity +\+0\.000", done.stdout)
    assert "report.html" in done.stdout


def test_predictions_in_every_format(here: Command, model: str, tmp_path: Path) -> None:
    done = here("predict", model, ARTICLE)
    assert done.returncode == 0, done.stderr
    document = Document.from_json(json.loads(done.stdout))
    assert document.text == Path(ARTICLE).read_bytes().decode()
    assert document.spans
    assert here("predict", model, ARTICLE, "--format", "brat", "--to", str(tmp_path / "brat")).returncode == 0
    assert read_brat(tmp_path / "brat" / "003_e50b77e81069cd99.txt").spans == document.spans
    again = here("predict", model, ARTICLE, "--format", "brat", "--to", str(tmp_path / "brat"))
    assert again.returncode == 2 and "may have been corrected by hand" in again.stderr
    (task,) = json.loads(here("predict", model, ARTICLE, "--format", "labelstudio").stdout)
    assert task["predictions"][0]["model_version"] == document.meta["model"] == "quickstart"
    columns = here("predict", model, ARTICLE, "--format", "conll").stdout.splitlines()
    assert columns[1] == "# columns = word entity source cue content content_inner"
    assert {line.count("\t") for line in columns[2:] if line and not line.startswith("# ")} == {5}
    done = here("predict", model, ARTICLE, "--format", "html", "--to", str(tmp_path / "out.html"))
    assert done.returncode == 0, done.stderr
    plain = re.sub("<[^>]+>", "", (tmp_path / "out.html").read_text(encoding="utf-8"))
    assert "Presiden Korea Utara Kim Jong Un" in plain
    piped = here("predict", model, "-", stdin="Watson mengatakan Kim pergi.")
    assert json.loads(piped.stdout)["text"] == "Watson mengatakan Kim pergi."


def test_articles_of_any_format_are_read_without_their_annotation(here: Command, model: str, tmp_path: Path) -> None:
    seed = next(iter(read(ROOT / "seeds" / "003_e50b77e81069cd99.txt", "brat")))
    rows = [
        replace(seed, id="gold", meta={"url": "x.id/1", "annotator": "Ani", "unknown": [["entity", 0, 400]]}).to_json(),
        {"id": "bare", "text": seed.text, "meta": {"url": "x.id/2"}},
    ]
    (tmp_path / "feed.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "bare.jsonl").write_text(json.dumps(rows[1]) + "\n", encoding="utf-8")
    paragraphs = "".join(f"<p>{line}</p>" for line in seed.text.split("\n"))
    page = f"<html><head><title>x</title></head><body><article>{paragraphs}</article></body></html>"
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    (tmp_path / "article").write_text(seed.text, encoding="utf-8")
    files = [str(tmp_path / name) for name in ("feed.jsonl", "page.html", "article")]
    done = here("predict", model, *files, str(ROOT / "seeds"))
    assert done.returncode == 0, done.stderr
    read_back = {own.id: own for own in (Document.from_json(json.loads(line)) for line in done.stdout.splitlines())}
    assert len(read_back) == 9
    plain = read_back[seed.id]
    for name in ("gold", "bare", "article"):
        assert (read_back[name].text, read_back[name].spans) == (plain.text, plain.spans)
    made = {"model": "quickstart", "annotator": "model:quickstart"}  # so that nobody takes it for gold
    assert read_back["gold"].meta == {"url": "x.id/1", **made}
    assert read_back["bare"].meta == {"url": "x.id/2", **made}
    assert "<p>" not in read_back["page"].text and read_back["page"].spans
    (bare,) = read(tmp_path / "bare.jsonl")
    assert (bare.spans, bare.scope) == ((), UNMARKED)


def test_articles_of_one_name_are_told_apart(here: Command, model: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text(f"Kim {name}", encoding="utf-8")
    done = here("predict", model, "a/1.txt", "b/1.txt", "--format", "brat", "--to", "out", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").glob("*/*.txt")} == {
        "a/1.txt",
        "b/1.txt",
    }
    done = here("predict", model, "a", "b", folder=tmp_path)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a/1", "b/1"]
    done = here("predict", model, "a/1.txt", "a", folder=tmp_path)
    assert done.returncode == 2 and "a: holds an article that is there twice: 1" in done.stderr


def bad(name: str, content: bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    return write


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (lambda folder: str(folder / "none.txt"), "cannot be read"),
        (bad("a.txt", b""), "the article is empty"),
        (bad("a.txt", b" \n"), "the article is empty"),
        (bad("a.txt", b"ya\n\xff"), "a.txt:2: byte 3 (0xff) is not UTF-8"),
        (bad("a.txt", "Kim".encode("utf-16")), "a.txt: is UTF-16\n    save the file as UTF-8"),
        (bad("a.txt", "Kim".encode("utf-16-le")), "a.txt: holds NUL characters"),
        (bad("a.jsonl", b'{"title": "x"}\n'), "a.jsonl: is of no known format"),
        (bad("a.feed", b'{"title": "x"}\n'), "a.feed: is JSON or markup, no text"),
        (bad("a.xml", b'<?xml version="1.0"?><rss><p>x</p></rss>'), "a.xml: is JSON or markup, no text"),
        (bad("a.jsonl", b'{"id": "a", "text": "Kim", "meta": 3}\n'), "a.jsonl:1: is no document: meta must be"),
    ],
)
def test_articles_that_cannot_be_read(
    here: Command, model: str, tmp_path: Path, file: Callable[[Path], str], told: str
) -> None:
    done = here("predict", model, ARTICLE, file(tmp_path), "--to", str(tmp_path / "out.json"))
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "configs/none.yaml"], "cannot be read"),
        (["train", "configs/quickstart.yaml", "--set", "train.epoch=3"], "train.epoch"),
        (["train", "configs/quickstart.yaml", "--set", "data.sources=[{path: none}]"], "no such file or folder"),
        (["train", "configs/quickstart.yaml", "--set", "model.encoder=./none"], "no such folder"),
        (["train", "configs/quickstart.yaml", "--set", "data.held_out.documents=[x]"], "no document is called x"),
        (["train", "configs/quickstart.yaml", "--resume", "must", "--set", "name=none"], "no run to resume"),
        (["convert", "none", "--to", "out"], "no such file or folder"),
        (["convert", "{seeds}", "--to", "{seeds}"], "is no earlier data set"),
        (["convert", "{seeds}", "--format", "brat", "--to", "seeds"], "is the source"),
        (
            ["convert", "{seeds}/003_e50b77e81069cd99.ann", "--from", "brat", "--format", "brat", "--to", "seeds"],
            "holds",
        ),
        (
            ["lint", "seeds", "--format", "json", "--to", "seeds/003_e50b77e81069cd99.ann"],
            "there already, in the source",
        ),
        (
            ["predict", "none", "seeds/003_e50b77e81069cd99.txt", "--format", "brat", "--to", "{seeds}"],
            "holds the source",
        ),
        (["lint", "none"], "no such file or folder"),
        (["lint", 300 * "a"], "File name too long"),
        (["evaluate", "none"], "no run directory"),
        (["export", "none", "--to", "out"], "no run directory"),
        (["predict", "none", "{seeds}/003_e50b77e81069cd99.txt"], "narasumber.json"),
        (["predict", "none", "x.txt", "--format", "brat"], "name a folder"),
        (["predict", "{run}", "{seeds}/003_e50b77e81069cd99.txt"], "is a run, no model\n    narasumber export "),
        (
            ["train", "configs/quickstart.yaml", "--set", "model.encoder={run}"],
            "is a run, no model\n    name a model of it: ",
        ),
    ],
)
def test_bad_input_is_told_and_leaves_nothing(
    here: Command, tmp_path: Path, tiny_run: Path, words: list[str], told: str
) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    done = here(
        *(word.replace("{seeds}", str(ROOT / "seeds")).replace("{run}", str(tiny_run)) for word in words),
        folder=tmp_path,
    )
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"configs", "seeds"}


def test_a_run_does_not_begin_where_a_file_is(here: Command, tmp_path: Path, tiny_encoder: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "quickstart").write_text("mine", encoding="utf-8")
    words = ("--set", f"data.sources=[{{path: {ROOT / 'seeds'}}}]", "--set", f"model.encoder={tiny_encoder}")
    done = here("train", str(ROOT / "configs" / "quickstart.yaml"), *words, folder=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "runs/quickstart: is no folder\n    choose another name, or remove it\n",
    )
    assert (tmp_path / "runs" / "quickstart").read_text(encoding="utf-8") == "mine"


def test_annotation_that_does_not_match_its_text_is_told_with_file_and_line(here: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Kim pergi", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tPER 0 3\tKim\nT2\tPER 4 9\tKim\nT3\tPERSON 0 3\tKim\n", encoding="utf-8")
    done = here("convert", str(tmp_path), "--to", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "a.ann:2: T2 says 'Kim', the text has 'pergi'" in done.stderr
    assert "a.ann:3: unknown label 'PERSON'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_device_or_pipe_is_written_to_and_not_replaced(here: Command, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "file.json")
    read: list[str] = []
    reader = Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    done = here("convert", str(ROOT / "seeds"), "--format", "json", "--to", str(pipe))
    reader.join(60)
    assert done.returncode == 0, done.stderr
    (told,) = read
    assert len(told.splitlines()) == 5
    assert pipe.is_fifo()
    assert here("convert", str(ROOT / "seeds"), "--format", "json", "--to", str(link)).returncode == 0
    assert link.is_symlink()
    assert (tmp_path / "file.json").read_text(encoding="utf-8") == told


def test_what_a_file_says_does_not_steer_the_terminal(here: Command, tmp_path: Path) -> None:
    escape = "\x1b]0;owned\x07\x1b[2J"
    folder = tmp_path / f"in{escape}"
    folder.mkdir()
    (folder / "a.txt").write_text("Kim pergi", encoding="utf-8")
    (folder / "a.ann").write_text(f"T1\tPER 0 3\tKim\nA1\tKind T{escape}9 Person\n", encoding="utf-8")
    refused = here("lint", str(folder))
    assert refused.returncode == 2 and "in ]0;owned" in refused.stderr
    (folder / "a.ann").write_text("T1\tPER 0 3\tKim\n", encoding="utf-8")
    told = here("lint", str(folder))
    row = {"id": 1, "text": "Kim pergi", "label": [[0, 3, "PER"]], f"field{escape}": [1]}
    (tmp_path / "d.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    lost = here("convert", str(tmp_path / "d.jsonl"), "--format", "conll", "--to", str(tmp_path / "d.conll"))
    assert "field" in lost.stderr
    for done in (refused, told, lost):
        assert "\x1b" not in done.stdout + done.stderr and "\x07" not in done.stdout + done.stderr


def test_a_pipe_is_not_read_in_part(here: Command, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for words in (["convert", "pipe", "--to", "out"], ["lint", "pipe"], ["lint", "pipe", "--from", "conll"]):
        done = here(*words, folder=tmp_path)
        assert (done.returncode, "pipe: is a pipe or device" in done.stderr) == (2, True)


def test_names_and_letters_that_an_output_cannot_hold_are_told(
    here: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.fsdecode(b"caf\xe9")
    for ending, content in ((".txt", "Kim pergi "), (".ann", "T1\tPER 0 4\tKim \n")):
        (tmp_path / f"{name}{ending}").write_text(content, encoding="utf-8")
    done = here("lint", str(tmp_path), "--format", "json", "--to", str(tmp_path / "out.json"))
    assert (done.returncode, "is not UTF-8" in done.stderr) == (2, True)
    assert not (tmp_path / "out.json").exists()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
        done = here("lint", str(ROOT / "seeds"))
    assert done.returncode == 2
    assert "standard output: charmap has no" in done.stderr or "standard output: cp1252 has no" in done.stderr
