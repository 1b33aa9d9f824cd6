"""Shape inference that reads no weight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import onnx
import onnx_ir as ir

from bstkit.errors import ExportError


def infer_shapes(model: ir.Model) -> None:
    """Write shapes and dtypes of all values down, in place. Values in the bodies of loops are left as they are.

    Raises:
        ExportError: the graph does not fit together.
    """
    with _weights_as_inputs(model):
        proto = ir.to_proto(model)
    try:
        inferred = onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise ExportError(
            f"the converted graph does not fit together: {error}", "check the `to_onnx` of the layer that is named"
        ) from error
    known = {info.name: info for info in (*inferred.graph.value_info, *inferred.graph.output)}
    for node in model.graph:
        for value in node.outputs:
            if value.name in known and not value.is_graph_output():
                _write_down(value, known[value.name])


def _write_down(value: ir.Value, info: onnx.ValueInfoProto) -> None:
    """Take dtype and shape over, but not the names `unk__0` that inference invents: nobody should read a meaning in."""
    tensor = info.type.tensor_type
    value.type = ir.TensorType(ir.DataType(tensor.elem_type))
    if tensor.HasField("shape"):
        names = [None if dim.dim_param.startswith("unk__") else dim.dim_param or None for dim in tensor.shape.dim]
        dims = [
            dim.dim_value if dim.HasField("dim_value") else name
            for dim, name in zip(tensor.shape.dim, names, strict=True)
        ]
        value.shape = ir.Shape(dims)


@contextmanager
def _weights_as_inputs(model: ir.Model) -> Iterator[None]:
    """Let weights count by shape and dtype alone; as initializers they would be read and copied."""
    graph = model.graph
    weights = [value for value in graph.initializers.values() if isinstance(value.const_value, ir.LazyTensor)]
    count = len(graph.inputs)
    for value in weights:
        graph.initializers.pop(value.name or "")
        graph.inputs.append(value)
    try:
        yield
    finally:
        del graph.inputs[count:]
        for value in weights:
            graph.register_initializer(value)
