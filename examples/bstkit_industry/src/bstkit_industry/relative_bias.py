"""Biases of attention scores by how many steps lie between query and key."""

from typing import Any

import keras
from keras import ops

from bstkit_industry.arguments import check_bool, check_int

NOT_SEEN = -3e4
"""Bias of a key that a query must not see: SiLU makes exactly 0 of it, and float16 can hold it."""


@keras.saving.register_keras_serializable(package="bstkit_industry")
class RelativeBias(keras.layers.Layer):
    """Look up one learned number for each distance between two steps; all heads share it.

    Args:
        max_steps: int >= 1. Steps are numbered below this.
        causal: bool. Later steps get a bias that SiLU turns into 0. Defaults to `True`.

    Call arguments:
        step: int32 tensor `(time,)`, the number of each step.

    Returns:
        Float tensor `(time, time)`: queries, keys.

    Raises:
        ValueError: `max_steps` is below 1.

    Reference:
        Zhai et al., 2024, arXiv:2402.17152, section 3.2: the positional half of `rab`; as in T5 (Raffel et al., 2020,
        arXiv:1910.10683), but every distance has a bias of its own.
    """

    def __init__(self, max_steps: int, causal: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_int("max_steps", max_steps)
        check_bool("causal", causal)
        self.max_steps = max_steps
        self.causal = causal

    def build(self, step_shape: tuple[int | None, ...]) -> None:
        """Create the table: distances 0, 1, ... of what lies before, or from -(max_steps - 1) on."""
        rows = self.max_steps if self.causal else 2 * self.max_steps - 1
        start = keras.initializers.RandomNormal(0.0, 0.02)
        self.table = self.add_weight(name="table", shape=(rows,), initializer=start)

    def call(self, step: Any) -> Any:
        """Look up."""
        distance = ops.expand_dims(step, 1) - ops.expand_dims(step, 0)
        if not self.causal:
            return ops.take(self.table, distance + (self.max_steps - 1))
        bias = ops.take(self.table, ops.maximum(distance, 0))
        return ops.where(distance < 0, ops.cast(NOT_SEEN, bias.dtype), bias)

    def to_onnx(self, op: Any, step: Any) -> Any:
        """One Gather, where tf2onnx also provides for negative indices."""
        if self.compute_dtype != "float32":
            return NotImplemented
        distance = op.Sub(op.Unsqueeze(step, [1]), op.Unsqueeze(step, [0]))
        zero, last = (op.Cast(number, to="int32") for number in (0, self.max_steps - 1))
        if not self.causal:
            return op.Gather(op.weight(self.table), op.Add(distance, last))
        bias = op.Gather(op.weight(self.table), op.Max(distance, zero))
        return op.Where(op.Less(distance, zero), NOT_SEEN, bias)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_steps": self.max_steps, "causal": self.causal}
