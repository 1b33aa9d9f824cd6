"""`benchmarks/inference.py --quick` runs, and writes what its table shows."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "inference.py"

STEPS, DIM = 51, 128
OPERATIONS = (
    STEPS * 2 * DIM * (4 * DIM + 2 * STEPS + 2 * 256)  # projections, scores and their sum, feed-forward network
    + STEPS * 2 * (4 * DIM * 80 + 80 * 40 + 40)  # attention pooling
    + 2 * ((DIM + 3 * 64) * 128 + 128 * 64 + 64)  # the head
)
"""Of one row of `bst_small`, by hand."""


def test_quick_run_writes_every_side(tmp_path):
    out = tmp_path / "inference.json"
    words = ["--quick", "--threads", "1", "--out", str(out)]
    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    row = report["threads"]["1"]["bst_small"]["2"]
    sides = {"tensorflow", "portable", "onnxruntime"}
    assert sides <= set(row["milliseconds"]) == set(row["of sgemm"])
    assert row["gflop"] == round(2 * OPERATIONS / 1e9, 4)
    assert all(0 < share < 1.5 for share in row["of sgemm"].values())
    assert all(row["max_abs"][side] < 1e-4 for side in sides)
    assert "onnxruntime" in done.stdout
