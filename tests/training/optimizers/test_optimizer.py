"""Optimizers by name: their classes, their defaults, and what reaches them."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from bstkit.compose import compose
from bstkit.config import optimizers
from bstkit.config.schedules import Cosine
from bstkit.config.selection import TrainSettings
from bstkit.data.feeding.feed import steps_per_epoch
from bstkit.features.tables import Embedding
from bstkit.training.fit import make_repeatable, training_batches
from bstkit.training.optimizers.optimizer import CLASSES, make_optimizer
from bstkit.training.optimizers.row_gradients import by_row, summed_by_row

TABLES = {
    one.model_fields["use"].default: one
    for one in vars(optimizers).values()
    if "use" in getattr(one, "model_fields", ())
}


@pytest.mark.parametrize("name", CLASSES)
def test_table_is_the_constructors_signature(name):
    signature = inspect.signature(CLASSES[name]).parameters
    for parameter, field in TABLES[name].model_fields.items():
        if parameter != "use":
            assert signature[parameter].default == field.default, parameter


def test_every_table_has_its_class():
    assert set(TABLES) == set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_parameters_and_learning_rate_reach_the_optimizer(name):
    made = make_optimizer(TrainSettings(optimizer=TABLES[name](), learning_rate=0.25), 10)
    assert isinstance(made, CLASSES[name])
    assert float(made.learning_rate) == 0.25


def test_default_is_kerass_adam_itself():
    assert type(make_optimizer(TrainSettings(), 10)) is keras.optimizers.Adam


def test_default_recipe_trains_to_the_weights_that_plain_keras_gives(fitted, dataset, small_selection, monkeypatch):
    """The numbers of every release: Keras's Adam, binary cross-entropy and embedding, nothing else."""
    ours, _ = fitted(epochs=1)
    monkeypatch.setattr("bstkit.features.embed.Embedding", keras.layers.Embedding)
    make_repeatable(0)
    plain = compose(small_selection, dataset.features)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    plain.training.compile(keras.optimizers.Adam(small_selection.train.learning_rate), {"ctr": loss}, jit_compile=False)
    steps = steps_per_epoch(dataset, "train", small_selection.train.batch_size)
    plain.training.fit(training_batches(plain, dataset), epochs=1, steps_per_epoch=steps, verbose=0, shuffle=False)
    for one, other in zip(ours.training.get_weights(), plain.training.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


GRADIENT = tf.IndexedSlices(tf.constant([[1.0], [2.0], [-4.0], [3.0]]), tf.constant([3, 1, 3, 0]), tf.constant([5, 1]))
"""Row 3 stands twice."""

DENSE = np.array([[3.0], [2.0], [0.0], [-3.0], [0.0]], np.float32)


def test_rows_are_summed():
    summed = summed_by_row(GRADIENT)
    assert summed.indices.numpy().tolist() == [3, 1, 0]
    assert summed.values.numpy().tolist() == [[-3.0], [2.0], [3.0]]


def stepped(optimizer, *gradients):
    """Weights after two steps with the same gradients."""
    weights = [keras.Variable(np.full(one.shape, 0.5, np.float32), name=f"w{i}") for i, one in enumerate(gradients)]
    for _ in range(2):
        optimizer.apply(list(gradients), weights)
    return [weight.numpy() for weight in weights]


@pytest.mark.parametrize("name", ["adamw", "adagrad", "ftrl", "lamb", "sgd"])
def test_repeated_rows_count_as_their_sum(name):
    settings = TrainSettings(optimizer=TABLES[name]())
    found = stepped(make_optimizer(settings, 10), GRADIENT)
    whole = stepped(CLASSES[name](learning_rate=0.001), tf.constant(DENSE))
    np.testing.assert_allclose(found[0], whole[0], rtol=1e-6)


def small_model(settings):
    """Weights of a model of sets of ids before and after three compiled steps, and the losses."""
    make_repeatable(0)
    ids = keras.Input((3,), dtype="int32")
    table = Embedding(20, 4, name="item_embedding")
    model = keras.Model(ids, keras.layers.Dense(1)(keras.ops.mean(table(ids), axis=1)))
    optimizer = make_optimizer(settings, 10, [table.embeddings.path])
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=False)
    rng = np.random.default_rng(0)
    rows, labels = rng.integers(0, 15, (16, 3)), rng.integers(0, 2, (16, 1)).astype(np.float32)
    before = model.get_weights()
    losses = [model.train_on_batch(rows, labels) for _ in range(3)]
    return before, model.get_weights(), losses


@pytest.mark.parametrize("name", CLASSES)
def test_each_learns_and_repeats_to_the_bit(name):
    schedule = Cosine(warmup_steps=1)
    settings = TrainSettings(
        optimizer=TABLES[name](), learning_rate=0.1, schedule=schedule, clip_norm=1.0, embedding_l2=0.01
    )
    (before, first, losses), (_, second, _) = small_model(settings), small_model(settings)
    assert losses[-1] < losses[0]
    for start, one, other in zip(before, first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one != start).any()


@pytest.mark.parametrize("limit", [2.0, 100.0], ids=["longer", "shorter"])
def test_clipping_scales_all_gradients_to_the_norm(limit):
    bias = np.array([5.0], np.float32)
    norm = np.sqrt((DENSE**2).sum() + (bias**2).sum())
    scale = min(1.0, limit / norm)
    optimizer = by_row(keras.optimizers.SGD, clip_norm=limit)(learning_rate=0.5)
    table, other = stepped(optimizer, GRADIENT, tf.constant(bias))
    np.testing.assert_allclose(table, 0.5 - 2 * 0.5 * scale * DENSE, rtol=1e-5)
    np.testing.assert_allclose(other, 0.5 - 2 * 0.5 * scale * bias, rtol=1e-5)


def test_regularisation_pulls_each_shown_row_once_and_no_other():
    tables = {"table"}
    optimizer = by_row(keras.optimizers.SGD, embedding_l2=0.2, tables=tables)(learning_rate=1.0)
    shown, other = (keras.Variable(np.full((5, 1), 0.5, np.float32), name=name) for name in ("table", "other"))
    optimizer.apply([GRADIENT, GRADIENT], [shown, other])
    rows = np.array([[1], [1], [0], [1], [0]], np.float32)
    np.testing.assert_allclose(shown.numpy(), 0.5 - DENSE - 0.2 * 0.5 * rows, rtol=1e-6)
    np.testing.assert_allclose(other.numpy(), 0.5 - DENSE, rtol=1e-6)


def test_regularisation_counts_before_clipping():
    optimizer = by_row(keras.optimizers.SGD, clip_norm=1.0, embedding_l2=4.0, tables={"table"})(learning_rate=1.0)
    table = keras.Variable(np.full((2, 1), 2.0, np.float32), name="table")
    optimizer.apply([tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([1]), tf.constant([2, 1]))], [table])
    assert table.numpy().tolist() == [[2.0], [1.0]]
