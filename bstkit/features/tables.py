"""The embedding tables of ids: how they begin, and how their rows are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
import tensorflow as tf
from keras import ops

_DRAWN = ContextVar("drawn", default=True)


@contextmanager
def tables_of_zeros() -> Iterator[None]:
    """Let tables begin as zeros while the block runs: for models whose weights are read right afterwards."""
    token = _DRAWN.set(False)
    try:
        yield
    finally:
        _DRAWN.reset(token)


@keras.saving.register_keras_serializable(package="bstkit")
class TableUniform(keras.initializers.RandomUniform):
    """Keras's own start of an embedding table, uniform in `[minval, maxval)`, with large tables drawn in blocks.

    Keras draws a table as a whole and scales it out of place, which takes three times its memory and more. A table of
    up to `block_rows` rows gets the very numbers that Keras would give it.

    Args:
        minval, maxval, seed: as Keras's `RandomUniform`. Default to its defaults.
        block_rows: int >= 1. Defaults to `1048576`.

    Raises:
        ValueError: `block_rows` is below 1.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None, block_rows: int = 2**20
    ) -> None:
        super().__init__(minval, maxval, seed)
        if block_rows < 1:
            raise ValueError(f"`block_rows` must be at least 1. Received: block_rows={block_rows}")
        self.block_rows = block_rows

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Draw a table; zeros in a block of `tables_of_zeros`."""
        if not _DRAWN.get():
            return ops.zeros(shape, dtype)
        rows = shape[0]
        if rows <= self.block_rows:
            return super().__call__(shape, dtype)
        blocks = []
        for number, start in enumerate(range(0, rows, self.block_rows)):
            size = min(self.block_rows, rows - start)
            seed = self.seed + number if isinstance(self.seed, int) else self.seed  # a generator moves on by itself
            draw = keras.initializers.RandomUniform(self.minval, self.maxval, seed)
            blocks.append(draw((size, *shape[1:]), dtype))
        return ops.concatenate(blocks, axis=0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "block_rows": self.block_rows}


@keras.saving.register_keras_serializable(package="bstkit")
class Embedding(keras.layers.Embedding):
    """Keras's embedding, with rows read from the variable itself.

    Keras reads the whole table and takes rows of what it read. Once an optimizer has changed single rows of a variable,
    TensorFlow makes each such read a copy of the table: at 10^6 rows that would cost more than a step of `din`.

    Args:
        input_dim, output_dim: and all others as Keras's.

    Call arguments:
        inputs: int32 or int64 tensor of ids in `[0, input_dim)`, any shape.

    Returns:
        Float tensor of one dimension more.
    """

    def call(self, inputs: Any) -> Any:
        """Gather from the variable; as Keras does where something else stands for it, as while exporting."""
        table = getattr(self.embeddings, "value", None)
        if not isinstance(table, tf.Variable):
            return super().call(inputs)
        return ops.cast(tf.gather(table, inputs), self.compute_dtype)
