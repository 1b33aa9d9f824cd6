"""Add a table of positions to a sequence."""

from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from bstkit.layers.sinusoid import sinusoid_table


@keras.saving.register_keras_serializable(package="bstkit")
class PositionEncoding(keras.layers.Layer):
    """Add to each step the vector of its position: sines and cosines, fixed or the start of a learned table.

    Args:
        max_steps: int >= 1, positions that the table holds. Defaults to `None`: as many as the sequence has when the
            layer is built.
        trainable: bool, learn the table, starting from the sinusoids. Defaults to `True`, as in DeepCTR; False: a
            constant, no parameters.
        zero_pad: bool, start position 0 at zeros. It knows nothing of padding. Defaults to `False`.
        scale: `"sequence"` multiplies the sequence by `sqrt(dim)` (the transformer paper), `"encoding"` multiplies the
            table (DeepCTR's `scale=True`), `"none"` neither (its `scale=False`). Defaults to `"none"`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`, masked steps included.
        step: optional int32 tensor `(time,)`, the position of each step, below `max_steps`. Defaults to 0, 1, 2, ...,
            where `time` may be at most `max_steps`.

    Returns:
        Float tensor `(batch, time, dim)`; masks stay what they were.

    Raises:
        ValueError: an argument is out of range, or `max_steps` is left out and the sequence has no known length.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762, section 3.5; DeepCTR `PositionEncoding`, whose sinusoids are the
        paper's, but which multiplies the table, not the sequence: at the start its positions outweigh its items by
        several orders of magnitude. DeepCTR fixes the length; here it is free.
    """

    def __init__(
        self,
        max_steps: int | None = None,
        trainable: bool = True,
        zero_pad: bool = False,
        scale: Literal["none", "encoding", "sequence"] = "none",
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, **kwargs)
        if max_steps is not None and max_steps < 1:
            raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}")
        if scale not in ("none", "encoding", "sequence"):
            raise ValueError(f"`scale` must be 'none', 'encoding' or 'sequence'. Received: scale={scale!r}")
        self.max_steps = max_steps
        self.zero_pad = zero_pad
        self.scale = scale

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Compute the table; make it a weight where it is trained."""
        rows = self.max_steps or sequence_shape[1]
        if rows is None:
            raise ValueError(f"`max_steps` must be given where the length is free. Received: shape={sequence_shape}")
        self.table = sinusoid_table(rows, int(sequence_shape[-1] or 0))
        if self.zero_pad:
            self.table[0] = np.float32(0.0)
        if self.trainable:
            start = keras.initializers.Constant(self.table)
            self.table = self.add_weight(name="table", shape=self.table.shape, initializer=start)

    def call(self, sequence: Any, step: Any = None) -> Any:
        """Add the positions."""
        table = ops.cast(ops.convert_to_tensor(self.table), self.compute_dtype)
        encoding = table[: ops.shape(sequence)[1]] if step is None else ops.take(table, step, axis=0)
        root = sequence.shape[-1] ** 0.5
        if self.scale == "sequence":
            sequence = sequence * root
        elif self.scale == "encoding":
            encoding = encoding * root
        return sequence + encoding

    def to_onnx(self, op: Any, sequence: Any, step: Any = None) -> Any:
        """One gather: steps are never negative, which `take` provides for. Counted steps are a slice already."""
        if step is None or self.compute_dtype != "float32":
            return NotImplemented
        encoding = op.Gather(self.table if isinstance(self.table, np.ndarray) else op.weight(self.table), step)
        root = float(sequence.shape[-1]) ** 0.5
        if self.scale == "sequence":
            sequence = op.Mul(sequence, root)
        elif self.scale == "encoding":
            encoding = op.Mul(encoding, root)
        return op.Add(sequence, encoding)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "max_steps": self.max_steps,
            "zero_pad": self.zero_pad,
            "scale": self.scale,
        }
