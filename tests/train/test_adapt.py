"""Adaptation is exact, loses no text, masks what it says, and leaves an encoder that a tagger is trained on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

import train.adapt
from data.learned import Learned
from data.text import TextSource, texts
from eval.evaluate import evaluate_run
from eval.release import export_run
from models.encoders import embeddings, load_encoder
from models.extend import RARE
from models.masked import load_masked
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.settings import Settings, WindowSettings
from narasumber.windows import pieces_of
from train.adapt import TextPlan, adapt
from train.config import AdaptConfig, MaskConfig, dump, load_adapt_config, load_config
from train.masking import Masked, MaskedText, Masking, Masks, is_held_out, write_windows
from train.run import train as train_tagger

Command = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def config(tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> AdaptConfig:
    """Two epochs of the recipe on a toy encoder and the seeds; runs land in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    return adapt_config(
        f"model.encoder={tiny_encoder}",
        f"text.sources=[{{path: {ROOT / 'seeds'}}}]",
        "text.held_out=0.25",
        "train.tokens=null",
        "train.epochs=2",
        "train.learning_rate=1e-2",
        "train.tokens_per_batch=512",
        "train.checkpoint_steps=3",
        "train.precision=fp32",
        "window.pieces=64",
    )


def adapt_config(*overrides: str) -> AdaptConfig:
    return load_adapt_config(ROOT / "configs" / "adapt.yaml", ("model.frozen_layers=0", *overrides))


def changed(config: AdaptConfig, name: str, **sections: dict[str, object]) -> AdaptConfig:
    """The config under another name, with keys of its sections changed."""
    sections_changed = {key: getattr(config, key).model_copy(update=values) for key, values in sections.items()}
    return config.model_copy(update={"name": name, **sections_changed})


def equal(one: Path, other: Path) -> bool:
    weights, others = (load_file(run / "last" / "model.safetensors") for run in (one, other))
    return weights.keys() == others.keys() and all(torch.equal(weights[name], others[name]) for name in weights)


