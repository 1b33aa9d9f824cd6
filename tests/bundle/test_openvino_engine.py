"""A second engine: OpenVINO replays bundles, masks survive in it, and what it gets wrong is told."""

import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest

from bstkit.bundle import openvino_engine
from bstkit.bundle.manifest import read_manifest
from bstkit.bundle.openvino_engine import LEVELS, OpenVinoSession, reason, verify_in_openvino
from bstkit.bundle.vectors import read_vectors
from bstkit.compose import compose
from bstkit.config.resolve import load_selection
from bstkit.errors import ProviderError, VerificationError
from bstkit.export import export
from tests.bundle.changes import cover
from tests.export.conftest import randomise
from tests.models import features

RECIPES = {
    "bst": (["encoder.ffn_dim=8", "head.units=[12,8]"], {}),
    "bst_small": ([], {}),
    "bst_deepctr": ([], {}),
    "din": ([], {}),
    "dien": ([], {"negatives": "uniform"}),
    "dsin": ([], {"session_gap_s": 1800.0}),
}
"""Recipe -> settings that make it small, what its history needs."""

MASKED = {"empty_history", "holes", "padding_invariance", "over_length", "id_out_of_range"}


@pytest.fixture(scope="session")
def openvino():
    """The package, where it is installed."""
    return pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'bstkit[openvino]'")


@pytest.fixture(scope="module")
def bundle_of(openvino, tmp_path_factory):
    """Recipe -> a bundle of its miniature with random weights."""
    folder = tmp_path_factory.mktemp("openvino")

    def make(recipe):
        if not (folder / recipe).exists():
            settings, history = RECIPES[recipe]
            selection = load_selection(recipe, settings=settings, working_folder=folder, environ={})
            export(randomise(compose(selection, features(**history))), folder / recipe)
        return folder / recipe

    return make


@pytest.mark.parametrize("recipe", ["bst", "bst_small", "bst_deepctr", "din"])
def test_masks_survive_in_openvino(recipe, bundle_of):
    replay = verify_in_openvino(bundle_of(recipe))
    assert replay.engine.startswith("OpenVINO 20")
    assert replay.engine.endswith(", float32")
    for level in LEVELS:
        assert {run.case for run in replay.runs if run.level == level} >= MASKED
        [(device, nodes)] = replay.providers["cpu"][level].items()
        assert device == "CPU"
        assert nodes > 20
    assert 0 < replay.outputs["ctr"].max_abs <= 1e-5
    assert replay.outputs["ctr_logit"].scores > 2 * 1024
    assert replay.tolerances["ctr"].atol == 1e-5
    assert replay.tolerances["ctr_logit"].atol == pytest.approx(1e-4)


def test_wrong_weight_is_caught(bundle_of, tmp_path):
    folder = shutil.copytree(bundle_of("bst_small"), tmp_path / "bundle")
    model = onnx.load(folder / "model.onnx")
    bias = next(one for one in model.graph.initializer if one.name.endswith("ctr_logit/bias"))
    bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + np.float32(0.01), bias.name))
    onnx.save(model, folder / "model.onnx")
    cover(folder, "model.onnx")
    with pytest.raises(VerificationError, match=r"OpenVINO and TensorFlow differ(.|\n)*cpu: dynamic, static\]"):
        verify_in_openvino(folder)


def test_changed_file_is_named_before_anything_runs(bundle_of, tmp_path):
    folder = shutil.copytree(bundle_of("bst_small"), tmp_path / "bundle")
    (folder / "report.json").write_text("{}")
    with pytest.raises(VerificationError, match=r"report\.json"):
        verify_in_openvino(folder)


def test_lengths_of_recurrent_layers_hold_where_shapes_are_fixed(bundle_of):
    replay = verify_in_openvino(bundle_of("dsin"), levels=("static",))
    assert {run.case for run in replay.runs} >= MASKED


# What OpenVINO cannot do. When one of these fails it was corrected: the module's docstring can lose a sentence.


def test_lengths_of_recurrent_layers_are_ignored_where_shapes_are_not_fixed(bundle_of):
    with pytest.raises(VerificationError, match=r"case 'padding_invariance', max \|diff\| .*cpu: dynamic\]") as caught:
        verify_in_openvino(bundle_of("dsin"))
    assert "static" not in caught.value.message
    assert "fixed before the model is compiled" in caught.value.hint


def test_scan_of_dien_does_not_run(bundle_of):
    with pytest.raises(VerificationError, match=r"OpenVINO failed: Node .*Scan of type TensorIterator"):
        verify_in_openvino(bundle_of("dien"))


@pytest.mark.usefixtures("openvino")
def test_raw_ids_do_not_load(raw_bundle):
    with pytest.raises(VerificationError, match=r"OpenVINO cannot load the model: .*ai\.onnx\.ml\.LabelEncoder"):
        verify_in_openvino(raw_bundle)


@pytest.mark.usefixtures("openvino")
def test_half_precision_is_refused(encoded_bundle, tmp_path, monkeypatch):
    session = OpenVinoSession(encoded_bundle / "model.onnx", tmp_path, static=False)
    assert len(session.nodes()) > 20
    monkeypatch.setattr(openvino_engine, "_HALF", ("f32",))
    with pytest.raises(ProviderError, match="in half precision"):
        session.nodes()


@pytest.mark.usefixtures("openvino")
def test_scores_of_a_run_are_not_overwritten_by_the_next(encoded_bundle, tmp_path):
    session = OpenVinoSession(encoded_bundle / "model.onnx", tmp_path, static=False)
    first, second = list(read_vectors(encoded_bundle, read_manifest(encoded_bundle)))[1:3]
    scores = session.run(["ctr"], first.inputs)["ctr"]
    kept = scores.copy()
    session.run(["ctr"], second.inputs)
    np.testing.assert_array_equal(scores, kept)


def test_no_openvino_says_how_to_get_it(encoded_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ProviderError, match="OpenVINO is not installed") as caught:
        verify_in_openvino(encoded_bundle)
    assert caught.value.hint == "`pip install 'bstkit[openvino]'`"
    assert caught.value.exit_code == 2


@pytest.mark.usefixtures("openvino")
def test_nothing_of_tensorflow_is_needed(encoded_bundle):
    code = """
import sys
from pathlib import Path
sys.modules["tensorflow"] = sys.modules["keras"] = sys.modules["tf2onnx"] = None
from bstkit.bundle.openvino_engine import verify_in_openvino
print(len(verify_in_openvino(Path(sys.argv[1]), levels=("dynamic",)).runs))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(encoded_bundle)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(read_manifest(encoded_bundle).vectors)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "Exception from a.cpp:1:\nException from b.cpp:2:\nNode x of type Y\nnot ready\n\n",
            "Node x of type Y; not ready",
        ),
        (
            "Check failed\nlog:\n-- A\n\nSummary:\n-- No rule for: B\n-- Failed for: C\n",
            "No rule for: B; Failed for: C",
        ),
    ],
)
def test_reason_leaves_out_where_in_its_source_it_failed(message, said):
    assert reason(message) == said
