"""From a config to a finished run directory."""

from __future__ import annotations

import json
import shutil
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.tracking import get_available_trackers
from accelerate.utils import broadcast_object_list, set_seed
from rich.console import Console
from transformers import PreTrainedModel

from data.learned import Learned
from data.sources import fingerprint, is_uncorrected
from data.splits import is_known
from eval.score import selection_score
from models.encoders import Encoder, check_coverage, load_encoder
from models.network import Network, save, torch_tagger
from narasumber.document import Document
from narasumber.errors import InputError, some
from narasumber.files import new_folder
from narasumber.formats.common import all_left_out
from narasumber.labels import bio_tags, head_labels, layer_of_head
from narasumber.scope import joined
from narasumber.settings import Settings
from narasumber.tags import Lost, lost_report
from train.config import AdaptConfig, Config, LoopConfig, flat
from train.examples import Example, examples_of
from train.loop import Loop, Update, freeze
from train.parts import Part, parts_of
from train.plan import Plan
from train.progress import Progress
from train.rundir import (
    Metrics,
    Resume,
    environment,
    fold_name,
    forget_peak,
    load_state,
    locked,
    note_peak,
    open_run,
    save_state,
    usage,
    write_json,
    writing,
)
from train.tagging import Tagging, start_transitions

RUNS = Path("runs")
MOST_TOLD = 5
"""Kinds of losses in reading that a run tells of, the most frequent."""
ON_CPU = not torch.accelerator.is_available()
"""Accelerate has to be told, else processes on a CPU do not know of each other."""


def train(config: Config, resume: Resume = "auto") -> Path:
    """Trains one run, or one for each fold below it, and returns the run directory.

    Raises InputError for data, models or an existing directory that do not fit the config.
    """
    parts = checked_parts(config)
    folder = RUNS / config.name
    if len(parts) == 1:
        _train_part(config, parts[0], folder, resume)
        return folder
    processes = PartialState(cpu=ON_CPU)
    if processes.is_main_process:
        open_run(folder, config, resume)
    processes.wait_for_everyone()
    for part in parts:
        _train_part(config, part, folder / fold_name(part.name), "auto" if resume == "must" else resume)
    if processes.is_main_process:
        (folder / "DONE").touch()
    return folder


def checked_parts(config: Config) -> list[Part]:
    """As `parts_of`, and, unless the run is finished, raises what would stop it later, before anything is written."""
    parts = parts_of(config)
    if (RUNS / config.name / "DONE").exists():
        return parts
    encoder = checked_encoder(config)
    before = Learned.read(config.model.encoder)
    for part in parts:
        for key, own in (("held_out", part.held_out), ("development", part.development)):
            if read := [document.id for document in own if is_uncorrected(document)]:
                what = f"what a model has read, corrected by nobody, measures none: {some(read)}"
                cure = "correct it, or hold out what people have annotated"
                raise InputError(f"{config.name}: data.{key}", what, cure)
        # What has chosen the earlier model may choose this one, too, but not measure it.
        unlike = ((part.held_out, before.learned | before.chosen_by), (part.development, before.learned))
        if seen := [document.id for own, known in unlike for document in own if is_known(document, known)]:
            what = f"{config.model.encoder} has seen {some(seen)}"
            cure = "hold out what it has not seen, or train that one without what is held out here"
            raise InputError(f"{config.name}: model.encoder", f"{what}, held out or for development here", cure)
        settings_of(config, encoder, part.articles)
        for source, own in zip(config.data.sources, part.train, strict=True):
            scope = joined({document.scope for document in own})
            if own and not any(scope.layer(layer_of_head(head)) for head in config.layers):
                what = f"{source.title} annotates none of {', '.join(config.layers)}"
                raise InputError(f"{config.name}: data.sources", what, "leave it out, or name its layers")
    check_coverage([document.text for document in parts[0].articles], encoder)
    return parts


def checked_encoder(config: Config | AdaptConfig) -> Encoder:
    """The encoder. Raises InputError where it, or what is installed, does not fit the config."""
    known = map(str, get_available_trackers())
    if missing := sorted(set(config.train.trackers) - set(known)):
        what = f"no package for {', '.join(missing)} is installed"
        raise InputError(f"{config.name}: train.trackers", what, f"pip install {' '.join(missing)}")
    encoder = load_encoder(config.model.encoder, revision=config.model.revision)
    Learned.read(config.model.encoder)  # raises where it does not tell
    freeze(encoder.model, config.model.frozen_layers)
    if config.train.gradient_checkpointing and not encoder.model.supports_gradient_checkpointing:
        where = f"{config.name}: train.gradient_checkpointing"
        raise InputError(where, f"{encoder.name} cannot do it", "leave it out, and set train.accumulate instead")
    if encoder.max_pieces is not None and config.window.pieces > encoder.max_pieces:
        raise InputError(
            f"{config.name}: window.pieces",
            f"{config.window.pieces} is more than {encoder.name} can read",
            f"at most {encoder.max_pieces}",
        )
    return encoder


