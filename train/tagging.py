"""Learning to tag: a linear-chain CRF a layer (Lafferty et al. 2001; over BERT: Souza et al. 2019, 1909.10649)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.rnn import pad_sequence

from models.network import Network
from narasumber.decode import NEVER, count_transitions, illegal
from narasumber.labels import layer_of_head
from narasumber.scope import joined
from narasumber.settings import Settings
from narasumber.tags import MASKED
from train.examples import Example, collate_examples, tag_meanings


class Tagging:
    """The objective of a tagger's training, for `train.loop.Loop`."""

    def __init__(self, examples: Sequence[Example], settings: Settings) -> None:
        self.settings = settings
        self.meanings = {
            (head, scope): torch.from_numpy(tag_meanings(head, scope)).log().clamp(min=NEVER)
            for scope in {example.scope for example in examples}
            for head in settings.heads
        }

    def size(self, examples: Sequence[Example]) -> int:
        """How many words of these examples carry a tag of some head.

        All heads' losses are divided by this one number, so that a layer which few of an update's words speak of weighs
        no more there for being rare.
        """
        return max(1, sum(int((example.labels != MASKED).any(axis=0).sum()) for example in examples))

    def loss(self, network: nn.Module, examples: Sequence[Example]) -> Tensor:
        """Minus the log probability, summed over lines and heads, of all tag sequences that the annotation may mean:
        the one sequence of a CRF, where it says every word's tag.
        """
        batch, labels = collate_examples(examples, self.settings)
        device = next(network.parameters()).device
        logits = network(**{name: torch.from_numpy(array).to(device) for name, array in batch.items()})
        rows = [example.row for example in examples]
        places = pad_sequence([torch.from_numpy(row.places) for row in rows], batch_first=True).to(device)
        there = pad_sequence([torch.ones(len(row.places), dtype=torch.bool) for row in rows], batch_first=True).to(
            device
        )
        opens = pad_sequence([torch.from_numpy(row.opens) for row in rows], batch_first=True).to(device)
        tags = torch.from_numpy(labels).to(device).gather(2, places[:, None].expand(-1, labels.shape[1], -1))
        with torch.autocast(device.type, enabled=False):
            words = logits.float().gather(1, places[..., None].expand(-1, -1, logits.shape[-1]))
            scores = _padded(list(words.split(self.settings.tag_counts, dim=-1)))
            transitions = self._transitions(network)
            may = scores + self._may(tags, opens, examples, scores.shape[-1])
            return (
                log_partition(scores, transitions, there, opens) - log_partition(may, transitions, there, opens)
            ).sum()

    def _transitions(self, network: nn.Module) -> Tensor:
        """[heads, tags, tags], what is illegal with no chance."""
        inner = network.module if isinstance(network, DistributedDataParallel) else network
        assert isinstance(inner, Network)
        own = [inner.transitions[head] for head in self.settings.heads]
        most = max(self.settings.tag_counts)
        square = torch.stack([functional.pad(one, (0, most - len(one), 0, most - len(one))) for one in own])
        return square + torch.from_numpy(illegal(most)).clamp(min=NEVER).to(square.device)

    def _may(self, tags: Tensor, opens: Tensor, examples: Sequence[Example], most: int) -> Tensor:
        """[heads, windows, words, tags] 0 for each tag that a word may have, else `NEVER`."""
        tables = torch.full((len(self.settings.heads), len(examples), most + 1, most), NEVER)
        for number, (head, count) in enumerate(zip(self.settings.heads, self.settings.tag_counts, strict=True)):
            for window, example in enumerate(examples):
                tables[number, window, :count, :count] = self.meanings[head, example.scope]
        tables[:, :, most] = 0.0  # the row of masked words
        rows = torch.where(tags == MASKED, most, tags).transpose(0, 1)
        may = tables.to(tags.device).gather(2, rows[..., None].expand(-1, -1, -1, most))
        # Whatever a word may be that nothing is said of, a span that is marked before it has ended.
        ended = (tags == MASKED) & (functional.pad(tags, (1, -1)) > 0) & ~opens[:, None]
        inside = torch.arange(1, most + 1, device=tags.device) % 2 == 1
        inside[0] = False
        return may.masked_fill(ended.transpose(0, 1)[..., None] & inside, NEVER)


def log_partition(scores: Tensor, transitions: Tensor, there: Tensor, opens: Tensor) -> Tensor:
    """[heads, windows] the log of the summed exponentials of all tag sequences' scores (the forward algorithm).

    `scores` [heads, windows, words, tags], `transitions` [heads, tags, tags]; `there` [windows, words] is false where a
    window has no more words, `opens` true where a line begins: before it stands an `O`. What stands before a window's
    first word is not known where none begins there.
    """
    follow = transitions.exp()
    first = transitions[:, None, 0]
    begin, *words = scores.unbind(2)  # one gradient for all words; a slice a word would have as many of full size
    sums = begin + torch.where(opens[None, :, 0, None], first, 0.0)
    for word, own in enumerate(words, start=1):
        peak = sums.amax(-1, keepdim=True).detach()
        inside = torch.einsum("hwi,hij->hwj", (sums - peak).exp(), follow).clamp(min=1e-30).log() + peak
        anew = sums.logsumexp(-1, keepdim=True) + first
        step = torch.where(opens[None, :, word, None], anew, inside) + own
        sums = torch.where(there[None, :, word, None], step, sums)
    return sums.logsumexp(-1)


def start_transitions(network: Network, examples: Sequence[Example], settings: Settings) -> None:
    """Half the log of how often one tag follows another in the examples, as a start for learning; never for a label
    that no example's scope tells from others, but for the one that a coarse one is called by.

    Half, since the words' scores tell much of the same; a whole one is learned where it helps.
    """
    scope = joined({example.scope for example in examples})
    for number, (head, count) in enumerate(zip(settings.heads, settings.tag_counts, strict=True)):
        sequences = []
        for example in examples:
            tags = example.labels[number][example.row.places]
            opens = example.row.opens
            first, *lines = np.split(tags, np.flatnonzero(opens[1:]) + 1)
            sequences += [first.tolist() if opens[0] else [MASKED, *first], *(line.tolist() for line in lines)]
        counts = count_transitions(sequences, count) + 0.5
        start = 0.5 * np.log(counts / counts.sum(axis=1, keepdims=True))
        own = scope.layer(layer_of_head(head))
        for place, label in enumerate(settings.labels[head]):
            if own is None or label not in own.labels:
                start[:, 2 * place + 1 : 2 * place + 3] = NEVER
        network.transitions[head].data.copy_(torch.from_numpy(start))


def _padded(heads: Sequence[Tensor]) -> Tensor:
    """[heads, ...] with as many tags as the most has; those that a head has not have no chance."""
    most = max(own.shape[-1] for own in heads)
    return torch.stack([functional.pad(own, (0, most - own.shape[-1]), value=NEVER) for own in heads])
