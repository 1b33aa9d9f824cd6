"""Let every worker go on where the chief's checkpoint is: only the chief has one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import keras
import numpy as np

from bstkit.compose import Composed
from bstkit.training.endurance.checkpoint import State
from bstkit.training.endurance.variables import assign_own, own_value, state_variables
from bstkit.training.workers.strategy import Workers


def told(workers: Workers, state: State) -> State:
    """Return the chief's state on every worker."""
    if workers.strategy is None:
        return state
    text = np.frombuffer(json.dumps(asdict(state)).encode(), np.uint8)
    length = int(workers.chiefs_array(np.array([len(text)], np.int64))[0])
    sent = workers.chiefs_array(text if workers.cluster.is_chief else np.zeros(length, np.uint8))
    return State(**json.loads(sent.tobytes()))


def following(
    workers: Workers,
    composed: Composed,
    stopping: keras.callbacks.EarlyStopping,
    history: list[dict[str, Any]],
    state: State,
) -> list[keras.callbacks.Callback]:
    """The callback that puts all workers where the chief's checkpoint was, after those that put the chief there."""
    if workers.strategy is None or not state.step:
        return []
    return [_Following(workers, composed, stopping, history, state)]


class _Following(keras.callbacks.Callback):
    """Give every worker the chief's variables, history and early stopping; the arguments are those of `following`.

    The loss of an epoch that was begun earlier, as it is reported, counts the chief's rows alone up to the checkpoint.
    """

    def __init__(
        self,
        workers: Workers,
        composed: Composed,
        stopping: keras.callbacks.EarlyStopping,
        history: list[dict[str, Any]],
        state: State,
    ) -> None:
        super().__init__()
        self._workers = workers
        self._composed = composed
        self._stopping = stopping
        self._history = history
        self._state = state

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        state, stopping = self._state, self._stopping
        if not self._workers.cluster.is_chief:
            self._history[:] = state.history
            stopping.best, stopping.best_epoch, stopping.wait = state.best, state.best_epoch, state.wait
        self._take("model", "optimizer")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._state.place and epoch == self._state.epoch:
            self._take("metrics")

    def _take(self, *groups: str) -> None:
        every = state_variables(self._composed)
        for variable in (one for group in groups for one in every[group]):
            assign_own(variable, self._workers.chiefs_array(own_value(variable)))