def settings_of(config: Config, encoder: Encoder, training: Sequence[Document]) -> Settings:
    """What the model's folder will say of it.

    Raises InputError if no article teaches a layer, or the heads of an earlier run do not fit.
    """
    scope = joined({document.scope for document in training})
    untaught = [head for head in config.layers if scope.layer(layer_of_head(head)) is None]
    if untaught:
        raise InputError(
            f"{config.name}: layers",
            f"no article to train on annotates {', '.join(untaught)}",
            f"layers: [{', '.join(head for head in config.layers if head not in untaught)}]",
        )
    goes_on = any(f"heads.{head}.weight" in encoder.heads for head in config.layers)
    has_shapes = "shape.weight" in encoder.heads if goes_on else encoder.uncased
    shapes = has_shapes if config.model.word_shape == "auto" else config.model.word_shape
    if goes_on and shapes != has_shapes:
        what = f"{encoder.name} was trained with{'' if has_shapes else 'out'} it, and its heads could not be kept"
        raise InputError(f"{config.name}: model.word_shape", what, "leave it out, or begin with another encoder")
    return Settings(
        name=config.name,
        encoder=encoder.name,
        heads=config.layers,
        labels={head: head_labels(head) for head in config.layers},
        window=config.window,
        word_shape=shapes,
        token_types=encoder.token_types,
        cls_id=encoder.cls_id,
        sep_id=encoder.sep_id,
        pad_id=encoder.pad_id,
        unk_id=encoder.unk_id,
    )


def precision_of(config: LoopConfig) -> str:
    """`bf16` where the processor or GPU computes in it, else `fp32`, unless the config decides."""
    if config.precision != "auto":
        return config.precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported() else "fp32"


def check_precision(folder: Path, config: Config | AdaptConfig) -> None:
    """Raises InputError if a run that has begun would go on in another precision, and end with other weights."""
    file = folder / "environment.json"
    try:
        began = json.loads(file.read_text(encoding="utf-8"))["precision"]
    except (OSError, ValueError, LookupError, TypeError):
        return  # it has not begun, or is refused for that
    if (folder / "state" / "checkpoint.pt").exists() and began != (now := precision_of(config.train)):
        cure = f"go on where {began} is computed, or remove the folder to train anew"
        raise InputError(str(folder), f"began in {began}, and would go on in {now} here", cure)


def accelerator_for(config: Config | AdaptConfig, folder: Path) -> Accelerator:
    AcceleratorState._reset_state()  # runs of one process may differ in precision
    return Accelerator(
        cpu=ON_CPU,
        mixed_precision="bf16" if precision_of(config.train) == "bf16" else "no",
        log_with=list(config.train.trackers) or None,
        project_dir=folder,
    )


def set_up(model: PreTrainedModel, config: Config | AdaptConfig, accelerator: Accelerator) -> None:
    """How an encoder computes and learns in training, as the config and the device would have it.

    `model`: an encoder, or one with a head of its own.
    """
    freeze(model.base_model, config.model.frozen_layers)
    if accelerator.device.type == "cpu":
        # Twice as quick here as the fused kernel (docs/experiments.md), and the same to rounding.
        model.set_attn_implementation("eager")
    if config.model.encoder_dropout is not None:
        _set_dropout(model, config.model.encoder_dropout)
    if config.train.gradient_checkpointing:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # not every transformers 5 knows its new name
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})


