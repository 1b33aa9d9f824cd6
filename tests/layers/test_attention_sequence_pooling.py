"""AttentionSequencePooling by hand, its activations, and what `deepctr_exact` does otherwise."""

import numpy as np
import pytest
import tensorflow as tf

from bstkit.layers.attention_sequence_pooling import AttentionSequencePooling
from bstkit.layers.local_activation import LocalActivationUnit

RANDOM = np.random.default_rng(2)
KEYS = RANDOM.normal(size=(3, 5, 2)).astype(np.float32)
QUERY = RANDOM.normal(size=(3, 2)).astype(np.float32)
MASK = np.arange(5) < np.array([[5], [2], [0]])


def test_by_hand_without_hidden_layers():
    layer = AttentionSequencePooling(units=[])
    keys = np.array([[[1.0], [2.0], [9.0]]], np.float32)
    mask = np.array([[True, True, False]])
    layer.build(keys.shape, (1, 1))
    layer.unit.score.kernel.assign([[1.0], [10.0], [100.0], [1000.0]])  # of q, k, q - k, q * k
    layer.unit.score.bias.assign([0.5])
    query = np.array([[3.0]], np.float32)
    weights = [3 + 10 + 200 + 3000 + 0.5, 3 + 20 + 100 + 6000 + 0.5]
    np.testing.assert_allclose(layer(keys, query, mask=mask), [[weights[0] + 2 * weights[1]]], rtol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "dice", "prelu"])
def test_scores_are_the_weights_of_the_sum(activation):
    layer = AttentionSequencePooling([4, 3], activation, weight_normalization=True)
    pooled = layer(KEYS, QUERY, mask=MASK)
    layer.return_score = True
    scores = np.array(layer(KEYS, QUERY, mask=MASK))
    np.testing.assert_allclose(pooled, np.einsum("bt,bte->be", scores, KEYS), atol=1e-6)
    np.testing.assert_allclose(scores.sum(axis=1), [1.0, 1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "prelu"])
def test_training_gives_the_numbers_and_gradients_of_inference(activation, normalized):
    """It takes another way through the first dense layer; these activations are the same in both."""
    layer = AttentionSequencePooling([4, 3], activation, weight_normalization=normalized)
    layer(KEYS, QUERY, mask=MASK)
    keys, query, found = tf.constant(KEYS), tf.constant(QUERY), []
    for weight in layer.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    weights = [weight.value for weight in layer.trainable_weights]
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch([keys, query])
            pooled = layer(keys, query, mask=MASK, training=training)
            loss = tf.reduce_sum(tf.square(pooled))
        found.append([pooled, *tape.gradient(loss, [keys, query, *weights])])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("activation", "parameters"), [("sigmoid", 0), ("dice", 4 + 3), ("prelu", 4 + 3)])
def test_learned_activations_have_one_trained_weight_a_channel(activation, parameters):
    layer = AttentionSequencePooling([4, 3], activation)
    layer(KEYS, QUERY, mask=MASK)
    dense = (8 * 4 + 4) + (4 * 3 + 3) + (3 + 1)
    assert sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights) == dense + parameters


def test_empty_row_is_the_mean_of_its_padding_only_in_deepctr():
    exact = AttentionSequencePooling([4], weight_normalization=True, deepctr_exact=True)
    np.testing.assert_allclose(exact(KEYS, QUERY, mask=MASK)[2], KEYS[2].mean(axis=0), rtol=1e-5)
    default = AttentionSequencePooling([4], weight_normalization=True)
    np.testing.assert_array_equal(default(KEYS, QUERY, mask=MASK)[2], [0.0, 0.0])


@pytest.mark.parametrize(("exact", "same"), [(False, True), (True, False)])
def test_padding_teaches_dice_only_in_deepctr(exact, same):
    keys, mask = np.pad(KEYS, ((0, 0), (0, 4), (0, 0)), constant_values=3.0), np.pad(MASK, ((0, 0), (0, 4)))
    layer = AttentionSequencePooling([4], "dice", deepctr_exact=exact)
    layer(KEYS, QUERY, mask=MASK)
    start = layer.get_weights()
    learned = []
    for sequence, real in ((KEYS, MASK), (keys, mask)):
        layer.set_weights(start)
        layer(sequence, QUERY, mask=real, training=True)
        learned.append(np.array(layer.unit.network.activations[0].moving_mean))
    assert np.allclose(*learned, atol=1e-6) == same


@pytest.mark.parametrize("make", [AttentionSequencePooling, LocalActivationUnit])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"units": [4, 0]}, r"Received: units=\(4, 0\)"), ({"activation": "sigmoidal"}, "sigmoidal")],
    ids=["units", "activation"],
)
def test_bad_arguments_are_refused_before_building(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_query_of_another_width_is_refused():
    with pytest.raises(ValueError, match="`target` must be as wide as `sequence`, 2"):
        AttentionSequencePooling()(KEYS, QUERY[:, :1], mask=MASK)
