"""Add learned position vectors to a sequence."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class LearnedPosition(keras.layers.Layer):
    """Add to each step a learned vector of its position, counted from the oldest step.

    Args:
        max_steps: int >= 1, positions that have a vector; compose gives it.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; not read, masked steps are shifted like the others.
        step: int32 tensor `(time,)`, the position of each step, below `max_steps`.

    Returns:
        Float tensor `(batch, time, dim)`.

    Raises:
        ValueError: `max_steps` is below 1.

    Reference:
        Gehring et al., 2017, arXiv:1705.03122; DeepCTR `PositionEncoding(pos_embedding_trainable=True)` starts from
        sinusoids (`position.sinusoidal` with `trainable = true`), this one from small random numbers, like an id's
        embedding.
    """

    def __init__(self, max_steps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_steps < 1:
            raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}")
        self.max_steps = max_steps

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the table."""
        self.table = self.add_weight(name="table", shape=(self.max_steps, sequence_shape[-1]), initializer="uniform")

    def call(self, sequence: Any, mask: Any, step: Any) -> Any:
        """Add the positions."""
        return sequence + ops.take(self.table, step, axis=0)

    def to_onnx(self, op: Any, sequence: Any, mask: Any, step: Any) -> Any:
        """One gather: steps are never negative, which `take` provides for."""
        return op.Add(sequence, op.Gather(op.weight(self.table), step))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_steps": self.max_steps}
