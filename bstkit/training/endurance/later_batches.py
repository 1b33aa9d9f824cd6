"""Train the rest of an epoch that was begun earlier.

Keras runs whole epochs. The rest of one is an epoch that stops early, after its last batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def from_place(
    place: int, callbacks: Sequence[keras.callbacks.Callback], model: keras.Model, steps: int
) -> list[keras.callbacks.Callback] | keras.callbacks.CallbackList:
    """Make what `fit` takes as callbacks where the first epoch that it runs begins at a place.

    Args:
        place: of the first batch in its epoch; 0: the epoch is whole.
        callbacks: told of the batches by their place in the whole epoch.
        model: the model that is trained.
        steps: of a whole epoch.
    """
    return LaterBatches(list(callbacks), model, place, steps) if place else list(callbacks)


class LaterBatches(keras.callbacks.CallbackList):
    """Callbacks of a training whose first epoch begins at a later batch; the arguments are those of `from_place`."""

    def __init__(self, callbacks: list[keras.callbacks.Callback], model: keras.Model, place: int, steps: int) -> None:
        super().__init__(callbacks, add_history=True, model=model, steps=steps, verbose=0)
        self._skipped = place  # batches of the epoch in progress
        self._rest = steps - place
        self._ended_here = False

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell the place in the whole epoch."""
        super().on_train_batch_begin(batch + self._skipped, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell the place in the whole epoch, and end the one that was begun at its last batch."""
        super().on_train_batch_end(batch + self._skipped, logs)
        if self._skipped and batch + 1 == self._rest and not self.model.stop_training:
            self.model.stop_training = self._ended_here = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Take the stop back, if it was ours, before the callbacks decide whether training ends."""
        if self._ended_here:
            self.model.stop_training = self._ended_here = False
        self._skipped = 0
        super().on_epoch_end(epoch, logs)
