"""Training: repeatable, blind to the test rows, stopped by validation, ended by a loss that is no number."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.data.feeding.feed import batches
from bstkit.errors import TrainingError
from bstkit.training.fit import compile_training, make_repeatable
from bstkit.training.scorer import Scorer


@pytest.fixture(scope="module")
def first(fitted):
    return fitted(epochs=3)


def weights(composed):
    return composed.serving.get_weights()


def test_same_seed_gives_the_same_weights_bit_for_bit(fitted, first):
    composed, history = fitted(epochs=3)
    assert history == first[1]
    for ours, theirs in zip(weights(composed), weights(first[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_seed_gives_other_weights(fitted, first):
    composed, _ = fitted(epochs=1, seed=1)
    assert any((ours != theirs).any() for ours, theirs in zip(weights(composed), weights(first[0]), strict=True))


def test_regularised_tables_stay_smaller_where_they_are_shown(fitted, first, dataset, small_selection):
    """Against plain training with the same seed: id tables shrink, and rows that no batch shows are as they began."""
    composed, _ = fitted(epochs=3, embedding_l2=0.05)
    make_repeatable(0)
    untrained = compose(small_selection, dataset.features)
    models = [one.serving for one in (composed, first[0], untrained)]
    pulled, plain, start = (model.get_layer("item_embedding").embeddings.numpy()[1:] for model in models)  # no padding
    shown = (plain != start).any(axis=1)
    assert 0 < shown.sum() < len(shown)
    assert np.linalg.norm(pulled[shown]) < 0.9 * np.linalg.norm(plain[shown])
    np.testing.assert_array_equal(pulled[~shown], start[~shown])


def test_weight_of_positives_reaches_the_loss(dataset, small_selection):
    settings = small_selection.train.model_copy(update={"class_weight": {"ctr": 5.0}})
    composed = compose(small_selection.model_copy(update={"train": settings}), dataset.features)
    compile_training(composed, steps=1)
    assert composed.training.loss["ctr"].positive_weight == 5.0


def test_test_rows_do_not_reach_training(fitted, first, dataset):
    changed = dataset.labels["ctr"].copy()
    changed[dataset.rows("test")] = 1 - changed[dataset.rows("test")]
    _, history = fitted(data=replace(dataset, labels={"ctr": changed}), epochs=3)
    assert history == first[1]


def test_best_epoch_by_validation_is_kept(fitted, dataset):
    composed, history = fitted(epochs=12, patience=1, learning_rate=0.02)
    losses = [epoch["val_log_loss"] for epoch in history]
    assert len(history) < 12
    assert losses.index(min(losses)) == len(losses) - 2  # one epoch without a better one, then the end
    kept = Scorer(composed, dataset, "validation").evaluate()["ctr"]
    assert kept.log_loss == pytest.approx(min(losses), abs=1e-9)


def test_loss_that_is_no_number_ends_training(fitted):
    with pytest.raises(TrainingError, match="the loss is nan"):
        fitted(epochs=1, callbacks=[_Poison()])


class _Poison(keras.callbacks.Callback):
    """Make the last bias NaN after the first step; a ReLU may swallow one further back."""

    def on_train_batch_end(self, batch, logs=None):
        bias = self.model.trainable_variables[-1]
        bias.assign(np.full(bias.shape, np.nan))


def test_scores_stand_in_the_order_of_the_rows(first, dataset):
    composed, _ = first
    scores = Scorer(composed, dataset, "test").score()["ctr"]
    plain = [composed.serving(inputs)["ctr"] for inputs, _ in batches(dataset, "test", composed.inputs, 50)]
    np.testing.assert_allclose(scores, np.concatenate(plain)[:, 0], atol=1e-6)


def test_history_has_one_entry_an_epoch(first):
    _, history = first
    assert [epoch["epoch"] for epoch in history] == [1, 2, 3]
    assert set(history[0]) == {"epoch", "loss", "learning_rate", "val_log_loss", "val_auc", "val_gauc"}


def test_the_step_is_traced_once(fitted, monkeypatch):
    traced = []
    apply = keras.optimizers.Optimizer.apply

    def counted(self, *arguments, **named):
        traced.append(self)  # Python runs it while a step is traced, not while it is taken
        return apply(self, *arguments, **named)

    monkeypatch.setattr(keras.optimizers.Optimizer, "apply", counted)
    fitted(epochs=1, bucketing=False)
    assert len(traced) == 1
