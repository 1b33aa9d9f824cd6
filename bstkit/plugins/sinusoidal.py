"""Add sine and cosine position vectors to a sequence."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.sinusoid import sinusoid_table


@keras.saving.register_keras_serializable(package="bstkit")
class SinusoidalPosition(keras.layers.Layer):
    """Add to each step the sinusoid of its position, counted from the oldest step.

    Args:
        max_steps: int >= 1, positions that the table holds; compose gives it.
        trainable: bool, learn the table, starting from the sinusoids. Defaults to `False`: a constant, no parameters.
        scale: `"sequence"` multiplies the sequence by `sqrt(dim)` (the transformer paper), `"encoding"` multiplies the
            table (DeepCTR), `"none"` neither. Defaults to `"none"`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; not read, masked steps are shifted like the others.
        step: int32 tensor `(time,)`, the position of each step, below `max_steps`.

    Returns:
        Float tensor `(batch, time, dim)`.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762; DeepCTR `PositionEncoding`, which trains the table by default.
    """

    def __init__(
        self,
        max_steps: int,
        trainable: bool = False,
        scale: Literal["none", "encoding", "sequence"] = "none",
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, **kwargs)
        if max_steps < 1:
            raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}")
        if scale not in ("none", "encoding", "sequence"):
            raise ValueError(f"`scale` must be 'none', 'encoding' or 'sequence'. Received: scale={scale!r}")
        self.max_steps = max_steps
        self.scale = scale

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Compute the table; make it a weight where it is trained."""
        self.table = sinusoid_table(self.max_steps, int(sequence_shape[-1] or 0))
        if self.trainable:
            start = keras.initializers.Constant(self.table)
            self.table = self.add_weight(name="table", shape=self.table.shape, initializer=start)

    def call(self, sequence: Any, mask: Any, step: Any) -> Any:
        """Add the positions."""
        encoding = ops.take(ops.cast(ops.convert_to_tensor(self.table), self.compute_dtype), step, axis=0)
        root = sequence.shape[-1] ** 0.5
        if self.scale == "sequence":
            sequence = sequence * root
        elif self.scale == "encoding":
            encoding = encoding * root
        return sequence + encoding

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_steps": self.max_steps, "scale": self.scale}
