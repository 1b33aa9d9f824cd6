"""Gated recurrent units over a masked sequence, with DIEN's attentional forms."""

from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

from bstkit.layers.masking import given_mask, zero_masked

CELLS = ("gru", "aigru", "agru", "augru")
Cell = Literal["gru", "aigru", "agru", "augru"]


@keras.saving.register_keras_serializable(package="bstkit")
class DynamicGRU(keras.layers.Layer):
    """Run a GRU over the real steps of a sequence, its updates weighed by attention scores or not.

    With `r, u = sigmoid([x, h] @ gate_kernel + gate_bias)` and
    `c = tanh([x, r * h] @ candidate_kernel + candidate_bias)`, a real step with score `a` makes of the state `h`

    * `"gru"`: `u * h + (1 - u) * c`;
    * `"aigru"`: the same, on `a * x` in the place of `x`;
    * `"agru"`: `(1 - a) * h + a * c`; `u` is not used, half of the gates' weights learn nothing;
    * `"augru"`: `u' * h + (1 - u') * c` with `u' = (1 - a) * u`.

    A masked step, at the end, at the start or in between, leaves the state as it is.

    Args:
        units: int >= 1, width of the state; None: the width of the sequence. Defaults to `None`.
        cell: `"gru"`, `"aigru"`, `"agru"` or `"augru"`. Defaults to `"gru"`.
        return_sequences: bool, return every step, not the last state alone. Defaults to `True`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps.
        weight: float tensor `(batch, time)`, the scores, neither normalised nor clipped here. `"agru"` and `"augru"`
            need it, `"gru"` does not read it, and `"aigru"` without it is `"gru"`: for callers that multiply outside,
            as DeepCTR's DIEN does.
        length: int or float tensor `(batch,)` or `(batch, 1)`, in the place of `mask`.

    Returns:
        Float tensor `(batch, time, units)`, zeros at masked steps; or the last state `(batch, units)`, zeros for an
        empty history.

    Raises:
        ValueError: an argument is out of range, the cell needs `weight`, or not exactly one of `mask` and `length` is
            given.

    Reference:
        Zhou et al., 2019, arXiv:1809.03672 (DIEN); DeepCTR `DynamicGRU` on TensorFlow 1's `GRUCell` (Keras's GRU with
        `reset_after=False` and its kernels arranged in another way). DeepCTR neither trains nor saves the weights of
        AGRU and AUGRU; here every cell's are ordinary weights. Its formulas have no defect, so there is no
        `deepctr_exact`.
    """

    def __init__(
        self, units: int | None = None, cell: Cell = "gru", return_sequences: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if units is not None and units < 1:
            raise ValueError(f"`units` must be at least 1. Received: units={units}")
        if cell not in CELLS:
            raise ValueError(f"`cell` must be one of {CELLS}. Received: cell={cell!r}")
        self.units = units
        self.cell = cell
        self.return_sequences = return_sequences
        self.supports_jit = False  # the loop over time has no fixed length

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        dim = int(sequence_shape[-1] or 0)
        self.width = self.units or dim
        rows = dim + self.width  # the input's, then the state's
        self.gate_kernel = self.add_weight(name="gate_kernel", shape=(rows, 2 * self.width))
        self.gate_bias = self.add_weight(name="gate_bias", shape=(2 * self.width,), initializer="ones")
        self.candidate_kernel = self.add_weight(name="candidate_kernel", shape=(rows, self.width))
        self.candidate_bias = self.add_weight(name="candidate_bias", shape=(self.width,), initializer="zeros")

    def call(self, sequence: Any, mask: Any = None, weight: Any = None, length: Any = None) -> Any:
        """Walk over time. The inputs' share of every gate is computed before, in one product."""
        self._check(weight)
        mask = given_mask(sequence, mask, length)
        sequence = zero_masked(sequence, mask)
        if weight is not None:
            weight = ops.where(mask, ops.cast(weight, sequence.dtype), ops.cast(0.0, sequence.dtype))
            if self.cell == "aigru":
                sequence = sequence * ops.expand_dims(weight, -1)
        dim = sequence.shape[-1]
        gate_kernel, candidate_kernel = self._cast(self.gate_kernel), self._cast(self.candidate_kernel)
        steps = {
            "gates": ops.matmul(sequence, gate_kernel[:dim]) + self._cast(self.gate_bias),
            "candidate": ops.matmul(sequence, candidate_kernel[:dim]) + self._cast(self.candidate_bias),
            "real": ops.expand_dims(mask, -1),
        }
        if self.cell in ("agru", "augru"):
            steps["score"] = ops.expand_dims(weight, -1)

        # Outside the loop: a slice taken at every step costs the backward pass a whole kernel of zeros at every step.
        gate_kernel, candidate_kernel = gate_kernel[dim:], candidate_kernel[dim:]

        def advance(state: Any, step: dict[str, Any]) -> Any:
            return self._advance(state, step, gate_kernel, candidate_kernel)

        start = ops.zeros_like(steps["candidate"][:, 0])
        # keras.ops.scan loses the shapes when neither batch nor time is known.
        states = tf.scan(advance, {name: _swapped(tensor) for name, tensor in steps.items()}, start)
        return zero_masked(_swapped(states), mask) if self.return_sequences else states[-1]

    def to_onnx(self, op: Any, sequence: Any, mask: Any = None, weight: Any = None, length: Any = None) -> Any:
        """A GRU node on the real steps moved to the front; a Scan for the cells that ONNX does not know."""
        from bstkit.export.lowerings import gated_recurrence

        if length is not None:
            return NotImplemented
        return gated_recurrence.lower(self, op, sequence, mask, weight)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "return_sequences": self.return_sequences,
        }

    def _advance(self, state: Any, step: dict[str, Any], gate_kernel: Any, candidate_kernel: Any) -> Any:
        """The state `(batch, units)` after one step."""
        gates = ops.sigmoid(step["gates"] + ops.matmul(state, gate_kernel))
        reset, update = ops.split(gates, 2, axis=-1)
        candidate = ops.tanh(step["candidate"] + ops.matmul(reset * state, candidate_kernel))
        if self.cell == "agru":
            update = 1.0 - step["score"]
        elif self.cell == "augru":
            update = (1.0 - step["score"]) * update
        return ops.where(step["real"], update * state + (1.0 - update) * candidate, state)

    def _check(self, weight: Any) -> None:
        if weight is None and self.cell in ("agru", "augru"):
            raise ValueError(f"`weight` must be given: cell {self.cell!r} weighs its updates. Received: weight=None")

    def _cast(self, variable: Any) -> Any:
        return ops.cast(ops.convert_to_tensor(variable), self.compute_dtype)


def _swapped(tensor: Any) -> Any:
    """`(batch, time, ...)` to `(time, batch, ...)` and back."""
    return ops.swapaxes(tensor, 0, 1)
