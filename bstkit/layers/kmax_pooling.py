"""Keep the largest values along one axis."""

from typing import Any

import keras
from keras import ops

from bstkit.layers.masking import lowest


@keras.saving.register_keras_serializable(package="bstkit")
class KMaxPooling(keras.layers.Layer):
    """Return the `k` largest values along an axis, in descending order, each other axis kept as it is.

    Args:
        k: int >= 1. Defaults to `1`.
        axis: int, any axis but the batch, negative ones included. Defaults to `-1`.

    Call arguments:
        inputs: float tensor of any rank from 2, `(batch, ...)`.
        mask: optional bool tensor `(batch, size of axis)`, True at real values. Masked values never compete, and where
            fewer than `k` are real, zeros follow them.

    Returns:
        Float tensor with the shape of `inputs`, but `k` values along the axis.

    Raises:
        ValueError: `k` is below 1 or, without a mask, larger than the axis; or `inputs` has no such axis.

    Reference:
        DeepCTR `KMaxPooling`, which has no mask and refuses negative axes, its own default included. Kalchbrenner et
        al., 2014, arXiv:1404.2188, keep the values in their original order.
    """

    def __init__(self, k: int = 1, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if k < 1:
            raise ValueError(f"`k` must be at least 1. Received: k={k}")
        self.k = k
        self.axis = axis

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Check the axis."""
        rank = len(inputs_shape)
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ValueError(
                f"`axis` must be one of {rank} axes, the batch excepted. "
                f"Received: axis={self.axis}, inputs.shape={inputs_shape}"
            )

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Pool."""
        values = ops.moveaxis(inputs, self.axis, -1)
        size = values.shape[-1]
        if mask is None:
            if size is not None and size < self.k:
                raise ValueError(f"`k` must be at most the size of the axis, {size}. Received: k={self.k}")
            return ops.moveaxis(ops.top_k(values, self.k)[0], -1, self.axis)
        between = tuple(range(1, len(values.shape) - 1))
        real = ops.expand_dims(mask, between) if between else mask
        filled = ops.where(real, values, lowest(values.dtype))
        if size is None or size < self.k:  # top_k needs k values to choose from
            widths = [[0, 0]] * (len(values.shape) - 1) + [[0, self.k]]
            filled = ops.pad(filled, widths, constant_values=lowest(values.dtype))
        largest = ops.top_k(filled, self.k)[0]
        count = ops.sum(ops.cast(real, "int32"), axis=-1, keepdims=True)
        largest = ops.where(ops.less(ops.arange(self.k), count), largest, ops.cast(0.0, largest.dtype))
        return ops.moveaxis(largest, -1, self.axis)

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "k": self.k, "axis": self.axis}
