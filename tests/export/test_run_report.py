"""report.json of a run: what it says stands elsewhere too, and is the same there."""

import json
import shutil

import numpy as np
import onnxruntime
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from bstkit.artefact import load_run
from bstkit.build import export_run
from bstkit.bundle.manifest import Identity
from bstkit.export.held_out import HELD_OUT
from bstkit.export.run_facts import run_facts


@pytest.fixture(scope="module")
def report(built):
    return json.loads((built.run.bundle / "report.json").read_bytes())


def test_data_training_and_metrics_are_those_of_the_run(report, built):
    run = built.run
    digest = run.provenance["data"]["sha256"]
    assert report["data"] == {"log": "log.csv", "sha256": digest, "rows": run.metrics["rows"]}
    assert sum(report["data"]["rows"].values()) > 0
    assert report["training"]["epochs"] == run.metrics["epochs"]
    assert report["training"]["parameters"] == run.composed.serving.count_params()
    assert report["training"]["seconds"]["train"] > 0
    assert report["metrics"]["model"] == run.metrics["test"]
    assert report["metrics"]["popularity"] == run.metrics["baselines"]["popularity"]


@pytest.mark.parametrize(
    ("epochs", "weights", "told"), [(3, {"ctr": 2.0}, True), (0, {"ctr": 2.0}, False), (3, {}, False)]
)
def test_weights_of_positive_rows_are_told_where_they_were_used(epochs, weights, told):
    identity = Identity(recipe="test", bstkit="0", versions={}, components={}, seed=0, data=None)
    facts = run_facts(identity, None, {"epochs": epochs, "parameters": 1}, weights)
    assert facts.training.get("class_weight") == (weights if told else None)


def test_held_out_quality_is_what_an_independent_reader_finds(report, built):
    run = built.run
    labels = run.heldout_labels["ctr"]
    session = onnxruntime.InferenceSession(run.model, providers=["CPUExecutionProvider"])
    served = session.run(["ctr"], run.heldout)[0][:, 0].astype(np.float64)
    expected = run.composed.serving(run.heldout)["ctr"].numpy()[:, 0].astype(np.float64)
    found = report["held_out"]["ctr"]
    assert (found["rows"], found["positives"]) == (len(labels), labels.sum())
    assert found["tensorflow"]["auc"] == pytest.approx(roc_auc_score(labels, expected), abs=1e-6)
    assert found["tensorflow"]["log_loss"] == pytest.approx(log_loss(labels, expected), abs=1e-6)
    assert found["providers"]["cpu"]["auc"] == pytest.approx(roc_auc_score(labels, served), abs=1e-6)
    assert found["providers"]["cpu"]["log_loss_change"] == pytest.approx(0.0, abs=1e-6)


def test_held_out_labels_are_of_the_same_rows(built):
    run = built.run
    assert run.heldout.keys() == {spec.name for spec in run.composed.inputs}
    labels = run.heldout_labels["ctr"]
    assert labels.shape == (len(run.heldout["item_id"]),)
    assert set(labels.tolist()) == {0.0, 1.0}
    if len(labels) == run.metrics["rows"]["test"]:  # then the test's AUC is the held-out rows' own
        scores = run.composed.serving(run.heldout)["ctr"].numpy()[:, 0]
        assert roc_auc_score(labels, scores) == pytest.approx(run.metrics["test"]["ctr"]["auc"], abs=1e-6)


def test_parity_is_told_by_case_and_by_level(report):
    assert set(report["by_case"]) == {*report["cases"], HELD_OUT}
    assert set(report["by_level"]["cpu"]) == {"disable", "basic", "extended", "all"}
    for output, whole in report["outputs"].items():
        cases = [one[output] for one in report["by_case"].values()]
        levels = [one[output] for one in report["by_level"]["cpu"].values()]
        for parts in (cases, levels):
            assert sum(one["scores"] for one in parts) == whole["scores"]
            assert max(one["max_abs"] for one in parts) == whole["max_abs"]
            assert max(one["max_ulp"] for one in parts) == whole["max_ulp"]
        assert (whole["nan"], whole["inf"]) == (0, 0)
        assert 0.99 < whole["ranking"] <= 1.0
        assert 0 < whole["p99_ulp"] <= whole["max_ulp"]


def test_precision_tolerances_and_licences_are_stated(report):
    assert report["precision"] == "float32"
    assert report["tolerances"]["ctr"]["atol"] == 1e-5
    assert report["tolerances"]["ctr"]["why"]
    assert report["licences"]["weights"] is None
    assert report["licences"]["packages"]["numpy"].startswith("BSD")
    assert set(report["licences"]["packages"]) | {"bstkit"} == set(report["versions"])


def test_scores_of_the_held_out_rows_are_binned(report, built):
    found = report["scores"]["ctr"]
    assert found["held_out"]
    assert found["rows"] == sum(found["counts"]) == len(built.run.heldout["item_id"])


def test_without_a_gpu_every_word_says_cpu(built):
    for name in ("report.json", "MODEL_CARD.md"):
        text = (built.run.bundle / name).read_text().lower()
        assert "cpuexecutionprovider" in text
        assert not [word for word in ("cuda", "gpu", "tensorrt", "nvidia") if word in text]


def test_export_without_a_run_leaves_out_what_nobody_knows(exported):
    report = json.loads((exported[0] / "report.json").read_bytes())
    assert [report[key] for key in ("data", "training", "metrics")] == [None, None, None]
    assert report["held_out"] == {}
    assert not report["scores"]["ctr"]["held_out"]
    assert HELD_OUT not in report["by_case"]


def test_run_of_an_older_version_exports_without_labels(built, tmp_path):
    folder = shutil.copytree(built.run.folder, tmp_path / "older", ignore=shutil.ignore_patterns("bundle"))
    np.savez_compressed(folder / "heldout.npz", **built.run.heldout)
    run = load_run(folder)
    assert run.heldout_labels == {}
    report = export_run(run)
    assert report.held_out == {}
    assert report.scores["ctr"].held_out
    assert HELD_OUT in report.by_case
    assert "came without labels" in (run.bundle / "MODEL_CARD.md").read_text()
