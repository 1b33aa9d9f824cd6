"""Each built-in lowering: fewer nodes, equal outputs, whatever the batch and the bias."""

import keras
import numpy as np
import pytest

from tests.export.graphs import convert, functional, keras_scores, operations, run

BATCHES = (1, 3, 4)
"""One, any, and as many as the units: a shape that is wrong by a transpose may fit there."""

DENSE = {
    "rank 2": ((4,), {}, {"Gemm": 1}),
    "rank 2, no bias": ((4,), {"use_bias": False}, {"MatMul": 1}),
    "rank 3": ((None, 4), {}, {"MatMul": 1, "Add": 1}),
    "rank 3, no bias": ((None, 4), {"use_bias": False}, {"MatMul": 1}),
    "rank 3, relu": ((None, 4), {"activation": "relu"}, {"MatMul": 1, "Add": 1, "Relu": 1}),
    "rank 2, sigmoid": ((4,), {"activation": "sigmoid"}, {"Gemm": 1, "Sigmoid": 1}),
    "rank 2, tanh": ((4,), {"activation": "tanh"}, {"Gemm": 1, "Tanh": 1}),
    "rank 4, softplus": ((2, None, 4), {"activation": "softplus"}, {"MatMul": 1, "Add": 1, "Softplus": 1}),
}


def values(batch, shape):
    """Values of every size for an input of this shape."""
    full = (batch, *(dim or 5 for dim in shape))
    return np.random.default_rng(0).normal(size=full).astype(np.float32)


def assert_equal(source, model, shape, atol=1e-6):
    for batch in BATCHES:
        x = values(batch, shape)
        np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), atol=atol, err_msg=f"batch {batch}")


@pytest.mark.parametrize("bias", ["zeros", "normal"])
@pytest.mark.parametrize(("shape", "options", "expected"), DENSE.values(), ids=DENSE)
def test_dense_is_one_matrix_product(shape, options, expected, bias):
    dense = keras.layers.Dense(4, bias_initializer="random_normal" if bias == "normal" else "zeros", **options)
    source = functional(lambda x: dense(x), x=("float32", shape))
    model = convert(source)
    assert operations(model) == expected
    assert_equal(source, model, shape)


@pytest.mark.parametrize("activation", ["gelu", "leaky_relu", "elu"])
def test_dense_with_another_activation_is_left_to_tf2onnx_and_right(activation):
    source = functional(lambda x: keras.layers.Dense(4, activation=activation)(x), x=("float32", (None, 4)))
    assert_equal(source, convert(source), (None, 4), atol=1e-5)


def test_embedding_is_one_gather():
    table = keras.layers.Embedding(9, 4)
    source = functional(lambda ids: table(ids), ids=("int32", (None,)))
    model = convert(source)
    assert operations(model) == {"Gather": 1}
    ids = np.array([[0, 8, 3], [1, -1, -9]], np.int32)  # below 0 both count from the end
    np.testing.assert_array_equal(run(model, ids=ids), keras_scores(source, ids=ids))


def test_table_used_twice_is_one_initializer():
    table = keras.layers.Embedding(9, 4, name="items")
    source = functional(lambda a, b: table(a) + table(b), a=("int32", (None,)), b=("int32", (None,)))
    model = convert(source)
    assert list(model.graph.initializers) == ["items/embeddings"]


NORMS = {
    "default": {},
    "no bias": {"center": False},
    "no scale": {"scale": False},
    "neither": {"center": False, "scale": False},
    "epsilon": {"epsilon": 0.1},
    "positive axis": {"axis": 2},
}


@pytest.mark.parametrize("options", NORMS.values(), ids=NORMS)
def test_layer_normalization_is_one_node(options):
    norm = keras.layers.LayerNormalization(
        gamma_initializer="random_normal", beta_initializer="random_normal", **options
    )
    source = functional(lambda x: norm(x), x=("float32", (None, 4)))
    model = convert(source)
    assert operations(model) == {"LayerNormalization": 1}
    assert_equal(source, model, (None, 4), atol=1e-5)


@pytest.mark.parametrize("options", [{"axis": 1}, {"axis": [1, 2]}], ids=str)
def test_layer_normalization_over_other_axes_is_left_to_tf2onnx(options):
    source = functional(lambda x: keras.layers.LayerNormalization(**options)(x), x=("float32", (3, 4)))
    model = convert(source)
    assert "LayerNormalization" not in operations(model)
    assert_equal(source, model, (3, 4), atol=1e-5)


BATCH_NORMS = {"default": {}, "no bias": {"center": False}, "no scale": {"scale": False}, "epsilon": {"epsilon": 0.1}}


def batch_norm(**options):
    """A layer that has seen data of another mean and deviation."""
    return keras.layers.BatchNormalization(
        gamma_initializer="random_normal",
        beta_initializer="random_normal",
        moving_mean_initializer="random_normal",
        moving_variance_initializer=keras.initializers.RandomUniform(0.5, 2.0),
        **options,
    )


@pytest.mark.parametrize("options", BATCH_NORMS.values(), ids=BATCH_NORMS)
def test_batch_normalization_of_vectors_is_one_node(options):
    norm = batch_norm(**options)
    source = functional(lambda x: norm(x), x=("float32", (4,)))
    model = convert(source)
    assert operations(model) == {"BatchNormalization": 1}
    assert_equal(source, model, (4,))


@pytest.mark.parametrize("shape", [(None, 4), (3, 2, 4)], ids=str)
def test_batch_normalization_of_sequences_is_left_to_tf2onnx(shape):
    norm = batch_norm()
    source = functional(lambda x: norm(x), x=("float32", shape))
    model = convert(source)
    assert "BatchNormalization" not in operations(model)
    assert_equal(source, model, shape)


def test_dropout_leaves_no_node():
    source = functional(lambda x: keras.layers.Dropout(0.5)(keras.layers.Dense(4)(x)), x=("float32", (4,)))
    assert operations(convert(source)) == {"Gemm": 1}


class DoubledDense(keras.layers.Dense):
    """Overrides `call`, so that Dense's lowering would be wrong for it."""

    def call(self, inputs, training=None):
        return 2.0 * super().call(inputs)


class RenamedDense(keras.layers.Dense):
    """Leaves `call` alone."""


def test_subclass_with_its_own_call_does_not_inherit_a_lowering():
    source = functional(lambda x: DoubledDense(4)(x), x=("float32", (4,)))
    assert_equal(source, convert(source), (4,))


def test_subclass_without_its_own_call_inherits_the_lowering():
    source = functional(lambda x: RenamedDense(4)(x), x=("float32", (4,)))
    assert operations(convert(source)) == {"Gemm": 1}


def test_half_precision_dense_is_left_to_tf2onnx():
    source = functional(lambda x: keras.layers.Dense(4, dtype="mixed_float16")(x), x=("float32", (4,)))
    assert_equal(source, convert(source), (4,), atol=1e-2)
