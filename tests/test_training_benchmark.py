"""`benchmarks/training.py --quick` runs, and writes what its tables show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_inference_benchmark import OPERATIONS

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "training.py"


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What quick runs of the parts, one after the other, printed and left in one file."""
    out, printed = tmp_path_factory.mktemp("results") / "training.json", ""
    for part in ("recipes", "tables"):
        words = ["--quick", "--only", part, "--out", str(out)]
        done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr  # 1: a ratio of two steps means nothing
        printed += done.stdout
    return printed, json.loads(out.read_text())


def test_quick_run_writes_each_optimizer_by_table(quick):
    printed, report = quick
    tables = report["tables"]
    assert set(tables["optimizers"]) == {"adam", "lazy_adam"}
    for by_rows in tables["optimizers"].values():
        assert set(by_rows) == {"100", "1000"}
        assert 0 < by_rows["100"]["rows a batch shows"] <= 98
        assert all(row["ms a step"] > 0 for row in by_rows.values())
        assert by_rows["100"]["over the shortest"] == 1.0
    assert tables["reached"].keys() == tables["aims"].keys() == {"lazy_adam"}
    assert "lazy_adam" in printed


def test_quick_run_writes_both_sides_of_a_recipe(quick):
    printed, report = quick
    row = report["recipes"]["recipes"]["bst_small"]
    assert set(row["sides"]) == {"bstkit", "plain"}
    for side in row["sides"].values():
        assert side["parameters"] == row["sides"]["plain"]["parameters"]
        assert side["samples/s"] > 0
        assert 0 < side["of sgemm"] < 5
    assert row["sides"]["bstkit"]["mflop a sample"] == round(3 * OPERATIONS / 1e6, 1)
    assert row["sides"]["plain"]["mflop a sample"] == pytest.approx(3 * OPERATIONS / 1e6, rel=0.01)
    assert row["bstkit / plain"] > 0
    assert "bst_small" in printed
