"""Rows from a log, each with the history that the log itself gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import Input
from bstkit.bundle.raw_events import Feeds
from bstkit.data.dataset import Dataset
from bstkit.data.feeding.feed import take
from bstkit.inputs import InputSpec
from bstkit.predict.model import Model
from bstkit.predict.rows import Rows


class LogFeeds:
    """What a model is fed for some rows of a log.

    Args:
        dataset: the log, encoded with the model's vocabularies.
        model: what scores.

    Attributes:
        specs: the encoded inputs behind the model's.
    """

    def __init__(self, dataset: Dataset, model: Model) -> None:
        self._dataset = dataset
        self._model = model
        self.specs = tuple(_spec(one) for one in model.inputs)

    def of(self, rows: NDArray[np.int64]) -> Feeds:
        """As the model takes them: raw ids where it does."""
        encoded, tables = take(self._dataset, rows, self.specs), self._model.tables
        return {
            one.name: encoded[one.name] if one.space is None else tables[one.space].of_ids(encoded[one.name])
            for one in self._model.inputs
        }


class LogRows:
    """One row an event, in the order of the log; labels stand behind the scores where the log has any.

    Args:
        dataset: the log, encoded with the model's vocabularies.
        users: names of the users, in the order of their numbers.
        model: what scores.
    """

    def __init__(self, dataset: Dataset, users: Sequence[str], model: Model) -> None:
        self._dataset = dataset
        self._users = np.array(users, object)
        self._feeds = LogFeeds(dataset, model)
        known = dataset.labels if dataset.features.log.labels else {}  # without labels each event counts as positive
        self._labels = [task for task, values in known.items() if not np.isnan(values).all()]

    def batches(self, size: int) -> Iterator[Rows]:
        """All events in the order of the log."""
        data = self._dataset
        order = np.argsort(data.row)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield Rows(
                {"row": data.row[rows], "user": self._users[data.user[rows]], "time": data.time[rows]},
                self._feeds.of(rows),
                (start + len(rows)) / len(order),
                {f"label_{task}": data.labels[task][rows] for task in self._labels},
            )


def _spec(one: Input) -> InputSpec:
    """The encoded input behind one of the model's."""
    dtype = one.dtype if one.space is None else "int32"
    return InputSpec(one.name, dtype, tuple(map(str, one.dims)), one.role, one.column, one.space, one.history)
