"""What SequencePooling, KMaxPooling, WeightedSequence and AttentionSequencePooling all obey, over one table."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bstkit.layers.attention_sequence_pooling import AttentionSequencePooling
from bstkit.layers.kmax_pooling import KMaxPooling
from bstkit.layers.sequence_pooling import SequencePooling
from bstkit.layers.weighted_sequence import WeightedSequence
from tests.golden import cases
from tests.golden.adapters import adapter, made

ROWS, TIME, DIM = 4, 6, 3
LAYERS = {
    "mean": (SequencePooling, {"mode": "mean"}),
    "sum": (SequencePooling, {"mode": "sum"}),
    "max": (SequencePooling, {"mode": "max"}),
    "kmax": (KMaxPooling, {"k": 2, "axis": 1}),
    "kmax_more_than_time": (KMaxPooling, {"k": 9, "axis": -2}),
    "weighted": (WeightedSequence, {"weight_normalization": False}),
    "weighted_softmax": (WeightedSequence, {}),
    "attention": (AttentionSequencePooling, {"units": [4]}),
    "attention_softmax": (AttentionSequencePooling, {"units": [4], "weight_normalization": True}),
    "attention_dice": (AttentionSequencePooling, {"units": [4], "activation": "dice"}),
    "attention_prelu": (AttentionSequencePooling, {"units": [4], "activation": "prelu"}),
    "attention_score": (AttentionSequencePooling, {"units": [], "return_score": True}),
}
LENGTHS = {name: layer for name, layer in LAYERS.items() if layer[0] is not KMaxPooling}
RANDOM = np.random.default_rng(3)
SEQUENCE = RANDOM.normal(size=(ROWS, TIME, DIM)).astype(np.float32)
WEIGHT = RANDOM.normal(size=(ROWS, TIME)).astype(np.float32)
TARGET = RANDOM.normal(size=(ROWS, DIM)).astype(np.float32)
masks = hnp.arrays(bool, (ROWS, TIME))
every = pytest.mark.parametrize("name", list(LAYERS))


def make(name, **kwargs):
    layer, arguments = LAYERS[name]
    return layer(**arguments, **kwargs)


@pytest.fixture(scope="module")
def layers():
    """One layer of each kind for all examples, so that weights stay."""
    made = {name: make(name) for name in LAYERS}
    for name, layer in made.items():
        run(layer, np.ones((ROWS, TIME), bool))
        if name == "attention_dice":
            layer.unit.network.activations[0].alphas.assign(np.full(4, 0.25, np.float32))
    return made


def run(layer, mask, rows=slice(None), sequence=SEQUENCE, weight=WEIGHT, **kwargs):
    """Call with what the layer takes beside the sequence, and a mask or, in its place, lengths."""
    extra = {WeightedSequence: [weight[rows]], AttentionSequencePooling: [TARGET[rows]]}.get(type(layer), [])
    real = {} if mask is None else {"mask": mask[rows]}
    return np.array(layer(sequence[rows], *extra, **real, **kwargs))


@every
@settings(max_examples=10, deadline=None)
@given(mask=masks, fill=st.sampled_from([7.0, 1e6, np.nan, np.inf]))
def test_masked_steps_never_count(layers, name, mask, fill):
    dirty = np.where(mask[..., None], SEQUENCE, np.float32(fill))
    weight = np.where(mask, WEIGHT, np.float32(fill))
    expected = run(layers[name], mask)
    np.testing.assert_allclose(run(layers[name], mask, sequence=dirty, weight=weight), expected, atol=1e-6)


@every
@settings(max_examples=10, deadline=None)
@given(mask=masks, order=st.permutations(range(ROWS)))
def test_rows_are_independent_and_empty_ones_zero(layers, name, mask, order):
    together = run(layers[name], mask)
    np.testing.assert_allclose(run(layers[name], mask, rows=list(order)), together[list(order)], atol=1e-6)
    np.testing.assert_allclose(run(layers[name], mask, rows=[0]), together[:1], atol=1e-6)
    assert np.isfinite(together).all()
    assert not together[~mask.any(axis=1)].any()


@pytest.mark.parametrize("name", list(LENGTHS))
@pytest.mark.parametrize("shape", [(ROWS,), (ROWS, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
def test_lengths_are_prefix_masks_and_never_more_than_time(layers, name, shape, dtype):
    length = np.array([0, 1, TIME, TIME + 3]).astype(dtype)
    expected = run(layers[name], np.arange(TIME) < length[:, None])
    np.testing.assert_allclose(run(layers[name], None, length=length.reshape(shape)), expected, atol=1e-6)


@pytest.mark.parametrize("name", list(LENGTHS))
@pytest.mark.parametrize("given_both", [False, True])
def test_mask_and_length_exclude_each_other(name, given_both):
    both = {"length": np.ones(ROWS, np.int32)} if given_both else {}
    mask = np.ones((ROWS, TIME), bool) if given_both else None
    with pytest.raises(ValueError, match="`mask` or `length`"):
        run(make(name), mask, **both)


@every
def test_half_precision_is_finite(name):
    mask = np.arange(TIME) < np.array([0, 1, 3, TIME])[:, None]
    result = run(make(name, dtype="float16"), mask)
    assert result.dtype == np.float16
    assert np.isfinite(result).all()
    assert not result[0].any()


@every
def test_free_time_saved_model_gives_the_same_numbers(name, tmp_path):
    inputs = [keras.Input((None, DIM)), keras.Input((None,), dtype="bool")]
    feeds = [SEQUENCE, WEIGHT > 0]
    if LAYERS[name][0] is WeightedSequence:
        inputs.append(keras.Input((None,)))
        feeds.append(WEIGHT)
    elif LAYERS[name][0] is AttentionSequencePooling:
        inputs.append(keras.Input((DIM,)))
        feeds.append(TARGET)
    model = keras.Model(inputs, make(name)(inputs[0], *inputs[2:], mask=inputs[1]))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()
    for time in (1, TIME):
        short = [array if array is TARGET else array[:, :time] for array in feeds]
        np.testing.assert_array_equal(loaded(short), model(short))
        assert np.isfinite(np.array(model(short))).all()


def golden_with_length_or_mask():
    folder = Path(cases.__file__).parent / "files"
    layers = ("SequencePoolingLayer", "WeightedSequenceLayer", "AttentionSequencePoolingLayer")
    return [path for path in cases.paths(folder) if cases.layer_of(path) in layers and "train" not in path.stem]


@pytest.mark.parametrize("path", golden_with_length_or_mask(), ids=lambda path: path.stem)
def test_default_equals_deepctr_wherever_a_row_has_a_real_step(path):
    case = cases.load(path)
    sequence = case.inputs["keys" if "keys" in case.inputs else "x"]
    lengths = next((case.inputs[name] for name in ("seq_len", "keys_len") if name in case.inputs), None)
    mask = next((case.inputs[name] for name in ("mask", "keys_mask") if name in case.inputs), None)
    time = sequence.shape[1]
    count = mask.sum(1) if lengths is None else lengths[:, 0]
    module = adapter(case.layer)
    layer = made(case.layer, case.config, deepctr_exact=False)
    module.call(layer, case.inputs, case)
    module.load(layer, case.weights)
    ours, theirs = np.array(module.call(layer, case.inputs, replace(case, training=False))["y"]), case.outputs["y"]
    same = (count > 0) & (count <= time) & np.isfinite(theirs).all(axis=(1, 2))
    if case.layer == "WeightedSequenceLayer" and not case.config["weight_normalization"]:
        same = np.isfinite(theirs).all(axis=(1, 2))
    np.testing.assert_allclose(ours[same], theirs[same], rtol=1e-5, atol=1e-6)
    assert np.isfinite(ours).all()
    assert not ours[count == 0].any()
