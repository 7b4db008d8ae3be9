"""`Tagger`: a model applied to articles of any length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from narasumber.consistency import consistent, with_form
from narasumber.decode import likely_spans, viterbi
from narasumber.document import Document, Span
from narasumber.errors import InputError
from narasumber.joint import attributed, missing_sources, with_one_label
from narasumber.labels import LAYERS, Head, head_labels, layer_of_head
from narasumber.linking import link
from narasumber.marked import with_marked_speech
from narasumber.scope import LayerScope, Scope
from narasumber.settings import FILE, Settings
from narasumber.tags import in_terms_of, spans_of
from narasumber.windows import Batch, Floats, Forward, Pieces, pieces_of, word_scores


@dataclass(frozen=True)
class Tagger:
    """Text in, `Document` out. `forward` is the network: ONNX here, PyTorch during training."""

    settings: Settings
    tokenizer: Tokenizer
    forward: Forward

    @classmethod
    def load(cls, folder: str | Path, weights: str = "model.onnx") -> Tagger:
        """The tagger of an export folder; needs neither PyTorch nor a checkout.

        `weights` may name `model.int8.onnx`, smaller and quicker, where the export holds it. Raises InputError if the
        folder is no export, or a file in it is missing, cut off or of another export.
        """
        folder = Path(folder)
        settings = Settings.read(folder)
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises a bare Exception
            raise InputError(
                str(folder / "tokenizer.json"), f"cannot be read: {error}", "export the run again"
            ) from None
        last = max(tokenizer.get_vocab().values())
        return cls(settings, tokenizer, _onnx_forward(folder / weights, settings, last))

    def __call__(self, text: str, id: str = "text") -> Document:
        """The text with its entities, sources, cues, contents and attributions."""
        return self.annotate(Document(id, text))

    def annotate(self, document: Document) -> Document:
        """The document with the model's annotation in place of its own, in the terms of the document: its scope, and
        nothing where its annotation says nothing.
        """
        pieces = pieces_of(document.text, self.tokenizer, self.settings.unk_id)
        if not pieces.words:
            return document.with_annotation([])
        scores = self._scores_by_head(pieces)
        spans = in_terms_of(document, self._read(pieces, scores, document.scope))
        return document.with_annotation(spans, link(pieces.text, spans))

    def _read(self, pieces: Pieces, scores: dict[Head, Floats], scope: Scope) -> list[Span]:
        """The spans of the layers and labels that `scope` speaks of, made to agree with each other."""
        text = pieces.text
        asked = {layer for layer in LAYERS if layer in scores and scope.layer(layer)}
        told = scope.layer("entity")
        names = self._names(pieces, scores["entity"], told) if "entity" in scores and told else []
        if asked <= {"entity"}:
            return names
        found = self._tagged(pieces, scores, scope)
        if {"cue", "content"} <= asked:
            found = with_marked_speech(text, found)
        found = consistent(text, found)
        if {"source", "cue"} <= asked:
            follow = np.array(self.settings.transitions["source"], dtype=np.float32)
            found += missing_sources(text, found, pieces.words, scores["source"], follow)
            found = consistent(text, found)
        if {"source", "cue", "content"} <= asked:
            found = attributed(text, found)
        # Speech was read beside all names that might be some: a source holds the whole of one.
        found = [*names, *(with_form(text, span) for span in found if span.layer != "entity")]
        return sorted(found, key=lambda span: span.sort_key)

    def _scores_by_head(self, pieces: Pieces) -> dict[Head, Floats]:
        """For each head [words, tags]."""
        bounds = np.cumsum(self.settings.tag_counts)[:-1]
        scores = np.split(word_scores(pieces, self.settings, self.forward), bounds, axis=1)
        return dict(zip(self.settings.heads, scores, strict=True))

    def _tagged(self, pieces: Pieces, scores: dict[Head, Floats], scope: Scope) -> list[Span]:
        """The spans of the layers and labels that `scope` speaks of, in its terms, as the best sequences have them."""
        bounds = [*pieces.line_starts, len(pieces.words)]
        found: set[Span] = set()
        for head, own in scores.items():
            told = scope.layer(layer_of_head(head))
            if told is None:
                continue
            follow = np.array(self.settings.transitions[head], dtype=np.float32)
            spans = [
                replace(span, label=name)
                for start, end in pairwise(bounds)
                if (tags := viterbi(own[start:end], follow)).any()
                for span in spans_of(tags, head, pieces.words[start:end])
                if (name := scope.name_of(span.layer, span.label))
            ]
            found.update(with_one_label(pieces.text, spans, pieces.words, own, told) if head == "entity" else spans)
        return sorted(found, key=lambda span: span.sort_key)

    def _names(self, pieces: Pieces, scores: Floats, scope: LayerScope) -> list[Span]:
        """The entities that are more probable than not, in the terms of their layer's scope."""
        labels = head_labels("entity")
        groups = [[labels.index(label) for label in group] for group in scope.groups]
        follow = np.array(self.settings.transitions["entity"], dtype=np.float32)
        names = [
            Span(
                "entity", scope.labels[one.group], pieces.words[start + one.first][0], pieces.words[start + one.last][1]
            )
            for start, end in pairwise([*pieces.line_starts, len(pieces.words)])
            for one in likely_spans(scores[start:end], follow, groups)
        ]
        return consistent(pieces.text, with_one_label(pieces.text, names, pieces.words, scores, scope))


def _onnx_forward(path: Path, settings: Settings, last_piece: int) -> Forward:
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except OSError:
        raise InputError(str(path), "is missing", "export the run again: narasumber export RUN --to DIR") from None
    except Exception as error:  # onnxruntime has an exception class per failure and no public base
        raise InputError(str(path), f"cannot be loaded: {error}", "export the run again") from None
    names = [item.name for item in session.get_inputs()]

    def forward(batch: Batch) -> Floats:
        (logits,) = session.run(["logits"], {name: batch[name] for name in names})
        return np.asarray(logits, dtype=np.float32)

    ids = np.array([[settings.cls_id, settings.unk_id, settings.pad_id, last_piece, settings.sep_id]])
    none = np.zeros_like(ids)
    try:
        found = forward({"input_ids": ids, "attention_mask": none + 1, "token_type_ids": none, "word_shapes": none})
    except Exception as error:  # see above
        what = f"cannot read what tokenizer.json and {FILE} beside it make: {error}"
        raise InputError(str(path), what, "export the run again: they are of two models") from None
    if found.shape != (wanted := (*ids.shape, sum(settings.tag_counts))):
        raise InputError(str(path), f"gives {found.shape}, its settings ask for {wanted}", "export the run again")
    if not np.isfinite(found).all():
        raise InputError(str(path), "gives what is no number", "train and export again")
    return forward
