"""`predict`: runs and bundles give the same scores of the same rows, whatever they come from."""

import csv
import gzip
import json

import duckdb
import numpy as np
import pytest

import bstkit
from bstkit.artefact import load_run
from bstkit.build import export_run
from bstkit.config.features_file import load_features
from bstkit.errors import BundleError, ConfigError, DataError, RunError
from bstkit.predict import score_file
from bstkit.progress import Progress


def table(path):
    """Column -> values."""
    return duckdb.sql(f"SELECT * FROM '{path}'").fetchnumpy()


def features_beside(log):
    return load_features(log.parent / "features.toml")


@pytest.mark.parametrize("bundle", ["encoded", "raw"])
def test_run_and_bundle_score_a_log_alike(rich_run, raw_bundle, rich_log, tmp_path, bundle):
    folder = rich_run.bundle if bundle == "encoded" else raw_bundle
    first = bstkit.predict(rich_run.folder, rich_log, tmp_path / "run.csv")
    second = bstkit.predict(folder, rich_log, tmp_path / "bundle.csv", batch=100, threads=1)
    assert first.columns == second.columns
    ours, theirs = table(tmp_path / "run.csv"), table(tmp_path / "bundle.csv")
    assert tuple(ours) == first.columns
    for name in ("ctr", "ctr_logit", "cvr", "cvr_logit"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6, atol=1e-5)
        assert len(np.unique(ours[name])) > 100
    assert first.engine.startswith("TensorFlow")
    assert second.engine.startswith("ONNX Runtime")


def test_bundle_for_devices_scores_a_log_alike(rich_run, rich_log, tmp_path):
    export_run(rich_run, tmp_path / "edge", target="edge")
    bstkit.predict(rich_run.bundle, rich_log, tmp_path / "free.csv")
    bstkit.predict(tmp_path / "edge", rich_log, tmp_path / "fixed.csv")
    ours, theirs = table(tmp_path / "free.csv"), table(tmp_path / "fixed.csv")
    np.testing.assert_allclose(ours["ctr_logit"], theirs["ctr_logit"], rtol=1e-6, atol=1e-5)
    diff = bstkit.diff_bundles(rich_run.bundle, tmp_path / "edge")
    assert diff.breaking
    assert "length_1" in diff.scores.cases
    assert diff.scores.outputs["ctr"].max_abs < 1e-4


def test_scores_stand_in_the_order_of_the_log_beside_who_when_and_labels(rich_run, rich_log, tmp_path):
    predicted = bstkit.predict(rich_run.bundle, rich_log, tmp_path / "scores.csv")
    with rich_log.open(newline="") as file:
        log = list(csv.DictReader(file))
    with (tmp_path / "scores.csv").open(newline="") as file:
        scores = list(csv.DictReader(file))
    assert predicted.rows == len(log) == len(scores)
    assert [int(row["row"]) for row in scores] == list(range(len(log)))
    assert [row["user"] for row in scores] == [row["user_id"] for row in log]
    assert [float(row["time"]) for row in scores] == [float(row["timestamp"]) for row in log]
    assert [row["label_ctr"] for row in scores] == [row["click"] for row in log]
    assert [row["label_cvr"] for row in scores] == [row["bought"] for row in log]
    assert "" in {row["label_cvr"] for row in scores}


def test_held_out_rows_score_as_the_run_keeps_them(built, small_log, tmp_path):
    """The run's own held-out rows are test rows, made by training's feed."""
    bstkit.predict(built.run.bundle, small_log, tmp_path / "scores.parquet")
    scores = {float(value) for value in table(tmp_path / "scores.parquet")["ctr_logit"]}
    run = load_run(built.run.folder)
    expected = run.composed.serving(run.heldout)["ctr_logit"].numpy()[:, 0]
    every = np.array(sorted(scores))
    nearest = every[np.clip(np.searchsorted(every, expected), 1, len(every) - 1)]
    before = every[np.clip(np.searchsorted(every, expected) - 1, 0, len(every) - 1)]
    assert np.minimum(abs(nearest - expected), abs(before - expected)).max() < 1e-5


