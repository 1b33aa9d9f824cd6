"""Masked self-attention against the formula in NumPy and against Keras's own layer."""

import keras
import numpy as np
import pytest

from bstkit.layers.self_attention import MaskedSelfAttention


@pytest.fixture
def sequence():
    return np.random.default_rng(1).normal(size=(4, 5, 8)).astype(np.float32)


@pytest.fixture
def mask():
    return np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]], bool)


def formula(layer, x, mask):
    """Softmax attention, head by head, over real steps only."""
    q, k, v = (x @ d.kernel.numpy() + d.bias.numpy() for d in (layer.query_dense, layer.key_dense, layer.value_dense))
    width = x.shape[-1] // layer.num_heads
    heads = np.zeros_like(x)
    for row in range(len(x)):
        real = np.flatnonzero(mask[row])
        if not len(real):
            continue
        for h in range(layer.num_heads):
            part = slice(h * width, (h + 1) * width)
            scores = q[row, :, part] @ k[row, real, part].T / np.sqrt(width)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            heads[row, :, part] = weights / weights.sum(-1, keepdims=True) @ v[row, real, part]
    return heads @ layer.output_dense.kernel.numpy() + layer.output_dense.bias.numpy()


def test_attention_equals_the_formula(sequence, mask):
    layer = MaskedSelfAttention(num_heads=2)
    actual = np.array(layer(sequence, mask))
    np.testing.assert_allclose(actual, formula(layer, sequence, mask), atol=2e-6)


def test_attention_equals_keras_multi_head_attention(sequence, mask):
    ours = MaskedSelfAttention(num_heads=2)
    ours(sequence, mask)
    theirs = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
    theirs.build((None, 5, 8), (None, 5, 8))
    weights = []
    for dense in (ours.query_dense, ours.key_dense, ours.value_dense):
        weights += [dense.kernel.numpy().reshape(8, 2, 4), np.random.default_rng(2).normal(size=(2, 4))]
        dense.bias.assign(weights[-1].reshape(8))
    weights += [ours.output_dense.kernel.numpy().reshape(2, 4, 8), ours.output_dense.bias.numpy()]
    theirs.set_weights(weights)
    rows = mask.any(1)  # Keras averages the padding of an empty row
    expected = theirs(sequence, sequence, attention_mask=mask[:, None, :])
    np.testing.assert_allclose(np.array(ours(sequence, mask))[rows], np.array(expected)[rows], atol=2e-6)


def test_num_heads_that_do_not_divide_the_width_are_refused(sequence, mask):
    with pytest.raises(ValueError, match=r"`num_heads` must divide .* 8. Received: num_heads=3"):
        MaskedSelfAttention(num_heads=3)(sequence, mask)
