"""`[train] optimizer`, `schedule`, `clip_norm` and `embedding_l2` as one Keras optimizer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import keras

from bstkit.config.selection import TrainSettings
from bstkit.training.optimizers.lazy_adam import LazyAdam
from bstkit.training.optimizers.precision import LossScale
from bstkit.training.optimizers.row_gradients import by_row
from bstkit.training.optimizers.schedule import learning_rate

CLASSES = {
    "adam": keras.optimizers.Adam,
    "lazy_adam": LazyAdam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "ftrl": keras.optimizers.Ftrl,
    "lamb": keras.optimizers.Lamb,
    "sgd": keras.optimizers.SGD,
}
"""Name in `[train] optimizer` -> class; its parameters are the fields of the table in `bstkit.config.optimizers`."""


def make_optimizer(settings: TrainSettings, steps_per_epoch: int, tables: Collection[str] = ()) -> Any:
    """Make the optimizer.

    `adam` without clipping and regularisation is Keras's own, step for step: it takes the gradients of a row that a
    batch shows several times one by one, and adds their squares to the second moment. Every other choice sums them
    first: `lazy_adam` by itself, the others by `by_row`. With `precision = "mixed_float16"` it scales the loss.

    Args:
        settings: `[train]`.
        steps_per_epoch: turns the lengths of a schedule that are said in epochs into steps.
        tables: paths of the embedding tables, for `embedding_l2`.
    """
    chosen = settings.optimizer
    made: Any = CLASSES[chosen.use]
    if chosen.use not in ("adam", "lazy_adam") or settings.clip_norm or settings.embedding_l2:
        made = by_row(made, clip_norm=settings.clip_norm, embedding_l2=settings.embedding_l2, tables=frozenset(tables))
    optimizer = made(learning_rate(settings, steps_per_epoch), **chosen.model_dump(exclude={"use"}))
    return LossScale(optimizer) if settings.precision == "mixed_float16" else optimizer
