"""`benchmarks/feeding.py --quick` runs, and writes what its tables show."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "feeding.py"


def test_quick_run_writes_both_tables(tmp_path):
    out = tmp_path / "feeding.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--out", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr  # 1: too few rows to reach an aim
    report = json.loads(out.read_text())
    feeding = report["feeding"]
    assert set(feeding["batches"]) == {"256"}
    assert set(feeding["batches"]["256"]["sides"]) == {"memory", "disk", "training"}
    assert feeding["batches"]["256"]["disk / training"] > 1
    assert feeding["setting"]["history length"]["50%"] == 50
    din = report["bucketing"]["recipes"]["din"]
    assert din["padded steps a row"]["bucketed"] < din["padded steps a row"]["by chance"] <= 50
    assert all(len(metrics) == 1 for metrics in din["validation"].values())
    assert set(report["reached"]) == set(report["aims"]) == {"feeding", "bucketing"}
    assert "bucketed" in done.stdout
