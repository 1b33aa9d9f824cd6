"""`train`: what it writes, what it refuses, what it leaves behind when it stops."""

import json

import keras
import numpy as np
import pytest

from bstkit.artefact import load_run
from bstkit.config.optimizers import LazyAdam
from bstkit.config.schedules import Cosine
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.data.vocabulary import read_vocabulary
from bstkit.errors import BstkitError, ConfigError, RunError, TrainingError
from bstkit.hookspecs import hookimpl
from bstkit.provenance import fingerprint
from bstkit.training import train
from tests.plugin_packages import Packages
from tests.small_log import write_small_log
from tests.supplied import KEY, add_third


def test_run_holds_everything_that_it_promises(built):
    folder = built.run.folder
    assert {path.name for path in folder.iterdir()} == {
        "selection.toml",
        "features.toml",
        "model.weights.h5",
        "vocab",
        "composition.json",
        "history.csv",
        "metrics.json",
        "heldout.npz",
        "provenance.json",
        "bundle",
        "report.html",
    }
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]  # no staging folder is left


def test_metrics_stand_beside_the_baselines_on_the_same_rows(built):
    metrics = built.run.metrics
    rows = {metrics["test"]["ctr"]["rows"], *(one["ctr"]["rows"] for one in metrics["baselines"].values())}
    assert rows == {metrics["rows"]["test"]}
    assert set(metrics["baselines"]) == {"popularity", "constant"}
    assert metrics["baselines"]["constant"]["ctr"]["auc"] == 0.5


def test_reopened_run_scores_the_same(built):
    again = load_run(built.run.folder)
    assert again.selection == built.run.selection
    assert again.features == built.run.features
    for ours, theirs in zip(
        again.composed.serving.get_weights(), built.run.composed.serving.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_vocabulary_sizes_are_the_tables_sizes(built):
    for space, table in built.run.features.spaces.items():
        assert len(read_vocabulary(built.run.folder / "vocab" / f"{space}.txt")) + 2 == table.rows


def test_provenance_names_versions_providers_seed_and_data(built, small_log):
    provenance = built.run.provenance
    assert provenance["seed"] == 0
    assert provenance["components"]["encoder.transformer"].startswith("bstkit")
    assert {"tensorflow", "keras", "tf2onnx"} <= set(provenance["packages"])
    assert provenance["data"]["sha256"] == fingerprint(load_dataset(small_log, features_for(small_log)))


def test_fingerprint_tells_logs_apart(small_log, tmp_path):
    other = write_small_log(tmp_path / "log.csv", seed=1)
    features = features_for(small_log)
    assert fingerprint(load_dataset(small_log, features)) != fingerprint(load_dataset(other, features))


def test_run_records_how_it_was_optimised(small_selection, small_log, tmp_path):
    choices = {
        "optimizer": LazyAdam(beta_1=0.8),
        "schedule": Cosine(warmup_steps=3, decay_epochs=1.5),
        "clip_norm": 5.0,
        "embedding_l2": 0.001,
        "class_weight": {"ctr": 2.0},
    }
    chosen = small_selection.model_copy(update={"train": small_selection.train.model_copy(update=choices)})
    train(chosen, tmp_path / "run", data=small_log)
    assert load_run(tmp_path / "run").selection.train == chosen.train


def test_used_folder_is_refused_before_the_log_is_read(small_selection, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="already exists"):
        train(small_selection, tmp_path / "run", data=tmp_path / "no such log")


def test_unwritable_folder_is_refused(small_selection, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write to"):
        train(small_selection, tmp_path / "file" / "run")


def test_wrong_parameters_are_refused_before_the_log_is_read(small_selection, tmp_path):
    wrong = small_selection.encoder[0].model_copy(update={"parameters": {"num_head": 2}})
    with pytest.raises(ConfigError, match="num_head"):
        train(small_selection.model_copy(update={"encoder": (wrong,)}), tmp_path / "run", data=tmp_path / "no such log")


@pytest.mark.parametrize(
    "stop", [TrainingError("stopped", "again"), KeyboardInterrupt(), OSError(28, "No space left on device")], ids=repr
)
def test_stopped_training_leaves_nothing(small_selection, small_log, tmp_path, monkeypatch, stop):
    def fail(*_, **__):
        raise stop

    monkeypatch.setattr("bstkit.training.job.write_run", fail)
    monkeypatch.setattr("bstkit.training.job.fit", lambda *_: [{"epoch": 1, "loss": 1.0}])
    expected = KeyboardInterrupt if isinstance(stop, KeyboardInterrupt) else BstkitError
    with pytest.raises(expected):
        train(small_selection, tmp_path / "run", data=small_log)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["model.weights.h5", "features.toml", "provenance.json"])
def test_incomplete_run_is_refused_by_name(built, tmp_path, missing):
    for path in built.run.folder.iterdir():
        if path.is_file() and path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(RunError, match=f"not a whole run: {missing} missing"):
        load_run(tmp_path)


def test_damaged_weights_are_refused(built, tmp_path):
    for path in built.run.folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:5000])
    run = load_run(tmp_path)
    with pytest.raises(RunError, match="cannot be read into the model"):
        _ = run.composed


def test_plugins_callbacks_watch_the_run_which_records_what_plugins_gave(
    small_selection, small_log, tmp_path, monkeypatch
):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, "val_log_loss" in logs))

    @hookimpl
    def bstkit_callbacks(run):
        seen.append(run.composed.selection.recipe)
        yield Watch()

    packages = Packages(monkeypatch)
    add_third(packages, "1.2", bstkit_callbacks=bstkit_callbacks)
    monkeypatch.setattr("bstkit.manager.entry_points", lambda group: packages.found)
    pooling = small_selection.pooling[0].model_copy(update={"key": KEY})
    run = train(small_selection.model_copy(update={"pooling": (pooling,)}), tmp_path / "run", data=small_log)
    assert seen == ["bst_small", (0, True), (1, True)]
    provenance = json.loads((run.folder / "provenance.json").read_bytes())
    assert provenance["callbacks"] == {"bstkit-third 1.2": ["Watch"]}
    assert provenance["components"][KEY] == "bstkit-third 1.2"
    assert set(provenance["components"]) == {use.key for use in run.selection.uses}
    assert provenance["packages"]["bstkit-third"] == "1.2"
