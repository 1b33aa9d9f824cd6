"""Our own conversions of TensorFlow operations, in place of tf2onnx's, each for a defect that its test pins.

A handler is called as `handler(ctx, node, name, args)` and edits tf2onnx's graph `ctx` in place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from bstkit.export.marker import DOMAIN, OP_TYPE


def keep_marker(ctx: Any, node: Any, name: str, args: Any) -> None:
    """PyFunc -> Marker, with its token."""
    node.type = OP_TYPE
    node.domain = DOMAIN


def where(ctx: Any, node: Any, name: str, args: Any) -> None:
    """SelectV2 -> Where. tf2onnx writes `x * c + y * (1 - c)`: a NaN or Inf on the side not taken leaks through."""
    node.type = "Where"


def compare(ctx: Any, node: Any, name: str, args: Any) -> None:
    """Less, Greater -> themselves. tf2onnx compares int32 as float32, which is wrong past 2^24.

    In the body of a loop tf2onnx's dtypes are wrong (int32 for what is int64), so both sides are cast to int64 there;
    floats are left alone.
    """
    if not ctx._is_subgraph and ctx.parent_graph is None:
        return
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    if ctx.get_dtype(node.input[0]) in floats:
        return
    for index in (0, 1):
        ctx.insert_new_node_on_input(node, "Cast", node.input[index], input_index=index, to=onnx.TensorProto.INT64)


def complementary_error(ctx: Any, node: Any, name: str, args: Any) -> None:
    """Erfc -> 1 - Erf. Keras's gelu needs it, and tf2onnx has no form for it."""
    node.type = "Erf"
    dtype = onnx.helper.tensor_dtype_to_np_dtype(ctx.get_dtype(node.output[0]))
    one = ctx.make_const(f"{name}__one", np.ones((), dtype)).output[0]
    erf = node.output[0]
    ctx.insert_new_node_on_output("Sub", erf, name=f"{name}__complement", inputs=[one, erf])


HANDLERS: dict[str, tuple[Any, list[Any]]] = {
    "PyFunc": (keep_marker, []),
    "SelectV2": (where, []),
    "Less": (compare, []),
    "Greater": (compare, []),
    "Erfc": (complementary_error, []),
}
"""TensorFlow operation -> (handler, its arguments), as tf2onnx takes them."""
