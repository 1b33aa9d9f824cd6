"""Keras's LSTM and GRU: one node with `sequence_lens`; tf2onnx writes a Loop of some sixty nodes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder
from bstkit.export.lowerings.real_steps import RealSteps

TO_THE_START = np.iinfo(np.int64).min


def lower(
    layer: Any, op: GraphBuilder, sequences: ir.Value, initial_state: Any = None, mask: ir.Value | None = None
) -> Any:
    """`sequences` `(batch, time, dim)` float32 -> every step or the last one. The mask may have any pattern.

    Declined: other dtypes and activations, given or returned states, a zeroed last output.
    """
    states = initial_state is not None or layer.return_state or layer.stateful
    zeroed = mask is not None and layer.zero_output_for_mask and not layer.return_sequences
    if states or zeroed or not is_plain(layer):
        return NotImplemented
    steps = None if mask is None else RealSteps(op, mask)
    if not layer.return_sequences:
        _, last = _run(op, layer, sequences, steps)
        return op.Squeeze(last, [0])
    outputs = all_steps(op, layer, sequences, steps)
    if layer.go_backwards:  # Keras returns the steps in the order in which it read them
        outputs = op.Slice(outputs, [-1], [TO_THE_START], [1], [-1])
    return outputs


def is_plain(layer: Any) -> bool:
    """Whether a layer computes what the ONNX operator does by default, in float32."""
    return (
        layer.compute_dtype == layer.variable_dtype == "float32"
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
    )


def all_steps(op: GraphBuilder, layer: Any, sequence: ir.Value, steps: RealSteps | None) -> Any:
    """What the layer says at every step `(batch, time, units)`, each at its own place, whichever way it reads."""
    outputs, _ = _run(op, layer, sequence, steps)
    outputs = op.Transpose(op.Squeeze(outputs, [1]), perm=[1, 0, 2])
    if steps is None:
        return outputs
    outputs = steps.put_back(outputs, layer.go_backwards)
    return steps.zero_masked(outputs) if layer.zero_output_for_mask else outputs


def _run(op: GraphBuilder, layer: Any, sequence: ir.Value, steps: RealSteps | None) -> tuple[ir.Value, ir.Value]:
    """Every output `(time, 1, batch, units)`, real steps in front, zeros behind; the last one `(1, batch, units)`."""
    if steps is not None:
        sequence = steps.to_front(sequence)
    inputs = op.Transpose(sequence, perm=[1, 0, 2])
    length = None if steps is None else steps.length
    direction = "reverse" if layer.go_backwards else "forward"
    cell = layer.cell
    if isinstance(cell, keras.layers.LSTMCell):
        kernels = op.weight(cell.kernel, fn=_lstm_kernel), op.weight(cell.recurrent_kernel, fn=_lstm_kernel)
        bias = None if cell.bias is None else op.weight(cell.bias, fn=_lstm_bias)
        every, last, _ = op.LSTM(
            inputs, *kernels, bias, length, hidden_size=layer.units, direction=direction, _outputs=3
        )
    else:
        kernels = op.weight(cell.kernel, fn=_gru_kernel), op.weight(cell.recurrent_kernel, fn=_gru_kernel)
        bias = None if cell.bias is None else op.weight(cell.bias, fn=_gru_bias)
        reset_after = int(cell.reset_after)
        every, last = op.GRU(
            inputs,
            *kernels,
            bias,
            length,
            hidden_size=layer.units,
            direction=direction,
            linear_before_reset=reset_after,
            _outputs=2,
        )
    return every, last


def _lstm_kernel(kernel: Any) -> Any:
    """Keras's `(rows, 4 * units)`, gates i, f, c, o -> ONNX's `(1, 4 * units, rows)`, gates i, o, f, c."""
    i, f, c, o = np.split(kernel, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1).T[None]


def _lstm_bias(bias: Any) -> Any:
    """Keras's one bias `(4 * units,)` -> ONNX's two `(1, 8 * units)`, the recurrent one zero."""
    i, f, c, o = np.split(bias, 4)
    return np.concatenate([i, o, f, c, np.zeros_like(bias)])[None]


def _gru_kernel(kernel: Any) -> Any:
    """Keras's `(rows, 3 * units)` -> ONNX's `(1, 3 * units, rows)`; both have the gates z, r and the candidate."""
    return kernel.T[None]


def _gru_bias(bias: Any) -> Any:
    """Keras's `(2, 3 * units)`, or `(3 * units,)` without a recurrent one -> ONNX's `(1, 6 * units)`."""
    both = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    return both.reshape(1, -1)
