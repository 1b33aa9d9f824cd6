"""`bstkit verify BUNDLE` on the command line."""

import shutil
import sys

import pytest

from tests.bundle.changes import edit_manifest, flip


@pytest.fixture
def bundle(built, tmp_path):
    """A copy of the small run's bundle, far from its run."""
    return shutil.copytree(built.run.bundle, tmp_path / "received")


def test_bundle_is_replayed(run, bundle):
    done = run("verify", str(bundle))
    assert done.code == 0, done.err
    assert "golden vectors against ONNX Runtime" in done.out
    assert "CPUExecutionProvider" in done.out
    assert "empty_history" in done.out


def test_json_names_engine_identity_and_runs(run, bundle, built):
    done = run("verify", str(bundle), "--json")
    assert done.code == 0, done.err
    data = built.run.provenance["data"]
    assert done.json["identity"]["data"] == {"log": "log.csv", "sha256": data["sha256"]}
    assert data["log"].endswith("/log.csv")
    assert done.json["identity"]["components"] == built.run.provenance["components"]
    assert done.json["outputs"]["ctr"]["max_abs"] < 1e-5
    assert "batch_1024" in {one["case"] for one in done.json["runs"]}


def test_changed_vocabulary_is_a_no(run, bundle):
    flip(bundle / "vocab" / "item.txt", 0)
    done = run("verify", str(bundle))
    assert done.code == 1
    assert "vocab/item.txt was changed" in done.err
    assert "hint" in done.err
    assert "Traceback" not in done.err


def test_newer_format_could_not_run(run, bundle):
    edit_manifest(bundle, lambda content: content.update(schema_version=99))
    done = run("verify", str(bundle))
    assert done.code == 2
    assert "format 99" in done.err
    assert "upgrade bstkit" in done.err


@pytest.mark.parametrize("option", [("--by-layer",), ("--model", "model.onnx")])
def test_options_that_need_tensorflow_are_refused(run, bundle, option):
    done = run("verify", str(bundle), *option)
    assert done.code == 2
    assert "give its run folder instead" in done.err


def test_folder_that_is_neither_is_named(run, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("verify", "empty")
    assert done.code == 2
    assert "empty is not a whole run" in done.err


def test_second_engine_replays_the_same_vectors(run, bundle):
    pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'bstkit[openvino]'")
    done = run("verify", str(bundle), "--engine", "openvino", "--json")
    assert done.code == 0, done.err
    assert done.json["engine"].startswith("OpenVINO ")
    assert {"empty_history", "holes", "padding_invariance"} <= {one["case"] for one in done.json["runs"]}
    assert done.json["outputs"]["ctr"]["max_abs"] < 1e-5


def test_second_engine_has_no_execution_providers_and_takes_no_run(run, bundle, built):
    done = run("verify", str(bundle), "--engine", "openvino", "--provider", "cpu")
    assert done.code == 2
    assert "execution providers are ONNX Runtime's" in done.err
    done = run("verify", str(built.run.folder), "--engine", "openvino")
    assert done.code == 2
    assert "give RUN/bundle instead" in done.err


def test_second_engine_that_is_not_installed_says_how(run, bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    done = run("verify", str(bundle), "--engine", "openvino")
    assert done.code == 2
    assert "pip install 'bstkit[openvino]'" in " ".join(done.err.split())
