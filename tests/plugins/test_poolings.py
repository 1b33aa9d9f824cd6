"""Each pooling worked by hand."""

import keras
import numpy as np
import pytest

from bstkit.plugins.attention_pooling import AttentionPooling
from bstkit.plugins.attention_score import AttentionScore
from bstkit.plugins.flatten_pooling import FlattenPooling
from bstkit.plugins.kmax_pooling import KMaxStepPooling
from bstkit.plugins.last_pooling import LastPooling
from bstkit.plugins.max_pooling import MaxPooling
from bstkit.plugins.mean_pooling import MeanPooling
from bstkit.plugins.sum_pooling import SumPooling
from bstkit.plugins.weighted import WeightedEncoder

STEPS = np.array([[[1.0, -2.0], [3.0, -4.0], [50.0, 60.0], [5.0, -9.0]]], np.float32)
HOLE = np.array([[True, True, False, True]])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        (MeanPooling(), [3.0, -5.0]),
        (SumPooling(), [9.0, -15.0]),
        (MaxPooling(), [5.0, -2.0]),
        (KMaxStepPooling(k=2), [5.0, -2.0, 3.0, -4.0]),
        (KMaxStepPooling(k=4), [5.0, -2.0, 3.0, -4.0, 1.0, -9.0, 0.0, 0.0]),
        (LastPooling(), [5.0, -9.0]),
        (FlattenPooling(), [1.0, -2.0, 3.0, -4.0, 0.0, 0.0, 5.0, -9.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pooling_by_hand(pooling, expected):
    np.testing.assert_allclose(pooling(STEPS, HOLE), [expected], rtol=1e-6)


@pytest.mark.parametrize(("pooling", "divisor"), [(SumPooling(), 1.0), (MeanPooling(), 3.0)], ids=["sum", "mean"])
def test_weights_multiply_the_steps(pooling, divisor):
    weight = np.array([[0.5, 2.0, 7.0, -1.0]], np.float32)
    expected = np.array([[0.5 + 6.0 - 5.0, -1.0 - 8.0 + 9.0]]) / divisor
    np.testing.assert_allclose(pooling(STEPS, HOLE, weight=weight), expected, rtol=1e-6)


def test_weighted_encoder_multiplies_real_steps():
    weight = np.array([[0.5, 2.0, 7.0, -1.0]], np.float32)
    expected = [[[0.5, -1.0], [6.0, -8.0], [0.0, 0.0], [-5.0, 9.0]]]
    np.testing.assert_allclose(WeightedEncoder()(STEPS, HOLE, weight), expected, rtol=1e-6)
    equal = WeightedEncoder(weight_normalization=True)(STEPS, HOLE, np.ones((1, 4), np.float32))
    np.testing.assert_allclose(equal, np.where(HOLE[..., None], STEPS / 3, 0.0), rtol=1e-6)


@pytest.mark.parametrize("activation", ["dice", "prelu"])
@pytest.mark.parametrize("make", [AttentionPooling, AttentionScore], ids=["pooling", "score"])
def test_attention_takes_activations_that_learn(make, activation, sequence, mask, target):
    layer = make(units=(6, 3), activation=activation)
    plain = make(units=(6, 3))
    layer(sequence, mask, target)
    plain(sequence, mask, target)
    learned = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    assert learned == plain.count_params() + 6 + 3
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (KMaxStepPooling, {"k": 0}, "Received: k=0"),
        (AttentionPooling, {"activation": "dise"}, "dise"),
        (AttentionScore, {"units": [0]}, "Received: units="),
        (AttentionPooling, {"return_score": True}, "score.attention returns the weights"),
    ],
    ids=["kmax", "activation", "units", "scores_as_pooling"],
)
def test_bad_parameters_are_refused_before_building(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def local_activation(unit, keys, query):
    """DIN's formula in NumPy: sigmoid layers over [q, k, q - k, q * k], then a linear score."""
    query = np.broadcast_to(query[:, None], keys.shape)
    hidden = np.concatenate([query, keys, query - keys, query * keys], -1)
    for dense in unit.network.dense:
        hidden = 1 / (1 + np.exp(-(hidden @ dense.kernel.numpy() + dense.bias.numpy())))
    return (hidden @ unit.score.kernel.numpy() + unit.score.bias.numpy())[..., 0]


@pytest.mark.parametrize("weight_normalization", [False, True], ids=["raw", "softmax"])
def test_attention_equals_the_formula(weight_normalization, sequence, mask, target):
    score = AttentionScore(units=(6, 3), weight_normalization=weight_normalization)
    actual = np.array(score(sequence, mask, target))
    raw = local_activation(score, sequence, target)
    expected = np.zeros_like(raw)
    for row, real in enumerate(mask):
        if weight_normalization and real.any():
            raw[row, real] = np.exp(raw[row, real]) / np.exp(raw[row, real]).sum()
        expected[row, real] = raw[row, real]
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_attention_pooling_sums_what_attention_score_weighs(sequence, mask, target):
    pooling = AttentionPooling(units=(6, 3))
    pooled = pooling(sequence, mask, target)
    weight = pooling.unit(sequence, mask, target)
    np.testing.assert_allclose(pooled, np.einsum("bt,bte->be", weight, sequence), atol=1e-5)


@pytest.mark.parametrize("make", [AttentionPooling, AttentionScore], ids=["pooling", "score"])
def test_attention_as_deepctr_differs_in_an_empty_row_only(make, sequence, mask, target):
    exact = make(units=(6, 3), weight_normalization=True, deepctr_exact=True)
    ours = make(units=(6, 3), weight_normalization=True)
    result = np.array(exact(sequence, mask, target))
    ours(sequence, mask, target)
    ours.set_weights(exact.get_weights())
    np.testing.assert_allclose(result[:-1], ours(sequence, mask, target)[:-1], atol=1e-6)
    uniform = np.full(6, 1 / 6) if make is AttentionScore else sequence[-1].mean(0)
    np.testing.assert_allclose(result[-1], uniform, atol=1e-6)


def test_attention_as_deepctr_without_softmax_gives_an_empty_row_zeros(sequence, mask, target):
    result = AttentionPooling(units=(6, 3), deepctr_exact=True)(sequence, mask, target)
    np.testing.assert_array_equal(result[-1], np.zeros(8))


def test_mean_with_padding_averages_all_steps(sequence, mask):
    pooling = MeanPooling(include_padding=True)
    np.testing.assert_allclose(pooling(sequence, mask), sequence.mean(1), atol=1e-6)
    weight = sequence[..., 0]
    np.testing.assert_allclose(
        pooling(sequence, mask, weight=weight), (sequence * weight[..., None]).mean(1), atol=1e-6
    )


@pytest.mark.parametrize(
    ("layer", "setting"),
    [
        (AttentionPooling(deepctr_exact=True), "deepctr_exact"),
        (AttentionScore(deepctr_exact=True), "deepctr_exact"),
        (MeanPooling(include_padding=True), "include_padding"),
    ],
    ids=["attention", "score", "mean"],
)
def test_forms_that_read_padding_are_off_by_default_and_saved(layer, setting):
    assert type(layer)().get_config()[setting] is False
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()
    assert twin.get_config()[setting] is True


def test_target_of_another_width_is_refused(sequence, mask, target):
    with pytest.raises(ValueError, match="`target` must be as wide as `sequence`, 8"):
        AttentionPooling()(sequence, mask, target[:, :4])


def test_flatten_needs_a_fixed_length():
    free = keras.Input((None, 2))
    with pytest.raises(ValueError, match="fixed length"):
        FlattenPooling()(free, keras.Input((None,), dtype="bool"))
