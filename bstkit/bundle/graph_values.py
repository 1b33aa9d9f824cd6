"""Names, dtypes and dimensions of a graph's inputs and outputs, as the contract words them."""

from __future__ import annotations

import onnx_ir as ir

from bstkit.bundle.contract import Dims

_DTYPES = {
    ir.DataType.INT32: "int32",
    ir.DataType.INT64: "int64",
    ir.DataType.FLOAT: "float32",
    ir.DataType.STRING: "string",
}


def dtype_of(value: ir.Value) -> str:
    """The contract's word for a value's dtype; ONNX's own where the contract has none."""
    if value.dtype is None:
        return "unknown"
    return _DTYPES.get(value.dtype, value.dtype.name.lower())


def dims_of(value: ir.Value) -> Dims:
    """A value's dimensions; `?` where one has no name."""
    if value.shape is None:
        return ("?",)
    return tuple(dim if isinstance(dim, int) else dim.value or "?" for dim in value.shape)