def events_of(log):
    """Raw events with the histories that a log gives, straight from the definition: earlier clicks of the user."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        at = (float(row["timestamp"]), place)
        earlier = sorted(
            (float(other["timestamp"]), number)
            for number, other in enumerate(rows)
            if other["user_id"] == row["user_id"] and other["click"] == "1" and (float(other["timestamp"]), number) < at
        )
        clicks = [rows[number] for _, number in earlier]
        yield {
            **row,
            "hist_item_id": [click["item_id"] for click in clicks],
            "hist_cate_id": [click["cate_id"] for click in clicks],
        }


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_raw_events_score_as_the_log_that_they_come_from(built, small_log, tmp_path, name):
    text = "".join(json.dumps(event) + "\n" for event in events_of(small_log)).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    bstkit.predict(built.run.bundle, small_log, tmp_path / "log.parquet")
    predicted = bstkit.predict(built.run.bundle, tmp_path / name, tmp_path / "events.parquet", batch=77)
    assert predicted.columns == ("row", "ctr", "ctr_logit")
    log, events = table(tmp_path / "log.parquet"), table(tmp_path / "events.parquet")
    np.testing.assert_array_equal(events["row"], log["row"])
    np.testing.assert_allclose(events["ctr_logit"], log["ctr_logit"], atol=1e-5)


def test_run_scores_raw_events_as_its_bundles_do(rich_run, raw_bundle, tmp_path):
    path = tmp_path / "events.jsonl"
    items, colours = rich_run.vocabularies["item"], rich_run.vocabularies["tag"]
    event = {
        "item_id": items[3],
        "hist_item_id": [[items[0]], [None, items[5], "new"]],
        "hist_cate_id": [[rich_run.vocabularies["cate"][0]], [None, None, "new"]],
        "hist_weight": [[2.5], [1, None, 3]],
        "tags_tags": [colours[0], "purple"],
        "tags_weight": [0.5, 0.25],
    }
    path.write_text(f"{json.dumps(event)}\n{{}}\n")
    scores = {}
    for number, model in enumerate((rich_run.folder, rich_run.bundle, raw_bundle)):
        bstkit.predict(model, path, tmp_path / f"{number}.csv")
        scores[number] = table(tmp_path / f"{number}.csv")
    for name in ("ctr_logit", "cvr_logit"):
        np.testing.assert_allclose(scores[1][name], scores[0][name], atol=1e-5)
        np.testing.assert_allclose(scores[2][name], scores[0][name], atol=1e-5)
        assert scores[0][name][0] != pytest.approx(scores[0][name][1])


def test_parquet_and_csv_hold_the_same(rich_run, rich_log, tmp_path):
    for name in ("scores.csv", "scores.parquet"):
        bstkit.predict(rich_run.bundle, rich_log, tmp_path / name)
    left, right = table(tmp_path / "scores.csv"), table(tmp_path / "scores.parquet")
    assert list(left) == list(right)
    np.testing.assert_array_equal(left["ctr"].astype(np.float32), right["ctr"])
    assert right["ctr"].dtype == np.float32
    np.testing.assert_array_equal(left["label_cvr"].filled(-1), right["label_cvr"].filled(-1))


def test_many_batches_keep_their_order(encoded_lines, built, tmp_path, monkeypatch):
    monkeypatch.setattr(score_file, "_ROWS", 10)
    bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "scores.csv", batch=7)
    assert table(tmp_path / "scores.csv")["row"].tolist() == list(range(100))


@pytest.fixture
def encoded_lines(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("{}\n" * 100)
    return path


def test_progress_is_told_to_the_end(encoded_lines, built, tmp_path):
    told = []

    class Told(Progress):
        def advance(self, name, done, note):
            told.append((name, done))

    predicted = bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "s.csv", batch=10, progress=Told())
    scoring = [done for name, done in told if name == "score"]
    assert scoring == sorted(scoring)
    assert scoring[-1] == 1.0
    assert set(predicted.seconds) == {"open model", "prepare data", "score"}
    assert predicted.outputs["ctr"]["min"] <= predicted.outputs["ctr"]["mean"] <= predicted.outputs["ctr"]["max"]


def test_error_in_the_middle_leaves_nothing(built, tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("{}\n" * 50 + '{"item_id": 1.5}\n')
    with pytest.raises(DataError, match="line 51: 'item_id' holds a number with a fraction"):
        bstkit.predict(built.run.bundle, path, tmp_path / "scores.csv", batch=10)
    assert [one.name for one in tmp_path.iterdir()] == ["events.jsonl"]


def test_existing_file_is_not_replaced(encoded_lines, built, tmp_path):
    (tmp_path / "scores.csv").write_text("kept")
    with pytest.raises(RunError, match="already exists"):
        bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "scores.csv")
    assert (tmp_path / "scores.csv").read_text() == "kept"


def changed(log, **history):
    """The log's features with keys of its history replaced."""
    features = features_beside(log)
    hist = features.history["hist"].model_copy(update=history)
    return features.model_copy(update={"history": {**features.history, "hist": hist}})


