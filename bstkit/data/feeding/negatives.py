"""Negative steps for training: beside each step of a history one that the user did not take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.feeding.combinations import Combinations
from bstkit.data.pieces import pieces, read_piece
from bstkit.errors import ConfigError
from bstkit.inputs import InputSpec


@dataclass(frozen=True)
class Negatives:
    """What may stand beside the steps of one history: whole steps, as they occur among the training rows.

    A step is a combination of the history's fields, so that an item keeps its own category. Where the candidate has
    every field, each training row is one; otherwise the training rows that are events of the history are.

    Args:
        ids: column -> int32 `(combinations,)`.
        chances: int64 `(combinations,)`, how many chances in all each combination has; 0 for those that only
            validation or test rows have.
        upto: int64 `(combinations,)`, running sum of `chances`.
        own: `(steps,)`, the combination that each step of the history is.
    """

    ids: Mapping[str, NDArray[np.int32]]
    chances: NDArray[np.int64]
    upto: NDArray[np.int64]
    own: NDArray[np.integer]

    def draw(self, position: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw a combination for each step, never the step's own one unless there is no other.

        Args:
            position: int64, steps of the history; any shape.
            rng: where chance comes from.

        Returns:
            int64 indices into `ids`, the shape of `position`.
        """
        own = self.own[position]
        taken = self.chances[own]
        others = self.upto[-1] - taken
        drawn = rng.integers(np.maximum(others, 1))
        drawn += np.where(drawn >= self.upto[own] - taken, taken, 0)  # skip the chances of the own combination
        return np.where(others > 0, np.searchsorted(self.upto, drawn, side="right"), own)


def negatives_of(dataset: Dataset, inputs: Iterable[InputSpec]) -> dict[str, Negatives]:
    """Prepare what the inputs of role `"negative"` are drawn from, by history; empty where there is none.

    Raises:
        ConfigError: features.toml does not say how a history's negatives are sampled.
    """
    names = dict.fromkeys(spec.history for spec in inputs if spec.role == "negative" and spec.history is not None)
    return {name: _negatives(dataset, name) for name in names}


def _negatives(dataset: Dataset, name: str) -> Negatives:
    history, steps = dataset.features.history[name], dataset.history[name]
    if history.negatives is None or steps.event is None:
        raise ConfigError(
            f"history.{name}.negatives: is missing, and an objective reads negatives of this history",
            'say how they are sampled in features.toml:  negatives = "uniform"',
        )
    taken = [steps.ids[column] for column in history.fields]
    if all(dataset.features.target.get(column) == space for column, space in history.fields.items()):
        offered, rows = [dataset.target[column] for column in history.fields], None
    else:
        offered, rows = taken, steps.event
    combinations = Combinations([offered, taken])
    chances = np.zeros(combinations.count, np.int64)
    train = SPLITS.index("train")
    for first, end in pieces(len(offered[0])):
        seen = (dataset.split[first:end] if rows is None else dataset.split[rows[first:end]]) == train
        if rows is None and dataset.sampled is not None:  # what was drawn was not shown
            seen &= ~dataset.sampled[first:end]
        number = combinations.numbers([read_piece(column, first, end)[seen] for column in offered])
        chances += np.bincount(number, minlength=len(chances))
    if history.negatives == "uniform":
        chances = np.minimum(chances, 1)
    return Negatives(
        ids=dict(zip(history.fields, combinations.columns(), strict=True)),
        chances=chances,
        upto=np.cumsum(chances),
        own=combinations.numbers(taken),
    )
