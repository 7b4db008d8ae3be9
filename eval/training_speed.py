"""Training as the field's standard example has it, to measure ours beside: for `python -m eval.benchmark train`.

A restatement in a few lines of what the token-classification example of transformers does with its defaults
(https://github.com/huggingface/transformers/tree/main/examples/pytorch/token-classification): a sentence an example, a
word's tag on its first piece, batches of eight in random order padded to their longest, fp32, a linear layer, cross
entropy, dropout 0.1, AdamW at 5e-5 that falls to nothing, gradients clipped to 1.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from eval.evaluate import documents_of, folds_of, held_out_of, predict_folds, read_of
from eval.processes import told
from eval.report import num
from eval.score import f1, span_counts
from models.encoders import Encoder, load_encoder
from narasumber.document import Document
from narasumber.errors import InputError
from narasumber.labels import bio_tags, head_labels
from narasumber.memory import peak_memory
from narasumber.tags import MASKED, bio, in_terms_of, spans_of
from narasumber.words import words

BATCH, RATE, DROPOUT = 8, 5e-5, 0.1
TAGS = len(bio_tags(head_labels("entity")))


@dataclass(frozen=True)
class Sentence:
    """`ids` and `labels` [pieces], `MASKED` but at words' first pieces; `bounds` of those words, `places` of these."""

    ids: Tensor
    labels: Tensor
    bounds: list[tuple[int, int]]
    places: list[int]


