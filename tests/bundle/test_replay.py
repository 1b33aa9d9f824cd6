"""`verify BUNDLE`: every change is named, and nothing of TensorFlow is needed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import bstkit
from bstkit.bundle.replay import verify_bundle
from bstkit.errors import BundleError, VerificationError
from tests.bundle.changes import cover, edit_manifest, flip


@pytest.mark.parametrize("name", ["encoded_bundle", "raw_bundle"])
def test_bundle_that_was_exported_passes(name, request):
    replay = verify_bundle(request.getfixturevalue(name))
    assert set(replay.outputs) == {"ctr", "ctr_logit"}
    assert 0 < replay.outputs["ctr"].max_abs < 1e-6
    assert set(replay.providers["cpu"]) == {"disable", "basic", "extended", "all"}
    assert {run.case for run in replay.runs} >= {"empty_history", "over_length", "padding_invariance"}
    assert replay.to_json()["engine"].startswith("ONNX Runtime ")


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES = {
    "weight": ("model.onnx", lambda path: flip(path, path.stat().st_size // 2), "model.onnx was changed"),
    "vector": ("test_data_set_3/input_0.pb", flip, "test_data_set_3/input_0.pb was changed"),
    "named vector": ("golden.npz", flip, "golden.npz was changed"),
    "vocabulary": ("vocab/item.txt", lambda path: flip(path, 0), "vocab/item.txt was changed"),
    "short vocabulary": ("vocab/item.txt", shorten, r"vocab/item.txt has [\d,]+ bytes instead of"),
    "report": ("report.json", flip, "report.json was changed"),
    "missing model": ("model.onnx", Path.unlink, "model.onnx is missing"),
    "missing vector": ("test_data_set_0/output_1.pb", Path.unlink, "test_data_set_0/output_1.pb is missing"),
}


@pytest.mark.parametrize(("name", "damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_changed_file_is_named(bundle, name, damage, message):
    damage(bundle / name)
    with pytest.raises(VerificationError, match=message) as caught:
        verify_bundle(bundle)
    assert caught.value.exit_code == 1


def test_file_that_nobody_exported_is_named(bundle):
    (bundle / "vocab" / "extra.txt").write_text("x\n")
    with pytest.raises(VerificationError, match=r"vocab/extra\.txt is not of the bundle"):
        verify_bundle(bundle)


def change_weight(graph):
    tensor = next(one for one in graph.initializer if one.name.endswith("ctr_logit/kernel"))
    tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) + 1, tensor.name))


def drop_mask(graph):
    next(one for one in graph.node if one.name.endswith("kept_mask/Greater")).op_type = "GreaterOrEqual"


def rename_input(graph):
    graph.input[0].name = "other"
    for node in graph.node:
        node.input[:] = ["other" if name == "hist_item_id" else name for name in node.input]


HIDDEN = {
    "weight": (change_weight, "output 'ctr_logit', case 'typical', max"),
    "mask": (drop_mask, "operations: .* instead of"),
    "input": (rename_input, r"inputs: other int32 \['batch', 'hist_len'\]"),
}


@pytest.mark.parametrize(("change", "message"), HIDDEN.values(), ids=HIDDEN)
def test_changed_graph_is_found_even_where_its_digest_was_written_anew(bundle, change, message):
    model = onnx.load(bundle / "model.onnx")
    change(model.graph)
    onnx.save(model, bundle / "model.onnx")
    cover(bundle, "model.onnx")
    with pytest.raises(VerificationError, match=message):
        verify_bundle(bundle)


def test_changed_score_is_found_even_where_its_digest_was_written_anew(bundle):
    path = bundle / "test_data_set_1" / "output_0.pb"
    tensor = onnx.TensorProto.FromString(path.read_bytes())
    scores = onnx.numpy_helper.to_array(tensor) + np.float32(0.01)
    path.write_bytes(onnx.numpy_helper.from_array(scores, tensor.name).SerializeToString())
    cover(bundle, "test_data_set_1/output_0.pb")
    with pytest.raises(VerificationError, match="case 'empty_history'"):
        verify_bundle(bundle)


def test_contract_of_another_model_is_named(bundle):
    model = onnx.load(bundle / "model.onnx")
    for entry in model.metadata_props:
        if entry.key == "bstkit.contract.sha256":
            entry.value = "0" * 64
    onnx.save(model, bundle / "model.onnx")
    cover(bundle, "model.onnx")
    with pytest.raises(VerificationError, match=f"contract: {'0' * 64} instead of"):
        verify_bundle(bundle)


def test_runtime_that_is_too_old_is_named(bundle, monkeypatch):
    monkeypatch.setattr(onnxruntime, "__version__", "1.13.1")
    with pytest.raises(
        BundleError, match=r"this ONNX Runtime is 1\.13\.1, and model\.onnx needs 1\.14 or later"
    ) as caught:
        verify_bundle(bundle)
    assert caught.value.exit_code == 2


def test_opset_that_the_manifest_does_not_state_is_named(bundle):
    edit_manifest(bundle, lambda content: content["graph"].update(opset=17, lowest_onnxruntime="1.12"))
    with pytest.raises(VerificationError, match="opset: 18 instead of 17"):
        verify_bundle(bundle)


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "tf2onnx"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from bstkit.cli import main
main(sys.argv[1:])
"""


def test_command_works_with_tensorflow_keras_and_tf2onnx_blocked(encoded_bundle, tmp_path):
    folder = shutil.copytree(encoded_bundle, tmp_path / "alone")
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    command = [sys.executable, "-c", BLOCKED, "verify", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "golden vectors against ONNX Runtime" in done.stdout
