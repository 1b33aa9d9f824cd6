"""`bstkit evaluate` on the command line."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bstkit


def test_tables_show_the_model_constants_and_slices(run, built, small_log):
    done = run("evaluate", str(built.run.folder), "--data", str(small_log), "--slices", "history,time")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    for column in ("rows", "positives", "AUC", "GAUC", "log loss", "NE", "calibration", "ECE"):
        assert column in lines[0]
    assert lines[1].startswith("model ")
    assert lines[1].count("±") == 6
    assert lines[2].startswith("constant: rate of these rows")
    assert lines[3].startswith("constant: rate in training")
    assert "ctr by history length" in done.out
    assert "1 of 5, from 2023-11-" in done.out
    assert "ctr by item" not in done.out
    assert "which is no held-out data if the model was trained on it" in done.out
    assert "bootstrap over users, 200 resamples" in done.out
    assert "score: " in done.err


def test_json_holds_metrics_margins_and_slices(run, built, small_log):
    options = ("--batch", "100", "--threads", "1", "--provider", "cpu", "--json")
    done = run("evaluate", str(built.run.bundle), "--data", str(small_log), *options)
    assert done.code == 0, done.err
    one = done.json["tasks"]["ctr"]
    assert one["model"]["rows"] == done.json["rows"]
    assert 0 < one["model"]["auc"] < 1
    assert 0 < one["model"]["margin"]["auc"] < 1
    assert one["constants"]["rate of these rows"]["auc"] == 0.5
    assert set(one["slices"]) == {"history", "new-users", "new-items", "time"}
    assert one["slices"]["new-users"]["new"]["rows"] + one["slices"]["new-users"]["known"]["rows"] == done.json["rows"]
    assert done.json["engine"].endswith("on cpu")
    assert done.json["ece_bins"] == 15


def test_parts_without_rows_and_of_one_class_say_so(run, built, small_log, tmp_path):
    """Two rows of one user, ten seconds apart: none is clicked before the second one."""
    with small_log.open(newline="") as file:
        first = next(csv.DictReader(file))
    second = {**first, "timestamp": str(float(first["timestamp"]) + 10), "click": "1"}
    with (tmp_path / "log.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerows([{**first, "click": "0"}, second])
    features = ("--features", str(small_log.parent / "features.toml"))
    done = run("evaluate", str(built.run.bundle), "--data", "log.csv", *features)
    assert done.code == 0, done.err
    cells = {line.split()[0]: line.split() for line in reversed(done.out.splitlines()) if line}
    assert cells["0"][1:6] == ["2", "1", "1", "/", "0"]
    assert cells["1-4"][1:] == ["0", "0", "0", "/", "0", *["-"] * 6]
    assert next(line for line in done.out.splitlines() if line.startswith("1 of 5")).count("one class") == 1


BAD = {
    "slice": (("--slices", "history,tme"), "no slice named 'tme'", "did you mean 'time'?"),
    "split": (("--split", "test"), "is a log, of which every row with a label is evaluated", "data prepare"),
    "data": (("--data", "gone.csv"), "there is no file or folder gone.csv", "check the path"),
    "features": (("--features", "gone.toml"), "gone.toml", ""),
    "batch": (("--batch", "0"), "--batch is 0", "from 1 on"),
}


@pytest.mark.parametrize(("options", "message", "hint"), BAD.values(), ids=BAD)
def test_what_cannot_be_done_exits_2_with_a_hint(run, built, small_log, options, message, hint):
    done = run("evaluate", str(built.run.bundle), "--data", str(small_log), *options)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err
    assert "Traceback" not in done.err


def test_folder_that_is_neither_run_nor_bundle_is_named(run, small_log):
    done = run("evaluate", "gone", "--data", str(small_log))
    assert done.code == 2
    assert "no run folder at gone" in done.err


def test_bundle_is_evaluated_where_tensorflow_is_not_installed(built, small_log, tmp_path):
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from bstkit.cli import main
main(sys.argv[1:])
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    arguments = ("evaluate", str(built.run.bundle), "--data", str(small_log), "--slices", "none")
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environ, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "ctr" in done.stdout
