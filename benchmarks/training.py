"""Time training: four recipes beside plain Keras and sgemm, and a step by the length of an embedding table.

    python benchmarks/training.py
    python benchmarks/training.py --only recipes   # or tables

prints tables and writes benchmarks/results/training.json; with `--only` the other part's results stay as they are.

**recipes**: `bst`, `bst_small`, `din` and `dien` with the tables of the seed model (`bst` has its 15.9 million
parameters), full histories of 50 steps, batches of 256, Adam. `bstkit` is `bstkit.training.fit.fit` as `bstkit train`
calls it: its feed, its callbacks, deterministic operations. `plain` is the same model from plain Keras layers
(benchmarks/plain_keras.py), trained by `Model.fit` on `from_tensor_slices`. Each trains in a process of its own. `of
sgemm` is the operations of training a second as a share of what the machine reaches when it multiplies two 2048 x 2048
float32 matrices with all threads, in NumPy or TensorFlow, whichever is faster. Operations are `2 m k n` of each matrix
product of the forward pass, times three; nothing else counts. `by cpu` takes the seconds that threads worked in place
of the clock's, for machines that do other things as well.

**tables**: `din` with histories of 50 steps, 64 dimensions and batches of 256, whose item table has 10^4, 10^5 and 10^6
rows; items are drawn by Zipf's law with exponent 1, as in benchmarks/click_logs.py, and popular ones stand anywhere in
the table. All else is the same, so what grows is what the optimizer does with rows that no batch shows, and the rows
that it does show: the JSON says how many.

All sides take turns, so that each ratio compares neighbours in time: seconds depend on the machine and on what else it
does, read the ratios. The exit code is 1 where an aim is missed: `bst` at 65 % of sgemm or more; a step of `lazy_adam`
at the longest table at most 1.3 times that at the shortest.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import training_recipes, training_tables  # after the path
from benchmarks.machine import machine, versions

RESULTS = Path(__file__).parent / "results" / "training.json"
PARTS = {"recipes": training_recipes, "tables": training_tables}


def main() -> int:
    """Measure, print, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(PARTS), help="one of the two parts")
    parser.add_argument("--recipes", nargs="+", default=training_recipes.RECIPES, help="which to measure")
    parser.add_argument("--repeats", type=int, default=11, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=1.5, help="of a turn of a recipe, about")
    parser.add_argument("--steps", type=int, default=4, help="of a turn of a table")
    parser.add_argument("--quick", action="store_true", help="bst_small and two short tables, few rows, one turn")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if options.quick:
        options.recipes, options.repeats, options.seconds, options.steps = ("bst_small",), 1, 0.1, 2
    report: dict[str, Any] = json.loads(options.out.read_text()) if options.out.is_file() else {}
    ran = {"machine": machine(), "versions": versions("tensorflow", "keras", "numpy")}
    missed = []
    for name in (options.only,) if options.only else PARTS:
        if name == "recipes":
            found = training_recipes.measure(options.recipes, options.repeats, options.seconds, options.quick)
        else:
            found = training_tables.measure(options.repeats, options.steps, options.quick)
        reached = PARTS[name].reached(found)
        report[name] = {**ran, **found, "aims": PARTS[name].AIMS, "reached": reached}
        missed += [aim for aim, held in reached.items() if not held]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps({part: report[part] for part in PARTS if part in report}, indent=2) + "\n")
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
