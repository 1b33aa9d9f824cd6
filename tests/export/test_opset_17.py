"""Files of opset 17 hold what ONNX Runtime 1.12 can run."""

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from bstkit.compose import compose
from bstkit.export.assemble import assemble
from bstkit.export.passes.opset_17 import downgrade
from tests.export.graphs import run
from tests.export.recipes import bst_small, features

X = np.array([[-7, -2, 0], [1, 3, 9]], np.int32)
BOUNDS = {"both": (-2, 3), "low": (-2, None), "high": (None, 3), "neither": (None, None)}


def clip(low, high):
    """A model that clips int32 numbers."""
    x = ir.val("x", ir.DataType.INT32, ["batch", 3])
    given = {name: bound for name, bound in (("low", low), ("high", high)) if bound is not None}
    bounds = {
        name: ir.Value(name=name, type=x.type, shape=ir.Shape([]), const_value=ir.Tensor(np.int32(bound), name=name))
        for name, bound in given.items()
    }
    node = ir.node("Clip", [x, bounds.get("low"), bounds.get("high")], name="clip")
    y = node.outputs[0]
    y.name, y.type, y.shape = "y", x.type, x.shape
    copied = ir.node("Identity", [y], name="copied")
    copied.outputs[0].name, copied.outputs[0].type, copied.outputs[0].shape = "z", x.type, x.shape
    made = ir.Graph(
        [x], [copied.outputs[0]], nodes=[node, copied], initializers=list(bounds.values()), opset_imports={"": 18}
    )
    return ir.Model(made, ir_version=8)


@pytest.mark.parametrize(("low", "high"), BOUNDS.values(), ids=BOUNDS)
def test_clip_of_integers_is_spelt_out(low, high):
    before, after = clip(low, high), clip(low, high)
    downgrade(after)
    assert "Clip" not in {node.op_type for node in after.graph}
    np.testing.assert_array_equal(run(after, "z", x=X), run(before, "z", x=X))


def test_no_integer_is_clipped_in_an_exported_model():
    model, _ = assemble(compose(bst_small(opset=17), features(dim=4, max_length=5)))
    inferred = onnx.shape_inference.infer_shapes(ir.to_proto(model)).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*inferred.value_info, *inferred.input)}
    clipped = [kinds[node.input[0]] for node in inferred.node if node.op_type == "Clip"]
    assert onnx.TensorProto.INT32 not in clipped
    assert onnx.TensorProto.INT64 not in clipped
    assert model.metadata_props["bstkit.lowest_onnxruntime"] == "1.12"
