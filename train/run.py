"""From a config to a finished run directory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed

from data.sources import load_documents
from data.splits import Fold, split
from eval.score import selection_score
from models.encoders import Encoder, check_coverage, load_encoder
from models.network import Network, save, torch_tagger
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.files import new_folder
from narasumber.labels import bio_tags, head_labels
from narasumber.settings import Settings
from narasumber.tags import Lost
from train.config import Config
from train.examples import examples_of
from train.loop import Loop, TrainState, Update
from train.progress import Progress
from train.rundir import (
    Metrics,
    Resume,
    environment,
    load_state,
    lost_report,
    open_run,
    save_state,
    write_json,
)

RUNS = Path("runs")


def train(config: Config, resume: Resume = "auto") -> Path:
    """Trains one run, or one for each fold below it, and returns the run directory.

    Raises InputError for data, models or an existing directory that do not fit the config.
    """
    documents = [document for source in config.data.sources for document in load_documents(source.path, source.format)]
    held_out = config.data.held_out
    folds = split(documents, held_out) if held_out else [Fold("all", documents, [])]
    folder = RUNS / config.name
    if not (folder / "DONE").exists():
        _check(config, folds)
    if len(folds) == 1:
        _train_fold(config, folds[0], folder, resume)
        return folder
    open_run(folder, config, resume)
    for fold in folds:
        _train_fold(config, fold, folder / fold.name, "auto" if resume == "must" else resume)
    (folder / "DONE").touch()
    return folder


def _check(config: Config, folds: Sequence[Fold]) -> None:
    """Raises what would stop the run later, before anything is written."""
    for fold in folds:
        _development(config, fold.train)
    encoder = load_encoder(config.model.encoder, revision=config.model.revision)
    settings_of(config, encoder)
    check_coverage([document.text for document in folds[0].train], encoder)


def settings_of(config: Config, encoder: Encoder) -> Settings:
    """What the model's folder will say of it. Raises InputError if a window is longer than the encoder's positions."""
    if config.window.pieces > encoder.max_pieces:
        raise InputError(
            f"{config.name}: window.pieces",
            f"{config.window.pieces} is more than {encoder.name} can read",
            f"at most {encoder.max_pieces}",
        )
    shape = config.model.word_shape
    return Settings(
        name=config.name,
        encoder=encoder.name,
        heads=config.layers,
        labels={head: head_labels(head) for head in config.layers},
        window=config.window,
        word_shape=encoder.uncased if shape == "auto" else shape,
        token_types=encoder.token_types,
        cls_id=encoder.cls_id,
        sep_id=encoder.sep_id,
        pad_id=encoder.pad_id,
        unk_id=encoder.unk_id,
    )


def precision_of(config: Config) -> str:
    """`bf16` where the processor or GPU computes in it, else `fp32`, unless the config decides."""
    if config.train.precision != "auto":
        return config.train.precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported() else "fp32"


def _train_fold(config: Config, fold: Fold, folder: Path, resume: Resume) -> None:
    if (folder / "DONE").exists() and resume != "never":
        open_run(folder, config, resume)
        return
    AcceleratorState._reset_state()  # runs of one process may differ in precision
    accelerator = Accelerator(mixed_precision="bf16" if precision_of(config) == "bf16" else "no")
    if accelerator.is_main_process:
        open_run(folder, config, resume)
    accelerator.wait_for_everyone()

    training, development = _development(config, fold.train)
    set_seed(config.seed)  # before the model is built: its heads are drawn at random
    encoder = load_encoder(config.model.encoder, revision=config.model.revision)
    if accelerator.device.type == "cpu":
        # Twice as quick here as the fused kernel (docs/experiments.md), and the same to rounding.
        encoder.model.set_attn_implementation("eager")
    if config.model.encoder_dropout is not None:
        _set_dropout(encoder, config.model.encoder_dropout)
    settings = settings_of(config, encoder)
    network = Network(encoder.model, settings, config.model.dropout)
    examples, lost = examples_of(training, encoder.tokenizer, settings)
    loop = Loop(accelerator, network, examples, settings, config.train, config.seed)
    loop.state = load_state(accelerator, folder / "state") or TrainState()

    main = accelerator.is_main_process
    if main:
        _describe(accelerator, config, settings, fold, training, development, lost, folder)
        metrics = Metrics(folder / "metrics.jsonl", loop.state.step)

    def save_model(name: str) -> None:
        with new_folder(folder / name) as aside:
            save(accelerator.unwrap_model(loop.network), encoder.tokenizer, settings, aside)

    tagger = torch_tagger(accelerator.unwrap_model(loop.network), encoder.tokenizer, settings)
    with Progress(loop.total, config.train.epochs, folder, shown=main) as progress:
        started = time.perf_counter()
        for update in loop.updates():
            seconds = time.perf_counter() - started
            stop = False
            score = None
            if update.ends_epoch and development:
                score = selection_score(development, [tagger.annotate(document.bare()) for document in development])
                if score > loop.state.best_score:
                    loop.state.best_score, loop.state.best_epoch = score, update.epoch
                    if main:
                        save_model("best")
                patience = config.train.patience
                stop = patience is not None and update.epoch - loop.state.best_epoch >= patience
            if main:
                metrics.add(**_row(update, seconds, score))
                progress.show(update, seconds, loop.state)
            if stop:
                break
            if update.step % config.train.checkpoint_steps == 0 and update.step < loop.total:
                save_state(accelerator, loop.state, folder / "state")
            started = time.perf_counter()
    if main:
        save_model("last")
        shutil.rmtree(folder / "state", ignore_errors=True)
        (folder / "DONE").touch()
    accelerator.wait_for_everyone()
    accelerator.free_memory()


def _development(config: Config, training: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """Training and development articles of a fold's training side."""
    if config.data.development is None:
        if config.train.patience is not None:
            raise InputError(
                f"{config.name}: train.patience", "needs development articles", "set data.development, or drop patience"
            )
        return list(training), []
    folds = split(training, config.data.development)
    if len(folds) != 1:
        raise InputError(f"{config.name}: data.development", "must be one share", "give fraction or documents")
    return folds[0].train, folds[0].held_out


def _describe(
    accelerator: Accelerator,
    config: Config,
    settings: Settings,
    fold: Fold,
    training: Sequence[Document],
    development: Sequence[Document],
    lost: Sequence[tuple[str, Lost]],
    folder: Path,
) -> None:
    """Writes the files that tell what is being trained on what."""
    write_json(folder / "environment.json", environment(accelerator, config, [*fold.train, *fold.held_out]))
    write_json(folder / "labels.json", {head: bio_tags(settings.labels[head]) for head in settings.heads})
    write_json(
        folder / "split.json",
        {
            name: [document.id for document in documents]
            for name, documents in (("train", training), ("development", development), ("held_out", fold.held_out))
        },
    )
    write_json(folder / "lost.json", lost_report(lost))


def _row(update: Update, seconds: float, score: float | None) -> dict[str, float]:
    row = {
        "step": update.step,
        "epoch": update.epoch,
        "loss": update.loss,
        "learning_rate": update.learning_rate,
        "gradient_norm": update.gradient_norm,
        "tokens_per_second": round(update.tokens / seconds, 1),
    }
    return row if score is None else {**row, "development_score": score}


def _set_dropout(encoder: Encoder, rate: float) -> None:
    """Sets every dropout of the encoder, attention's included, which keep their rate in fields of several names."""
    for module in encoder.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = rate
        for name in ("dropout_prob", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, rate)
