"""The loss that leaves missing labels out, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.training.loss import PresentLabelLoss

NAN = np.nan


def entropy(labels, logits):
    """Mean binary cross-entropy of the rows with a label."""
    labels, logits = np.array(labels, np.float64), np.array(logits, np.float64)
    known = ~np.isnan(labels)
    each = np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0) - np.where(known, labels, 0) * logits
    return each[known].mean() if known.any() else 0.0


def column(values):
    return np.array(values, np.float32)[:, None]


@pytest.mark.parametrize(
    "labels",
    [[1, 0, 1, 0], [1, NAN, NAN, 0], [NAN, NAN, NAN, 1], [NAN] * 4],
    ids=["all", "some", "one", "none"],
)
def test_loss_is_the_mean_over_present_labels(labels):
    logits = [0.3, -2.0, 40.0, -50.0]
    found = PresentLabelLoss()(column(labels), column(logits))
    assert float(found) == pytest.approx(entropy(labels, logits), rel=1e-5, abs=1e-7)


def test_all_labels_give_keras_own_loss():
    labels, logits = column([1, 0, 0, 1, 1]), column([0.1, 2.0, -3.0, 0.5, -0.7])
    ours, theirs = PresentLabelLoss(), keras.losses.BinaryCrossentropy(from_logits=True)
    assert float(ours(labels, logits)) == pytest.approx(float(theirs(labels, logits)), rel=1e-6)


def test_missing_labels_have_no_gradient():
    logits = tf.Variable(column([0.3, -2.0, 4.0, 1.0]))
    with tf.GradientTape() as tape:
        loss = PresentLabelLoss()(column([1, NAN, 0, NAN]), logits)
    gradient = tape.gradient(loss, logits).numpy()[:, 0]
    sigmoid = 1 / (1 + np.exp(-np.array([0.3, 4.0])))
    np.testing.assert_allclose(gradient, [(sigmoid[0] - 1) / 2, 0, sigmoid[1] / 2, 0], atol=1e-6)


def test_batch_without_labels_moves_nothing():
    logits = tf.Variable(column([0.3, -2.0]))
    with tf.GradientTape() as tape:
        loss = PresentLabelLoss()(column([NAN, NAN]), logits)
    assert tape.gradient(loss, logits).numpy().tolist() == [[0.0], [0.0]]


def test_positives_weigh_as_with_kerass_class_weight():
    labels, logits = column([1, 0, 0, 1, 1]), column([0.1, 2.0, -3.0, 0.5, -0.7])
    weights = np.where(labels[:, 0] == 1, 4.0, 1.0)
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)(labels, logits, sample_weight=weights)
    assert float(PresentLabelLoss(4.0)(labels, logits)) == pytest.approx(float(theirs), rel=1e-6)


def test_weighted_positives_and_missing_labels_go_together():
    labels, logits = column([1, NAN, 0]), column([0.3, 9.0, -2.0])
    expected = (4.0 * np.log1p(np.exp(-0.3)) + np.log1p(np.exp(-2.0))) / 2
    assert float(PresentLabelLoss(4.0)(labels, logits)) == pytest.approx(expected, rel=1e-6)


def test_weight_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`positive_weight` must be above 0"):
        PresentLabelLoss(0.0)


def test_loss_reads_back_from_its_config():
    again = keras.losses.deserialize(keras.losses.serialize(PresentLabelLoss(2.0, name="cvr")))
    assert isinstance(again, PresentLabelLoss)
    assert (again.name, again.positive_weight) == ("cvr", 2.0)
