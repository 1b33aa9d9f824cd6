"""`--init-from`: what a new model takes over from a run, and what it refuses."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from bstkit.artefact import load_run, write_run
from bstkit.compose import compose
from bstkit.config.features import ContextId, ContextNumeric, LogColumns, Space
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.synthetic import Sizes, click_log
from bstkit.errors import RunError, TrainingError
from bstkit.registry import load_registry
from bstkit.staging import new_folder
from bstkit.training import train
from bstkit.training.fit import make_repeatable
from bstkit.training.starting.init_fit import check_init
from bstkit.training.starting.init_run import open_init_run
from bstkit.training.starting.warm_start import matched_ids, start_from, warn_if_worse, with_statistics
from tests import models
from tests.small_log import small_features

SPACES = ("item", "cate", "user", "gender", "age")


def check(run, selection, features):
    return check_init(run, selection, features, load_registry(selection))


def weights(composed):
    return {one.path: one.numpy() for one in composed.serving.weights}


def history(run):
    return list(csv.DictReader((run.folder / "history.csv").read_text().splitlines()))


def untrained(folder, selection, features, vocabularies):
    """A run that nobody trained."""
    with new_folder(folder) as staging:
        write_run(
            staging,
            compose(selection, features),
            vocabularies=vocabularies,
            history=[{"epoch": 1}],
            metrics={},
            heldout={},
            provenance={},
        )
    return load_run(folder)


@pytest.fixture(scope="session")
def later(tmp_path_factory):
    """A later log: other users and items come and go, and so ids move."""
    log = click_log(1, Sizes(users=70, items=140))
    path = tmp_path_factory.mktemp("later") / "log.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(log)
        rows = zip(*log.values(), strict=True)
        writer.writerows((user, item, *rest) for user, item, *rest in rows if user[-1] != "0" and item % 10 != 7)
    return load_dataset(path, small_features())


@pytest.fixture(scope="session")
def started(built, small_selection, later):
    """A model for the later log: its weights cold, those after `start_from`, and what that told."""
    make_repeatable(1)  # not the run's seed, which would draw its first rows again
    composed = compose(small_selection, later.features)
    cold = weights(composed)
    facts = start_from(check(built.run, small_selection, later.features), composed, later)
    return cold, weights(composed), facts


@pytest.mark.parametrize("space", SPACES)
def test_rows_follow_their_keys(built, later, started, space):
    cold, warm, facts = started
    path = f"{space}_embedding/embeddings"
    known = {key: number for number, key in enumerate(built.run.vocabularies[space], 2)}
    keys = later.vocabularies[space]
    theirs = weights(built.run.composed)[path]
    np.testing.assert_array_equal(warm[path][:2], theirs[:2])
    for number, key in enumerate(keys, 2):
        expected = theirs[known[key]] if key in known else cold[path][number]
        np.testing.assert_array_equal(warm[path][number], expected, err_msg=key)
    kept = len(known.keys() & set(keys))
    assert facts["tables"][space] == {"kept": kept, "new": len(keys) - kept, "dropped": len(known) - kept}


def test_later_log_has_moved_new_and_dropped_keys(built, later, started):
    old, new = matched_ids(built.run.vocabularies["item"], later.vocabularies["item"])
    assert np.any(old != new)
    assert all(started[2]["tables"]["item"].values())


def test_every_other_weight_is_the_runs(built, started):
    _, warm, facts = started
    theirs = weights(built.run.composed)
    assert set(theirs) == set(warm)
    assert facts["fresh"] == []
    for path, values in warm.items():
        if not path.endswith("_embedding/embeddings"):
            np.testing.assert_array_equal(values, theirs[path], err_msg=path)


def test_extended_vocabularies_move_no_id():
    old, new = matched_ids(["a", "b"], ["a", "b", "c"])
    assert old.tolist() == new.tolist() == [2, 3]


def test_training_goes_on_from_the_run(built, small_selection, small_log, tmp_path, caplog):
    with caplog.at_level("INFO", "bstkit"):
        run = train(
            small_selection.model_copy(update={"train": small_selection.train.model_copy(update={"epochs": 1})}),
            tmp_path / "run",
            data=small_log,
            init_from=built.run.folder,
        )
    [cold, *later] = history(built.run)
    [warm] = history(run)
    assert float(warm["loss"]) < float(cold["loss"])
    origin = run.provenance["init_from"]
    best = min(float(one["val_log_loss"]) for one in (cold, *later))
    assert origin["validation"]["ctr"]["log_loss"] == pytest.approx(best, abs=1e-9)
    assert origin["run"] == built.run.folder.name
    assert origin["data_sha256"] == run.provenance["data"]["sha256"]
    assert len(origin["weights_sha256"]) == 64
    assert str(built.run.folder) not in json.dumps(run.provenance)
    assert f"item: {len(built.run.vocabularies['item']):,} kept, 0 new, 0 dropped" in caplog.text
    assert "init_from" not in built.run.provenance


@pytest.mark.parametrize(("loss", "warned"), [(0.51, True), (0.49, False)])
def test_training_that_only_made_it_worse_is_told(loss, warned, caplog):
    facts = {"run": "june", "validation": {"ctr": {"log_loss": 0.4}, "cvr": {"log_loss": 0.8}}}
    warn_if_worse(facts, [{"val_log_loss": 0.6}, {"val_log_loss": loss}], {"ctr": 3.0, "cvr": 1.0})
    assert ("the weights of june had the better validation log loss, 0.5000" in caplog.text) == warned


def test_two_tasks_start_from_their_run(rich_run, rich_log):
    dataset = load_dataset(rich_log, features_for(rich_log))
    composed = compose(rich_run.selection, dataset.features)
    facts = start_from(check(rich_run, rich_run.selection, dataset.features), composed, dataset)
    for path, values in weights(rich_run.composed).items():
        np.testing.assert_array_equal(weights(composed)[path], values, err_msg=path)
    assert set(facts["validation"]) == {"ctr", "cvr"}
    assert facts["tables"]["tag"]["kept"] == 5


def test_everything_that_does_not_fit_is_named_at_once(built, small_selection):
    features = small_features()
    spaces = {**features.spaces, "cate": Space(dim=4), "user": Space(dim=8, hash_buckets=9)}
    context = dict(reversed(features.context.items()))
    other = features.model_copy(update={"spaces": spaces, "context": context})
    head = small_selection.head.model_copy(update={"parameters": {"units": [8]}})
    with pytest.raises(TrainingError) as error:
        check(built.run, small_selection.model_copy(update={"head": head, "position": None}), other)
    for line in (
        f"the weights of {built.run.folder} do not fit the new model:",
        "position: nothing, in the run position.sinusoidal",
        "features.toml, [context]: age = age, gender = gender, user_id = user, in the run user_id = user, gender",
        "id space 'cate': dim 4, in the run 8",
        "id space 'user': 9 hash_buckets, in the run no hash_buckets",
        "head_mlp/hidden/dense_1/kernel: shape (",
        "head_mlp/ctr_logit/kernel: shape (8, 1), in the run (16, 1)",
        "encoder_transformer/block_1/attention/query/kernel: shape (12, 12), in the run (16, 16)",
    ):
        assert line in error.value.message
    assert "item_embedding" not in error.value.message
    assert "train.init_partial=true" in error.value.hint


def test_weights_of_another_recipe_are_named(built, small_selection):
    mean = small_selection.pooling[0].model_copy(update={"key": "pooling.mean", "parameters": {}})
    with pytest.raises(TrainingError) as error:
        check(built.run, small_selection.model_copy(update={"pooling": (mean,)}), small_features())
    assert "pooling: pooling.mean, in the run pooling.attention" in error.value.message
    gone = "pooling_attention: the run has 6 weights that the new model has not"
    assert gone in error.value.message


def test_order_of_tasks_counts(rich_run):
    labels = dict(reversed(rich_run.features.log.labels.items()))
    log = LogColumns(user="user_id", time="timestamp", labels=labels)
    with pytest.raises(TrainingError, match="labels: cvr, ctr, in the run ctr, cvr"):
        check(rich_run, rich_run.selection, rich_run.features.model_copy(update={"log": log}))


def partial(selection, **changed):
    settings = selection.train.model_copy(update={"init_partial": True})
    return selection.model_copy(update={"train": settings, **changed})


def test_what_fits_is_kept_where_that_is_enough(built, small_selection, later, caplog):
    caplog.set_level("INFO", "bstkit")
    head = small_selection.head.model_copy(update={"parameters": {"units": [8]}})
    selection = partial(small_selection, head=head)
    composed = compose(selection, later.features)
    cold = weights(composed)
    facts = start_from(check(built.run, selection, later.features), composed, later)
    theirs = weights(built.run.composed)
    assert facts["fresh"] == [path for path in cold if path.startswith("head_mlp")]
    assert "4 weights start anew, of head_mlp;" in caplog.text
    for path, values in weights(composed).items():
        if not path.endswith("embeddings"):
            expected = cold[path] if path in facts["fresh"] else theirs[path]
            np.testing.assert_array_equal(values, expected, err_msg=path)


def test_other_columns_keep_the_tables_alone(built, small_selection):
    features = small_features()
    other = features.model_copy(update={"context": dict(reversed(features.context.items()))})
    fit = check(built.run, partial(small_selection), other)
    assert fit.paths == {f"{space}_embedding/embeddings" for space in SPACES}


def test_run_with_nothing_in_common_is_refused(built, small_selection):
    features = small_features()
    spaces = {name: Space(dim=4) for name in features.spaces}
    other = features.model_copy(update={"spaces": spaces, "context": {"age": ContextId(space="age")}})
    with pytest.raises(TrainingError, match=r"no weight of .* fits"):
        check(built.run, partial(small_selection), other)


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory):
    """A run with a hashed space and a number, and its features."""
    context = {"price": ContextNumeric(numeric="standardise", mean=5.0, std=2.0)}
    features = models.features(context=context)
    spaces = {**features.spaces, "item": Space(dim=8, hash_buckets=20)}
    features = features.model_copy(update={"spaces": spaces})
    keys = {"cate": [f"c{number}" for number in range(12)]}
    return untrained(tmp_path_factory.mktemp("by_hand") / "run", models.selection(), features, keys), features


def test_statistics_are_the_runs(by_hand, dataset):
    run, features = by_hand
    moved = features.model_copy(update={"context": {"price": ContextNumeric(numeric="standardise", mean=9, std=1)}})
    kept = with_statistics(check(run, run.selection, moved), replace(dataset, features=moved))
    assert (kept.features.context["price"].mean, kept.features.context["price"].std) == (5.0, 2.0)


def test_other_edges_are_another_column(by_hand):
    run, features = by_hand
    bucket = ContextNumeric(numeric="bucket", edges=(1.0, 2.0), dim=4)
    with pytest.raises(TrainingError, match=r"price = bucket at \[1.0, 2.0\], in the run price = standardise"):
        check(run, run.selection, features.model_copy(update={"context": {"price": bucket}}))


@pytest.mark.parametrize("buckets", [20, 21])
def test_hashed_rows_need_as_many_buckets(by_hand, buckets):
    run, features = by_hand
    spaces = {**features.spaces, "item": Space(dim=8, hash_buckets=buckets)}
    other = features.model_copy(update={"spaces": spaces})
    if buckets == 20:
        assert "item" in check(run, run.selection, other).tables
        return
    with pytest.raises(TrainingError, match="id space 'item': 21 hash_buckets, in the run 20 hash_buckets"):
        check(run, run.selection, other)


def test_run_without_a_vocabulary_is_named(by_hand, tmp_path):
    run, features = by_hand
    bare = untrained(tmp_path / "bare", run.selection, features, {})
    with pytest.raises(TrainingError, match="id space 'cate': the run has no vocabulary of it"):
        check(bare, run.selection, features)


def test_bundle_is_no_run(built):
    with pytest.raises(RunError, match="is a bundle; training starts from a run") as error:
        open_init_run(built.run.bundle)
    assert error.value.hint == f"name the run that it was exported from: {built.run.folder}"


def test_missing_run_is_refused_before_the_log_is_read(small_selection, tmp_path):
    with pytest.raises(RunError, match="no run folder at"):
        train(
            small_selection,
            tmp_path / "run",
            data=tmp_path / "no such log",
            features=small_features(),
            init_from=tmp_path / "gone",
        )
