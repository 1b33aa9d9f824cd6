"""BiLSTM worked by hand, its defects on request, and what it refuses."""

import numpy as np
import pytest

from bstkit.layers.bilstm import BiLSTM

GATE = 1 / (1 + np.exp(-1.0))  # of a bias of one, where the kernels are zero
CELLS = [GATE * np.tanh(1.0) * sum(GATE**k for k in range(n)) for n in (1, 2, 3)]
FIRST, SECOND, THIRD = GATE * np.tanh(CELLS)
"""What such an LSTM says at its first, second and third step, whatever it reads."""

HOLE = np.array([[True, False, True, True, False]])


def zero_kernels(layer, dim=1):
    layer.build((None, None, dim))
    for weight in layer.weights:
        if "kernel" in weight.path:
            weight.assign(np.zeros(weight.shape))
    return layer


@pytest.mark.parametrize(
    ("merge_mode", "expected"),
    [
        ("fw", [FIRST, 0, SECOND, THIRD, 0]),
        ("bw", [THIRD, 0, SECOND, FIRST, 0]),
        ("sum", [FIRST + THIRD, 0, 2 * SECOND, FIRST + THIRD, 0]),
        ("mul", [FIRST * THIRD, 0, SECOND**2, FIRST * THIRD, 0]),
        ("ave", [(FIRST + THIRD) / 2, 0, SECOND, (FIRST + THIRD) / 2, 0]),
    ],
)
def test_merges_by_hand(merge_mode, expected):
    layer = zero_kernels(BiLSTM(1, num_layers=1, merge_mode=merge_mode))
    result = layer(np.full((1, 5, 1), 7.0, np.float32), HOLE)
    np.testing.assert_allclose(np.asarray(result)[0, :, 0], expected, atol=1e-6)


def test_concat_and_list_hold_both_directions():
    sequence = np.random.default_rng(0).normal(size=(1, 5, 3)).astype("f")
    both = BiLSTM(2, merge_mode=None)
    forward, backward = both(sequence, HOLE)
    side_by_side = BiLSTM(2, merge_mode="concat")
    side_by_side.build(sequence.shape)
    side_by_side.set_weights(both.get_weights())
    np.testing.assert_allclose(side_by_side(sequence, HOLE), np.concatenate([forward, backward], -1), atol=1e-6)


def test_residual_layers_are_the_last_ones():
    layer = zero_kernels(BiLSTM(1, num_layers=2, num_residual_layers=1, merge_mode="fw"))
    result = layer(np.full((1, 5, 1), 7.0, np.float32), HOLE)
    np.testing.assert_allclose(np.asarray(result)[0, :, 0], [2 * FIRST, 0, 2 * SECOND, 2 * THIRD, 0], atol=1e-6)


def test_deepctr_repeats_the_last_output_and_forgets_the_mask_after_a_residual_layer():
    options = {"num_layers": 2, "num_residual_layers": 2, "merge_mode": "fw", "deepctr_exact": True}
    one = zero_kernels(BiLSTM(1, **options | {"num_layers": 1, "num_residual_layers": 0}))
    zeros = np.zeros((1, 3, 1), np.float32)
    mask = np.array([[True, False, True]])
    np.testing.assert_allclose(np.asarray(one(zeros, mask))[0, :, 0], [FIRST, FIRST, SECOND], atol=1e-6)
    two = zero_kernels(BiLSTM(1, **options))
    expected = [FIRST + FIRST, FIRST + SECOND, SECOND + THIRD]  # the second layer counts all three steps
    np.testing.assert_allclose(np.asarray(two(zeros, mask))[0, :, 0], expected, atol=1e-6)


def test_without_a_mask_every_step_is_real():
    sequence = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("f")
    layer = BiLSTM(3)
    np.testing.assert_allclose(layer(sequence), layer(sequence, np.ones((2, 4), bool)), atol=1e-6)


def test_biases_start_at_one_and_stacks_are_independent():
    layer = BiLSTM(3)
    layer.build((None, None, 5))
    assert len(layer.weights) == 2 * 2 * 3
    for weight in layer.weights:
        if weight.path.endswith("bias"):
            np.testing.assert_array_equal(weight, np.ones(12))
    assert [lstm.cell.kernel.shape[0] for lstm in layer.backward_stack] == [5, 3]


def test_dropout_acts_in_training_only():
    layer = BiLSTM(3, dropout=0.5)
    sequence = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("f")
    served = np.asarray(layer(sequence, training=False))
    np.testing.assert_array_equal(served, layer(sequence))
    assert not np.allclose(layer(sequence, training=True), served)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 0}, "Received: units=0"),
        ({"num_layers": 0}, "Received: num_layers=0"),
        ({"num_residual_layers": 3}, r"must lie in \[0, 2\]. Received: num_residual_layers=3"),
        ({"dropout": 1.0}, "Received: dropout=1.0"),
        ({"merge_mode": "max"}, "Received: merge_mode='max'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BiLSTM(**{"units": 2} | arguments)


def test_residual_first_layer_needs_the_width_of_the_sequence():
    with pytest.raises(ValueError, match="`units` must be the width of the sequence, 5, where the first layer"):
        BiLSTM(3, num_residual_layers=2).build((None, None, 5))
    BiLSTM(3, num_residual_layers=1).build((None, None, 5))
