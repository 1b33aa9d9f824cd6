"""Compare the exporter with plain tf2onnx on the same models, in one process: nodes, casts, seconds.

    python benchmarks/export.py
    python benchmarks/export.py --sizes

The first prints a table and writes benchmarks/results/export.json; the second is benchmarks/size.py. Seconds depend
on the machine and on what else it does: read the ratio. Plain tf2onnx captures the weights; the exporter attaches them
afterwards. Neither time includes writing the file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tensorflow as tf  # after the log level
import tf2onnx  # after the log level

from benchmarks import size  # after the path
from benchmarks.machine import machine, versions  # after the path
from bstkit.compose import Composed, compose  # after the path
from bstkit.config.resolve import load_selection
from bstkit.export.assemble import assemble  # after the path
from tests.export.recipes import features  # after the path

SEED_MODEL_ROWS = (5001, 214, 301, 3, 11)
RESULTS = Path(__file__).parent / "results" / "export.json"


def ours(composed: Composed) -> list[str]:
    """Operations of the exporter's graph."""
    return [node.op_type for node in assemble(composed)[0].graph.all_nodes()]


def plain(composed: Composed) -> list[str]:
    """Operations of what tf2onnx makes by itself."""
    specs = [tf.TensorSpec([None] * len(spec.dims), spec.dtype, spec.name) for spec in composed.inputs]
    names = [spec.name for spec in specs]

    def serve(*tensors: Any) -> Any:
        return composed.serving(dict(zip(names, tensors, strict=True)), training=False)

    model, _ = tf2onnx.convert.from_function(tf.function(serve), specs, opset=18)
    return [node.op_type for node in model.graph.node]


def measure(convert: Callable[[Composed], list[str]], composed: Composed, repeats: int) -> dict[str, Any]:
    """Nodes, casts and the fastest of some runs in seconds."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        operations = convert(composed)
        seconds.append(time.perf_counter() - start)
    counts = Counter(operations)
    return {
        "nodes": len(operations),
        "casts": counts["Cast"],
        "seconds": round(min(seconds), 2),
        "operations": dict(counts.most_common()),
    }


def main() -> None:
    """Measure both recipes and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="runs of the exporter; plain tf2onnx runs once")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--sizes", type=int, nargs="*", metavar="ROWS", help="measure tables of these sizes instead")
    options = parser.parse_args()
    if options.sizes is not None:
        size.main(options.sizes or size.ROWS, options.out or size.RESULTS)
        return
    out = options.out or RESULTS
    recipes = {name: compose(load_selection(name), features(SEED_MODEL_ROWS)) for name in ("bst_small", "bst")}
    results: dict[str, Any] = {}
    print(f"{'recipe':<10} {'parameters':>11} {'':<8} {'nodes':>6} {'casts':>6} {'seconds':>8}")
    for name, composed in recipes.items():
        parameters = composed.serving.count_params()
        results[name] = {
            "parameters": parameters,
            "bstkit": measure(ours, composed, options.repeats),
            "tf2onnx": measure(plain, composed, 1),
        }
        for side in ("bstkit", "tf2onnx"):
            row = results[name][side]
            print(f"{name:<10} {parameters:>11,} {side:<8} {row['nodes']:>6} {row['casts']:>6} {row['seconds']:>8.2f}")
    ran = {"machine": machine(), "versions": versions("tensorflow", "tf2onnx")}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**ran, "recipes": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
