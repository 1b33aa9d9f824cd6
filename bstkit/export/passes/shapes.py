"""Shape inference that reads no weight."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes.common import ShapeInferencePass

from bstkit.errors import ExportError


def infer_shapes(model: ir.Model) -> None:
    """Write shapes and dtypes of all values down, in place.

    Raises:
        ExportError: the graph does not fit together.
    """
    # Without their tensors, lazy initializers count by shape and dtype; with them, the small ones would be read.
    lazy = [value for value in model.graph.initializers.values() if isinstance(value.const_value, ir.LazyTensor)]
    tensors = [value.const_value for value in lazy]
    for value in lazy:
        value.const_value = None
    try:
        ShapeInferencePass(check_type=True, strict_mode=True, data_prop=True)(model)
    except Exception as error:
        raise ExportError(
            f"the converted graph does not fit together: {error}", "check the `to_onnx` of the layer that is named"
        ) from error
    finally:
        for value, tensor in zip(lazy, tensors, strict=True):
            value.const_value = tensor
    _drop_invented_names(model)


def _drop_invented_names(model: ir.Model) -> None:
    """Inference calls what it does not know `unk__0`; nobody should read a meaning into that."""
    for node in model.graph.all_nodes():
        for value in node.outputs:
            if value.shape is not None and any(isinstance(dim, ir.SymbolicDim) for dim in value.shape):
                dims = [
                    None if not isinstance(dim, int) and str(dim.value).startswith("unk__") else dim
                    for dim in value.shape
                ]
                value.shape = ir.Shape(dims)
