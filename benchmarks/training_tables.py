"""The tables part of `benchmarks/training.py`: a step of training by the length of an embedding table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bstkit.compose import Composed, compose, with_rows
from bstkit.config.resolve import load_selection
from bstkit.data.feature_files import features_for
from bstkit.training.fit import compile_training, make_repeatable

OPTIMIZERS = ("adam", "lazy_adam")
ROWS = (10**4, 10**5, 10**6)
OTHER_ROWS = {"cate_id": 302, "user_id": 2_002, "gender": 5, "age": 12}
BATCH = 256
FED_BATCHES = 16
AIMS = {"lazy_adam": 1.3}


def composed(optimizer: str, rows: int, batch: int) -> Composed:
    """`din` with an item table of some rows, ready to be trained."""
    settings = [f"train.optimizer={optimizer}", f"train.batch_size={batch}"]
    selection = load_selection("din", settings=settings, environ={})
    make_repeatable(selection.train.seed)
    model = compose(selection, with_rows(features_for(None), {"item_id": rows, **OTHER_ROWS}))
    compile_training(model, steps=FED_BATCHES)
    return model


def batches(model: Composed, batch: int) -> tf.data.Dataset:
    """Batches of full histories and drawn ids, over and over."""
    rng = np.random.default_rng(0)
    length = max(history.max_length for history in model.features.history.values())
    drawn = {name: Popular(space.rows or 0, rng) for name, space in model.features.spaces.items()}
    fed = []
    for _ in range(FED_BATCHES):
        inputs = {}
        for spec in model.training_inputs:
            shape = (batch,) if len(spec.dims) == 1 else (batch, length)
            inputs[spec.name] = drawn[spec.space or ""].ids(shape)
        fed.append((inputs, {"ctr": rng.integers(0, 2, (batch, 1)).astype(np.float32)}))
    columns = {name: np.stack([inputs[name] for inputs, _ in fed]) for name in fed[0][0]}
    labels = {"ctr": np.stack([label["ctr"] for _, label in fed])}
    return tf.data.Dataset.from_tensor_slices((columns, labels)).repeat().prefetch(2)


class Popular:
    """Draws real ids of one table by Zipf's law with exponent 1."""

    def __init__(self, rows: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.place = rng.permutation(np.arange(2, rows, dtype=np.int32))
        self.share = np.cumsum(1.0 / np.arange(1, rows - 1))

    def ids(self, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Draw int32 ids."""
        return self.place[np.searchsorted(self.share, self.rng.random(shape) * self.share[-1])]


class Side:
    """One model that takes turns."""

    def __init__(self, optimizer: str, rows: int, batch: int) -> None:
        self.model = composed(optimizer, rows, batch)
        self.batches = batches(self.model, batch)
        first = next(iter(self.batches.as_numpy_iterator()))[0]
        self.shown = len(np.unique(np.concatenate([first[name].ravel() for name in ("item_id", "hist_item_id")])))
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []
        self.turn(2)  # traces
        self.seconds.clear()
        self.cpu_seconds.clear()

    def turn(self, steps: int) -> None:
        """Train some steps and note the seconds a step, without those of the first, which starts the feed."""
        clock = _Clock()
        self.model.training.fit(self.batches, steps_per_epoch=steps + 1, verbose=0, shuffle=False, callbacks=[clock])
        self.seconds.append((clock.ends[-1] - clock.ends[0]) / steps)
        self.cpu_seconds.append((clock.cpu_ends[-1] - clock.cpu_ends[0]) / steps)


class _Clock(keras.callbacks.Callback):
    """When each step ended, and how much all threads had worked by then."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []
        self.cpu_ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.ends.append(time.perf_counter())
        self.cpu_ends.append(time.process_time())


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over turns."""
    return round(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)), 2)


def measure(repeats: int, steps: int, quick: bool) -> dict[str, Any]:
    """Every optimizer and length: a table on stdout, and what goes into the results."""
    rows, batch = ((100, 1000), 8) if quick else (ROWS, BATCH)
    print(f"{'optimizer':<10} {'rows':>10} {'ms a step':>10} {'ratio':>8} {'cpu':>8}", flush=True)
    setting = {"recipe": "din", "batch_size": batch, "repeats": repeats, "steps a turn": steps}
    return {"setting": setting, "optimizers": _measured(rows, batch, repeats, steps)}


def reached(found: dict[str, Any]) -> dict[str, bool]:
    """Aim -> whether it is reached."""
    longest = list(found["optimizers"]["lazy_adam"].values())[-1]
    return {"lazy_adam": longest["over the shortest"] <= AIMS["lazy_adam"]}


def _measured(rows: Sequence[int], batch: int, repeats: int, steps: int) -> dict[str, Any]:
    """Milliseconds a step of each side, and for each optimizer the ratio to the shortest table."""
    sides = {(optimizer, count): Side(optimizer, count, batch) for optimizer in OPTIMIZERS for count in rows}
    for turn in range(repeats):
        for side in list(sides.values())[:: -1 if turn % 2 else 1]:
            side.turn(steps)
    found: dict[str, Any] = {}
    for optimizer in OPTIMIZERS:
        shortest = sides[optimizer, rows[0]]
        found[optimizer] = {}
        for count in rows:
            side = sides[optimizer, count]
            found[optimizer][str(count)] = {
                "rows a batch shows": side.shown,
                "ms a step": round(statistics.median(side.seconds) * 1e3, 1),
                "over the shortest": ratio(side.seconds, shortest.seconds),
                "over the shortest, cpu": ratio(side.cpu_seconds, shortest.cpu_seconds),
            }
        for count, row in found[optimizer].items():
            ratios = f"{row['over the shortest']:>8} {row['over the shortest, cpu']:>8}"
            print(f"{optimizer:<10} {int(count):>10,} {row['ms a step']:>10} {ratios}", flush=True)
    return found
