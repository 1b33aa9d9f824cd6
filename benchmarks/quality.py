"""Does the order of behaviours pay? The default model beside a mean of behaviours and item popularity, over some seeds.

    python benchmarks/quality.py [--data LOG] [--seeds 3]

prints a table of test metrics, writes benchmarks/results/quality.json, and exits 1 when the default model's median test
AUC on the embedded log is not at least popularity + 0.05 and the mean of behaviours + 0.02.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bstkit  # after the path

MODELS = {
    "bst_small": {"encoder": "transformer", "pooling": "attention"},
    "mean of behaviours": {"encoder": "identity", "pooling": "mean"},
}
RESULTS = Path(__file__).parent / "results" / "quality.json"
OVER_POPULARITY, OVER_MEAN = 0.05, 0.02


def trained(slots: dict[str, str], seed: int, data: str | None) -> dict[str, Any]:
    """Train once and return the content of metrics.json."""
    selection = bstkit.load_selection(slots=slots, settings=[f"train.seed={seed}"], environ={})
    with tempfile.TemporaryDirectory() as folder:
        return dict(bstkit.train(selection, Path(folder) / "run", data=data).metrics)


def main() -> int:
    """Measure, print, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a log; the embedded one by default")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    runs = {
        name: [trained(slots, seed, options.data) for seed in range(options.seeds)] for name, slots in MODELS.items()
    }
    table = {
        name: {
            "auc": [run["test"]["ctr"]["auc"] for run in found],
            "gauc": [run["test"]["ctr"]["gauc"] for run in found],
            "log_loss": [run["test"]["ctr"]["log_loss"] for run in found],
            "epochs": [run["epochs"] for run in found],
            "train_seconds": [round(run["seconds"]["train"], 1) for run in found],
        }
        for name, found in runs.items()
    }
    for name, found in runs["bst_small"][0]["baselines"].items():
        table[name] = {key: [found["ctr"][key]] for key in ("auc", "gauc", "log_loss")}
    print(f"{'median of seeds':<20} {'AUC':>7} {'GAUC':>7} {'log loss':>9}   AUC by seed")
    for name, columns in table.items():
        medians = [statistics.median(columns[key]) for key in ("auc", "gauc", "log_loss")]
        by_seed = [round(auc, 4) for auc in columns["auc"]]
        print(f"{name:<20} {medians[0]:7.4f} {medians[1]:7.4f} {medians[2]:9.4f}   {by_seed}")
    auc = {name: statistics.median(columns["auc"]) for name, columns in table.items()}
    reached = (
        auc["bst_small"] >= auc["popularity"] + OVER_POPULARITY
        and auc["bst_small"] >= auc["mean of behaviours"] + OVER_MEAN
    )
    if options.data is None:
        machine = f"{platform.machine()}, {os.cpu_count()} cores"
        RESULTS.write_text(json.dumps({"machine": machine, "reached": reached, "models": table}, indent=2) + "\n")
    return 0 if reached or options.data else 1


if __name__ == "__main__":
    sys.exit(main())
