"""Go on from a checkpoint with the very steps that an uninterrupted training would have made, and keep new ones."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from bstkit.compose import Composed
from bstkit.errors import TrainingInterrupted
from bstkit.training.endurance.checkpoint import (
    BEST,
    VARIABLES,
    Checkpoint,
    State,
    damaged,
    keep_best,
    read_checkpoint,
    write_texts,
)
from bstkit.training.endurance.checkpoint_folder import CheckpointFolder
from bstkit.training.endurance.interrupt import StopRequest, stop_requests
from bstkit.training.endurance.made_from import MadeFrom
from bstkit.training.endurance.variables import (
    read_variables,
    read_weights,
    state_variables,
    write_variables,
    write_weights,
)

BEGINNING = State(
    step=0,
    epoch=0,
    place=0,
    finished=False,
    history=[],
    best=None,
    best_epoch=0,
    wait=0,
    seconds=0.0,
    resumed=[],
)


class Endurance:
    """How one training outlives its process: where it begins, and where its checkpoints go.

    Args:
        checkpoints: where they lie.
        made_from: what the training is made from.
        start: the checkpoint that it goes on from; None: it begins.
        nan_batch: the file that a batch with a loss that is no number is saved to.
    """

    def __init__(
        self,
        checkpoints: CheckpointFolder,
        made_from: MadeFrom,
        start: Checkpoint | None = None,
        nan_batch: Path | None = None,
    ) -> None:
        self.checkpoints = checkpoints
        self.made_from = made_from
        self.start = start
        self.nan_batch = nan_batch
        self.state = BEGINNING
        if start is not None:
            now = {"step": start.state.step, "at": datetime.now(UTC).isoformat(timespec="seconds")}
            self.state = replace(start.state, resumed=[*start.state.resumed, now])

    @property
    def record(self) -> dict[str, Any]:
        """What provenance.json says of it: `resumed`, where the training was; nothing where it never stopped."""
        return {"resumed": self.state.resumed} if self.state.resumed else {}


class KeptCheckpoints(keras.callbacks.Callback):
    """Put a training where its checkpoint was, and write further ones: every so many steps, and after each epoch.

    It must be the last callback: what the others keep is in the checkpoint, and what they reset is put back.

    Args:
        endurance: where to begin, and where checkpoints go.
        composed: what is trained.
        stopping: the early stopping of this training.
        history: one dict an epoch, which another callback fills.
        steps: of an epoch.
        stop: whether somebody asked to stop.
    """

    def __init__(
        self,
        endurance: Endurance,
        composed: Composed,
        stopping: keras.callbacks.EarlyStopping,
        history: list[dict[str, Any]],
        steps: int,
        stop: StopRequest,
    ) -> None:
        super().__init__()
        self._endurance = endurance
        self._composed = composed
        self._stopping = stopping
        self._history = history
        self._steps = steps
        self._stop = stop
        self._epoch = 0
        self._step = endurance.state.step  # which the newest checkpoint has
        self._began = time.perf_counter()
        self._best_kept: int | None = None  # the epoch whose weights the newest checkpoint holds as the best

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Put variables, history and early stopping where the checkpoint has them."""
        start, state = self._endurance.start, self._endurance.state
        self._history[:] = state.history
        if start is None:
            return
        with _whole(start.folder):
            groups = state_variables(self._composed)
            groups.pop("metrics")  # Keras resets them when the epoch begins
            read_variables(start.folder / VARIABLES, groups)
            if state.best is not None:
                self._stopping.best_weights = read_weights(start.folder / BEST, self._composed.training)
                self._best_kept = state.best_epoch
        self._stopping.best, self._stopping.best_epoch, self._stopping.wait = state.best, state.best_epoch, state.wait

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Put the loss of the epoch so far where the checkpoint has it."""
        self._epoch = epoch
        start = self._endurance.start
        if start is not None and start.state.place and epoch == start.state.epoch:
            with _whole(start.folder):
                read_variables(start.folder / VARIABLES, {"metrics": state_variables(self._composed)["metrics"]})

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a checkpoint when one is due, or somebody asked to stop. The last step's waits for the epoch's end."""
        place = batch + 1
        if place == self._steps:
            return
        every = self._composed.selection.train.checkpoint_steps
        due = every and (self._epoch * self._steps + place) % every == 0
        if due or self._stop.signal is not None:
            self._write(self._epoch, place)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a checkpoint; the next epoch is where it goes on."""
        finished = self.model.stop_training or epoch + 1 == self._composed.selection.train.epochs
        self._write(epoch + 1, 0, finished)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Stop here, if somebody asked to after the last checkpoint was written."""
        self._stop_if_asked(self._step)

    def _write(self, epoch: int, place: int, finished: bool = False) -> None:
        before, stopping = self._endurance.state, self._stopping
        state = State(
            step=epoch * self._steps + place,
            epoch=epoch,
            place=place,
            finished=bool(finished),
            history=list(self._history),
            best=None if stopping.best is None else float(stopping.best),
            best_epoch=stopping.best_epoch,
            wait=stopping.wait,
            seconds=before.seconds + time.perf_counter() - self._began,
            resumed=before.resumed,
        )
        kept = self._endurance.checkpoints.newest if self._best_kept == state.best_epoch else None

        def files(staging: Path) -> None:
            write_texts(staging, state, self._endurance.made_from)
            write_variables(staging / VARIABLES, state_variables(self._composed))
            if state.best is not None and not keep_best(staging, kept):
                write_weights(staging / BEST, stopping.best_weights)

        self._endurance.checkpoints.add(state.step, files)
        self._step, self._best_kept = state.step, None if state.best is None else state.best_epoch
        self._stop_if_asked(state.step)

    def _stop_if_asked(self, step: int) -> None:
        if self._stop.signal is not None:
            raise TrainingInterrupted(
                f"training was stopped after step {step:,}; {self._endurance.checkpoints.folder} holds all of it",
                "go on with the same command and --resume; in Python with `resume=True`",
                self._stop.exit_code,
            )


@contextmanager
def keeping_checkpoints(
    endurance: Endurance | None,
    composed: Composed,
    stopping: keras.callbacks.EarlyStopping,
    history: list[dict[str, Any]],
    steps: int,
) -> Iterator[list[keras.callbacks.Callback]]:
    """Give the callback that keeps checkpoints, and heed Ctrl-C and SIGTERM meanwhile; nothing of both without it."""
    if endurance is None:
        yield []
        return
    with stop_requests() as stop:
        yield [KeptCheckpoints(endurance, composed, stopping, history, steps, stop)]


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """Say clearly that a checkpoint's arrays are damaged, or another model's."""
    try:
        yield
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise damaged(folder, error) from error


def open_newest(checkpoints: CheckpointFolder) -> Checkpoint | None:
    """Open the checkpoint to go on from; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    newest = checkpoints.newest
    return None if newest is None else read_checkpoint(newest)
