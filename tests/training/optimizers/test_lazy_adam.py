"""Lazy Adam against NumPy, and against Adam where the two agree."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.training.optimizers.lazy_adam import LazyAdam

ROWS, DIM, STEPS = 12, 3, 6


@pytest.fixture(scope="module")
def batches():
    """Rows, some of them several times, and a gradient for each place."""
    rng = np.random.default_rng(0)
    return [(rng.integers(0, ROWS - 2, 8), rng.normal(size=(8, DIM)).astype(np.float32)) for _ in range(STEPS)]


def table():
    return keras.Variable(np.linspace(-1, 1, ROWS * DIM, dtype=np.float32).reshape(ROWS, DIM), name="table")


def trained(optimizer, batches):
    weights = table()
    step = tf.function(lambda rows, values: optimizer.apply([tf.IndexedSlices(values, rows, (ROWS, DIM))], [weights]))
    optimizer.build([weights])
    for rows, values in batches:
        step(tf.constant(rows), tf.constant(values))
    return weights.numpy()


def by_numpy(batches, rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    """The rule as it is written, row by row."""
    weights = np.array(table()).astype(np.float64)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, (rows, values) in enumerate(batches, 1):
        for row in set(rows.tolist()):
            slope = values[rows == row].astype(np.float64).sum(axis=0)
            first[row] = beta_1 * first[row] + (1 - beta_1) * slope
            second[row] = beta_2 * second[row] + (1 - beta_2) * slope**2
            scale = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
            weights[row] -= scale * first[row] / (np.sqrt(second[row]) + epsilon)
    return weights


def test_rule_is_numpys(batches):
    np.testing.assert_allclose(trained(LazyAdam(0.01), batches), by_numpy(batches), rtol=1e-5, atol=1e-6)


def test_rows_that_no_batch_shows_stay(batches):
    np.testing.assert_array_equal(trained(LazyAdam(0.01), batches)[-2:], table().numpy()[-2:])


def test_it_is_adam_where_every_step_shows_every_row():
    rng = np.random.default_rng(1)
    batches = [(rng.permutation(ROWS), rng.normal(size=(ROWS, DIM)).astype(np.float32)) for _ in range(STEPS)]
    ours, theirs = (trained(made(0.01), batches) for made in (LazyAdam, keras.optimizers.Adam))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_rare_rows_differ_from_adam(batches):
    ours, theirs = (trained(made(0.01), batches) for made in (LazyAdam, keras.optimizers.Adam))
    assert np.abs(ours - theirs).max() > 1e-3


def test_weights_that_are_no_table_are_trained_as_by_adam():
    slopes = [np.full((2, 2), value, np.float32) for value in (1.0, -3.0, 0.5)]
    found = []
    for made in (LazyAdam, keras.optimizers.Adam):
        optimizer, weights = made(0.01), keras.Variable(np.ones((2, 2), np.float32))
        for slope in slopes:
            optimizer.apply([tf.constant(slope)], [weights])
        found.append(weights.numpy())
    np.testing.assert_array_equal(*found)


def test_it_reads_back_from_its_config():
    again = keras.optimizers.deserialize(keras.optimizers.serialize(LazyAdam(0.5, beta_1=0.7)))
    assert isinstance(again, LazyAdam)
    assert (again.beta_1, float(again.learning_rate)) == (pytest.approx(0.7), 0.5)


@pytest.mark.parametrize("settings", [{"weight_decay": 0.1}, {"amsgrad": True}], ids=["weight_decay", "amsgrad"])
def test_what_has_no_lazy_form_is_refused(settings):
    with pytest.raises(ValueError, match="has no lazy form"):
        LazyAdam(**settings)
