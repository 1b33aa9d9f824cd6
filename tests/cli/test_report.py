"""`report`: the page written again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bstkit
from bstkit.report import REPORT


@pytest.fixture
def copied(built, tmp_path):
    return shutil.copytree(built.run.folder, tmp_path / "copied")


def test_page_is_written_again_and_named(run, copied):
    before = (copied / REPORT).read_bytes()
    (copied / REPORT).unlink()
    done = run("report", str(copied))
    assert (done.code, done.out, done.err) == (0, f"report  {copied / REPORT}\n", "")
    assert (copied / REPORT).read_bytes() == before
    again = run("report", str(copied), "--json")
    assert again.json == {"report": str(copied / REPORT), "bytes": len(before)}


def test_what_is_no_run_is_refused_with_a_hint(run, tmp_path):
    gone = run("report", "gone")
    assert (gone.code, gone.out) == (2, "")
    assert "no run folder at gone" in gone.err
    assert "hint:" in gone.err
    (tmp_path / "empty").mkdir()
    empty = run("report", "empty")
    assert empty.code == 2
    assert "empty is not a whole run" in empty.err
    assert not list((tmp_path / "empty").iterdir())


def test_neither_tensorflow_nor_keras_is_imported(copied):
    code = """
import sys
from bstkit.cli import main
try:
    main(sys.argv[1:])
finally:
    print([name for name in ("tensorflow", "keras", "onnxruntime") if name in sys.modules])
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    command = [sys.executable, "-c", code, "report", str(copied)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