class Tagging(nn.Module):
    """Logits [sentences, pieces, tags]."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder.model
        for module in self.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = DROPOUT
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(self.encoder.config.hidden_size, TAGS)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        logits: Tensor = self.classifier(self.dropout(hidden))
        return logits


def sentences_of(documents: Sequence[Document], encoder: Encoder) -> list[list[Sentence]]:
    """For each document its lines, cut where the encoder ends, as the standard example does."""
    longest = encoder.model.config.max_position_embeddings - 4  # RoBERTa's places begin behind its padding
    return [_sentences(document, encoder, longest) for document in documents]


def _sentences(document: Document, encoder: Encoder, longest: int) -> list[Sentence]:
    bounds = words(document.text)
    tags = bio(document, "entity", bounds)[0].tolist()
    found: list[Sentence] = []
    first = 0
    for place in range(1, len(bounds) + 1):
        if place == len(bounds) or "\n" in document.text[bounds[place - 1][1] : bounds[place][0]]:
            own = bounds[first:place]
            found.append(_sentence(document.text, own, tags[first:place], encoder, longest))
            first = place
    return found


def _sentence(text: str, bounds: list[tuple[int, int]], tags: list[int], encoder: Encoder, longest: int) -> Sentence:
    tokenizer: Tokenizer = encoder.tokenizer
    coded = tokenizer.encode([text[start:end] for start, end in bounds], is_pretokenized=True, add_special_tokens=False)
    ids, owners = coded.ids[:longest], [word or 0 for word in coded.word_ids[:longest]]  # none but of special tokens
    starts = [place for place, word in enumerate(owners) if place == 0 or word != owners[place - 1]]
    labels = torch.full((len(ids) + 2,), MASKED)
    for place in starts:
        labels[place + 1] = tags[owners[place]]
    return Sentence(
        torch.tensor([encoder.cls_id, *ids, encoder.sep_id]),
        labels,
        [bounds[owners[place]] for place in starts],
        [place + 1 for place in starts],
    )


def learn(
    encoder: Encoder, documents: Sequence[Document], epochs: int, seed: int, device: str
) -> tuple[Tagging, int, float]:
    """The network, the pieces it has read, padding not counted, and the seconds that its updates took."""
    torch.manual_seed(seed)
    examples = [sentence for own in sentences_of(documents, encoder) for sentence in own]
    network = Tagging(encoder).to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.0, fused=True)
    total = epochs * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / total)
    pieces, seconds = 0, 0.0
    for _ in range(epochs):
        for places in torch.randperm(len(examples)).split(BATCH):
            start = time.perf_counter()
            batch = [examples[place] for place in places.tolist()]
            labels = pad_sequence([item.labels for item in batch], batch_first=True, padding_value=MASKED)
            logits = network(*_collated(batch, encoder.pad_id, device))
            loss = cross_entropy(logits.flatten(0, 1), labels.to(device).flatten(), ignore_index=MASKED)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            loss.item()  # waits until a GPU has done all of the update, as our loop does
            pieces += sum(len(item.ids) for item in batch)
            seconds += time.perf_counter() - start
    return network, pieces, seconds


def _collated(batch: Sequence[Sentence], pad: int, device: str | torch.device) -> tuple[Tensor, Tensor]:
    ids = pad_sequence([item.ids for item in batch], batch_first=True, padding_value=pad)
    return ids.to(device), pad_sequence([torch.ones_like(item.ids) for item in batch], batch_first=True).to(device)


@torch.inference_mode()
def read(network: Tagging, encoder: Encoder, documents: Sequence[Document]) -> list[Document]:
    """The documents with the entities that the network finds: the likeliest tag of each word."""
    network.eval()
    device = network.classifier.weight.device
    found = []
    for document, sentences in zip(documents, sentences_of(documents, encoder), strict=True):
        spans = []
        for sentence in sentences:
            (tags,) = network(*_collated([sentence], encoder.pad_id, device)).argmax(-1)
            spans += spans_of(tags[sentence.places].tolist(), "entity", sentence.bounds)
        found.append(document.with_annotation(in_terms_of(document, spans)))
    return found


@dataclass(frozen=True)
class Learned:
    """`speed`: pieces a second, padding not counted; `f1`: of entities, micro; `peak`: MiB."""

    speed: float
    f1: float
    peak: float


def table(config: Path, overrides: Sequence[str]) -> str:
    """Markdown: our training by the config, in the precision that the machine has and in fp32, and the standard one.

    Raises InputError where the run of the config has folds or holds nothing out, and for all that training refuses.
    """
    name = f"benchmark-{os.getpid()}"
    run = Path("runs") / name
    rows: dict[str, Learned] = {}
    try:
        for precision in ("auto", "fp32"):
            chosen = [*overrides, "layers=[entity]", f"train.precision={precision}", f"name={name}"]
            told("train", str(config), *(word for own in chosen for word in ("--set", own)))
            _check(run)
            ours = _ours(run)
            used = read_of(run, "environment.json")["precision"]
            rows[f"Narasumber, {used}"] = ours
            if precision == "auto":
                rows[STANDARD] = Learned(**json.loads(told("eval.benchmark", "learn", str(run))))
            shutil.rmtree(run)
            if used == "fp32":
                break
    finally:
        shutil.rmtree(run, ignore_errors=True)
    lines = ["| | tokens/s | times as quick | F1, held out | MiB |", "|---|---:|---:|---:|---:|"]
    for way, own in rows.items():
        cells = [f"{own.speed:,.0f}", f"{own.speed / rows[STANDARD].speed:.1f}", num(own.f1), f"{own.peak:,.0f}"]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join([*lines, NOTE])


STANDARD: Final = "standard recipe, fp32"

NOTE: Final = """
Tokens are word pieces, padding not counted, over the time of the updates alone; memory is the peak. All begin with the
same encoder and read the same articles as often, in turn. The standard recipe is that of eval/training_speed.py. F1 is
that of entities, micro, exact, of the model that each ends with."""


def _check(run: Path) -> None:
    """Raises InputError for a run whose articles the standard recipe would not read as often."""
    if len(folds_of(run)) > 1 or not (split := read_of(run, "split.json"))["held_out"]:
        raise InputError("data.held_out", "must be one share", "give fraction, documents or sources")
    if split["development"]:
        raise InputError("data.development", "chooses an epoch, and the standard recipe keeps its last", "leave it out")
    if any(own["examples"] != own["an_epoch"] for sources in split["sampling"] for own in sources.values()):
        cure = "leave out data.temperature and the weights"
        raise InputError("data", "draws from its sources, and the standard recipe reads each as it is", cure)
    if any(stage["sources"] for stage in read_of(run, "config.yaml")["train"]["stages"]):
        raise InputError("train.stages", "name sources, and the standard recipe reads all of them", "leave these out")


def _ours(run: Path) -> Learned:
    (fold,) = predict_folds(run)
    rows = read_of(run, "metrics.jsonl")
    seconds = sum(row["tokens"] / row["tokens_per_second"] for row in rows)
    sentences = sentences_of(fold.training, _encoder(run))
    pieces = sum(len(sentence.ids) for own in sentences for sentence in own)
    used = read_of(run, "usage.json")["peak_memory_mib"]
    return Learned(pieces * rows[-1]["epoch"] / seconds, f1(span_counts(fold.gold, fold.predicted, "entity")), used)


def learned(run: Path) -> Learned:
    """What the standard recipe makes of the articles of a finished run, in as many epochs and on the same device."""
    documents, encoder = documents_of(run), _encoder(run)
    epochs, seed = read_of(run, "metrics.jsonl")[-1]["epoch"], read_of(run, "config.yaml")["seed"]
    device = read_of(run, "environment.json")["device"]
    network, pieces, seconds = learn(encoder, held_out_of(run, documents, "train"), epochs, seed, device)
    gold = held_out_of(run, documents)
    found = read(network, encoder, [document.bare() for document in gold])
    return Learned(pieces / seconds, f1(span_counts(gold, found, "entity")), peak_memory())


def _encoder(run: Path) -> Encoder:
    model = read_of(run, "config.yaml")["model"]
    return load_encoder(model["encoder"], model["revision"])
