"""`--tensorboard FOLDER`: training as TensorBoard shows it while it runs.

The run folder appears only when it is whole, so that it cannot hold what is to be seen earlier: events go to
`FOLDER/NAME`, NAME being the run folder's, and stay there however training ends. `tensorboard --logdir FOLDER` then
shows the runs beside one another. history.csv and report.html of a run have the same numbers of its epochs.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.errors import ConfigError, RunError
from bstkit.training.watching.event_file import EventFile
from bstkit.training.watching.event_texts import drawing_text, settings_text, validation_tag

POINT_SECONDS = 1.0
"""Points between the ends of epochs are written this often at most."""

_log = logging.getLogger("bstkit")


def events_folder(folder: Path, run: Path) -> Path:
    """Where a run's events go; what would fail after minutes of preparation is refused here.

    Args:
        folder: that was given.
        run: the run folder to come.

    Raises:
        ConfigError: events would lie in the run folder, which must not exist until it is whole.
        RunError: the folder cannot be written to.
    """
    if run.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise ConfigError(
            f"--tensorboard {folder} lies in the run folder, which appears only when it is whole",
            "name another folder; the events go into one there that is called like the run",
        )
    events = folder / run.resolve().name
    there = next(one for one in (events, *events.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise RunError(f"cannot write to {there}", "name another folder with --tensorboard")
    return events


@contextmanager
def tensorboard_callbacks(folder: Path | None, composed: Composed) -> Iterator[list[keras.callbacks.Callback]]:
    """The callback that writes the events of a training; none without a folder. The file is closed at the end.

    Args:
        folder: from `events_folder`.
        composed: what is trained.
    """
    if folder is None:
        yield []
        return
    callback = TensorBoardEvents(folder, composed)
    try:
        yield [callback]
    finally:
        callback.close()


class TensorBoardEvents(keras.callbacks.Callback):
    """Write how training goes. Stands behind the callback that validates, whose numbers it writes.

    Tags: `epoch/loss`, `epoch/learning_rate`; `validation/log_loss`, `validation/auc`, `validation/gauc`, of several
    tasks also `validation/<task>/log_loss` and so on; about once a second `step/loss`, the mean since the last point,
    and `step/samples_per_second`. All are by step, counted from 1 over the epochs. Texts: `settings`, `composition`.

    A disk that is full ends the events, with a warning, and not the training.

    Args:
        folder: for this run's events.
        composed: what is trained.
    """

    def __init__(self, folder: Path, composed: Composed) -> None:
        super().__init__()
        self._folder, self._composed = folder, composed
        self._batch_size = composed.selection.train.batch_size
        self._file: EventFile | None = None
        self._failed = False
        self._start = 0  # steps of the epochs before this one
        self._points = _Points()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start = epoch * self.params["steps"]
        self._points.begin()
        if self._file is None:  # the first epoch here, which need not be the first of the training
            self._write(self._open)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self._points.see(batch + 1, (logs or {}).get("loss", math.nan)) >= POINT_SECONDS:
            loss, pace = self._points.take()
            self._scalars(
                self._start + batch + 1, {"step/loss": loss, "step/samples_per_second": self._batch_size / pace}
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        found = {f"epoch/{name}": (logs or {}).get(name) for name in ("loss", "learning_rate")}
        found |= {validation_tag(name): value for name, value in (logs or {}).items() if name.startswith("val_")}
        self._scalars(self._start + self.params["steps"], found)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._write(self._file.close)

    def _open(self) -> None:
        self._file = EventFile(self._folder, self._start + 1 if self._start else 0)
        self._file.text(self._start, "settings", settings_text(self._composed))
        self._file.text(self._start, "composition", drawing_text(self._composed))

    def _scalars(self, step: int, values: Mapping[str, float | None]) -> None:
        known = {tag: value for tag, value in values.items() if value is not None}
        if self._file is not None:
            self._write(partial(self._file.scalars, step, known))

    def _write(self, write: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            write()
        except (OSError, tf.errors.OpError) as error:
            self._failed = True
            _log.warning("TensorBoard's events end here, training goes on: %s", error)


class _Points:
    """The mean loss and the seconds a step between two points of an epoch, from the running mean that Keras keeps."""

    def begin(self) -> None:
        """An epoch begins. Its first step starts the clock: the very first one of all traces the model."""
        self._step = 0

    def see(self, step: int, mean: float) -> float:
        """Take a step and the mean loss until it; return the seconds since the last point."""
        now = time.perf_counter()
        if not self._step:
            self._from(step, mean * step, now)
        self._seen, self._total, self._now = step, mean * step, now
        return now - self._since

    def take(self) -> tuple[float, float]:
        """Mean loss and seconds a step since the last point; the next one counts from here."""
        steps = self._seen - self._step
        found = (self._total - self._sum) / steps, (self._now - self._since) / steps
        self._from(self._seen, self._total, self._now)
        return found

    def _from(self, step: int, total: float, now: float) -> None:
        self._step, self._sum, self._since = step, total, now
