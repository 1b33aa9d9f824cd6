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
    """What a quick run printed and wrote; before it, there were results of a part by another name."""
    out = tmp_path_factory.mktemp("results") / "training.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick", "--out", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr  # 1: a ratio of two steps means nothing
    return done, json.loads(out.read_text())


def test_quick_run_writes_each_optimizer_by_table(quick):
    done, report = quick
    tables = report["tables"]
    assert set(tables["optimizers"]) == {"adam", "lazy_adam"}
    for by_rows in tables["optimizers"].values():
        assert set(by_rows) == {"100", "1000"}
        assert 0 < by_rows["100"]["rows a batch shows"] <= 98
        assert all(row["ms a step"] > 0 for row in by_rows.values())
        assert by_rows["100"]["over the shortest"] == 1.0
    assert tables["reached"].keys() == tables["aims"].keys() == {"lazy_adam"}
    assert "lazy_adam" in done.stdout


def test_quick_run_writes_both_sides_of_a_recipe(quick):
    done, report = quick
    row = report["recipes"]["recipes"]["bst_small"]
    assert set(row["sides"]) == {"bstkit", "plain"}
    for side in row["sides"].values():
        assert side["parameters"] == row["sides"]["plain"]["parameters"]
        assert side["samples/s"] > 0
        assert 0 < side["of sgemm"] < 5
    assert row["sides"]["bstkit"]["mflop a sample"] == round(3 * OPERATIONS / 1e6, 1)
    assert row["sides"]["plain"]["mflop a sample"] == pytest.approx(3 * OPERATIONS / 1e6, rel=0.01)
    assert row["bstkit / plain"] > 0
    assert "bst_small" in done.stdout


def test_results_of_a_part_stay_when_the_other_is_measured_again(quick, tmp_path):
    out = tmp_path / "training.json"
    out.write_text(json.dumps({"recipes": {"kept": True}}))
    words = ["--quick", "--only", "tables", "--out", str(out)]
    subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, check=False)
    report = json.loads(out.read_text())
    assert report["recipes"] == {"kept": True}
    assert set(report["tables"]["optimizers"]) == {"adam", "lazy_adam"}
