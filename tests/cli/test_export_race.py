"""Two exports into one folder at once: one bundle, whole, and one clear refusal."""

import os
import subprocess
import sys
from pathlib import Path

import bstkit
from bstkit.bundle.replay import verify_bundle

CODE = "import sys; from bstkit.cli import main; main(sys.argv[1:])"


def test_one_of_two_exports_at_once_makes_the_bundle(built, tmp_path):
    environ = {**os.environ, "PYTHONPATH": str(Path(bstkit.__file__).parents[1])}
    command = [sys.executable, "-c", CODE, "export", str(built.run.folder), "--out", str(tmp_path / "bundle")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 2], said
    assert "already exists" in said[codes.index(2)][1]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    verify_bundle(tmp_path / "bundle", levels=("all",))
