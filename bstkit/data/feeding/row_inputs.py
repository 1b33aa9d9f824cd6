"""The inputs of a batch of rows, made from a prepared log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import Dataset
from bstkit.data.feeding.negatives import Negatives
from bstkit.data.feeding.windows import Window, recent_sessions, recent_steps
from bstkit.errors import DataError
from bstkit.inputs import InputSpec

_LONGEST_AGE = np.iinfo(np.int32).max


class RowInputs:
    """The inputs of some rows; what several of them share is made once."""

    def __init__(self, dataset: Dataset, rows: NDArray[np.int64]) -> None:
        self.dataset = dataset
        self.rows = rows
        self._windows: dict[tuple[str, bool], Window] = {}
        self._drawn: dict[str, tuple[Negatives, NDArray[np.int64]]] = {}

    def draw(self, negatives: Mapping[str, Negatives], rng: np.random.Generator) -> None:
        """Draw a negative beside every step, one for all fields of a history."""
        for name, pool in negatives.items():
            if len(pool.own):
                self._drawn[name] = (pool, pool.draw(self._window(name, cut=False).position, rng))
            else:  # a history without any event has padding only
                self._drawn[name] = (pool, np.zeros(self._window(name, cut=False).real.shape, np.int64))

    def make(self, spec: InputSpec) -> NDArray[Any]:
        """Make one input."""
        if spec.history is None:
            column: NDArray[Any] = (self.dataset.target if spec.role == "target" else self.dataset.context)[spec.column]
            chosen: NDArray[Any] = column[self.rows]
            return chosen
        window = self._window(spec.history, is_cut(spec))
        if spec.role == "length":
            count: NDArray[np.int32] = window.real.sum(axis=1, dtype=np.int32)
            return count
        filled = np.zeros(window.real.shape, spec.dtype)
        filled[window.real] = self._values(spec, window)
        return filled

    def _values(self, spec: InputSpec, window: Window) -> NDArray[Any]:
        """One value for each real step of a window, in order."""
        name = spec.history or ""
        steps, position = self.dataset.history[name], window.position[window.real]
        if spec.role == "negative":
            if name not in self._drawn:
                raise ValueError(f"`negatives` and `rng` are needed for the input '{spec.name}'. Received: None")
            pool, drawn = self._drawn[name]
            return pool.ids[spec.column][drawn[window.real]]
        if spec.role == "age":
            counts = window.real.reshape(len(self.rows), -1).sum(axis=1)
            now = np.repeat(self.dataset.time[self.rows], counts)
            return np.clip(now - self.dataset.step_times(name, position), 0, _LONGEST_AGE)
        values: NDArray[Any] | None = steps.weight if spec.role == "weight" else steps.ids[spec.column]
        if values is None:
            raise DataError(
                f"history '{name}' has no weights, and '{spec.name}' is one",
                f"name their column in features.toml:  [history.{name}] weight = ...",
            )
        return values[position]

    def _window(self, name: str, cut: bool) -> Window:
        if (name, cut) not in self._windows:
            make = recent_sessions if cut else recent_steps
            self._windows[name, cut] = make(self.dataset, name, self.rows)
        return self._windows[name, cut]


def is_cut(spec: InputSpec) -> bool:
    """Whether an input's history is cut into sessions."""
    return len(spec.dims) == 3
