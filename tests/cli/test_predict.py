"""`bstkit predict` on the command line."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

import bstkit


@pytest.fixture
def events(tmp_path):
    """Two raw events, one of them empty."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"item_id": "1", "hist_item_id": [2, null], "hist_cate_id": ["a", 3]}\n{}\n')
    return path


def test_log_is_scored_by_the_run(run, built, small_log, tmp_path):
    done = run("predict", str(built.run.folder), "--data", str(small_log), "--out", "scores.csv")
    assert done.code == 0, done.err
    assert "row, user, time, ctr, ctr_logit, label_ctr" in done.out
    assert "TensorFlow" in done.out
    assert "score: " in done.err
    header = (tmp_path / "scores.csv").read_text().partition("\n")[0]
    assert header == "row,user,time,ctr,ctr_logit,label_ctr"


def test_json_tells_rows_range_and_speed(run, built, small_log, tmp_path):
    features = ("--features", str(small_log.parent / "features.toml"))
    done = run(
        *("predict", str(built.run.bundle), "--data", str(small_log), *features),
        *("--out", "deep/scores.parquet", "--batch", "50", "--threads", "1", "--provider", "cpu", "--json"),
    )
    assert done.code == 0, done.err
    written = duckdb.sql(f"SELECT * FROM '{tmp_path}/deep/scores.parquet'").fetchnumpy()
    assert done.json["out"] == "deep/scores.parquet"
    assert done.json["rows"] == len(written["ctr"])
    assert done.json["columns"] == list(written)
    assert done.json["outputs"]["ctr"]["max"] == pytest.approx(float(written["ctr"].max()))
    assert done.json["outputs"]["ctr"]["mean"] == pytest.approx(float(np.mean(written["ctr"], dtype=float)))
    assert done.json["rows_per_second"] > 0
    assert done.json["engine"].endswith("on cpu")


def test_quiet_says_nothing_on_stderr(run, built, events):
    done = run("-q", "predict", str(built.run.bundle), "--data", str(events), "--out", "s.csv")
    assert (done.code, done.err) == (0, "")


def test_log_without_labels_is_scored_where_no_history_needs_them(run, built, small_log, tmp_path):
    """The small log's history is made of clicks, so that it does."""
    rows = [line.rpartition(",") for line in small_log.read_text().splitlines()]
    (tmp_path / "log.csv").write_text("\n".join(row[0] for row in rows) + "\n")
    assert rows[0][2] == "click"
    done = run("predict", str(built.run.folder), "--data", "log.csv", "--out", "s.csv")
    assert done.code == 2
    assert "log.csv has no column 'click'" in done.err
    assert "made of the user's positive events" in done.err


def missing_data(folder):
    return "gone.csv", "there is no file or folder gone.csv"


def wrong_suffix(folder):
    (folder / "log.xlsx").write_text("x")
    return "log.xlsx", "log.xlsx is no log that bstkit can read"


def missing_column(folder):
    (folder / "log.csv").write_text("user_id,item_id,cate_id,gender,timestamp,click\nu,1,2,f,3,0\n")
    return "log.csv", "log.csv has no column 'age', which features.toml asks for at [context] age"


def empty_log(folder):
    (folder / "log.csv").write_text("user_id,item_id,cate_id,gender,age,timestamp,click\n")
    return "log.csv", "log.csv is empty"


def no_bytes(folder):
    (folder / "log.csv").write_bytes(b"")
    return "log.csv", "log.csv"


def log_not_utf8(folder):
    head = b"user_id,item_id,cate_id,gender,age,timestamp,click\n"
    (folder / "log.csv").write_bytes(head + b"u\xff,1,2,f,3,4,0\n")
    return "log.csv", "cannot read log.csv"


def events_not_utf8(folder):
    (folder / "e.jsonl").write_bytes(b'{}\n{"item_id": "\xff"}\n')
    return "e.jsonl", "e.jsonl, line 2 is not UTF-8"


def no_events(folder):
    (folder / "e.jsonl").write_text("")
    return "e.jsonl", "e.jsonl is empty"


def cut_events(folder):
    (folder / "e.jsonl.gz").write_bytes(gzip.compress(b"{}\n" * 1000)[:-9])
    return "e.jsonl.gz", "e.jsonl.gz cannot be read"


def bad_json(folder):
    (folder / "e.jsonl").write_text("{}\n{'item_id': 1}\n")
    return "e.jsonl", "e.jsonl, line 2 is no JSON"


def unequal_steps(folder):
    (folder / "e.jsonl").write_text('{"hist_item_id": [1, 2], "hist_cate_id": [1]}\n')
    return "e.jsonl", "line 1: the inputs of history 'hist' have unequal steps: 2 in 'hist_item_id', 1 in"


def folder_named_as_events(folder):
    (folder / "e.jsonl").mkdir()
    return "e.jsonl", "e.jsonl cannot be read"


BAD = (
    *(missing_data, wrong_suffix, missing_column, empty_log, no_bytes, log_not_utf8, events_not_utf8, no_events),
    *(cut_events, bad_json, unequal_steps, folder_named_as_events),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_bad_data_could_not_run_and_leaves_nothing(run, built, small_log, tmp_path, bad):
    data, message = bad(tmp_path)
    features = () if ".jsonl" in data else ("--features", str(small_log.parent / "features.toml"))
    before = {path.name for path in tmp_path.iterdir()}
    done = run("predict", str(built.run.bundle), "--data", data, "--out", "s.csv", *features)
    assert done.code == 2
    assert message in done.err
    assert "hint" in done.err
    assert "Traceback" not in done.err
    assert {path.name for path in tmp_path.iterdir()} == before


def test_features_that_are_not_there_are_asked_for(run, built, small_log, tmp_path):
    (tmp_path / "log.csv").write_bytes(small_log.read_bytes())
    done = run("predict", str(built.run.bundle), "--data", "log.csv", "--out", "s.csv")
    assert done.code == 2
    assert "nothing says what the columns of log.csv mean" in done.err


def test_folder_that_is_neither_run_nor_bundle_is_named(run, events, tmp_path):
    (tmp_path / "empty").mkdir()
    for name, message in (("gone", "no run folder at gone"), ("empty", "empty is not a whole run")):
        done = run("predict", name, "--data", str(events), "--out", "s.csv")
        assert done.code == 2
        assert message in done.err


@pytest.mark.parametrize("out", ["scores.txt", "scores", "scores.csv.gz"])
def test_unknown_format_is_refused(run, built, events, out):
    done = run("predict", str(built.run.bundle), "--data", str(events), "--out", out)
    assert done.code == 2
    assert "end it in .csv or .parquet" in done.err


def test_existing_file_is_refused(run, built, events, tmp_path):
    (tmp_path / "s.csv").write_text("kept")
    done = run("predict", str(built.run.bundle), "--data", str(events), "--out", "s.csv")
    assert done.code == 2
    assert "s.csv already exists" in done.err
    assert (tmp_path / "s.csv").read_text() == "kept"


@pytest.mark.parametrize(("option", "code"), [(("--data", "x.csv"), 2), (("--out", "x.csv"), 2)])
def test_data_and_out_are_needed(run, built, option, code):
    assert run("predict", str(built.run.bundle), *option).code == code


def test_bundle_is_scored_where_tensorflow_is_not_installed(built, small_log, tmp_path):
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from bstkit.cli import main
main(sys.argv[1:])
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    arguments = ("predict", str(built.run.bundle), "--data", str(small_log), "--out", "s.csv")
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environ, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s.csv").is_file()
