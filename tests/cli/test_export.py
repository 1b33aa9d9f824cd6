"""`export` and `verify` on a run folder."""

import shutil

import onnx
import pytest


@pytest.fixture
def trained(built, tmp_path):
    """A copy of the small run, export included."""
    return shutil.copytree(built.run.folder, tmp_path / "copy")


def test_verify_of_a_run_says_what_was_compared(run, trained):
    done = run("verify", str(trained))
    assert done.code == 0, done.err
    assert "ctr_logit" in done.out
    assert "empty_history" in done.out
    assert "CPUExecutionProvider" in done.out


def test_verify_json_has_every_case(run, trained):
    done = run("verify", str(trained), "--json")
    assert done.code == 0, done.err
    assert {"typical", "empty_history", "over_length", "id_out_of_range", "padding_invariance"} <= set(
        done.json["cases"]
    )
    assert done.json["providers"]["cpu"]["all"]["CPUExecutionProvider"] > 0


def test_damaged_export_is_a_no(run, trained):
    path = trained / "bundle" / "model.onnx"
    model = onnx.load(path)
    kernel = next(one for one in model.graph.initializer if one.name.endswith("head_mlp/ctr_logit/kernel"))
    values = onnx.numpy_helper.to_array(kernel).copy()
    values += 1.0
    kernel.CopyFrom(onnx.numpy_helper.from_array(values, kernel.name))
    onnx.save(model, path)
    done = run("verify", str(trained))
    assert done.code == 1
    assert "ONNX Runtime and TensorFlow differ" in done.err
    assert "case 'typical'" in done.err
    assert "ctr_logit/kernel" in done.err
    assert "Traceback" not in done.err


def test_by_layer_agrees_where_nothing_differs(run, trained):
    done = run("verify", str(trained), "--by-layer")
    assert done.code == 0, done.err


def test_export_into_a_new_folder(run, trained, tmp_path):
    done = run("export", str(trained), "--out", "elsewhere")
    assert done.code == 0, done.err
    assert {"model.onnx", "report.json", "manifest.json", "vocab"} <= {
        path.name for path in (tmp_path / "elsewhere").iterdir()
    }


def test_export_does_not_replace_a_bundle(run, trained):
    before = (trained / "bundle" / "model.onnx").read_bytes()
    done = run("export", str(trained))
    assert done.code == 2
    assert "exists" in done.err
    assert (trained / "bundle" / "model.onnx").read_bytes() == before


@pytest.mark.parametrize("command", ["export", "verify"])
def test_folder_that_is_no_run_is_named(run, command):
    done = run(command, "gone")
    assert done.code == 2
    assert "no run folder at gone" in done.err


def test_run_without_export_says_how_to_make_one(run, trained):
    shutil.rmtree(trained / "bundle")
    done = run("verify", str(trained))
    assert done.code == 2
    assert "bstkit export" in done.err


def test_cuda_without_cuda_is_a_failure_that_says_so(run, trained):
    done = run("verify", str(trained), "--provider", "cuda")
    assert done.code == 2
    assert "execution provider 'cuda' was asked for and did not run" in done.err


def test_truncated_external_data_is_a_no(run, built, trained):
    from bstkit.export.assemble import assemble
    from bstkit.export.write import _GRAPH_RESERVE, write_model

    path = trained / "bundle" / "model.onnx"
    path.unlink()
    write_model(assemble(built.run.composed)[0], path, limit=_GRAPH_RESERVE)
    assert run("verify", str(trained)).code == 0
    data = path.with_name("model.onnx.data")
    data.write_bytes(data.read_bytes()[:-1])
    done = run("verify", str(trained))
    assert done.code == 1
    assert "model.onnx.data is truncated: it has" in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_run_with_weights_that_are_nan_is_refused_and_they_are_named(run, built, tmp_path):
    import h5py
    import numpy as np

    trained = shutil.copytree(built.run.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("bundle"))
    kernels = []
    with h5py.File(trained / "model.weights.h5", "r+") as file:
        file.visititems(lambda _, one: kernels.append(one) if getattr(one, "shape", ()) == (16, 1) else None)
        kernels[0][3, 0] = np.nan
    before = sorted(path.name for path in trained.iterdir())
    done = run("export", str(trained))
    assert done.code == 2
    said = " ".join(done.err.split())
    assert "the run's own weights are not finite" in said
    assert "'head_mlp/ctr_logit/kernel': 1 of 16 numbers, the first is nan at [3, 0]" in said
    assert "train again" in said
    assert "Traceback" not in done.err
    assert sorted(path.name for path in trained.iterdir()) == before
