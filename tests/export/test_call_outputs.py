"""What a call returns, without tracing it where Keras knows, and without believing a layer that may not."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from bstkit.export import call_outputs as module
from bstkit.export.call_outputs import call_outputs
from tests.export.graphs import convert, functional, keras_scores, run

LAYERS = {
    "dense": (lambda: keras.layers.Dense(3), [(None, 4), (2, None, 4), (None, None, 2, 4)], "float32"),
    "embedding": (lambda: keras.layers.Embedding(9, 3), [(None,), (None, 5), (None, None, 2)], "int32"),
    "layer norm": (lambda: keras.layers.LayerNormalization(), [(None, 4), (None, None, 4)], "float32"),
    "batch norm": (lambda: keras.layers.BatchNormalization(), [(None, 4), (None, None, 4)], "float32"),
}


def specs(layer, arguments):
    return call_outputs(layer, layer.call, arguments)


@pytest.mark.parametrize(("make", "shapes", "dtype"), LAYERS.values(), ids=LAYERS)
def test_what_keras_knows_is_what_a_trace_finds(make, shapes, dtype, monkeypatch):
    for shape in shapes:
        layer = make()
        layer.build(shape)
        arguments = {"inputs": tf.TensorSpec(shape, dtype)}
        with monkeypatch.context() as patched:
            patched.setattr(module, "_KNOWN", frozenset())
            traced = specs(layer, arguments)
        monkeypatch.setattr(layer, "call", None)  # it is not called
        assert specs(layer, arguments) == traced


def test_subclass_with_its_own_call_is_traced():
    class Both(keras.layers.Dense):
        def call(self, inputs):
            return {"once": super().call(inputs), "none": None, "kernel": self.kernel, "number": 3}

    layer = Both(3)
    layer.build((None, 4))
    assert specs(layer, {"inputs": tf.TensorSpec((None, 4), "float32")}) == {
        "once": tf.TensorSpec((None, 3), "float32"),
        "none": None,
        "kernel": tf.TensorSpec((4, 3), "float32"),
        "number": tf.TensorSpec((), "int32"),
    }


class Misdescribed(keras.layers.Layer):
    """Counts what is positive; says of itself that it returns floats of the inputs' shape."""

    def call(self, inputs):
        return ops.sum(ops.cast(inputs > 0, "int32"), axis=-1)

    def to_onnx(self, op, inputs):
        return op.ReduceSum(op.Cast(op.Greater(inputs, 0.0), to="int32"), [-1], keepdims=0)

    def compute_output_shape(self, input_shape):
        return input_shape


class Outer(keras.layers.Layer):
    """Calls it as a layer of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Misdescribed()

    def call(self, inputs):
        return ops.expand_dims(self.inner(inputs), -1) * 2


def test_layer_that_misdescribes_itself_is_not_believed():
    source = functional(lambda x: Outer()(x), x=("float32", (None, 4)))
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run(convert(source), x=x), keras_scores(source, x=x))
