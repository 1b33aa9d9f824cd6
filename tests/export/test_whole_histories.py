"""The search for the most recent steps is left out only where it can find nothing else."""

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

from bstkit.export.passes.cleanup import clean_up
from bstkit.export.passes.constants import fold_constants
from bstkit.export.passes.shapes import infer_shapes
from bstkit.export.passes.whole_histories import keep_whole_histories


def model_of(body, inputs="int32[2, 4] values, bool[2, 4] mask", output="int32[2, n] y", **constants):
    """A model from ONNX's text form; constants are int64 initializers."""
    header = '<ir_version: 8, opset_import: ["" : 18]>'
    proto = onnx.parser.parse_model(
        f"{header} test ({inputs}) => ({output}) {{ numbers = Cast<to = 6>(mask)\n {body} }}"
    )
    for name, numbers in {**constants, "axes": [2]}.items():
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array(numbers, np.int64), name))
    for number, node in enumerate(proto.graph.node):
        node.name = f"node_{number}"
    return ir.from_proto(proto)


def operations(model):
    return sorted(node.op_type for node in model.graph)


def rewritten(model):
    copy = model.clone()
    for _ in range(3):
        infer_shapes(copy)
        fold_constants(copy)
        keep_whole_histories(copy)
        clean_up(copy)
    return copy


def scores(model, rows=2, time=4):
    rng = np.random.default_rng(0)
    feeds = {
        "values": rng.integers(0, 9, (rows, time)).astype(np.int32),
        "mask": rng.random((rows, time)) < 0.5,
    }
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], feeds)[0]


FREE = """
last = ArgMax<axis = 1, keepdims = 1, select_last_index = 1>(numbers)
until = Max(last, most)
index = Add(until, steps)
kept = GatherElements<axis = 1>(values, index)
y = Neg(kept)
"""

FIXED = """
last = ArgMax<axis = -1, keepdims = 1, select_last_index = 1>(numbers)
shifted = Add(last, back)
index = Max(steps, shifted)
padded = Pad(values, pads)
kept = GatherElements<axis = -1>(padded, index)
y = Neg(kept)
"""

SESSIONS = """
last = ArgMax<axis = 1, keepdims = 1, select_last_index = 1>(numbers)
until = Max(last, most)
index = Add(until, steps)
wide = Unsqueeze(index, axes)
kept = GatherND<batch_dims = 1>(values, wide)
y = Neg(kept)
"""


@pytest.mark.parametrize(
    ("body", "constants"),
    [
        (FREE, {"most": [3], "steps": [-3, -2, -1, 0]}),
        (FIXED, {"steps": [0, 1, 2, 3], "back": [-3, -2, -1, 0], "pads": [0, 0, 0, 4]}),
        (SESSIONS, {"most": [3], "steps": [-3, -2, -1, 0]}),
    ],
    ids=["free length", "fixed length", "sessions"],
)
def test_whole_history_passes_through(body, constants):
    model = model_of(body, **constants)
    found = rewritten(model)
    assert operations(found) == ["Neg"]
    np.testing.assert_array_equal(scores(found), scores(model))


@pytest.mark.parametrize(
    ("body", "constants"),
    [
        (FREE, {"most": [2], "steps": [-2, -1, 0]}),
        (FIXED, {"steps": [0, 1, 2], "back": [-2, -1, 0], "pads": [0, 0, 0, 3]}),
        (SESSIONS, {"most": [2], "steps": [-2, -1, 0]}),
    ],
    ids=["free length", "fixed length", "sessions"],
)
def test_history_that_is_cut_stays(body, constants):
    model = model_of(body, **constants)
    found = rewritten(model)
    assert {"ArgMax", "Max"} <= set(operations(found))
    np.testing.assert_array_equal(scores(found), scores(model))


@pytest.mark.parametrize(
    ("body", "constants", "left"),
    [
        (FREE, {"most": [3], "steps": [-3, -2, -1]}, "GatherElements"),  # the last step is left out
        (FREE, {"most": [3], "steps": [0, -1, -2, -3]}, "GatherElements"),  # backwards
        (FIXED, {"steps": [0, 1, 2, 3], "back": [-3, -2, -1, 0], "pads": [0, 1, 0, 3]}, "Pad"),  # in front
        (FIXED, {"steps": [0, 1, 2, 3, 4], "back": [-3, -2, -1, 0, 1], "pads": [0, 0, 0, 4]}, "Pad"),  # is read
    ],
    ids=["fewer", "backwards", "padded in front", "padding is read"],
)
def test_gather_of_something_else_stays(body, constants, left):
    model = model_of(body, **constants)
    found = rewritten(model)
    assert left in operations(found)
    np.testing.assert_array_equal(scores(found), scores(model))


def test_gather_of_whole_rows_stays():
    model = model_of(
        SESSIONS.replace("batch_dims = 1", "batch_dims = 0"),
        inputs="int32[4, 4] values, bool[4, 4] mask",
        output="int32[4, n, k] y",
        most=[3],
        steps=[-3, -2, -1, 0],
    )
    found = rewritten(model)
    assert operations(found) == ["GatherND", "Neg"]
    np.testing.assert_array_equal(scores(found, rows=4), scores(model, rows=4))


def test_shapes_that_are_not_fixed_tell_nothing():
    model = model_of(
        FREE, inputs="int32[b, t] values, bool[b, t] mask", output="int32[b, n] y", most=[3], steps=[-3, -2, -1, 0]
    )
    assert operations(rewritten(model)) == operations(model)


def test_large_constants_are_not_made():
    steps = list(range(-39_999, 1))
    shapes = "int32[2, 40000] values, bool[2, 40000] mask"
    model = model_of(FREE, inputs=shapes, most=[[39_999] * 40_000] * 2, steps=steps)
    assert "Max" in operations(rewritten(model))
