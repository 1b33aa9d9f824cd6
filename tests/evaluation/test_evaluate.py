"""`evaluate` says of a log what plain counting over the scores of `predict` says."""

import csv
from dataclasses import asdict
from datetime import UTC, datetime

import duckdb
import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

import bstkit
from bstkit.config.features_file import load_features
from bstkit.data.prepared.job import prepare_dataset
from bstkit.errors import ConfigError, DataError
from bstkit.metrics import quality


def features_beside(log):
    return load_features(log.parent / "features.toml")


def close(value):
    return pytest.approx(value, abs=2e-6)


@pytest.fixture(scope="module")
def found(built, new_log):
    return bstkit.evaluate(built.run.bundle, new_log)


@pytest.fixture(scope="module")
def predicted(built, new_log, tmp_path_factory):
    """The same rows as `predict` writes them, in the order of the log, and the log's own."""
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    bstkit.predict(built.run.bundle, new_log, path)
    with new_log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return duckdb.sql(f"SELECT * FROM '{path}' ORDER BY row").fetchnumpy(), rows


def test_metrics_are_those_of_the_scores_that_predict_writes(found, predicted):
    scores, log = predicted
    one = found.tasks["ctr"].model.quality
    assert (found.rows, one.rows) == (len(log), len(log))
    assert one.positives == sum(row["click"] == "1" for row in log)
    assert found.users == len({row["user_id"] for row in log})
    assert one.auc == close(roc_auc_score(scores["label_ctr"], scores["ctr"]))
    assert one.log_loss == close(log_loss(scores["label_ctr"], scores["ctr"].astype(float)))
    expected = quality(scores["label_ctr"], scores["ctr"], scores["user"].astype(str))
    for name, value in asdict(expected).items():
        assert getattr(one, name) == (value if isinstance(value, int) else pytest.approx(value, abs=1e-4)), name


def test_constants_stand_beside(built, found):
    one = found.tasks["ctr"]
    assert list(one.constants) == ["rate of these rows"]  # a bundle does not know what it was trained on
    constant = one.constants["rate of these rows"]
    assert (constant.auc, constant.gauc) == (0.5, 0.5)
    assert (constant.normalised_entropy, constant.calibration) == (pytest.approx(1), pytest.approx(1))
    assert one.model.quality.normalised_entropy == pytest.approx(one.model.quality.log_loss / constant.log_loss)


def test_history_slices_count_the_earlier_clicks_of_the_user(found, predicted):
    scores, log = predicted
    lengths = np.zeros(len(log), int)
    clicks = {}
    for place in sorted(range(len(log)), key=lambda place: (float(log[place]["timestamp"]), place)):
        row = log[place]
        lengths[place] = clicks.get(row["user_id"], 0)
        clicks[row["user_id"]] = lengths[place] + (row["click"] == "1")
    bounds = {"0": (0, 0), "1-4": (1, 4), "5-19": (5, 19), "20-49": (20, 49), "50+": (50, 10**9)}
    sliced = found.tasks["ctr"].slices["history"]
    assert list(sliced) == list(bounds)
    for part, (low, high) in bounds.items():
        check_part(sliced[part].quality, scores, (lengths >= low) & (lengths <= high))


def test_new_users_and_items_are_those_that_the_vocabulary_lacks(found, predicted, built):
    scores, log = predicted
    for name, column, space in (("new-users", "user_id", "user"), ("new-items", "item_id", "item")):
        known = set((built.run.folder / "vocab" / f"{space}.txt").read_text().splitlines())
        new = np.array([row[column] not in known for row in log])
        assert {row[column].startswith("new ") for row, is_new in zip(log, new, strict=True) if not is_new} == {False}
        sliced = found.tasks["ctr"].slices[name]
        assert sliced["new"].quality.rows > 50
        check_part(sliced["new"].quality, scores, new)
        check_part(sliced["known"].quality, scores, ~new)


def test_time_slices_are_five_equal_spans(found, predicted):
    scores, log = predicted
    time = np.array([float(row["timestamp"]) for row in log])
    span = (time.max() - time.min()) / 5
    sliced = found.tasks["ctr"].slices["time"]
    assert len(sliced) == 5
    for number, (label, one) in enumerate(sliced.items()):
        start = time.min() + number * span
        assert label == f"{number + 1} of 5, from {datetime.fromtimestamp(start, UTC):%Y-%m-%d %H:%M:%S}"
        inside = (time >= start) & ((time < start + span) | (number == 4))
        check_part(one.quality, scores, inside)


def check_part(one, scores, inside):
    """Rows, positives and AUC of a part, from the file of scores."""
    labels, values = scores["label_ctr"][inside], scores["ctr"][inside]
    assert (one.rows, one.positives) == (inside.sum(), labels.sum())
    if 0 < labels.sum() < len(labels):
        assert one.auc == close(roc_auc_score(labels, values))
    else:
        assert one.auc is None


def test_margins_stand_beside_every_metric_and_grow_in_slices(found):
    one = found.tasks["ctr"]
    assert set(one.model.margin) == {"auc", "gauc", "log_loss", "normalised_entropy", "calibration", "ece"}
    assert all(0 < value < 1 for value in one.model.margin.values())
    assert one.slices["time"][next(iter(one.slices["time"]))].margin["auc"] > one.model.margin["auc"]


