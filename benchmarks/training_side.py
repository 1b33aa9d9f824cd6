"""One side of `benchmarks/training.py --only recipes`, in a process of its own: trains as many steps as it is told to.

`bstkit` trains with `bstkit.training.fit.fit` on a dataset in memory, as `bstkit train` does. `plain` trains the same
model from plain Keras layers with `Model.fit` on `from_tensor_slices`. Reads numbers of steps from stdin, line by line,
and answers each with a line of JSON: seconds, and seconds that all threads worked.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
import tensorflow as tf  # after the log level

from benchmarks.operations import forward_operations  # after the path
from benchmarks.plain_keras import plain_model
from bstkit.compose import compose, with_rows
from bstkit.config.resolve import load_selection
from bstkit.data.dataset import SPLITS, Dataset, HistorySteps
from bstkit.data.feature_files import features_for
from bstkit.data.feeding.feed import take
from bstkit.data.feeding.negatives import negatives_of
from bstkit.training.fit import fit, make_repeatable

ROWS = {"item_id": 5001, "cate_id": 214, "user_id": 301, "gender": 3, "age": 11}
"""Of the tables, in every recipe: those of the seed model."""
VALIDATION_ROWS = 16


class Turns(keras.callbacks.Callback):
    """Waits for a number of steps before training goes on, and tells the seconds of the last ones."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Wait for the first turn."""
        self._wait()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count."""
        self.left -= 1
        if self.left == 0:
            float((logs or {})["loss"])  # whatever still runs is part of the turn
            taken = {"seconds": time.perf_counter() - self.start, "cpu_seconds": time.process_time() - self.cpu_start}
            print(json.dumps(taken), flush=True)
            self._wait()

    def _wait(self) -> None:
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        self.left = int(line)
        self.start, self.cpu_start = time.perf_counter(), time.process_time()


def dataset(rows: int) -> Dataset:
    """Rows with full histories of drawn ids, all of them for training but a few."""
    features = with_rows(features_for(None), ROWS)
    rng = np.random.default_rng(0)
    history = features.history["hist"]
    ids = {name: rng.integers(2, count, rows + history.max_length).astype(np.int32) for name, count in ROWS.items()}
    split = np.full(rows, SPLITS.index("train"), np.int8)
    split[-VALIDATION_ROWS:] = SPLITS.index("validation")
    start = np.arange(rows)
    return Dataset(
        features=features,
        vocabularies={},
        target={name: ids[name][:rows] for name in features.target},
        context={name: ids[name][:rows] for name in features.context},
        labels={"ctr": rng.integers(0, 2, rows).astype(np.float32)},
        user=ids["user_id"][:rows],
        time=start.astype(np.float64),
        row=start,
        split=split,
        history={
            "hist": HistorySteps(
                {name: ids[name] for name in history.fields},
                start,
                start + history.max_length,
                np.arange(rows + history.max_length) % rows,
            )
        },
        origin="drawn",
    )


def train_bstkit(recipe: str, data: Dataset, batch: int) -> None:
    """Fit as `bstkit train` does."""
    selection = load_selection(recipe, settings=[f"train.batch_size={batch}"], environ={})
    make_repeatable(selection.train.seed)
    composed = compose(selection, data.features)
    steps = data.features.history["hist"].max_length
    shapes = {spec.name: (batch,) if len(spec.dims) == 1 else (batch, steps) for spec in composed.training_inputs}
    _greet(composed.training, forward_operations(composed.training, shapes, steps) / batch)
    fit(composed, data, lambda done, note="": None, [Turns()])


def train_plain(recipe: str, data: Dataset, batch: int) -> None:
    """Fit as a Keras user does."""
    keras.utils.set_random_seed(0)
    steps = data.features.history["hist"].max_length
    model = plain_model(recipe, ROWS, steps)
    composed = compose(load_selection(recipe, environ={}), data.features)
    rows = data.rows("train")
    negatives = negatives_of(data, composed.training_inputs)
    inputs = take(data, rows, composed.training_inputs, negatives, np.random.default_rng(0))
    inputs = {name: values if values.ndim == 2 else values[:, None] for name, values in inputs.items()}
    model.compile(keras.optimizers.Adam(0.001), keras.losses.BinaryCrossentropy(from_logits=True))
    shapes = {name: (batch, *values.shape[1:]) for name, values in inputs.items()}
    _greet(model, forward_operations(model, shapes, steps) / batch)
    fed = tf.data.Dataset.from_tensor_slices((inputs, data.labels["ctr"][rows][:, None]))
    fed = fed.shuffle(20 * batch).batch(batch, drop_remainder=True).repeat().prefetch(tf.data.AUTOTUNE)
    model.fit(fed, steps_per_epoch=len(rows) // batch, epochs=100, verbose=0, shuffle=False, callbacks=[Turns()])


def _greet(model: keras.Model, operations: float) -> None:
    print(json.dumps({"parameters": model.count_params(), "forward operations": operations}), flush=True)


if __name__ == "__main__":
    name, side, rows_text, batch_text = sys.argv[1:]
    {"bstkit": train_bstkit, "plain": train_plain}[side](name, dataset(int(rows_text)), int(batch_text))