def run_loop(
    loop: Loop[Any],
    config: Config | AdaptConfig,
    folder: Path,
    begun: float,
    judge: Callable[[Update], tuple[float | None, bool]],
    finish: Callable[[], None],
) -> None:
    """Runs a loop from its last checkpoint to the end, with all that a run directory keeps of it.

    `begun` is when the run was, by `time.perf_counter`; `judge` is asked at the end of each epoch for a score and
    whether to stop, and `finish`, before the run is done, for the last model; both in every process.
    """
    accelerator, main = loop.accelerator, loop.accelerator.is_main_process
    load_state(loop, folder / "state")
    begun -= loop.state.seconds

    def note() -> None:
        loop.state.seconds = time.perf_counter() - begun
        note_peak(loop.state)

    if main:
        with writing(folder):
            metrics = Metrics(folder / "metrics.jsonl", loop.state.step)
    _start_trackers(accelerator, config, folder)
    with Progress(loop.plan.total, loop.plan.epochs, folder, shown=main) as progress:
        started = time.perf_counter()
        for update in loop.updates():
            seconds = time.perf_counter() - started
            score, stop = judge(update) if update.ends_epoch else (None, False)
            row = _row(update, seconds, score)
            accelerator.log({key: value for key, value in row.items() if key != "step"}, step=update.step)
            if main:
                with writing(folder):
                    metrics.add(**row)
                    progress.show(update, seconds, loop.state)
            if stop:
                break
            if update.step % config.train.checkpoint_steps == 0 and update.step < loop.plan.total:
                note()
                save_state(loop, folder / "state")
            started = time.perf_counter()
    finish()
    note()
    if main:
        with writing(folder):
            write_json(folder / "usage.json", usage(loop.state))
            (folder / "DONE").touch()
        shutil.rmtree(folder / "state", ignore_errors=True)
    for tracker in accelerator.trackers:  # not `end_training`, which also parts the processes, and folds may follow
        tracker.finish()
    accelerator.wait_for_everyone()
    accelerator.free_memory()


def _train_part(config: Config, part: Part, folder: Path, resume: Resume) -> None:
    if (folder / "DONE").exists() and resume != "never":
        open_run(folder, config, resume)
        _check_unchanged(folder, part)
        shutil.rmtree(folder / "state", ignore_errors=True)
        return
    accelerator = accelerator_for(config, folder)
    if accelerator.is_main_process:
        open_run(folder, config, resume)
    accelerator.wait_for_everyone()
    _check_unchanged(folder, part)
    check_precision(folder, config)
    with locked(folder, accelerator):
        if not (folder / "DONE").exists():  # by one that held the lock before
            _learn(config, part, folder, accelerator)


def _learn(config: Config, part: Part, folder: Path, accelerator: Accelerator) -> None:
    forget_peak()
    begun = time.perf_counter()
    set_seed(config.seed)  # before the model is built: its heads are drawn at random
    encoder = load_encoder(config.model.encoder, revision=config.model.revision)
    set_up(encoder.model, config, accelerator)
    settings = settings_of(config, encoder, part.articles)
    network = Network(encoder.model, settings, config.model.dropout)
    examples: list[Example] = []
    lost: list[tuple[str, Lost]] = []
    for number, own in enumerate(part.train):
        found, cut = examples_of(own, encoder.tokenizer, settings, number)
        examples += found
        lost += cut
    start_transitions(network, examples, settings)
    network.take(encoder.heads)
    plan = Plan(examples, config)
    loop = Loop(accelerator, network, examples, Tagging(examples, settings), plan, config.train)
    main = accelerator.is_main_process
    told = Learned.read(config.model.encoder).then(part.articles, part.development)
    if main:
        with writing(folder):
            _describe(accelerator, config, settings, part, sorted(told.corpora), lost, plan.sampling, folder)

    def save_model(name: str, learned: Network) -> None:
        with writing(folder), new_folder(folder / name) as aside:
            save(learned, encoder.tokenizer, settings, aside)
            told.write(aside)

    def score_of(learned: Network) -> float:
        tagger = torch_tagger(learned, encoder.tokenizer, settings)
        read = [tagger.annotate(document.bare()) for document in part.development]
        return selection_score(part.development, read, config.layers)

    def judge(update: Update) -> tuple[float | None, bool]:
        if not part.development:
            return None, False
        score = None
        if main:
            score = score_of(accelerator.unwrap_model(loop.network))
        (score,) = broadcast_object_list([score])  # one judge, so that all processes stop together
        assert score is not None
        if score > loop.state.best_score:
            loop.state.best_score, loop.state.best_epoch = score, update.epoch
            if main:
                save_model("best", accelerator.unwrap_model(loop.network))
        patience = config.train.patience
        return score, patience is not None and update.epoch - loop.state.best_epoch >= patience

    def finish() -> None:
        if not main:
            return
        save_model("last", loop.learned)
        if part.development and loop.mean is not None and score_of(loop.learned) > loop.state.best_score:
            save_model("best", loop.learned)

    run_loop(loop, config, folder, begun, judge, finish)


