"""Each defect of tf2onnx: what it does by itself, and what the exporter does instead.

When one of the `plain_` tests fails, tf2onnx was corrected: our own handler or optimiser list can lose an entry.
"""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException

from bstkit.errors import ExportError
from bstkit.export import convert as convert_module
from bstkit.export import handlers
from tests.export.graphs import convert, functional, keras_scores, operations, plain, run, run_plain

PAST_FLOAT32 = 20_000_001
"""An id limit that float32 cannot tell from its neighbour."""


class Layer(keras.layers.Layer):
    """A layer made of one function."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, *tensors):
        return self.function(*tensors)


@pytest.fixture(scope="module")
def where_model():
    return functional(
        lambda x, mask: Layer(lambda a, m: ops.where(m, a, 0.0))(x, mask), x=("float32", (3,)), mask=("bool", (3,))
    )


@pytest.fixture(scope="module")
def masked_nan():
    return {"x": np.array([[1.0, np.nan, np.inf]], np.float32), "mask": np.array([[True, False, False]])}


def test_plain_where_lets_nan_at_masked_steps_through(where_model, masked_nan):
    assert np.isnan(run_plain(plain(where_model), **masked_nan)).any()


def test_where_takes_one_side_only(where_model, masked_nan):
    model = convert(where_model)
    assert operations(model) == {"Where": 1}
    np.testing.assert_array_equal(run(model, **masked_nan), [[1, 0, 0]])


@pytest.fixture(scope="module", params=["less", "greater"])
def compare_model(request):
    """Whether an id is below the limit, told in either direction."""

    def below(ids):
        limit = ops.cast(PAST_FLOAT32, "int32")
        return ops.less(ids, limit) if request.param == "less" else ops.greater(limit, ids)

    return functional(lambda ids: Layer(lambda a: ops.cast(below(a), "float32"))(ids), ids=("int32", (1,)))


def test_plain_comparison_of_ids_fails_past_2_to_the_24(compare_model):
    ids = np.array([[PAST_FLOAT32 - 1]], np.int32)
    assert run_plain(plain(compare_model), ids=ids) == 0  # 20,000,000 < 20,000,001


def test_comparison_of_ids_is_exact_past_2_to_the_24(compare_model):
    ids = np.array([[PAST_FLOAT32 - 1], [PAST_FLOAT32], [0]], np.int32)
    model = convert(compare_model)
    assert operations(model)["Cast"] == 1  # the answer's own
    np.testing.assert_array_equal(run(model, ids=ids), [[1], [0], [1]])


def test_comparison_in_the_body_of_a_loop_converts():
    def loop(x):
        def body(step, total):
            return step + 1, tf.where(step < 2, total + x, total)

        return tf.while_loop(lambda step, total: step < 4, body, (tf.constant(0), tf.zeros_like(x)))[1]

    source = functional(lambda x: Layer(loop)(x), x=("float32", (3,)))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(run(convert(source), x=x), 2 * x)


@pytest.fixture(scope="module")
def unsupported_model():
    return functional(lambda x: Layer(lambda a: tf.math.log1p(a), name="time_gap")(x), x=("float32", (3,)))


def test_plain_conversion_only_logs_what_it_cannot_convert(unsupported_model):
    assert "Log1p" in {node.op_type for node in plain(unsupported_model).graph.node}


def test_unsupported_operation_is_an_error_that_names_layer_and_operation(unsupported_model, capfd):
    with pytest.raises(ExportError, match="time_gap: Log1p"):
        convert(unsupported_model)
    assert capfd.readouterr().err == ""


def fail(ctx, node, name, args):
    raise RuntimeError("handler broke")


def test_plain_conversion_only_logs_exceptions_in_handlers(where_model):
    assert plain(where_model, custom_op_handlers={"SelectV2": (fail, [])}) is not None


def test_exception_in_a_handler_is_an_error(where_model, monkeypatch):
    monkeypatch.setattr(convert_module, "HANDLERS", {**handlers.HANDLERS, "SelectV2": (fail, [])})
    with pytest.raises(ExportError, match="handler broke"):
        convert(where_model)


@pytest.fixture(scope="module", params=["zeros", "absent"])
def zero_bias_model(request):
    """DeepCTR's local activation unit in short: Dense(1) without a bias that counts, then a transpose."""
    dense = keras.layers.Dense(1, use_bias=request.param == "zeros", name="score")

    def pool(x):
        scores = ops.transpose(dense(x), (0, 2, 1))
        return ops.squeeze(ops.matmul(scores, x), 1)

    return functional(pool, x=("float32", (None, 4)))


def batch(rows, steps=3, dim=4):
    return np.random.default_rng(rows).normal(size=(rows, steps, dim)).astype(np.float32)


def test_plain_conversion_breaks_a_transpose_after_a_zero_bias(zero_bias_model):
    with pytest.raises((Fail, RuntimeException), match=r"MatMul|Reshape"):
        run_plain(plain(zero_bias_model), x=batch(5))


@pytest.mark.parametrize("lower", [True, False], ids=["lowered", "tf2onnx"])
def test_transpose_after_a_zero_bias_is_right_at_every_batch(zero_bias_model, lower):
    model = convert(zero_bias_model, lower=lower)
    for rows in (1, 4, 5):
        np.testing.assert_allclose(
            run(model, x=batch(rows)), keras_scores(zero_bias_model, x=batch(rows)), atol=1e-5, err_msg=f"batch {rows}"
        )


@pytest.fixture(scope="module")
def mean_model():
    return functional(lambda x: Layer(lambda a: ops.mean(a, axis=-1, keepdims=True))(x), x=("float32", (None, 4)))


def test_plain_conversion_at_opset_17_hides_reduce_mean(mean_model):
    assert "GlobalAveragePool" in {node.op_type for node in plain(mean_model, opset=17).graph.node}


def test_opset_17_keeps_reduce_mean(mean_model):
    model = convert(mean_model, opset=17)
    assert operations(model) == {"ReduceMean": 1}
    assert model.opset_imports == {"": 17}
    np.testing.assert_allclose(run(model, x=batch(2)), batch(2).mean(-1, keepdims=True), rtol=1e-6)


def test_plain_large_model_is_broken_on_numpy_2(zero_bias_model):
    wide = functional(lambda x: keras.layers.Dense(2000)(x), x=("float32", (2000,)))
    with pytest.raises(AttributeError, match="product"):
        plain(wide, large_model=True)


def test_plain_embedding_costs_ten_nodes_and_ours_one():
    source = functional(lambda ids: keras.layers.Embedding(9, 4)(ids), ids=("int32", (None,)))
    assert len(plain(source).graph.node) >= 4
    assert operations(convert(source)) == {"Gather": 1}


def test_conversion_is_silent_on_stderr(where_model, monkeypatch, capfd):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    convert(where_model)
    os.write(2, b"still there")
    assert capfd.readouterr() == ("", "still there")
