"""Training as a person follows it: step, loss, rate, validation of the last and of the best epoch, time left."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import keras

from bstkit.progress import Stage

TELL_SECONDS = 0.1
"""Words are put together this often at most: a small model takes a step in a millisecond."""


class TrainingProgress(keras.callbacks.Callback):
    """Tell a watcher where training is. Stands behind the callback that validates, whose numbers it tells.

    Args:
        stage: the watcher.
        epochs: at most so many; a stop before the last one ends the stage early.
        steps: of an epoch.
        batch_size: rows a step.
        patience: epochs without a better validation log loss before training stops.
    """

    def __init__(self, stage: Stage, epochs: int, steps: int, batch_size: int, patience: int) -> None:
        super().__init__()
        self._stage = stage
        self._epochs, self._steps, self._batch_size, self._patience = epochs, steps, batch_size, patience
        self._epoch = 0
        self._told = self._began = self._trained = 0.0
        self._first = self._step = 0
        self._pace = math.nan  # seconds a step, of the last epoch until this one has its own
        self._after = 0.0  # seconds between the last step of an epoch and its end: validation
        self._last: tuple[int, Mapping[str, Any]] | None = None
        self._best: tuple[int, Mapping[str, Any]] | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch, self._step, self._first = epoch, 0, 0
        self._began = time.perf_counter()
        self._tell(math.nan)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        now = self._trained = time.perf_counter()
        self._step = batch + 1
        if not self._first:
            # Paces count from here: the very first step traces the model, which can take longer than an epoch.
            self._first, self._from = self._step, now
        elif now > self._from:
            self._pace = (now - self._from) / max(1, self._step - self._first)
        if now - self._told >= TELL_SECONDS:
            self._tell((logs or {}).get("loss", math.nan))

    def validating(self, done: float) -> None:
        """Called while the rows of validation are scored, with the share that is."""
        if time.perf_counter() - self._told >= TELL_SECONDS:
            self._told = time.perf_counter()
            where = f"epoch {self._epoch + 1} of at most {self._epochs}, validating"
            self._stage(self._done(), "\n".join([f"{where}, {done:.0%}", *self._results()]))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        now, found = time.perf_counter(), dict(logs or {})
        self._after = now - self._trained
        self._last = (epoch + 1, found)
        loss = found.get("val_log_loss")
        if loss is not None and (self._best is None or loss < self._best[1]["val_log_loss"]):
            self._best = self._last
        number = f"{epoch + 1:>{len(str(self._epochs))}}"
        # Short enough for 80 columns.
        text = f"epoch {number}: loss {_number(found.get('loss'))}, validation {_metrics(found)}"
        self._stage.say(text, self._more(now))

    def _more(self, now: float) -> str:
        """What a line of an epoch adds for who sees nothing but lines."""
        parts = []
        if self._best is not None:
            parts.append("the best so far" if self._best is self._last else f"best: epoch {self._best[0]}")
        parts += [f"{now - self._began:.1f} s", *self._rate()]
        rest = self._epochs - self._epoch - 1
        if rest and not math.isnan(self._pace):
            parts.append(f"at most {clock(rest * self._epoch_seconds())} left")
        return ", ".join(parts)

    def _tell(self, loss: float) -> None:
        self._told = time.perf_counter()
        where = f"epoch {self._epoch + 1} of at most {self._epochs}, step {self._step:,} of {self._steps:,}"
        first = [where, *([] if math.isnan(loss) else [f"loss {loss:.4f}"]), *self._rate()]
        self._stage(self._done(), "\n".join([", ".join(first), *self._left(), *self._results()]))

    def _done(self) -> float:
        return min(1.0, (self._epoch + self._step / self._steps) / self._epochs)

    def _rate(self) -> list[str]:
        """Rows a second while steps are made; validation does not count."""
        if math.isnan(self._pace) or not self._pace:
            return []
        return [f"{self._batch_size / self._pace:,.0f} samples/s"]

    def _epoch_seconds(self) -> float:
        return self._steps * self._pace + self._after

    def _left(self) -> list[str]:
        """Time left: of the epoch well known, of the whole a bound, because early stopping may come any time."""
        if math.isnan(self._pace):
            return []
        epoch = (self._steps - self._step) * self._pace + self._after
        rest = self._epochs - self._epoch - 1
        if not rest:
            return [f"time left: {clock(epoch)}, this epoch is the last"]
        return [
            f"time left: {clock(epoch)} of this epoch, at most {clock(epoch + rest * self._epoch_seconds())} of all"
        ]

    def _results(self) -> list[str]:
        """Of the last epoch and of the best, and how long that one may stay the best."""
        if self._last is None or self._best is None:
            return []
        lines = [f"epoch {self._last[0]}: validation {_metrics(self._last[1])}"]
        if self._best is self._last:
            return [f"{lines[0]}, the best"]
        lines.append(f"epoch {self._best[0]}: validation {_metrics(self._best[1])}, the best")
        stop = self._best[0] + self._patience
        return [*lines, f"stops after epoch {stop} unless one is better"] if stop < self._epochs else lines


def clock(seconds: float) -> str:
    """A duration as a clock shows it: `0:07`, `12:30`, `1:02:03`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _metrics(logs: Mapping[str, Any]) -> str:
    """Those of validation; several tasks as their means."""
    names = {"log loss": "val_log_loss", "AUC": "val_auc", "GAUC": "val_gauc"}
    return ", ".join(f"{shown} {_number(logs.get(name))}" for shown, name in names.items())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
