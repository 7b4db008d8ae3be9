"""What a person sees of a run: a live line in a terminal, plain lines elsewhere, and the same lines in `train.log`."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from train.loop import TrainState, Update

PLAIN_SECONDS = 10.0


class Progress:
    """Shows loss, tokens/s, time left and best score. `folder/train.log` gets a line an epoch."""

    def __init__(self, total: int, epochs: int, folder: Path, *, shown: bool) -> None:
        self.total, self.epochs, self.folder, self.shown = total, epochs, folder, shown
        self.console = Console(stderr=True, quiet=not shown, highlight=False)
        self.recent: deque[tuple[float, int, float]] = deque(maxlen=20)
        self.said = 0.0
        self.bar = Bar(
            TextColumn(f"[bold]{folder.name}[/]"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not (shown and self.console.is_terminal),
        )
        self.task = self.bar.add_task("train", total=total, text="")

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def show(self, update: Update, seconds: float, state: TrainState) -> None:
        """Reports an update that took `seconds`."""
        self.recent.append((update.loss, update.tokens, seconds))
        loss = sum(item[0] for item in self.recent) / len(self.recent)
        spent = sum(item[2] for item in self.recent)
        speed = sum(item[1] for item in self.recent) / spent
        best = f"  best {state.best_score:.3f} (epoch {state.best_epoch})" if state.best_epoch >= 0 else ""
        text = f"loss {loss:.3f}  {speed:,.0f} tokens/s{best}"
        self.bar.update(self.task, completed=update.step, text=text)
        left = (self.total - update.step) * spent / len(self.recent)
        line = f"epoch {update.epoch}/{self.epochs}  update {update.step}/{self.total}  {text}  {left:.0f} s left"
        if update.ends_epoch and self.shown:
            with (self.folder / "train.log").open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
        now = time.monotonic()
        if not self.console.is_terminal and (now - self.said > PLAIN_SECONDS or update.step == self.total):
            self.said = now
            self.console.print(f"{self.folder.name}: {line}", soft_wrap=True)
