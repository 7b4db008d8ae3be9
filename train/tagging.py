"""Learning to tag: minus the log probability of what the annotation says of each word."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from narasumber.scope import WHOLE
from narasumber.settings import Settings
from narasumber.tags import MASKED
from train.examples import Example, collate_examples, tag_meanings


class Tagging:
    """The objective of a tagger's training, for `train.loop.Loop`."""

    def __init__(self, examples: Sequence[Example], settings: Settings) -> None:
        self.settings = settings
        self.meanings = {
            (head, scope): torch.from_numpy(tag_meanings(head, scope))
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
        """Minus the log probability of what each word's tag may stand for (cross entropy, where that is the tag alone),
        summed over words and heads.
        """
        batch, labels = collate_examples(examples, self.settings)
        device = next(network.parameters()).device
        logits = network(**{name: torch.from_numpy(array).to(device) for name, array in batch.items()})
        target = torch.from_numpy(labels).to(device)
        scopes = [example.scope for example in examples]
        loss = torch.zeros((), device=device)
        for number, own in enumerate(logits.float().split(self.settings.tag_counts, dim=-1)):
            tags = target[:, number]
            if all(scope == WHOLE for scope in scopes):
                loss = loss + functional.cross_entropy(
                    own.flatten(0, 1), tags.flatten(), ignore_index=MASKED, reduction="sum"
                )
            else:
                table = torch.stack([self.meanings[self.settings.heads[number], scope] for scope in scopes]).to(device)
                may = table.gather(1, tags.clamp(min=0)[..., None].expand(-1, -1, table.shape[-1])).log()
                loss = loss - own.log_softmax(-1).add(may).logsumexp(-1)[tags != MASKED].sum()
        return loss