def test_a_run_leaves_an_encoder_that_finds_more_and_the_same_seed_the_same(config: AdaptConfig) -> None:
    one, two = adapt(config), adapt(changed(config, "again"))
    other = adapt(config.model_copy(update={"name": "other", "seed": 14}))
    assert {path.name for path in one.iterdir()} == {
        "config.yaml", "environment.json", "scores.json", "metrics.jsonl", "train.log", "usage.json", "last", "DONE",
    }  # fmt: skip
    assert equal(one, two)
    assert not equal(one, other)
    scores = json.loads((one / "scores.json").read_text())
    assert scores["has_own_head"] is False
    assert scores["after"]["loss"] < scores["before"]["loss"] - 0.5
    assert scores["after"]["perplexity"] == pytest.approx(np.exp(scores["after"]["loss"]))
    data = json.loads((one / "environment.json").read_text())["data"]
    assert (data["train"]["documents"], data["held_out"]["documents"]) == (4, 1)
    rows = [json.loads(line) for line in (one / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
    assert adapt(config) == one
    uses: list[Callable[[Path], object]] = [evaluate_run, lambda run: export_run(run, run.parent / "model")]
    for use in uses:
        with pytest.raises(InputError, match="is a run of `narasumber adapt`, whose model marks nothing"):
            use(one)


DIES = """
import os, signal, sys
from pathlib import Path
import train.masking, train.rundir as rundir
from train.adapt import adapt
from train.config import load_adapt_config

config = load_adapt_config(Path(sys.argv[1]))
add, stored = rundir.Metrics.add, train.masking._stored

def dying_add(self, **values):
    add(self, **values)
    if moment == "update" and values["step"] == 5:
        os.kill(os.getpid(), signal.SIGKILL)

def dying_stored(row):
    if moment == "text":
        os.kill(os.getpid(), signal.SIGKILL)
    return stored(row)

rundir.Metrics.add, train.masking._stored = dying_add, dying_stored
for moment in ("text", "update"):
    child = os.fork()
    if not child:
        adapt(config)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(moment, os.WIFSIGNALED(status), os.path.exists("runs/killed/text/text.json"))
"""


def test_killed_at_any_moment_and_started_again_gives_the_same_weights(config: AdaptConfig, tmp_path: Path) -> None:
    """SIGKILL while the text is being written, and between two checkpoints; then the text is gone."""
    text = tmp_path / "text.jsonl"
    lines = (json.dumps({"text": found}) + "\n" for found in texts(config.text))
    text.write_text("".join(lines), encoding="utf-8")
    source = config.text.sources[0].model_copy(update={"path": text})
    whole = changed(config, "whole", text={"sources": (source,)}, vocabulary={"trim": 200, "extend": 10})
    killed = changed(whole, "killed")
    (tmp_path / "killed.yaml").write_text(dump(killed), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path / "killed.yaml")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["text True False", "update True True"], done.stderr
    wanted = adapt(whole)
    shutil.copytree("runs/killed", "kept")
    shutil.rmtree("runs/killed/text")
    text.write_text(json.dumps({"text": "Kota itu ramai. " * 300}) + "\n" + text.read_text(encoding="utf-8"))
    with pytest.raises(InputError, match="its text has changed since it began"):
        adapt(killed, "must")
    shutil.rmtree("runs/killed")
    shutil.move("kept", "runs/killed")
    text.unlink()
    run = adapt(killed, "must")
    assert equal(run, wanted)
    rows, others = ((folder / "metrics.jsonl").read_text().splitlines() for folder in (run, wanted))
    assert len(rows) == len(others) > 5
    assert (run / "scores.json").read_text() == (wanted / "scores.json").read_text()
    assert {path.name for path in run.iterdir()} == {path.name for path in wanted.iterdir()}


def test_a_tagger_is_trained_on_the_encoder_with_its_new_vocabulary(config: AdaptConfig, seeds: list[Document]) -> None:
    """From the command's config to a tagger's, and once more into adaptation, now with a head of its own."""
    before = load_encoder(config.model.encoder).tokenizer
    run = adapt(changed(config, "extended", vocabulary={"trim": 300, "extend": 20}, train={"epochs": 1}))
    after = load_encoder(str(run / "last")).tokenizer
    assert after.get_vocab_size() < before.get_vocab_size()
    unknown = [sum(pieces_of(document.text, one, 1).unknown for document in seeds) for one in (before, after)]
    assert unknown[0] == unknown[1] == 0
    tagger = load_config(
        ROOT / "configs" / "quickstart.yaml",
        [
            f"model.encoder={run / 'last'}",
            f"data.sources=[{{path: {ROOT / 'seeds'}}}]",
            "train.epochs=1",
            "train.precision=fp32",
            "window.pieces=64",
            "layers=[entity]",
        ],
    )
    assert (train_tagger(tagger) / "DONE").exists()
    again = adapt(changed(config, "again", model={"encoder": str(run / "last")}, train={"epochs": 1}))
    scores, earlier = (json.loads((folder / "scores.json").read_text()) for folder in (again, run))
    assert scores["has_own_head"] is True
    assert scores["before"]["loss"] == pytest.approx(earlier["after"]["loss"], abs=1e-3)


def test_the_vocabulary_is_counted_from_what_is_learned_alone(config: AdaptConfig, tmp_path: Path) -> None:
    lines = [f"Berita nomor {number} tentang pasar dan jalan di kota." for number in range(200)]
    rows = [
        json.dumps({"text": f"{line} zargonautika" if is_held_out(f"{line} zargonautika", 0.25) else line})
        for line in lines
    ]
    (tmp_path / "text.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert sum("zargonautika" in row for row in rows) > RARE
    text: dict[str, object] = {"sources": (TextSource(path=tmp_path / "text.jsonl"),)}
    run = adapt(changed(config, "counted", text=text, vocabulary={"extend": 50}, train={"epochs": 1}))
    assert load_encoder(str(run / "last")).tokenizer.token_to_id("zargonautika") is None


def test_pieces_are_counted_as_the_text_is_read(config: AdaptConfig, tmp_path: Path, seeds: list[Document]) -> None:
    """In small letters it is read with restored casing, so it is the pieces of `Jakarta` that stay."""
    small = seeds[0].text.lower()
    (tmp_path / "small.txt").write_text(small, encoding="utf-8")
    encoder = load_encoder("builtin")
    piece_of = {number: piece for piece, number in encoder.tokenizer.get_vocab().items()}
    used = Counter(pieces_of(small, encoder.tokenizer, encoder.unk_id).ids.tolist())
    most = {piece_of[number] for number, _ in used.most_common(100)}
    assert sum(piece.strip("▁").istitle() and len(piece) > 2 for piece in most) > 5
    one = changed(
        config,
        "small",
        text={"sources": (config.text.sources[0].model_copy(update={"path": tmp_path / "small.txt"}),), "held_out": 0},
        model={"encoder": "builtin"},
        vocabulary={"trim": 120},
        train={"epochs": None, "tokens": 64},
    )
    assert most <= load_encoder(str(adapt(one) / "last")).tokenizer.get_vocab().keys()


def test_frozen_layers_and_embeddings_stay_as_they_are(config: AdaptConfig) -> None:
    before = load_encoder(config.model.encoder).model.state_dict()
    run = adapt(changed(config, "frozen", model={"frozen_layers": 1}, train={"epochs": 1}))
    after = load_encoder(str(run / "last")).model.state_dict()
    learned = {name for name, value in before.items() if not torch.equal(after[name], value)}
    assert learned == {name for name in before if name.startswith("encoder.layer.1.")}
    scores = json.loads((run / "scores.json").read_text())
    assert scores["after"]["loss"] < scores["before"]["loss"]


def test_the_encoder_of_a_tagger_is_adapted(config: AdaptConfig) -> None:
    overrides = [f"model.encoder={config.model.encoder}", f"data.sources=[{{path: {ROOT / 'seeds'}}}]"]
    overrides += ["train.epochs=1", "train.precision=fp32", "layers=[entity]"]
    tagger = train_tagger(load_config(ROOT / "configs" / "quickstart.yaml", overrides)) / "last"
    replace(Learned.read(str(tagger)), corpora=frozenset(["pfsa-id"])).write(tagger)
    still: dict[str, object] = {"epochs": 1, "learning_rate": 1e-12, "head_learning_rate": 1e-12}
    run = adapt(changed(config, "still", model={"encoder": str(tagger)}, train=still))
    before, after = (load_encoder(str(folder)).model.state_dict() for folder in (tagger, run / "last"))
    assert before.keys() == after.keys()
    assert all(torch.allclose(after[name], value, atol=1e-6) for name, value in before.items())
    assert json.loads((run / "environment.json").read_text())["data"]["corpora"] == ["pfsa-id"]  # its licence binds
    assert Learned.read(str(run / "last")) == Learned.read(str(tagger)) != Learned()
    less = adapt(changed(config, "less", model={"encoder": str(tagger)}, train=still, vocabulary={"trim": 300}))
    trimmed = load_encoder(str(less / "last")).model.state_dict()
    kept = load_encoder(str(less / "last")).tokenizer.get_vocab()
    pieces = load_encoder(str(tagger)).tokenizer.get_vocab()
    assert len(kept) < len(pieces)
    rows, table = before["embeddings.word_embeddings.weight"], trimmed["embeddings.word_embeddings.weight"]
    assert all(torch.allclose(table[number], rows[pieces[piece]], atol=1e-6) for piece, number in kept.items())


@pytest.fixture(scope="module")
def settings(tiny_encoder: Path) -> Settings:
    encoder = load_encoder(str(tiny_encoder))
    return Settings(
        name="t", encoder="t", heads=(), labels={}, window=WindowSettings(unit="article", pieces=18, overlap=0),
        cls_id=encoder.cls_id, sep_id=encoder.sep_id, pad_id=encoder.pad_id, unk_id=encoder.unk_id,
    )  # fmt: skip


def test_windows_hold_every_piece_of_a_document_and_of_no_other(
    tiny_encoder: Path, settings: Settings, seeds: list[Document], tmp_path: Path
) -> None:
    tokenizer = load_encoder(str(tiny_encoder)).tokenizer
    told = write_windows((document.text for document in seeds), tokenizer, settings, 0.0, tmp_path)
    pieces = np.fromfile(tmp_path / "train.pieces", dtype=np.int32)
    lengths = np.fromfile(tmp_path / "train.lengths", dtype=np.int32)
    assert (
        (told["train"]["windows"], told["train"]["pieces"])
        == (len(lengths), len(pieces))
        == (len(lengths), sum(lengths))
    )
    assert lengths.min() >= 3 and lengths.max() <= 18
    assert not (tmp_path / "held_out.pieces").read_bytes()
    words_of = []
    ends = np.cumsum(lengths)
    for start, end in zip([0, *ends], ends, strict=False):
        window = pieces[start:end]
        assert window[0] == settings.cls_id and window[-1] == settings.sep_id and (window >= 0)[[0, 1, -1]].all()
        words_of.append(window[(window != settings.cls_id) & (window != settings.sep_id)])
    stream = np.concatenate(words_of)
    wanted = [pieces_of(document.text, tokenizer, settings.unk_id) for document in seeds]
    assert np.where(stream < 0, ~stream, stream).tolist() == np.concatenate([item.ids for item in wanted]).tolist()
    assert int((stream >= 0).sum()) == sum(len(item.words) for item in wanted)
    bounds = np.cumsum([len(item.ids) for item in wanted])
    assert set(bounds) <= set(np.cumsum([len(window) for window in words_of]))


def test_a_document_and_its_copies_are_held_out_together(
    tiny_encoder: Path, settings: Settings, tmp_path: Path
) -> None:
    tokenizer = load_encoder(str(tiny_encoder)).tokenizer
    different = [f"kata {number}" for number in range(200)]
    told = write_windows(different * 2, tokenizer, settings, 0.3, tmp_path)
    assert told["held_out"]["documents"] + told["train"]["documents"] == 400
    assert told["held_out"]["documents"] % 2 == 0
    assert 0.15 < told["held_out"]["documents"] / 400 < 0.45


@pytest.fixture(scope="module")
def masks(tiny_encoder: Path) -> Masks:
    tokenizer = load_encoder(str(tiny_encoder)).tokenizer
    return Masks(MaskConfig(rate=0.4), tokenizer, 4, [0, 1, 2, 3])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.integers(0, 99))
def test_words_are_masked_as_a_whole_and_separators_never(masks: Masks, sizes: list[int], seed: int) -> None:
    window = [
        2,
        *(piece if part == 0 else ~piece for size in sizes for part, piece in enumerate(range(10, 10 + size))),
        3,
    ]
    stored = np.array(window, dtype=np.int32)
    one, same = (masks.draw(stored, np.random.default_rng(seed)) for _ in range(2))
    assert one.ids.tolist() == same.ids.tolist() and one.places.tolist() == same.places.tolist()
    ids = np.where(stored < 0, ~stored, stored)
    assert one.targets.tolist() == ids[one.places].tolist()
    others = np.setdiff1d(np.arange(len(stored)), one.places)
    assert one.ids[others].tolist() == ids[others].tolist()
    assert {0, len(stored) - 1} <= set(others.tolist())
    word_of = np.cumsum(stored >= 0)
    assert not set(word_of[one.places].tolist()) & set(word_of[others].tolist())


@pytest.mark.parametrize("whole_words", [True, False])
def test_masks_are_of_the_rate_and_of_three_kinds(tiny_encoder: Path, whole_words: bool) -> None:
    tokenizer = load_encoder(str(tiny_encoder)).tokenizer
    masks = Masks(MaskConfig(rate=0.2, whole_words=whole_words), tokenizer, 4, [0, 1, 2, 3])
    stored = np.array([2, *([10, ~11] * 20_000), 3], dtype=np.int32)
    drawn = masks.draw(stored, np.random.default_rng(0))
    assert len(drawn.places) / 40_000 == pytest.approx(0.2, abs=0.01)
    read = drawn.ids[drawn.places]
    assert (read == 4).mean() == pytest.approx(0.8, abs=0.02)
    assert (read == drawn.targets).mean() == pytest.approx(0.1, abs=0.02)
    assert read.min() >= 4 and read.max() < tokenizer.get_vocab_size()
    words = len(set(((drawn.places - 1) // 2).tolist()))
    assert len(drawn.places) == 2 * words if whole_words else len(drawn.places) < 1.2 * words


def test_a_vocabulary_with_a_number_that_no_piece_has_can_be_adapted(
    config: AdaptConfig, tiny_encoder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "gap"))
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary[100] = vocabulary[99]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    before = load_encoder(str(folder))
    run = adapt(changed(config, "gap", model={"encoder": str(folder), "frozen_layers": 1}, train={"epochs": 1}))
    after = load_encoder(str(run / "last"))
    assert after.tokenizer.get_vocab() == before.tokenizer.get_vocab()
    assert torch.equal(embeddings(after.model).weight, embeddings(before.model).weight)


def test_masks_are_drawn_anew_each_epoch_and_the_same_for_a_number(
    tiny_encoder: Path, settings: Settings, seeds: list[Document], masks: Masks, tmp_path: Path
) -> None:
    tokenizer = load_encoder(str(tiny_encoder)).tokenizer
    write_windows([seeds[0].text], tokenizer, settings, 0.0, tmp_path)
    text, again = (MaskedText(tmp_path, "train", masks, 13) for _ in range(2))
    windows = len(text.lengths)
    assert text[3].ids.tolist() == again[3].ids.tolist()
    epochs = [[text[epoch * windows + window].places.tolist() for window in range(windows)] for epoch in range(2)]
    assert epochs[0] != epochs[1]
    assert [len(text[windows + window]) for window in range(windows)] == text.lengths.tolist()


def test_the_loss_is_minus_the_log_of_what_stood_there(tiny_encoder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder))
    network, _ = load_masked(encoder, encoder.tokenizer)
    network.eval()
    long = Masked(np.array([2, 10, 4, 12, 3]), np.array([2]), np.array([11]))
    short = Masked(np.array([2, 4, 3]), np.array([1]), np.array([20]))
    none = Masked(np.array([2, 9, 3]), np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    objective = Masking(encoder.pad_id)
    assert objective.size([long, short, none]) == 2
    assert objective.size([none]) == 1
    with torch.no_grad():
        loss = float(objective.loss(network, [long, short, none]))
        wanted = 0.0
        for example in (long, short):
            logits = network.model(input_ids=torch.from_numpy(example.ids)[None]).logits[0, example.places[0]]
            wanted -= float(logits.log_softmax(-1)[example.targets[0]])
    assert loss == pytest.approx(wanted, rel=1e-5)
    alone = objective.loss(network, [none])
    alone.backward()
    assert float(alone.detach()) == 0


@given(
    st.lists(st.integers(3, 64), min_size=1, max_size=60), st.integers(1, 9000), st.integers(0, 9), st.integers(1, 99)
)
def test_a_plan_reads_each_window_as_often_as_another_and_as_much_as_asked(
    lengths: list[int], tokens: int, seed: int, block: int
) -> None:
    config = adapt_config(f"train.tokens={tokens}", "train.tokens_per_batch=128", f"seed={seed}")
    windows = len(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train.adapt, "BLOCK", block)
        plan = TextPlan(np.array(lengths, dtype=np.int32), config)
        epochs = [list(plan.epoch(epoch)) for epoch in range(plan.epochs)]
        assert [plan.epoch(0)[update] for update in reversed(range(len(epochs[0])))] == epochs[0][::-1]
    assert plan.total == sum(map(len, epochs))
    for epoch, updates in enumerate(epochs):
        for update in updates:
            assert {number // windows for number in update} == {epoch}
            assert len(update) == 1 or max(lengths[number % windows] for number in update) * len(update) <= 128
    numbers = [number for updates in epochs for update in updates for number in update]
    assert len(set(numbers)) == len(numbers)
    often = np.bincount([number % windows for number in numbers], minlength=windows)
    assert often.max() - often.min() <= 1
    assert abs(len(numbers) - max(1, tokens / sum(lengths) * windows)) <= 0.5


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["text.sources=[{path: none}]"], "no such file or folder"),
        (["text.sources=[{path: blank.txt}]"], "there is no text in them"),
        (["text.held_out=0.0001"], r"text\.held_out: 0\.0001 of 5 documents is none"),
        (
            ["text.sources=[{path: short.txt}]", "text.held_out=0"],
            "pieces of text to learn from are fewer than one window",
        ),
        (["window.pieces=600"], "at most 512"),
        (["text.sources=[{path: foreign.txt}]"], "does not know"),
        (["model.encoder=unmasked"], "no mask piece"),
        (["model.encoder=./none"], "no such folder"),
    ],
)
def test_what_cannot_be_adapted_is_told_and_nothing_is_left(
    config: AdaptConfig, tiny_encoder: Path, tmp_path: Path, overrides: list[str], told: str
) -> None:
    (tmp_path / "blank.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "short.txt").write_text("kata", encoding="utf-8")
    (tmp_path / "foreign.txt").write_text("日本 語 本 語", encoding="utf-8")
    shutil.copytree(tiny_encoder, tmp_path / "unmasked")
    vocabulary = tmp_path / "unmasked" / "vocab.txt"
    vocabulary.write_text(vocabulary.read_text(encoding="utf-8").replace("[MASK]", "[OTHER]"), encoding="utf-8")
    (tmp_path / "base.yaml").write_text(dump(config), encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        adapt(load_adapt_config(tmp_path / "base.yaml", overrides))
    assert all(problem.cure for problem in caught.value.problems)
    assert not (tmp_path / "runs" / config.name).exists()


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.token=5", r"train\.token: is no key there"),
        ("train.patience=5", r"train\.patience: is no key there"),
        ("train.epochs=5", "both epochs and tokens"),
        ("mask.rate=1", r"mask\.rate"),
        ("text.sources=[]", r"text\.sources"),
        ("text.sources=[{path: x, format: docx}]", "is no format"),
        ("vocabulary.trim=0", r"vocabulary\.trim"),
        ("data.sources=[]", "data: is no key there"),
        ("vocabulary.extend=5", r"frozen_layers keeps embeddings as they are"),
    ],
)
def test_what_is_wrong_in_a_config_is_said_by_key(override: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        adapt_config("model.frozen_layers=1", override)


def test_a_dumped_config_reads_back_the_same(tmp_path: Path) -> None:
    config = adapt_config("vocabulary.extend=100", "train.tokens=null", "train.epochs=3")
    (tmp_path / "config.yaml").write_text(dump(config), encoding="utf-8")
    assert load_adapt_config(tmp_path / "config.yaml") == config


def test_the_command_says_what_was_gained(config: AdaptConfig, here: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(dump(config), encoding="utf-8")
    line = ["adapt", "mine.yaml", "--set", "name=mine", "--set", "train.epochs=1"]
    done = here(*line, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "held-out text: loss" in done.stdout and "(with an untrained head) ->" in done.stdout
    assert "adapted: runs/mine/last" in done.stdout
    refused = here(*line, "--resume", "never", folder=tmp_path)
    assert refused.returncode == 2 and "exists already" in refused.stderr
