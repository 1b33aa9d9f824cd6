"""The cells of DynamicGRU: GRU and AIGRU as one GRU node, AGRU and AUGRU, which ONNX does not know, as Scan.

Beside the same cell as Scan, the GRU node took a fifth of the time for a batch of 1, less than half for 16, and about
as long for 256.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.export.builder import GraphBuilder
from bstkit.export.lowerings.real_steps import RealSteps

TIME_FIRST = (1, 0, 2)
"""`(batch, time, ...)` to `(time, batch, ...)` and back. Scan over another axis copies every input: a fifth slower."""


def lower(
    layer: Any, op: GraphBuilder, sequence: ir.Value, mask: ir.Value | None = None, weight: ir.Value | None = None
) -> Any:
    """The nodes of a `bstkit.layers.dynamic_gru.DynamicGRU` that is called with a mask, in float32."""
    if mask is None or not layer.compute_dtype == layer.variable_dtype == "float32":
        return NotImplemented
    is_real = op.Unsqueeze(mask, [-1])
    real = op.Cast(is_real, to="float32")
    sequence = op.Where(is_real, sequence, 0.0)
    if weight is not None:
        weight = op.Where(is_real, op.Unsqueeze(weight, [-1]), 0.0)
    if layer.cell == "aigru" and weight is not None:
        sequence = op.Mul(sequence, weight)
    if layer.cell in ("gru", "aigru"):
        return _gru(layer, op, sequence, RealSteps(op, mask))
    outputs = _scan(layer, op, *(op.Transpose(t, perm=TIME_FIRST) for t in (sequence, real, weight)))
    return op.Transpose(outputs, perm=TIME_FIRST) if layer.return_sequences else outputs


def _gru(layer: Any, op: GraphBuilder, sequence: ir.Value, steps: RealSteps) -> Any:
    """One GRU node: ONNX's gates are z (our u), r, candidate; its reset comes before the product, as ours."""
    kernels = layer.gate_kernel, layer.candidate_kernel
    every, last = op.GRU(
        op.Transpose(steps.to_front(sequence), perm=TIME_FIRST),
        op.weight(*kernels, fn=lambda gates, candidate: _by_gate(gates, candidate)[:, :, : -layer.width]),
        op.weight(*kernels, fn=lambda gates, candidate: _by_gate(gates, candidate)[:, :, -layer.width :]),
        op.weight(layer.gate_bias, layer.candidate_bias, fn=_bias),
        steps.length,
        hidden_size=layer.width,
        linear_before_reset=0,
        _outputs=2,
    )
    if not layer.return_sequences:
        return op.Squeeze(last, [0])
    return steps.zero_masked(steps.put_back(op.Transpose(op.Squeeze(every, [1]), perm=TIME_FIRST)))


def _by_gate(gates: Any, candidate: Any) -> Any:
    """`(rows, 2 * units)`, r and u, and `(rows, units)` -> ONNX's `(1, 3 * units, rows)`."""
    reset, update = np.split(gates, 2, axis=-1)
    return np.concatenate([update, reset, candidate], axis=-1).T[None]


def _bias(gates: Any, candidate: Any) -> Any:
    """Ours -> ONNX's, of the inputs and of the state, which is zero: `(1, 6 * units)`."""
    reset, update = np.split(gates, 2)
    return np.concatenate([update, reset, candidate, np.zeros(3 * len(candidate), candidate.dtype)])[None]


def _scan(layer: Any, op: GraphBuilder, sequence: ir.Value, real: ir.Value, weight: Any) -> Any:
    """A Scan over `(time, batch, ...)`. What the inputs add to each gate is computed before it, in one product."""
    # AGRU does without the update gate, the second half of the gates' columns.
    gates = layer.width if layer.cell == "agru" else 2 * layer.width
    state_kernels = (
        op.weight(layer.gate_kernel, fn=lambda kernel: kernel[-layer.width :, :gates]),
        op.weight(layer.candidate_kernel, fn=lambda kernel: kernel[-layer.width :]),
    )

    def step(body: GraphBuilder, state: ir.Value, *slices: ir.Value) -> tuple[ir.Value, ...]:
        return _step(layer, body, state_kernels, state, *slices)

    start = op.Expand(0.0, op.Concat(op.Shape(sequence, start=1, end=2), [layer.width], axis=0))
    gate = _inputs_share(op, sequence, layer, layer.gate_kernel, layer.gate_bias, gates)
    candidate = _inputs_share(op, sequence, layer, layer.candidate_kernel, layer.candidate_bias, layer.width)
    scale = weight if layer.cell == "agru" else op.Sub(real, weight)
    return op.scan(step, start, [gate, candidate, real, scale])[-1]


def _inputs_share(op: GraphBuilder, sequence: ir.Value, layer: Any, kernel: Any, bias: Any, columns: int) -> Any:
    """What the inputs add to gates before their activation, `(time, batch, columns)`."""
    weight = op.weight(kernel, fn=lambda array: array[: -layer.width, :columns])
    return op.Add(op.MatMul(sequence, weight), op.weight(bias, fn=lambda array: array[:columns]))


def _step(
    layer: Any,
    op: GraphBuilder,
    state_kernels: tuple[ir.Value, ir.Value],
    state: ir.Value,
    gate: ir.Value,
    candidate: ir.Value,
    real: ir.Value,
    scale: ir.Value,
) -> tuple[ir.Value, ...]:
    """One step, `h + g * (c - h)`: `g` is how much of the state is replaced, 0 where the step is masked."""
    gate = op.Sigmoid(op.Add(gate, op.MatMul(state, state_kernels[0])))
    if layer.cell == "agru":
        reset, replaced = gate, scale
    else:
        reset, update = op.Split(gate, axis=-1, num_outputs=2, _outputs=2)
        replaced = op.Sub(real, op.Mul(update, scale))
    candidate = op.Tanh(op.Add(candidate, op.MatMul(op.Mul(reset, state), state_kernels[1])))
    state = op.Add(state, op.Mul(replaced, op.Sub(candidate, state)))
    return (state, op.Mul(state, real)) if layer.return_sequences else (state,)