def _check_unchanged(folder: Path, part: Part) -> None:
    """Raises InputError if the run, finished or not, has learned from other articles than there are now."""
    if not any((folder / name).exists() for name in ("DONE", "state/checkpoint.pt")):
        return
    file = folder / "environment.json"
    try:
        began = json.loads(file.read_text(encoding="utf-8"))["data"]["fingerprint"]
        split = json.loads((folder / "split.json").read_text(encoding="utf-8"))
        before, now = {side: split[side] for side in part.ids}, part.ids
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(str(file), "does not say what was trained on", "remove the folder to train anew") from None
    if (folder / "DONE").exists():  # after that their order does not matter
        before, now = ({side: sorted(own) for side, own in ids.items()} for ids in (before, now))
    if began != fingerprint(part.all) or before != now:
        cure = "restore them, or remove the folder to train anew"
        raise InputError(str(folder), "its articles, or which of them are held out, have changed since it began", cure)


def _start_trackers(accelerator: Accelerator, config: Config | AdaptConfig, folder: Path) -> None:
    name = folder.relative_to(RUNS).as_posix()
    try:
        accelerator.init_trackers(
            "narasumber",
            flat(config),
            {"mlflow": {"run_name": name}, "trackio": {"name": name}, "wandb": {"name": name, "dir": str(folder)}},
        )
    except Exception as error:  # each tracker's own
        what = f"{', '.join(config.train.trackers)} cannot start: {error}"
        raise InputError(f"{config.name}: train.trackers", what, "see its documentation, or leave it out") from error


def _describe(
    accelerator: Accelerator,
    config: Config,
    settings: Settings,
    part: Part,
    corpora: Sequence[str],
    lost: Sequence[tuple[str, Lost]],
    sampling: list[dict[str, Any]],
    folder: Path,
) -> None:
    """Writes the files that tell what is being trained on what."""
    data = {"documents": len(part.all), "fingerprint": fingerprint(part.all), "corpora": corpora}
    write_json(folder / "environment.json", environment(accelerator, config, data))
    write_json(folder / "labels.json", {head: bio_tags(settings.labels[head]) for head in settings.heads})
    write_json(
        folder / "split.json",
        {
            **part.ids,
            "dropped": [list(pair) for pair in part.dropped],
            "sampling": sampling,
        },
    )
    write_json(folder / "lost.json", lost_report(lost))
    _tell(folder.name, config, part, sampling)


def _tell(name: str, config: Config, part: Part, sampling: Sequence[Mapping[str, Mapping[str, int]]]) -> None:
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    told = f"{len(part.articles):,} articles to learn from, {len(part.held_out):,} held out"
    if part.dropped:
        told += f"; {len(part.dropped):,} left out, split.json says why"
    console.print(f"{name}: {told}")
    left_out = all_left_out(part.all)
    for what, number in left_out.most_common(MOST_TOLD):
        console.print(f"{name}: left out in reading: {what}: {number:,}")
    if len(left_out) > MOST_TOLD:
        console.print(f"{name}: left out in reading: {len(left_out) - MOST_TOLD} more kinds; lint says which")
    for number, sources in enumerate(sampling, start=1):
        if len(sources) > 1:
            own = ", ".join(f"{own['an_epoch']:,} windows of {title}" for title, own in sources.items())
            console.print(f"{name}: stage {number}, an epoch: {own}")
    asked = {layer_of_head(head) for head in config.layers}
    for source, articles in zip(config.data.sources, part.train, strict=True):
        closed = [layer for layer, own in joined({article.scope for article in articles}).layers if own.closed]
        if read := sum(map(is_uncorrected, articles)):
            console.print(f"{name}: {source.title}: {read:,} articles hold what a model has read, corrected by nobody")
        marked = {span.layer for article in articles for span in article.spans}
        told_already = source.corpus or source.annotates is not None
        if marked and not told_already and (absent := [layer for layer in closed if layer in asked - marked]):
            told = f"{source.title} marks no {', '.join(absent)}, and its words are learned as none"
            cure = f"annotates: [{', '.join(layer for layer in closed if layer in marked)}]"
            console.print(f"{name}: {told}; where nobody looked for them, give it {cure}")


def _row(update: Update, seconds: float, score: float | None) -> dict[str, float]:
    row = {
        "step": update.step,
        "epoch": update.epoch,
        "loss": update.loss,
        "learning_rate": update.learning_rate,
        "gradient_norm": update.gradient_norm,
        "tokens": update.tokens,
        "tokens_per_second": round(update.tokens / seconds, 1),
    }
    return row if score is None else {**row, "development_score": score}


def _set_dropout(model: PreTrainedModel, rate: float) -> None:
    """Sets every dropout of an encoder, attention's included, which keep their rate in fields of several names."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = rate
        for name in ("dropout_prob", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, rate)
