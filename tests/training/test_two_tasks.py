"""Two tasks trained together, one of them with missing labels; and losses that layers add."""

import csv
import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from bstkit.artefact import load_run
from bstkit.compose import compose
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.errors import ConfigError
from bstkit.inputs import negative_specs
from bstkit.training import train
from bstkit.training.fit import fit, make_repeatable
from bstkit.training.metrics import evaluate
from bstkit.training.scorer import Scorer
from tests.rich_log import rich_features

TASKS = ("ctr", "cvr")


@pytest.fixture(scope="module")
def features():
    """Two tasks and one history."""
    rich = rich_features()
    return rich.model_copy(update={"history": {"hist": rich.history["hist"]}})


@pytest.fixture(scope="module")
def dataset(rich_log, features):
    return load_dataset(rich_log, features)


def weighted(selection, **loss_weights):
    settings = selection.train.model_copy(update={"loss_weights": loss_weights})
    return selection.model_copy(update={"train": settings})


def one_epoch(selection):
    return selection.model_copy(update={"train": selection.train.model_copy(update={"epochs": 1})})


@pytest.fixture(scope="module")
def run(small_selection, rich_log, features, tmp_path_factory):
    """A run of two tasks, the second counting half."""
    folder = tmp_path_factory.mktemp("runs") / "two"
    return train(weighted(small_selection, cvr=0.5), folder, data=rich_log, features=features)


def test_history_has_the_weighted_mean_and_each_task(run):
    with (run.folder / "history.csv").open(newline="") as file:
        epochs = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert list(epochs[0])[:6] == ["epoch", "loss", "learning_rate", "val_log_loss", "val_auc", "val_gauc"]
    for epoch in epochs:
        for name in ("log_loss", "auc", "gauc"):
            mean = (epoch[f"val_ctr_{name}"] + 0.5 * epoch[f"val_cvr_{name}"]) / 1.5
            assert epoch[f"val_{name}"] == pytest.approx(mean, rel=1e-9)


def test_metrics_of_a_task_cover_the_rows_with_its_label(run, dataset):
    metrics = json.loads((run.folder / "metrics.json").read_text())
    test = dataset.rows("test")
    labelled = int((~np.isnan(dataset.labels["cvr"][test])).sum())
    assert 0 < labelled < len(test) == metrics["rows"]["test"]
    for found in (metrics["test"], *metrics["baselines"].values()):
        assert (found["ctr"]["rows"], found["cvr"]["rows"]) == (len(test), labelled)
        assert all(np.isfinite(found[task]["log_loss"]) for task in TASKS)


def test_held_out_labels_keep_what_is_not_known(run, dataset):
    labels = run.heldout_labels
    assert list(labels) == ["ctr", "cvr"]
    assert not np.isnan(labels["ctr"]).any()
    assert 0 < np.isnan(labels["cvr"]).sum() < len(labels["cvr"]) == len(run.heldout["user_id"])
    test = dataset.rows("test")
    if len(labels["cvr"]) == len(test):
        np.testing.assert_array_equal(labels["cvr"], dataset.labels["cvr"][test])


def test_reopened_run_scores_both_tasks(run, dataset):
    scores = Scorer(load_run(run.folder).composed, dataset, "test").score()
    known = ~np.isnan(dataset.labels["cvr"][dataset.rows("test")])
    rows = dataset.rows("test")[known]
    again = evaluate(dataset.labels["cvr"][rows], scores["cvr"][known], dataset.user[rows])
    assert again.log_loss == pytest.approx(run.metrics["test"]["cvr"]["log_loss"], abs=1e-6)


def test_task_of_weight_zero_is_not_learned(small_selection, dataset):
    """With another second task of weight 0 the first one is trained the same."""
    selection = one_epoch(weighted(small_selection, cvr=0.0))
    first = weights_after(selection, dataset)
    flipped = replace(dataset, labels={**dataset.labels, "cvr": 1 - dataset.labels["cvr"]})
    for ours, theirs in zip(first, weights_after(selection, flipped), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def weights_after(selection, dataset):
    """The served weights after training."""
    make_repeatable(0)
    composed = compose(selection, dataset.features)
    fit(composed, dataset)
    return composed.serving.get_weights()


def test_unknown_task_is_refused_before_the_log_is_read(small_selection, features, tmp_path):
    with pytest.raises(ConfigError, match="no task 'cvt'") as caught:
        train(weighted(small_selection, cvt=1.0), tmp_path / "run", data=tmp_path / "no log", features=features)
    assert "did you mean 'cvr'?" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def single(small_log):
    """One task."""
    return load_dataset(small_log, features_for(small_log))


@keras.saving.register_keras_serializable(package="bstkit_tests")
class NegativeShare(keras.layers.Layer):
    """Add a constant loss where a negative stands beside every real step and nowhere else; 0 otherwise."""

    def call(self, clicked, negative):
        beside = keras.ops.all((clicked > 0) == (negative > 0)) & keras.ops.all((clicked != negative) | (clicked == 0))
        self.add_loss(keras.ops.where(beside, 10.0, 0.0))
        return clicked


def test_losses_of_layers_count_and_negatives_reach_training(small_selection, single):
    """An objective as compose will make one: it reads inputs that only training has, and adds a loss."""
    selection = one_epoch(small_selection)
    make_repeatable(0)
    plain = fit(compose(selection, single.features), single)
    make_repeatable(0)
    composed = compose(selection, single.features)
    specs = negative_specs(single.features, ("hist",))
    more = {spec.name: keras.Input((None,), dtype=spec.dtype, name=spec.name) for spec in specs}
    given = {tensor.name: tensor for tensor in composed.training.inputs}
    checked = NegativeShare()(given["hist_item_id"], more["hist_negative_item_id"])
    logits = composed.training(given)
    logits = {task: logit + 0.0 * keras.ops.cast(checked[:, :1], "float32") for task, logit in logits.items()}
    training = keras.Model({**given, **more}, logits)
    added = fit(replace(composed, training=training, training_inputs=(*composed.inputs, *specs)), single)
    for ours, theirs in zip(added, plain, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"] + 10.0, abs=1e-4)
        assert ours["val_log_loss"] == pytest.approx(theirs["val_log_loss"], abs=1e-5)
