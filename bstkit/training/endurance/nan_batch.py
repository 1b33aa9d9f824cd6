"""A loss that is no number: training stops, and the batch that gave it is saved."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from bstkit.errors import TrainingError
from bstkit.staging import replaced_file
from bstkit.training.endurance.array_file import Array, write_arrays

Batch = tuple[dict[str, Array], dict[str, Array], NDArray[np.int64]]
"""Inputs, labels by task, and rows of the dataset."""


class FiniteLoss(keras.callbacks.Callback):
    """Stop with an error as soon as the loss is NaN or infinite.

    The loss that Keras reports is the mean of the epoch so far, which stays NaN once one batch was: every step is
    looked at, so that the first such batch is named.

    Args:
        batch: epoch and place -> that batch, made again.
        log_rows: row of the dataset -> its place in the log.
        file: where it is saved; None: nowhere.
    """

    def __init__(
        self, batch: Callable[[int, int], Batch], log_rows: NDArray[np.int64], file: Path | None = None
    ) -> None:
        super().__init__()
        self._batch = batch
        self._log_rows = log_rows
        self._file = file
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        where = f"the loss is {loss} at step {batch + 1} of epoch {self._epoch + 1}"
        hint = "lower train.learning_rate, or set train.clip_norm:  --set train.clip_norm=5.0"
        if self._file is not None:
            where += f"; {self._save(self._file, batch)}"
            hint += f"; look at the batch with numpy.load('{self._file}')"
        raise TrainingError(where, hint)

    def _save(self, file: Path, place: int) -> str:
        """Save the batch, and say what is in it."""
        inputs, labels, rows = self._batch(self._epoch, place)
        named = {
            **{f"input:{name}": array for name, array in inputs.items()},
            **{f"label:{task}": array for task, array in labels.items()},
            "row": rows,
            "log_row": self._log_rows[rows],
        }
        with replaced_file(file) as staging:
            write_arrays(staging / file.name, named.items())
        infinite = [name for name, array in inputs.items() if array.dtype.kind == "f" and np.isinf(array).any()]
        found = f", whose {', '.join(infinite)} is infinite in some rows" if infinite else ""
        return f"{file} holds its {len(rows)} rows{found}"
