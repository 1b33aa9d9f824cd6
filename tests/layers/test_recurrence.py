"""What holds for every recurrent layer and form: masks of any pattern, rows, gradients, serialisation."""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from bstkit.layers.bilstm import BiLSTM
from bstkit.layers.dynamic_gru import DynamicGRU

DIM = 4
FORMS = {
    "bilstm": lambda **k: BiLSTM(3, **k),
    "bilstm residual concat": lambda **k: BiLSTM(DIM, num_residual_layers=2, merge_mode="concat", **k),
    "bilstm backwards": lambda **k: BiLSTM(3, num_layers=1, merge_mode="bw", **k),
    "gru": lambda **k: DynamicGRU(3, **k),
    "aigru": lambda **k: DynamicGRU(cell="aigru", **k),
    "agru": lambda **k: DynamicGRU(3, cell="agru", **k),
    "augru": lambda **k: DynamicGRU(3, cell="augru", **k),
    "augru, last state": lambda **k: DynamicGRU(3, cell="augru", return_sequences=False, **k),
}
every_form = pytest.mark.parametrize("form", FORMS)
masks = st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=4).map(np.array)


@cache
def model(form, dtype="float32"):
    """The layer with random weights in a model of any length and batch, compiled once."""
    layer = FORMS[form](dtype=dtype)
    inputs = [keras.Input((None, DIM)), keras.Input((None,), dtype="bool"), keras.Input((None,))]
    output = layer(*inputs[: 2 if isinstance(layer, BiLSTM) else 3])
    rng = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    built = keras.Model(inputs, output)
    built.layer = layer
    built.run = tf.function(lambda *tensors: built(tensors, training=False), reduce_retracing=True)
    return built


def values(rows, time, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, time, DIM)).astype("f"), rng.uniform(size=(rows, time)).astype("f")


def run(form, sequence, mask, weight, dtype="float32"):
    return np.asarray(model(form, dtype).run(tf.constant(sequence), tf.constant(mask), tf.constant(weight)))


@every_form
@settings(max_examples=15, deadline=None)
@given(mask=masks)
def test_masked_steps_are_as_if_they_were_not_there(form, mask):
    sequence, weight = values(*mask.shape)
    dirty = np.where(mask[..., None], sequence, np.float32(np.nan)), mask, np.where(mask, weight, np.float32(np.nan))
    result = run(form, *dirty)
    for row, real in enumerate(mask):
        if real.any():
            alone = run(form, sequence[row, real][None], real[real][None], weight[row, real][None])[0]
            np.testing.assert_allclose(result[row][real] if result.ndim == 3 else result[row], alone, atol=2e-6)
    if result.ndim == 3:
        np.testing.assert_array_equal(result[~mask], np.zeros_like(result[~mask]))
    np.testing.assert_array_equal(result[~mask.any(1)], np.zeros_like(result[~mask.any(1)]))


@every_form
@settings(max_examples=10, deadline=None)
@given(mask=masks, seed=st.integers(0, 99))
def test_rows_are_independent(form, mask, seed):
    sequence, weight = values(*mask.shape, seed=seed)
    order = np.random.default_rng(seed).permutation(len(mask))
    result = run(form, sequence, mask, weight)
    np.testing.assert_allclose(run(form, sequence[order], mask[order], weight[order]), result[order], atol=1e-6)
    np.testing.assert_allclose(run(form, sequence[:1], mask[:1], weight[:1]), result[:1], atol=1e-6)


@every_form
def test_half_precision_is_finite_and_close(form):
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    sequence, weight = values(*mask.shape)
    half = run(form, sequence, mask, weight, dtype="float16")
    np.testing.assert_allclose(half, run(form, sequence, mask, weight), atol=2e-2)
    assert half.dtype == np.float16


@every_form
def test_every_weight_learns_in_a_graph_of_any_length(form):
    built = model(form)
    mask = np.array([[1, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool)
    sequence, weight = values(*mask.shape)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, DIM]),
            tf.TensorSpec([None, None], tf.bool),
            tf.TensorSpec([None, None]),
        ]
    )
    def gradients(*tensors):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(built(tensors, training=True) ** 2)
        return tape.gradient(loss, built.trainable_variables)

    found = gradients(np.where(mask[..., None], sequence, np.float32(np.nan)), mask, weight)
    assert len(found) > 0
    for variable, gradient in zip(built.trainable_variables, found, strict=True):
        if form == "bilstm backwards" and "forward" in variable.path:
            assert gradient is None
        else:
            assert np.isfinite(gradient).all()
            assert np.abs(gradient).max() > 0


@every_form
def test_saved_model_gives_the_same_numbers(form, tmp_path):
    built = model(form)
    mask = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], bool)
    sequence, weight = values(*mask.shape)
    built.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = np.asarray(loaded([sequence, mask, weight]))
    np.testing.assert_allclose(again, run(form, sequence, mask, weight), atol=1e-6)
    assert loaded.layers[-1].get_config() == built.layer.get_config()


@every_form
def test_lengths_stand_in_the_place_of_a_mask(form):
    layer = model(form).layer
    sequence, weight = values(4, 5)
    scores = {} if isinstance(layer, BiLSTM) else {"weight": weight}
    lengths = np.array([[0.0], [2.0], [5.0], [9.0]], np.float32)  # the last is longer than the sequence
    masked = run(form, sequence, np.arange(5) < lengths, weight)
    for given_length in (lengths, lengths[:, 0].astype(np.int32)):
        np.testing.assert_allclose(layer(sequence, length=given_length, **scores), masked, atol=1e-6)