def test_run_and_bundle_agree_on_two_tasks(rich_run, rich_log):
    ours = bstkit.evaluate(rich_run.folder, rich_log, slices=["history"])
    theirs = bstkit.evaluate(rich_run.bundle, rich_log, slices=["history"], batch=100)
    assert list(ours.tasks) == ["ctr", "cvr"]
    with rich_log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert ours.rows == len(rows)
    assert ours.tasks["cvr"].model.quality.rows == sum(row["bought"] != "" for row in rows) < len(rows)
    for task in ours.tasks:
        # Random weights drive many probabilities to where float32 tells them apart by the last bit.
        assert ours.tasks[task].model.quality.auc == pytest.approx(theirs.tasks[task].model.quality.auc, abs=1e-3)
        assert ours.tasks[task].model.quality.ece == pytest.approx(theirs.tasks[task].model.quality.ece, abs=1e-4)
        assert ours.tasks[task].constants == theirs.tasks[task].constants
    assert ours.engine.startswith("TensorFlow")
    assert theirs.engine.startswith("ONNX Runtime")


def test_test_rows_of_a_dataset_give_the_metrics_of_training(built, prepared):
    found = bstkit.evaluate(built.run.folder, prepared)
    one, recorded = found.tasks["ctr"], built.run.metrics
    assert "test rows" in found.which
    for name in ("auc", "gauc", "gauc_users", "log_loss", "rows"):
        assert getattr(one.model.quality, name) == pytest.approx(recorded["test"]["ctr"][name], abs=1e-5), name
    trained = one.constants["rate in training"]
    for name in ("auc", "log_loss"):
        assert getattr(trained, name) == pytest.approx(recorded["baselines"]["constant"]["ctr"][name], abs=1e-9)


@pytest.mark.parametrize("split", ["train", "validation", "test", "all"])
def test_split_says_which_rows_of_a_dataset(built, prepared, split):
    found = bstkit.evaluate(built.run.bundle, prepared, split=split, slices=[])
    counts = built.run.metrics["rows"]
    assert found.rows == (sum(counts.values()) if split == "all" else counts[split])
    assert found.tasks["ctr"].slices == {}


def test_dataset_with_other_ids_is_refused(built, small_log, tmp_path):
    features = features_beside(small_log)
    spaces = {**features.spaces, "item": features.spaces["item"].model_copy(update={"max_size": 10})}
    prepare_dataset(small_log, tmp_path / "cut", features.model_copy(update={"spaces": spaces}))
    with pytest.raises(DataError, match=r"spaces\.item\.max_size in features\.toml is not what") as caught:
        bstkit.evaluate(built.run.folder, tmp_path / "cut")
    assert "--vocabularies RUN" in caught.value.hint
    with pytest.raises(DataError, match="another vocabulary of id space 'item' than the model"):
        bstkit.evaluate(built.run.bundle, tmp_path / "cut")


def rewritten(log, folder, **changed):
    """The log with columns changed: name -> value of a row."""
    with log.open(newline="") as file, (folder / "log.csv").open("w", newline="") as out:
        rows = list(csv.DictReader(file))
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, **{name: change(row) for name, change in changed.items()}} for row in rows)
    return folder / "log.csv"


def test_log_without_labels_is_refused(built, small_log, tmp_path):
    log = rewritten(small_log, tmp_path, click=lambda row: "")
    with pytest.raises(DataError, match=r"has no labels: 'click' \(ctr\) is absent or empty") as caught:
        bstkit.evaluate(built.run.bundle, log, features=features_beside(small_log))
    assert "bstkit predict" in caught.value.hint


def test_log_of_one_class_is_refused(built, small_log, tmp_path):
    log = rewritten(small_log, tmp_path, click=lambda row: "0")
    with pytest.raises(DataError, match=r"the labels of 'ctr' in .* have one class only: each of .* is 0"):
        bstkit.evaluate(built.run.bundle, log, features=features_beside(small_log))


def test_slice_of_one_class_has_no_auc(built, small_log, tmp_path):
    """Nobody clicks on a new item."""
    new = rewritten(
        small_log,
        tmp_path,
        click=lambda row: "0" if row["item_id"].endswith("3") else row["click"],
        item_id=lambda row: f"new {row['item_id']}" if row["item_id"].endswith("3") else row["item_id"],
    )
    features = features_beside(small_log)
    found = bstkit.evaluate(built.run.bundle, new, features=features, slices=["new-items"])
    one = found.tasks["ctr"].slices["new-items"]["new"]
    assert one.quality.one_class
    assert one.quality.rows > 0
    assert (one.quality.auc, one.quality.gauc, one.quality.normalised_entropy) == (None, None, None)
    assert one.quality.log_loss > 0


def test_task_that_the_model_does_not_have_is_named(built, small_log):
    features = features_beside(small_log)
    log = features.log.model_copy(update={"labels": {"ctrr": "click"}})
    with pytest.raises(ConfigError, match="task 'ctrr', and the model has the outputs ctr, ctr_logit") as caught:
        bstkit.evaluate(built.run.bundle, small_log, features=features.model_copy(update={"log": log}))
    assert "did you mean 'ctr'?" in caught.value.hint


def test_features_that_are_not_the_contract_s_are_refused(built, small_log):
    features = features_beside(small_log)
    hist = features.history["hist"].model_copy(update={"max_length": 9})
    with pytest.raises(ConfigError, match="max_length = 9 instead of 8"):
        bstkit.evaluate(built.run.bundle, small_log, features=features.model_copy(update={"history": {"hist": hist}}))


def test_features_are_not_for_runs(built, small_log, prepared):
    for data in (small_log, prepared):
        with pytest.raises(ConfigError, match=r"a run has its own features\.toml"):
            bstkit.evaluate(built.run.folder, data, features=features_beside(small_log))


@pytest.mark.parametrize("options", [{"batch": 0}, {"threads": 0}], ids=str)
def test_numbers_start_at_one(built, small_log, options):
    with pytest.raises(ConfigError, match=r"--(batch|threads) is 0"):
        bstkit.evaluate(built.run.bundle, small_log, **options)
