"""The `op` that `to_onnx` is given: it adds ONNX nodes, constants and weights.

The rules are in `bstkit.export.lowerings`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from bstkit.errors import ExportError
from bstkit.export.weights import Array, Weights

_PYTHON_DTYPES = {"b": np.bool_, "i": np.int64, "f": np.float32}
"""Kind of a NumPy dtype -> the dtype that Python numbers of that kind get."""


class GraphBuilder:
    """Collects the nodes of one lowered layer.

    `builder.<OpType>(*inputs, _outputs=1, **attributes)` adds one node.

    Args:
        weights: where `weight` takes initializers from.
        scope: prefix of the nodes' names, the layer's place in the model.
        constants: bytes of a constant -> its value, shared by all builders of one graph.
    """

    def __init__(self, weights: Weights, scope: str, constants: dict[tuple[Any, ...], ir.Value]) -> None:
        self.nodes: list[ir.Node] = []
        self._weights = weights
        self._scope = scope
        self._constants = constants

    def __getattr__(self, op_type: str) -> Callable[..., Any]:
        # A misspelt helper (op.wieght) must not become a node; every ai.onnx operator starts with a capital.
        if not op_type[:1].isupper():
            raise AttributeError(f"`op` has no attribute {op_type!r}; operators start with a capital letter")

        def add(*inputs: Any, _outputs: int = 1, **attributes: Any) -> Any:
            return self._add(op_type, inputs, _outputs, attributes)

        return add

    def weight(self, *variables: Any, fn: Callable[..., Array] | None = None) -> ir.Value:
        """A Keras variable, or `fn` of the arrays of some, as a shared initializer that is read when the file is
        written.
        """
        if not variables or (fn is None and len(variables) > 1):
            raise ValueError(f"`op.weight` takes one variable, or several with `fn`. Received: variables={variables}")
        return self._weights.initializer(variables, fn)

    def layer(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """What another layer's lowering builds from these values."""
        from bstkit.export.lowerings import find_lowering

        lowering = find_lowering(layer)
        if lowering is None:
            raise ExportError(
                f"{self._scope}: {layer.path} has no lowering to ONNX", f"give {type(layer).__name__} a `to_onnx`"
            )
        inner = GraphBuilder(self._weights, f"{self._scope}/{layer.name}", self._constants)
        result = lowering(inner, *args, **kwargs)
        if result is NotImplemented:
            raise ExportError(
                f"{self._scope}: the lowering of {layer.path} does not cover this use",
                "return NotImplemented here too, so that what `call` does is converted",
            )
        self.nodes.extend(inner.nodes)
        return result

    def scan(self, step: Callable[..., tuple[Any, ...]], state: Any, sequences: Sequence[Any]) -> tuple[ir.Value, ...]:
        """A Scan along axis 0, over time.

        Args:
            step: called once, as `step(op, state, *slices)`, with another `op` that adds nodes to the body; it may use
                values from outside. It returns the next state and any number of outputs `(batch, ...)`, each a node's
                and no two the same: ONNX refuses it, and an Identity between them is cleaned away.
            state: the state before the first step, `(batch, ...)`.
            sequences: values `(time, batch, ...)`; `step` gets one slice of each, `(batch, ...)`.

        Returns:
            The last state, then each output at every step, `(time, batch, ...)`.
        """
        scope = f"{self._scope}/step{len(self.nodes)}"
        body = GraphBuilder(self._weights, scope, self._constants)
        inputs = [ir.Value(name=f"{scope}/input{i}", type=value.type) for i, value in enumerate((state, *sequences))]
        outputs = step(body, *inputs)
        # A name that the body's graph would give could be one of the outer graph, and hide it.
        for number, value in enumerate(value for node in body.nodes for value in node.outputs):
            value.name = f"{scope}/value{number}"
        graph = ir.Graph(inputs, outputs, nodes=body.nodes, name="step")
        attributes = {"body": graph, "num_scan_inputs": len(sequences)}
        values = self._add("Scan", (state, *sequences), len(outputs), attributes)
        return (values,) if len(outputs) == 1 else tuple(values)

    def _add(self, op_type: str, inputs: tuple[Any, ...], outputs: int, attributes: dict[str, Any]) -> Any:
        if isinstance(attributes.get("to"), str):
            attributes["to"] = ir.DataType.from_numpy(np.dtype(attributes["to"])).value
        for key, value in attributes.items():
            if isinstance(value, np.ndarray):
                attributes[key] = ir.Tensor(value)
        node = ir.node(
            op_type,
            [value if value is None else self._value(value) for value in inputs],
            {key: value for key, value in attributes.items() if value is not None},
            num_outputs=outputs,
            name=f"{self._scope}/{op_type}",
        )
        self.nodes.append(node)
        return node.outputs[0] if outputs == 1 else node.outputs

    def _value(self, value: Any) -> ir.Value:
        if isinstance(value, ir.Value):
            return value
        array = (
            np.asarray(value)
            if isinstance(value, bool | int | float | list | tuple | np.ndarray | np.generic)
            else None
        )
        if array is not None and not isinstance(value, np.ndarray | np.generic):
            array = array.astype(_PYTHON_DTYPES.get(array.dtype.kind, array.dtype))
        if array is None or array.dtype.kind not in "biuf":
            raise TypeError(
                f"{self._scope}: an input of a node must be a value, an array, a number or a list of numbers. "
                f"Received: {type(value).__name__}; a Keras variable goes through `op.weight`"
            )
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"lowered:{len(self._constants)}"
            tensor = ir.Tensor(np.ascontiguousarray(array).reshape(array.shape), name=name)
            self._constants[key] = ir.Value(
                name=name, shape=tensor.shape, type=ir.TensorType(tensor.dtype), const_value=tensor
            )
        return self._constants[key]
