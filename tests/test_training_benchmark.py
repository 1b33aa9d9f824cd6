"""`benchmarks/training.py --quick` runs, and writes what its table shows."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "training.py"


def test_quick_run_writes_each_optimizer_by_table(tmp_path):
    out = tmp_path / "training.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--out", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr  # 1: a ratio of two steps means nothing
    report = json.loads(out.read_text())
    assert set(report["optimizers"]) == {"adam", "lazy_adam"}
    for by_rows in report["optimizers"].values():
        assert set(by_rows) == {"100", "1000"}
        assert 0 < by_rows["100"]["rows a batch shows"] <= 98
        assert all(row["ms a step"] > 0 for row in by_rows.values())
        assert by_rows["100"]["over the shortest"] == 1.0
    assert report["reached"].keys() == report["aims"].keys() == {"lazy_adam"}
    assert "lazy_adam" in done.stdout
