"""`--target edge`, from a log to the files for a device."""

import shutil

import onnxruntime
import pytest

from bstkit.cli.results import _usability
from bstkit.export.report import Usability
from tests.small_log import SETTINGS

FILES = ["model.onnx", "model.ort", "model.required_operators.config", "report.json"]
SMALL = [word for setting in SETTINGS for word in ("--set", setting)]


@pytest.fixture
def trained(built, tmp_path):
    """A copy of the small run, its portable export included."""
    return shutil.copytree(built.run.folder, tmp_path / "copy")


def test_export_and_verify_for_devices(run, trained, tmp_path):
    done = run("export", str(trained), "--target", "edge", "--edge-batch", "3", "--out", "edge")
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "edge").iterdir()} >= set(FILES)
    lines = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in done.out.splitlines()}
    assert lines["fixed shapes"] == "batch 3, hist_len 8; cut to the most recent steps: over_length"
    assert lines["model.ort"].endswith("optimised to 'basic', ONNX Runtime 1.16 or later")
    for accelerator in ("NNAPI", "CoreML NeuralNetwork", "CoreML MLProgram"):
        verdict, _, reasons = lines[accelerator].partition(": ")
        assert verdict in ("yes", "maybe", "no")
        assert reasons.startswith("runs ")

    again = run("verify", str(trained), "--model", "edge/model.onnx", "--json")  # nothing else on standard output
    assert again.code == 0, again.err
    assert again.json["target"] == "edge"
    assert again.json["edge"]["sizes"] == {"batch": 3, "hist_len": 8}
    assert again.json["edge"]["usability"]["NNAPI"]["nodes"] > 0
    assert {run["file"] for run in again.json["runs"]} == {"model.onnx", "model.ort"}

    portable = run("verify", str(trained), "--json")
    assert portable.json["edge"] is None


def test_tampered_ort_file_is_a_no(run, trained, tmp_path):
    assert run("export", str(trained), "--target", "edge", "--out", "edge").code == 0
    path = tmp_path / "edge" / "model.ort"
    kept = path.read_bytes()
    path.write_bytes(bytes(len(kept)))
    done = run("verify", str(trained), "--model", "edge/model.onnx")
    assert done.code == 1
    assert "[model.ort, cpu: all]" in done.err
    assert "Traceback" not in done.err
    path.write_bytes(kept)
    assert run("verify", str(trained), "--model", "edge/model.onnx", "--by-layer").code == 0


def test_build_for_devices_with_raw_ids(run, small_log, tmp_path):
    data = ("--data", str(small_log), "--features", str(small_log.parent / "features.toml"))
    done = run(
        "build", *data, "--out", "run", "--target", "edge", "--edge-batch", "2", "--ids", "raw", "--json", *SMALL
    )
    assert done.code == 0, done.err
    assert (done.json["export"]["target"], done.json["export"]["ids"]) == ("edge", "raw")
    assert {path.name for path in (tmp_path / "run" / "bundle").iterdir()} >= set(FILES)
    session = onnxruntime.InferenceSession(
        tmp_path / "run" / "bundle" / "model.ort", providers=["CPUExecutionProvider"]
    )
    assert {one.shape[0] for one in session.get_inputs()} == {2}
    assert run("export", "run", "--out", "again").code == 0  # the run remembers
    assert {path.name for path in (tmp_path / "again").iterdir()} >= set(FILES)


def test_verdict_is_one_line_with_its_reasons():
    found = Usability("maybe", nodes=9, supported=7, partitions=2, unsupported=("Less", "Where"), dynamic=3, rank=1)
    reasons = "runs 7 of 9 nodes, in 2 partitions; not Less, Where; 3 nodes have no fixed shape; 1 nodes have too many"
    assert _usability(found) == f"maybe: {reasons} dimensions"
    assert _usability(Usability("yes", 9, 9, 1, (), 0, 0)) == "yes: runs 9 of 9 nodes, in 1 partitions"


def test_batch_without_rows_is_a_usage_error(run, trained):
    done = run("export", str(trained), "--target", "edge", "--edge-batch", "0")
    assert done.code == 2
    assert "--edge-batch" in done.err
