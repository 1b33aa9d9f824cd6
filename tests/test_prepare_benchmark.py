"""`benchmarks/prepare.py` measures both sides, and finds the same arrays in both."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "prepare.py"


def test_both_sides_are_measured_and_agree(tmp_path: Path) -> None:
    out, kept = tmp_path / "prepare.json", tmp_path / "kept"
    words = ["--sizes", "20000", "--out", str(out), "--keep", str(kept)]
    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(out.read_text())
    (found,) = report["sizes"]
    assert report["reached"] is True
    assert found["differences"] == []
    for side in ("bstkit", "pandas"):
        assert found[side]["rows_per_s"] > 0
        assert 0.05 < found[side]["peak_gb"] < 4
        assert found[side]["stages"]
    assert (kept / "20000" / "dataset" / "dataset.json").is_file()
