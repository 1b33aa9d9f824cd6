"""Train with other workers: MultiWorkerMirroredStrategy, and what Keras 3 leaves undone under it.

Keras's `fit` fails there for two reasons (keras-team/keras#20585): before the first step it builds the model from a
batch that it takes the mean of, integers included; and it reduces each metric over the axis 0 that a scalar has not.
Here the model is built before, from shapes alone, and the step is our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bstkit.training.metrics import Metrics
from bstkit.training.workers.cluster import ALONE, Cluster
from bstkit.training.workers.lost import lost_worker_told
from bstkit.training.workers.share import shares


@dataclass(frozen=True)
class Workers:
    """The workers of a training; each method does nothing special where one trains alone.

    Args:
        cluster: who they are.
        strategy: from `bstkit.training.workers.join`; None where one trains alone.
    """

    cluster: Cluster = ALONE
    strategy: Any = None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Compose and train in this, so that all workers have the same weights.

        Raises:
            TrainingError: a worker was lost.
        """
        if self.strategy is None:
            yield
        else:
            with lost_worker_told(self.cluster), self.strategy.scope():
                yield

    def fed(self, model: keras.Model, batches: tf.data.Dataset) -> Any:
        """Make a compiled model train with the others.

        Args:
            model: composed and compiled in `scope`.
            batches: the whole batches; each worker takes its share of every one.

        Returns:
            What `fit` takes in place of `batches`.
        """
        if self.strategy is None:
            return batches
        parts = self.strategy.num_replicas_in_sync
        own = parts // self.cluster.size
        feed = shares(batches, parts, self.cluster.place * own, own)
        shapes = tf.nest.map_structure(lambda one: keras.KerasTensor(one.shape, one.dtype.name), feed.element_spec)
        model._symbolic_build(data_batch=shapes)
        model._maybe_symbolic_build = _nothing
        model.steps_per_execution = 1
        model.train_function = tf.function(self._step(model), reduce_retracing=True)
        return self.strategy.distribute_datasets_from_function(lambda context: feed)

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """What must run before validation."""
        return [] if self.strategy is None else [_Statistics(self)]

    def chiefs(self, evaluate: Callable[[], dict[str, Metrics]], tasks: Sequence[str]) -> dict[str, Metrics]:
        """Let the chief evaluate and tell the others, so that all come to the same decisions.

        Args:
            evaluate: task -> metrics.
            tasks: the tasks.
        """
        if self.strategy is None:
            return evaluate()
        rows = np.zeros((len(tasks), len(Metrics.__dataclass_fields__)))
        if self.cluster.is_chief:
            found = evaluate()
            rows[:] = [[np.nan if one is None else one for one in astuple(found[task])] for task in tasks]
        return {task: _metrics(row) for task, row in zip(tasks, self._reduce("SUM", rows), strict=True)}

    def chiefs_array(self, value: Any) -> Any:
        """The chief's array, to every worker; each gives one of the same shape."""
        array = np.asarray(value)
        kind = array.dtype if array.dtype.kind == "f" else np.dtype(np.int64)  # seeds are unsigned: never reduced
        sent = array.astype(kind) if self.cluster.is_chief else np.zeros(array.shape, kind)
        return self._reduce("SUM", sent).astype(array.dtype)

    def means(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The mean over the workers of each array."""
        return {name: self._reduce("MEAN", value) for name, value in values.items()}

    def _reduce(self, how: str, value: Any) -> Any:
        return self.strategy.reduce(how, tf.identity(value), axis=None).numpy()

    def _step(self, model: keras.Model) -> Callable[[Any], dict[str, Any]]:
        def step(iterator: Any) -> dict[str, Any]:
            logs = self.strategy.run(model.train_step, args=(next(iterator),))
            return {name: self.strategy.reduce("MEAN", value, axis=None) for name, value in logs.items()}

        return step


class _Statistics(keras.callbacks.Callback):
    """Take the mean of what layers count beside the training, such as moving averages, after each epoch.

    Each worker counts over its own rows. The mean at the end is that of a mean at each step: moving averages are
    linear. Taken is the mean of the changes, which leaves constants as they are to the last bit.
    """

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self.workers = workers
        self.before: dict[str, Any] = {}

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.before = {one.path: one.numpy() for one in self._variables()}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        changes = self.workers.means({one.path: one.numpy() - self.before[one.path] for one in self._variables()})
        for one in self._variables():
            one.assign(self.before[one.path] + changes[one.path])

    def _variables(self) -> list[Any]:
        return [one for one in self.model.non_trainable_variables if one.dtype.startswith("float")]


def _metrics(row: Any) -> Metrics:
    """Metrics from a row of numbers, NaN where one is undefined."""
    auc, gauc, gauc_users, log_loss, rows = row.tolist()
    return Metrics(
        None if np.isnan(auc) else auc, None if np.isnan(gauc) else gauc, int(gauc_users), log_loss, int(rows)
    )


def _nothing(*args: Any, **kwargs: Any) -> None:
    """The model is built."""
