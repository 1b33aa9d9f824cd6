"""Recurrent layers as LSTM, GRU and Scan: equal to Keras for masks of any pattern, and never a Loop."""

import keras
import numpy as np
import pytest

from bstkit.layers.bilstm import BiLSTM
from bstkit.layers.dynamic_gru import DynamicGRU
from tests.export.graphs import convert, functional, keras_scores, operations, run

DIM, UNITS = 4, 3
MASKS = {
    "prefixes": [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
    "holes": [[1, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 1, 0, 0]],
    "candidate behind padding": [[1, 1, 0, 0, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]],
    "some empty": [[0, 0, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]],
    "all empty": [[0, 0, 0, 0, 0]],
    "batch of 1": [[0, 1, 1, 0, 1]],
    "one step": [[1], [0], [1]],
}

LAYERS = {
    "bilstm": (lambda: BiLSTM(UNITS), {"LSTM": 4}),
    "bilstm concat residual": (lambda: BiLSTM(DIM, 2, 1, merge_mode="concat"), {"LSTM": 4}),
    "bilstm backwards": (lambda: BiLSTM(UNITS, 1, merge_mode="bw"), {"LSTM": 1}),
    "bilstm deepctr": (lambda: BiLSTM(DIM, 2, 2, merge_mode="sum", deepctr_exact=True), {"LSTM": 4}),
    "gru": (lambda: DynamicGRU(UNITS), {"GRU": 1}),
    "gru, last state": (lambda: DynamicGRU(UNITS, return_sequences=False), {"GRU": 1}),
    "aigru": (lambda: DynamicGRU(UNITS, "aigru"), {"GRU": 1}),
    "agru": (lambda: DynamicGRU(UNITS, "agru"), {"Scan": 1}),
    "augru": (lambda: DynamicGRU(UNITS, "augru"), {"Scan": 1}),
    "augru, last state": (lambda: DynamicGRU(UNITS, "augru", return_sequences=False), {"Scan": 1}),
}


def model_of(layer):
    """The layer in a model of any batch and length."""

    def call(x, mask, weight):
        return layer(x, mask) if isinstance(layer, BiLSTM) else layer(x, mask, weight)

    return functional(call, x=("float32", (None, DIM)), mask=("bool", (None,)), weight=("float32", (None,)))


def randomise(layer, biases):
    rng = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=0.7, size=weight.shape) * (biases or "bias" not in weight.path))


def feeds(mask, fill=None):
    mask = np.array(mask, bool)
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=(*mask.shape, DIM)).astype("f"), rng.normal(size=mask.shape).astype("f")
    if fill is not None:
        x, weight = np.where(mask[..., None], x, np.float32(fill)), np.where(mask, weight, np.float32(fill))
    return {"x": x, "mask": mask, "weight": weight}


def assert_equal(source, model, given):
    result = run(model, **given)
    np.testing.assert_allclose(result, keras_scores(source, **given), atol=2e-6)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("biases", [False, True], ids=["zero biases", "biases"])
@pytest.mark.parametrize(("make", "expected"), LAYERS.values(), ids=LAYERS)
def test_recurrent_layer_exports_without_a_loop(make, expected, biases):
    layer = make()
    source = model_of(layer)
    randomise(layer, biases)
    model = convert(source)
    found = operations(model)
    assert {name: found[name] for name in ("LSTM", "GRU", "Scan", "Loop", "If") if found[name]} == expected
    for mask in MASKS.values():
        assert_equal(source, model, feeds(mask))
    if not getattr(layer, "deepctr_exact", False):
        assert_equal(source, model, feeds(MASKS["holes"], fill=np.nan))


def test_bilstm_without_a_mask_exports():
    layer = BiLSTM(UNITS, merge_mode="mul")
    source = functional(lambda x: layer(x), x=("float32", (None, DIM)))
    randomise(layer, True)
    model = convert(source)
    assert operations(model)["LSTM"] == 4
    assert "GatherND" not in operations(model)
    x = feeds(MASKS["holes"])["x"]
    np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), atol=2e-6)


@pytest.mark.parametrize("cell", ["gru", "augru"])
def test_opset_17_gives_the_same_numbers(cell):
    layer = DynamicGRU(UNITS, cell)
    source = model_of(layer)
    randomise(layer, True)
    model = convert(source, opset=17)
    assert model.opset_imports[""] == 17
    assert_equal(source, model, feeds(MASKS["holes"]))


def test_two_scans_in_one_graph_keep_their_values_apart():
    layers = [DynamicGRU(DIM, "augru"), DynamicGRU(DIM, "agru")]
    source = functional(
        lambda input0, mask, weight: layers[1](layers[0](input0, mask, weight), mask, weight),
        input0=("float32", (None, DIM)),
        mask=("bool", (None,)),
        weight=("float32", (None,)),
    )
    model = convert(source)
    assert operations(model)["Scan"] == 2
    names = [value.name for graph in model.graphs() for node in graph for value in node.outputs]
    names += [value.name for graph in model.graphs() for value in graph.inputs]
    assert len(names) == len(set(names))
    given = feeds(MASKS["candidate behind padding"])
    assert_equal(source, model, {"input0": given.pop("x"), **given})


KERAS = {
    "every step": {"return_sequences": True},
    "zeroed": {"return_sequences": True, "zero_output_for_mask": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "last step": {},
    "last step backwards": {"go_backwards": True},
    "no bias": {"return_sequences": True, "use_bias": False},
}


def masked(layer):
    """A Keras layer with an explicit mask, whose implicit one goes no further."""
    return functional(lambda x, mask: layer(x, mask=mask) * 1.0, x=("float32", (None, DIM)), mask=("bool", (None,)))


@pytest.mark.parametrize("options", KERAS.values(), ids=KERAS)
@pytest.mark.parametrize(
    ("kind", "variant"),
    [("LSTM", {}), ("GRU", {}), ("GRU", {"reset_after": False})],
    ids=["lstm", "gru", "gru reset before"],
)
def test_keras_recurrence_is_one_node_for_any_mask(kind, variant, options):
    layer = getattr(keras.layers, kind)(UNITS, **options, **variant)
    source = masked(layer)
    randomise(layer, True)
    model = convert(source)
    assert operations(model)[kind] == 1
    assert not operations(model)["Loop"]
    for mask in MASKS.values():
        given = feeds(mask)
        given.pop("weight")
        assert_equal(source, model, given)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("options", [{"activation": "relu"}, {"zero_output_for_mask": True}], ids=str)
def test_other_keras_recurrences_are_left_to_tf2onnx(kind, options):
    layer = getattr(keras.layers, kind)(UNITS, **options)
    assert kind not in operations(convert(masked(layer)))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_keras_recurrence_without_a_mask_reads_every_step(kind):
    layer = getattr(keras.layers, kind)(UNITS, return_sequences=True)
    source = functional(lambda x: layer(x), x=("float32", (None, DIM)))
    model = convert(source)
    assert operations(model) == {"Transpose": 2, kind: 1, "Squeeze": 1}
    x = feeds(MASKS["holes"])["x"]
    np.testing.assert_allclose(run(model, x=x), keras_scores(source, x=x), atol=2e-6)
