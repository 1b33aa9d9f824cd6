"""Which ids are valid, and what becomes of the others."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from bstkit.config.features import OOV_ID


@keras.saving.register_keras_serializable(package="bstkit")
class IdRule(keras.layers.Layer):
    """Turn every id outside its table into the out-of-vocabulary id.

    Args:
        rows: int, rows of the embedding table.
        padding: bool, id 0 is padding and stays. False: the column holds one value a row; there 0 is out of vocabulary
            too, and the table's padding row is never read.

    Call arguments:
        ids: int32 tensor of any shape.

    Returns:
        int32 tensor of the same shape, within `[0, rows)`, or `[1, rows)` without padding.
    """

    def __init__(self, rows: int, padding: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.padding = padding

    def call(self, ids: Any) -> Any:
        """Apply the rule."""
        valid = ops.equal(ids, ops.clip(ids, 0 if self.padding else OOV_ID, self.rows - 1))
        return ops.where(valid, ids, OOV_ID)

    def to_onnx(self, op: Any, ids: Any) -> Any:
        """Three nodes: clip, compare, choose."""
        low = np.array(0 if self.padding else OOV_ID, np.int32)
        clipped = op.Clip(ids, low, np.array(self.rows - 1, np.int32))
        return op.Where(op.Equal(ids, clipped), ids, np.array(OOV_ID, np.int32))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "rows": self.rows, "padding": self.padding}


@keras.saving.register_keras_serializable(package="bstkit")
class RowIds(keras.layers.Layer):
    """Apply `IdRule(padding=False)` to all columns with one id a row.

    They share a layer so that the exported graph checks them together: ten nodes for five columns, not fifteen.

    Args:
        rows: rows of each column's embedding table.

    Call arguments:
        ids: list of int32 tensors `(batch,)`, one a column.

    Returns:
        List of int32 tensors `(batch,)`, within `[1, rows)`.
    """

    def __init__(self, rows: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = tuple(rows)

    def call(self, ids: list[Any]) -> list[Any]:
        """Apply the rule to each."""
        return [
            ops.where(ops.equal(column, ops.clip(column, OOV_ID, rows - 1)), column, OOV_ID)
            for column, rows in zip(ids, self.rows, strict=True)
        ]

    def to_onnx(self, op: Any, ids: list[Any]) -> list[Any]:
        """Compare them as `(columns, batch)`, and take each out again."""
        together = op.Reshape(op.Concat(*ids, axis=0), [len(ids), -1])
        rows, oov = np.array(self.rows, np.int32)[:, None], np.array(OOV_ID, np.int32)
        valid = op.Max(op.Where(op.Less(together, rows), together, oov), oov)
        return [op.Gather(valid, number, axis=0) for number in range(len(ids))]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "rows": list(self.rows)}


@keras.saving.register_keras_serializable(package="bstkit")
class IdMask(keras.layers.Layer):
    """Tell the real steps by their ids: real where every given field is above the padding id 0.

    Call arguments:
        ids: list of int32 tensors `(batch, time)`, from `IdRule`.

    Returns:
        Bool tensor `(batch, time)`.
    """

    def call(self, ids: list[Any]) -> Any:
        """Compare with the padding id."""
        mask = ops.greater(ids[0], 0)
        for field in ids[1:]:
            mask = ops.logical_and(mask, ops.greater(field, 0))
        return mask


@keras.saving.register_keras_serializable(package="bstkit")
class LengthMask(keras.layers.Layer):
    """Tell the real steps by a length: the first `length` steps are real.

    Call arguments:
        ids: int32 tensor `(batch, time)`, read for its shape.
        length: int32 tensor `(batch,)`; below 0 counts as 0, past the end as all.

    Returns:
        Bool tensor `(batch, time)`.
    """

    def call(self, ids: Any, length: Any) -> Any:
        """Compare the steps with the length."""
        steps = ops.cumsum(ops.ones_like(ids), axis=1)  # 1, 2, ... without asking for the dynamic shape
        return ops.less_equal(steps, ops.expand_dims(length, 1))
