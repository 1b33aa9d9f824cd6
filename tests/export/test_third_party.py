"""Layers that write themselves with `to_onnx`, by the rules in `bstkit.export.lowerings`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from bstkit.errors import ExportError
from tests.export.graphs import as_composed, convert, functional, keras_scores, operations, run


class TimeGap(keras.layers.Layer):
    """A layer that tf2onnx cannot convert: Log1p and Bucketize."""

    edges = np.array([0.5, 1.5, 2.5], np.float32)

    def build(self, sequence_shape, age_seconds_shape=None):
        self.table = self.add_weight(name="table", shape=(4, sequence_shape[-1]), initializer="random_normal")

    def call(self, sequence, age_seconds):
        minutes = tf.math.log1p(age_seconds)
        bucket = tf.raw_ops.Bucketize(input=minutes, boundaries=self.edges.tolist())
        return sequence + tf.gather(ops.convert_to_tensor(self.table), bucket)


class LoweredTimeGap(TimeGap):
    """The same with a lowering."""

    def to_onnx(self, op, sequence, age_seconds):
        minutes = op.Log(op.Add(age_seconds, 1.0))
        passed = op.GreaterOrEqual(op.Unsqueeze(minutes, [2]), self.edges)
        bucket = op.ReduceSum(op.Cast(passed, to="int32"), [2], keepdims=0)
        return op.Add(sequence, op.Gather(op.weight(self.table), bucket))


def time_gap_model(cls):
    return functional(
        lambda sequence, age_seconds: cls(name="gap")(sequence, age_seconds),
        sequence=("float32", (None, 4)),
        age_seconds=("float32", (None,)),
    )


def test_layer_without_lowering_cannot_be_converted():
    with pytest.raises(ExportError, match=r"gap: (Bucketize|Log1p)"):
        convert(time_gap_model(TimeGap))


def test_layer_with_lowering_gives_the_same_numbers():
    source = time_gap_model(LoweredTimeGap)
    model = convert(source)
    feeds = {
        "sequence": np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32),
        "age_seconds": np.random.default_rng(1).uniform(0, 30, (3, 5)).astype(np.float32),
    }
    np.testing.assert_allclose(run(model, **feeds), keras_scores(source, **feeds), atol=1e-6)
    assert "gap/table" in model.graph.initializers
    assert all(node.name.startswith("gap/") for node in model.graph)


class Lowered(keras.layers.Layer):
    """`call` is `2 * inputs`; the lowering is given."""

    def __init__(self, lowering, **kwargs):
        super().__init__(**kwargs)
        self.lowering = lowering

    def call(self, inputs):
        return 2.0 * inputs

    def to_onnx(self, op, inputs):
        return self.lowering(op, inputs)


def doubled(lowering):
    return functional(lambda x: Lowered(lowering, name="doubled")(x), x=("float32", (4,)))


X = np.arange(8, dtype=np.float32).reshape(2, 4)


@pytest.mark.parametrize(
    "lowering",
    [
        lambda op, x: op.Mul(x, 2.0),
        lambda op, x: op.Mul(x, np.float32(2)),
        lambda op, x: op.Mul(x, np.full(4, 2, np.float32)),
        lambda op, x: op.Mul(x, [2.0, 2.0, 2.0, 2.0]),
        lambda op, x: op.Mul(x, op.Cast(2, to="float32")),
        lambda op, x: op.Concat(*op.Split(op.Add(x, x), axis=1, num_outputs=2, _outputs=2), axis=1),
        lambda op, x: op.Clip(op.Add(x, x), None, 1e9),
    ],
    ids=["float", "scalar", "array", "list", "cast", "several outputs", "no input"],
)
def test_inputs_of_every_kind_are_taken(lowering):
    np.testing.assert_array_equal(run(convert(doubled(lowering)), x=X), 2 * X)


VARIABLE = keras.Variable(2.0)

FAILURES = {
    "raises": (lambda op, x: 1 / 0, "the ONNX lowering of Lowered 'doubled' failed: ZeroDivisionError"),
    "misspelt": (lambda op, x: op.wieght(x), "no attribute 'wieght'"),
    "too many": (lambda op, x: (x, x), "for 1 tensors"),
    "no value": (lambda op, x: 3, "for 1 tensors"),
    "variable": (lambda op, x: op.Mul(x, VARIABLE), "goes through `op.weight`"),
    "text": (lambda op, x: op.Mul(x, "2"), "must be a value"),
}


@pytest.mark.parametrize(("lowering", "message"), FAILURES.values(), ids=FAILURES)
def test_failing_lowering_is_an_error_that_names_the_layer(lowering, message):
    with pytest.raises(ExportError, match="doubled") as caught:
        convert(doubled(lowering))
    assert message in caught.value.message
    assert caught.value.hint


def test_lowering_that_builds_a_wrong_graph_is_an_error():
    with pytest.raises(ExportError, match="does not fit together"):
        convert(doubled(lambda op, x: op.Mul(x, 2)))  # an int64


def test_lowering_may_decline():
    model = convert(doubled(lambda op, x: NotImplemented))
    assert operations(model) == {"Mul": 1}
    np.testing.assert_array_equal(run(model, x=X), 2 * X)


def test_lowering_may_hand_an_argument_back():
    class Same(Lowered):
        def call(self, inputs):
            return inputs

        def to_onnx(self, op, inputs):
            return inputs

    source = functional(lambda x: Same(None)(x) + Same(None)(x), x=("float32", (4,)))
    np.testing.assert_array_equal(run(convert(source), x=X), 2 * X)


class Gate(keras.layers.Layer):
    """A composite: a list argument, two results, an optional argument, sublayers, a derived weight."""

    def build(self, tensors_shape):
        self.dense = keras.layers.Dense(4, name="dense")
        self.dense.build(tensors_shape[0])
        self.kernel = self.add_weight(name="kernel", shape=(3, 4), initializer="random_normal")

    def call(self, tensors, scale=None, training=False):
        first, second = tensors
        gated = self.dense(first) * second
        return {"gated": gated, "projected": ops.matmul(gated, ops.transpose(self.kernel))}

    def to_onnx(self, op, tensors):
        first, second = tensors
        gated = op.Mul(op.layer(self.dense, first), second)
        return {"gated": gated, "projected": op.MatMul(gated, op.weight(self.kernel, fn=np.transpose))}


@pytest.fixture(scope="module")
def gate_model():
    def call(a, b):
        outputs = Gate(name="gate")([a, b], scale=None)
        return ops.concatenate([outputs["gated"], outputs["projected"]], axis=-1)

    return functional(call, a=("float32", (4,)), b=("float32", (4,)))


def test_composite_builds_its_sublayers_and_derived_weights(gate_model):
    model = convert(gate_model)
    feeds = {"a": X, "b": X[::-1] - 3}
    np.testing.assert_allclose(run(model, **feeds), keras_scores(gate_model, **feeds), atol=1e-5)
    assert operations(model) == {"Gemm": 1, "Mul": 1, "MatMul": 1, "Concat": 1}
    assert {"gate/dense/kernel", "gate/dense/bias", "gate/kernel/transpose"} <= set(model.graph.initializers)


class DoubledFirst(keras.layers.Layer):
    """Hands a sublayer what a node made, whose shape is not known while the graph is built."""

    def build(self, shape):
        self.dense = keras.layers.Dense(3, "tanh", name="dense", bias_initializer="random_normal")
        self.dense.build(shape)

    def call(self, inputs):
        return self.dense(inputs * 2.0)

    def to_onnx(self, op, inputs):
        return op.layer(self.dense, op.Mul(inputs, 2.0))


@pytest.mark.parametrize("shape", [(4,), (None, 4)], ids=str)
def test_dense_takes_what_a_node_made(shape):
    source = functional(lambda x: DoubledFirst(name="doubled")(x), x=("float32", shape))
    model = convert(source)
    x = np.random.default_rng(0).normal(size=(2, *(dim or 5 for dim in shape))).astype(np.float32)
    np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), atol=1e-6)
    assert operations(model) == {"Mul": 1, "MatMul": 1, "Add": 1, "Tanh": 1}


def test_sublayer_without_lowering_is_an_error():
    class Outer(Lowered):
        def build(self, shape):
            self.inner = keras.layers.UnitNormalization(name="inner")
            self.inner.build(shape)

        def to_onnx(self, op, inputs):
            return op.layer(self.inner, inputs)

    with pytest.raises(ExportError, match="inner has no lowering"):
        convert(functional(lambda x: Outer(None)(x), x=("float32", (4,))))


class Overridden(LoweredTimeGap):
    """Changes `call` and forgets `to_onnx`."""

    def call(self, sequence, age_seconds):
        return sequence * 3.0


def test_subclass_that_overrides_call_alone_is_not_lowered():
    source = time_gap_model(Overridden)
    feeds = {"sequence": np.ones((1, 2, 4), np.float32), "age_seconds": np.zeros((1, 2), np.float32)}
    np.testing.assert_array_equal(run(convert(source), **feeds), 3 * feeds["sequence"])


class Cell(keras.layers.Layer):
    """A recurrent cell whose dense layer is lowered inside a loop's body."""

    state_size = 4

    def build(self, shape):
        self.dense = keras.layers.Dense(4, name="dense")
        self.dense.build((None, 8))

    def call(self, inputs, states):
        state = ops.tanh(self.dense(ops.concatenate([inputs, states[0]], axis=-1)))
        return state, [state]


def test_lowered_layer_works_in_the_body_of_a_loop():
    source = functional(lambda x: keras.layers.RNN(Cell())(x), x=("float32", (None, 4)))
    model = convert(source)
    assert operations(model)["Gemm"] == 1
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
    np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), atol=1e-5)


def test_layers_are_left_as_they_were():
    source = doubled(lambda op, x: op.Mul(x, 2.0))
    convert(source)
    assert not any("call" in vars(layer) for layer in source.layers)
    assert len(as_composed(source).inputs) == 1
