"""Real steps moved to the front and back again: ONNX's LSTM knows how many steps to read, not which."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder

BEHIND = np.float32(2**24)
"""Number of a masked step: behind every real one."""


class RealSteps:
    """The nodes that tell where the real steps of a mask are.

    Args:
        op: where nodes are added.
        mask: bool `(batch, time)`; any pattern: padding, holes, a candidate behind the padding.
    """

    def __init__(self, op: GraphBuilder, mask: ir.Value) -> None:
        self._op = op
        self._mask = mask
        real = op.Cast(mask, to="float32")
        self._count = op.CumSum(real, 1)  # 1, 2, ... at real steps; a masked step repeats the one before
        time = op.Shape(mask, start=1, end=2)
        # Real steps have numbers of their own, so that their order does not hang on how TopK breaks ties.
        numbers = op.Where(mask, self._count, BEHIND)
        _, first = op.TopK(numbers, time, axis=1, largest=0, sorted=1, _outputs=2)
        self._front = op.Unsqueeze(first, [-1])
        self.length = op.Cast(op.ReduceSum(real, [1], keepdims=0), to="int32")  # (batch,)

    def to_front(self, sequence: ir.Value) -> Any:
        """`(batch, time, dim)` -> the same, real steps first, in their order; the rest holds masked ones."""
        return self._op.GatherND(sequence, self._front, batch_dims=1)

    def put_back(self, front: ir.Value, backwards: bool = False) -> Any:
        """Undo `to_front` for `(batch, time, dim)` that is zero behind the last real step.

        A masked step repeats the real one before it (after it, where `backwards`), and is zero where there is none:
        then its number is -1, the last, or one past the last real step, and both are zero in such a row.
        """
        op = self._op
        before = op.Sub(self._count, op.Cast(self._mask, to="float32") if backwards else 1.0)
        return op.GatherND(front, op.Unsqueeze(op.Cast(before, to="int64"), [-1]), batch_dims=1)

    def zero_masked(self, sequence: ir.Value) -> Any:
        """Zeros at masked steps."""
        return self._op.Where(self._op.Unsqueeze(self._mask, [-1]), sequence, 0.0)