FEATURES = {
    "column": (
        lambda log: changed(log, fields={"item_id": "item"}),
        r"input 'hist_cate_id' \(history from column 'cate_id' of history 'hist', id space 'cate'\) is not among them",
    ),
    "more": (
        lambda log: changed(log, fields={"item_id": "item", "cate_id": "cate", "gender": "gender"}),
        "they have an input 'hist_gender' .*, which the bundle does not take",
    ),
    "space": (
        lambda log: changed(log, fields={"item_id": "user", "cate_id": "cate"}),
        "id space 'user' instead of history from column 'item_id' of history 'hist', id space 'item'",
    ),
    "events": (lambda log: changed(log, events="all"), "history 'hist' has events = 'all' instead of 'positive'"),
    "max_sessions": (lambda log: changed(log, max_sessions=9), "history 'hist' has max_sessions = 9 instead of 3"),
}


@pytest.mark.parametrize(("change", "message"), FEATURES.values(), ids=FEATURES)
def test_features_that_are_not_the_contract_s_are_refused(rich_run, rich_log, tmp_path, change, message):
    with pytest.raises(ConfigError, match=message) as caught:
        bstkit.predict(rich_run.bundle, rich_log, tmp_path / "s.csv", features=change(rich_log))
    assert "RUN/features.toml" in caught.value.hint


def test_shorter_history_is_refused(built, small_log, tmp_path):
    with pytest.raises(ConfigError, match="history 'hist' has max_length = 9 instead of 8"):
        bstkit.predict(built.run.bundle, small_log, tmp_path / "s.csv", features=changed(small_log, max_length=9))


def test_bundle_without_vocabularies_scores_no_log(rich_run, rich_log, tmp_path):
    bstkit.export(rich_run.composed, tmp_path / "bundle")
    with pytest.raises(DataError, match="no vocabulary of id space 'item'"):
        bstkit.predict(tmp_path / "bundle", rich_log, tmp_path / "s.csv")


def test_output_with_the_name_of_a_column_is_refused(rich_run, rich_log, tmp_path, monkeypatch):
    from bstkit.bundle.scorer import BundleScorer

    monkeypatch.setattr(BundleScorer, "run", lambda self, feeds: {"time": np.zeros(3, np.float32)})
    with pytest.raises(ConfigError, match="the output 'time' has the name of a column"):
        bstkit.predict(rich_run.bundle, rich_log, tmp_path / "s.csv")


def test_full_disk_is_named(encoded_lines, built, tmp_path, monkeypatch):
    def full(self):
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(score_file.ScoreFile, "store", full)
    with pytest.raises(RunError, match="No space left on device"):
        bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "s.csv")
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize("options", [{"provider": "cpu"}, {"threads": 2}], ids=str)
def test_options_of_onnx_runtime_are_not_for_runs(built, encoded_lines, tmp_path, options):
    with pytest.raises(ConfigError, match="is for bundles") as caught:
        bstkit.predict(built.run.folder, encoded_lines, tmp_path / "s.csv", **options)
    assert str(built.run.bundle) in caught.value.hint


def test_features_are_not_for_runs_and_events(built, small_log, encoded_lines, tmp_path):
    features = features_beside(small_log)
    with pytest.raises(ConfigError, match=r"a run has its own features\.toml"):
        bstkit.predict(built.run.folder, small_log, tmp_path / "s.csv", features=features)
    with pytest.raises(ConfigError, match="raw events need no features"):
        bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "s.csv", features=features)


@pytest.mark.parametrize("options", [{"batch": 0}, {"threads": -1}], ids=str)
def test_numbers_start_at_one(built, encoded_lines, tmp_path, options):
    with pytest.raises(ConfigError, match=r"--(batch|threads) is (0|-1)"):
        bstkit.predict(built.run.bundle, encoded_lines, tmp_path / "s.csv", **options)


def test_bundle_of_a_newer_format_is_named(built, encoded_lines, tmp_path):
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "manifest.json").write_text('{"schema_version": 99}')
    with pytest.raises(BundleError, match="format 99"):
        bstkit.predict(tmp_path / "newer", encoded_lines, tmp_path / "s.csv")
