"""Two stacks of LSTMs over a masked sequence: one reads it from the oldest step, one from the latest."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.masking import given_mask, zero_masked

MERGES = ("fw", "bw", "sum", "mul", "concat", "ave", None)
Merge = Literal["fw", "bw", "sum", "mul", "concat", "ave"]


@keras.saving.register_keras_serializable(package="bstkit")
class BiLSTM(keras.layers.Layer):
    """Read a sequence forwards and backwards with two independent stacks of LSTMs, and merge what they say.

    The forward stack never sees what the backward one says, and the other way round: not what stacked Keras
    `Bidirectional` layers compute. A masked step, at the end, at the start or in between, leaves every state as it is.

    Args:
        units: int >= 1, width of each LSTM.
        num_layers: int >= 1, LSTMs in each stack. Defaults to `2`.
        num_residual_layers: int in `[0, num_layers]`: to the output of so many layers, the last ones, their input is
            added. A residual first layer needs `units` as wide as the sequence. Defaults to `0`.
        dropout: float in `[0, 1)`, on the input of each LSTM. Defaults to `0.0` (DeepCTR: 0.2).
        merge_mode: `"fw"` or `"bw"`, one stack alone; `"sum"`, `"mul"`, `"ave"`, of both; `"concat"`, side by side;
            None, a list of both. Defaults to `"ave"`.
        deepctr_exact: bool, DeepCTR's own numbers: masked steps are not zero (see Returns), and a residual layer
            loses the mask, so that the layers above it read padding as steps. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored, unless `deepctr_exact`.
        mask: bool tensor `(batch, time)`, True at real steps, or None: all are real.
        length: int or float tensor `(batch,)` or `(batch, 1)`, in the place of `mask`.

    Returns:
        Float tensor `(batch, time, units)`, `(batch, time, 2 * units)` for `"concat"`, a list of two for None. Zeros
        at masked steps, and so everywhere for an empty history. With `deepctr_exact` a stack repeats at a masked step
        what it said at the real step before, in its own direction; 0 where there is none.

    Raises:
        ValueError: an argument is out of range, or a residual first layer is not as wide as the sequence.

    Reference:
        DeepCTR `BiLSTM`: Keras's LSTM (gates i, f, c, o) with every bias starting at one.
    """

    def __init__(
        self,
        units: int,
        num_layers: int = 2,
        num_residual_layers: int = 0,
        dropout: float = 0.0,
        merge_mode: Merge | None = "ave",
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"`units` must be at least 1. Received: units={units}")
        if num_layers < 1:
            raise ValueError(f"`num_layers` must be at least 1. Received: num_layers={num_layers}")
        if not 0 <= num_residual_layers <= num_layers:
            raise ValueError(
                f"`num_residual_layers` must lie in [0, {num_layers}]. "
                f"Received: num_residual_layers={num_residual_layers}"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
        if merge_mode not in MERGES:
            raise ValueError(f"`merge_mode` must be one of {MERGES}. Received: merge_mode={merge_mode!r}")
        self.units = units
        self.num_layers = num_layers
        self.num_residual_layers = num_residual_layers
        self.dropout = dropout
        self.merge_mode = merge_mode
        self.deepctr_exact = deepctr_exact
        self.supports_jit = False  # the loop over time has no fixed length

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create both stacks."""
        dim = sequence_shape[-1]
        if self.num_residual_layers == self.num_layers and dim != self.units:
            raise ValueError(
                f"`units` must be the width of the sequence, {dim}, where the first layer is residual. "
                f"Received: units={self.units}"
            )
        self.forward_stack = self._stack("forward", sequence_shape)
        self.backward_stack = self._stack("backward", sequence_shape)

    def call(self, sequence: Any, mask: Any = None, length: Any = None, training: bool | None = None) -> Any:
        """Run both stacks and merge them."""
        if length is not None:
            mask = given_mask(sequence, mask, length)
        if mask is not None and not self.deepctr_exact:
            sequence = zero_masked(sequence, mask)
        return self._merged(
            self._run(self.forward_stack, sequence, mask, training),
            self._run(self.backward_stack, sequence, mask, training),
        )

    def to_onnx(self, op: Any, sequence: Any, mask: Any = None, length: Any = None) -> Any:
        """One LSTM node a layer and direction, on the real steps moved to the front."""
        from bstkit.export.lowerings import recurrent
        from bstkit.export.lowerings.real_steps import RealSteps

        if length is not None or not recurrent.is_plain(self.forward_stack[0]):
            return NotImplemented
        masked = None if mask is None else RealSteps(op, mask)
        outputs = []
        for stack in (self.forward_stack, self.backward_stack):
            hidden, steps = sequence, masked
            if steps is not None and not self.deepctr_exact:
                hidden = steps.zero_masked(hidden)
            for number, layer in enumerate(stack):
                output = recurrent.all_steps(op, layer, hidden, steps)
                if self._is_residual(number):
                    output = op.Add(output, hidden)
                    steps = None if self.deepctr_exact else steps
                hidden = output
            outputs.append(hidden)
        forward, backward = outputs
        match self.merge_mode:
            case "sum":
                return op.Add(forward, backward)
            case "mul":
                return op.Mul(forward, backward)
            case "ave":
                return op.Mul(op.Add(forward, backward), 0.5)
            case "concat":
                return op.Concat(forward, backward, axis=-1)
            case "fw":
                return forward
            case "bw":
                return backward
        return [forward, backward]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "num_layers": self.num_layers,
            "num_residual_layers": self.num_residual_layers,
            "dropout": self.dropout,
            "merge_mode": self.merge_mode,
            "deepctr_exact": self.deepctr_exact,
        }

    def _stack(self, direction: str, sequence_shape: tuple[int | None, ...]) -> list[Any]:
        stack = []
        for number in range(1, self.num_layers + 1):
            layer = keras.layers.LSTM(
                self.units,
                bias_initializer="ones",
                unit_forget_bias=False,
                dropout=self.dropout,
                return_sequences=True,
                go_backwards=direction == "backward",
                zero_output_for_mask=not self.deepctr_exact,
                use_cudnn=False,  # cuDNN refuses masks with holes
                name=f"{direction}_{number}",
                dtype=self.dtype_policy,
            )
            layer.build(sequence_shape)
            sequence_shape = (*sequence_shape[:-1], self.units)
            stack.append(layer)
        return stack

    def _run(self, stack: list[Any], sequence: Any, mask: Any, training: bool | None) -> Any:
        for number, layer in enumerate(stack):
            # By position: Keras would attach a mask given by name to the output, for layers that do not expect one.
            masked = () if mask is None else (None, mask)
            output = layer(sequence, *masked, training=training)
            if layer.go_backwards:
                output = ops.flip(output, axis=1)
            if self._is_residual(number):
                output = output + sequence
                mask = None if self.deepctr_exact else mask
            sequence = output
        return sequence

    def _is_residual(self, number: int) -> bool:
        return number >= self.num_layers - self.num_residual_layers

    def _merged(self, forward: Any, backward: Any) -> Any:
        match self.merge_mode:
            case "sum":
                return forward + backward
            case "mul":
                return forward * backward
            case "ave":
                return (forward + backward) / 2
            case "concat":
                return ops.concatenate([forward, backward], axis=-1)
            case "fw":
                return forward
            case "bw":
                return backward
        return [forward, backward]
