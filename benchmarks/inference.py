"""Time models in ONNX Runtime, portable and for it, beside TensorFlow, plain tf2onnx, and the machine's own sgemm.

    python benchmarks/inference.py

prints a table and writes benchmarks/results/inference.json. The recipes have the seed model's sizes, and score real
rows: histories of mixed lengths, uniform from empty to full. All sides take turns, sgemm among them, so that each ratio
compares neighbours in time: milliseconds depend on the machine and on what else it does, read the ratios.

Operations are counted from the converted graph: `2 m k n` for each MatMul and Gemm, at the shapes that it has in a run;
all steps of a history count, padding included, and nothing else does. `of sgemm` is those operations a second as a
share of the fastest of several ways to multiply float32 matrices here: NumPy (OpenBLAS) on 1024 x 1024, and ONNX
Runtime's MatMul on that and on the model's own shapes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import tensorflow as tf  # after the log level
import tf2onnx
from threadpoolctl import threadpool_limits

from benchmarks.machine import machine, versions  # after the path
from bstkit.compose import Composed, compose
from bstkit.config.resolve import load_selection
from bstkit.export.assemble import assemble
from bstkit.export.write import write_model
from tests.export.recipes import features  # after the path

SEED_MODEL_ROWS = (5001, 214, 301, 3, 11)
RECIPES = ("bst", "bst_small", "din")
BATCHES = (1, 16, 256, 1024)
SIDES = ("tensorflow", "xla", "tf2onnx", "portable", "onnxruntime")
SQUARE = 1024
RESULTS = Path(__file__).parent / "results" / "inference.json"

Feeds = dict[str, np.ndarray[Any, Any]]
Run = Callable[[Feeds], Any]


@dataclass
class Model:
    """One recipe: the Keras model, and its ONNX files by side."""

    composed: Composed
    files: dict[str, Path]


def build(recipe: str, folder: Path, plain: bool) -> Model:
    """Compose a recipe and convert it: portable, for ONNX Runtime, and with plain tf2onnx."""
    keras.utils.set_random_seed(0)
    composed = compose(load_selection(recipe), features(SEED_MODEL_ROWS))
    rng = np.random.default_rng(0)
    for variable in composed.serving.trainable_variables:
        if len(variable.shape) == 1:  # what plain tf2onnx makes of biases that are all zero fails at most batches
            variable.assign_add(rng.normal(0.0, 0.02, variable.shape))
    files = {}
    for target in ("portable", "onnxruntime"):
        files[target] = folder / f"{recipe}-{target}.onnx"
        write_model(assemble(composed.with_export("the benchmark", target=target))[0], files[target])
    if plain:
        files["tf2onnx"] = folder / f"{recipe}-tf2onnx.onnx"
        specs = [tf.TensorSpec([None] * len(spec.dims), spec.dtype, spec.name) for spec in composed.inputs]
        names = [spec.name for spec in specs]

        def serve(*tensors: Any) -> Any:
            return composed.serving(dict(zip(names, tensors, strict=True)), training=False)

        proto, _ = tf2onnx.convert.from_function(tf.function(serve), specs, opset=18)
        onnx.save(proto, files["tf2onnx"])
    return Model(composed, files)


def rows(composed: Composed, batch: int) -> Feeds:
    """Rows whose histories have lengths from 0 to the longest, evenly."""
    rng = np.random.default_rng(0)
    steps = composed.features.history["hist"].max_length
    real = np.arange(steps) < rng.integers(0, steps + 1, (batch, 1))
    feeds: Feeds = {}
    for spec in composed.inputs:
        count = composed.features.spaces[spec.space].rows if spec.space else 2
        ids = rng.integers(2, max(count, 3), (batch, steps) if len(spec.dims) == 2 else batch)
        feeds[spec.name] = (ids * real if ids.ndim == 2 else ids).astype(spec.dtype)
    return feeds


def session(model: Path | bytes, threads: int, **settings: Any) -> Any:
    """A session on the CPU at the highest optimisation level."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    for key, value in settings.items():
        setattr(options, key, value)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def products(path: Path, feeds: Feeds) -> list[tuple[int, int, int, int]]:
    """Each matrix product of a graph as `(products, m, k, n)`, from the shapes of a run without optimisation."""
    model = ir.load(path)
    nodes = [node for node in model.graph if node.op_type in ("MatMul", "Gemm") and not node.domain]
    known = {value.name for value in model.graph.outputs}
    wanted = {value.name: value for node in nodes for value in (*node.inputs[:2], node.outputs[0]) if value is not None}
    computed = [value for value in wanted.values() if value.producer() is not None and value.name not in known]
    for value in computed:
        value.type = ir.TensorType(ir.DataType.FLOAT)
    model.graph.outputs.extend(computed)
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    opened = session(ir.to_proto(model).SerializeToString(), 1, graph_optimization_level=level)
    names = [value.name for value in opened.get_outputs()]
    shapes = {name: array.shape for name, array in zip(names, opened.run(names, feeds), strict=True)}
    shapes |= {name: tuple(value.shape.numpy()) for name, value in model.graph.initializers.items()}
    found = []
    for node in nodes:
        left, right, out = shapes[node.inputs[0].name], shapes[node.inputs[1].name], shapes[node.outputs[0].name]
        whole = len(right) == 2  # one product: the leading dimensions of the left side count as its rows
        count = 1 if whole else int(np.prod(out[:-2]))
        found.append((count, int(np.prod(out[:-1])) // count, left[-1], out[-1]))
    return found


def multiplication(m: int, k: int, n: int, threads: int) -> tuple[Run, float]:
    """ONNX Runtime's product of `(m, k)` and a weight `(k, n)`: a function that runs it, and its operations."""
    x, y = ir.val("x", ir.DataType.FLOAT, [m, k]), ir.val("y", ir.DataType.FLOAT, [m, n])
    array = np.random.default_rng(0).normal(size=(k, n)).astype(np.float32)
    weight = ir.Value(name="w", type=x.type, shape=ir.Shape([k, n]), const_value=ir.Tensor(array, name="w"))
    node = ir.node("MatMul", [x, weight], outputs=[y])
    graph = ir.Graph([x], [y], nodes=[node], initializers=[weight], opset_imports={"": 18}, name="sgemm")
    opened = session(ir.to_proto(ir.Model(graph, ir_version=8)).SerializeToString(), threads)
    given = {"x": np.random.default_rng(1).normal(size=(m, k)).astype(np.float32)}
    return (lambda feeds: opened.run(None, given)), 2.0 * m * k * n


def sgemm_ways(shapes: list[tuple[int, int, int, int]], threads: int) -> dict[str, tuple[Run, float]]:
    """Name -> a way to multiply matrices, and its operations."""
    square = np.random.default_rng(0).normal(size=(SQUARE, SQUARE)).astype(np.float32)

    def numpy_way(feeds: Feeds) -> Any:
        with threadpool_limits(threads, "blas"):
            return square @ square

    ways: dict[str, tuple[Run, float]] = {"NumPy, square": (numpy_way, 2.0 * SQUARE**3)}
    ways["ONNX Runtime, square"] = multiplication(SQUARE, SQUARE, SQUARE, threads)
    largest = sorted({shape[1:] for shape in shapes if shape[0] == 1}, key=lambda s: -s[0] * s[1] * s[2])[:3]
    for m, k, n in largest:
        ways[f"ONNX Runtime, {m} x {k} x {n}"] = multiplication(m, k, n, threads)
    return ways


def sides_of(model: Model, threads: int) -> dict[str, Run]:
    """Name of a side -> a function from rows to logits."""
    names = [spec.name for spec in model.composed.inputs]

    def serve(*tensors: Any) -> Any:
        return model.composed.serving(dict(zip(names, tensors, strict=True)), training=False)["ctr_logit"]

    sides: dict[str, Run] = {}
    for side, compiled in (("tensorflow", False), ("xla", True)):
        function = tf.function(serve, jit_compile=compiled, reduce_retracing=not compiled)
        sides[side] = lambda feeds, run=function: run(*(tf.constant(feeds[name]) for name in names)).numpy()
    for side, path in model.files.items():
        opened = session(path, threads)
        sides[side] = lambda feeds, run=opened: run.run(["ctr_logit"], feeds)[0]
    return {side: sides[side] for side in SIDES if side in sides}


def measure(sides: dict[str, Run], ways: dict[str, tuple[Run, float]], feeds: Feeds, repeats: int) -> dict[str, Any]:
    """Milliseconds of each side, how far it is from TensorFlow, and the rate of each way of sgemm, in turns."""
    scores, failed = {}, {}
    for side, run in list(sides.items()):
        try:
            scores[side] = run(feeds)
        except Exception as error:  # noqa: BLE001  # XLA cannot compile every model: said in the results
            failed[side] = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
    running = {side: run for side, run in sides.items() if side in scores}
    runs = {**running, **{name: run for name, (run, _) in ways.items()}}
    for run in runs.values():
        run(feeds)
    inner = {}
    for name, run in runs.items():  # short runs are repeated within a turn, to 10 ms
        start = time.perf_counter()
        run(feeds)
        inner[name] = max(1, min(64, int(0.01 / (time.perf_counter() - start))))
    turns: list[dict[str, float]] = []
    for _ in range(repeats):
        turn = {}
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(inner[name]):
                run(feeds)
            turn[name] = (time.perf_counter() - start) / inner[name]
        turns.append(turn)
    rates = [max((count / turn[name], name) for name, (_, count) in ways.items()) for turn in turns]
    return {
        "milliseconds": {side: round(statistics.median(turn[side] for turn in turns) * 1e3, 3) for side in running},
        "turns": turns,
        "sgemm": [rate for rate, _ in rates],
        "fastest": statistics.mode(name for _, name in rates),
        "max_abs": {side: float(np.abs(scores[side] - scores["tensorflow"]).max()) for side in running},
        "failed": failed,
    }


def summarise(measured: dict[str, Any], operations: float) -> dict[str, Any]:
    """What goes into the results: medians over turns of ratios within a turn."""
    turns, row = measured.pop("turns"), dict(measured)
    rates = row.pop("sgemm")

    def ratio(top: str, side: str) -> float:
        return round(statistics.median(turn[top] / turn[side] for turn in turns), 2)

    sides = list(row["milliseconds"])
    row["tensorflow / side"] = {side: ratio("tensorflow", side) for side in sides}
    row["tf2onnx / side"] = {side: ratio("tf2onnx", side) for side in sides if "tf2onnx" in sides}
    row["of sgemm"] = {
        side: round(
            statistics.median(operations / turn[side] / rate for turn, rate in zip(turns, rates, strict=True)), 3
        )
        for side in sides
    }
    return {"gflop": round(operations / 1e9, 4), "sgemm_gflops": round(statistics.median(rates) / 1e9, 1), **row}


def show(recipe: str, threads: int, batch: int, row: dict[str, Any]) -> None:
    """Print a block of the table."""
    for side in row["milliseconds"]:
        plain = row["tf2onnx / side"].get(side, float("nan"))
        print(
            f"{recipe:<10} {threads:>7} {batch:>5}  {side:<12} {row['milliseconds'][side]:>10.2f} "
            f"{row['tensorflow / side'][side]:>9.2f} {plain:>9.2f} {row['of sgemm'][side]:>8.0%} "
            f"{row['max_abs'][side]:>8.0e}"
        )
    for side, why in row["failed"].items():
        print(f"{recipe:<10} {threads:>7} {batch:>5}  {side:<12} {why}")


def measure_all(recipes: Sequence[str], threads: int, repeats: int, quick: bool) -> dict[str, Any]:
    """Recipes at every batch, with this many threads."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    results: dict[str, Any] = {}
    for recipe in ("bst_small",) if quick else recipes:
        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            model = build(recipe, Path(folder), plain=not quick)
            sides = sides_of(model, threads)
            per_pair = products(model.files["portable"], rows(model.composed, 2))
            results[recipe] = {}
            for batch in (2,) if quick else BATCHES:
                shapes = [(count, m * batch // 2, k, n) for count, m, k, n in per_pair]
                operations = sum(2.0 * count * m * k * n for count, m, k, n in per_pair) * batch / 2
                ways = sgemm_ways(shapes, threads)
                measured = measure(sides, ways, rows(model.composed, batch), 2 if quick else repeats)
                results[recipe][str(batch)] = summarise(measured, operations)
                show(recipe, threads, batch, results[recipe][str(batch)])
    return results


def main() -> None:
    """Measure each number of threads in a process of its own: TensorFlow takes the number once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=11, help="turns of each side")
    parser.add_argument("--recipes", nargs="+", default=RECIPES, help="which to measure")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of every side")
    parser.add_argument("--quick", action="store_true", help="bst_small alone, two rows, two turns, no plain tf2onnx")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    if len(options.threads) == 1:
        print(
            f"{'recipe':<10} {'threads':>7} {'batch':>5}  {'':<12} {'ms':>10} {'tf / it':>9} {'tf2onnx /':>9} "
            f"{'of sgemm':>8} {'max_abs':>8}",
            flush=True,
        )
        by_threads = {
            str(options.threads[0]): measure_all(options.recipes, options.threads[0], options.repeats, options.quick)
        }
    else:
        by_threads = {}
        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            for threads in options.threads:
                part = Path(folder) / f"{threads}.json"
                words = ["--threads", str(threads), "--repeats", str(options.repeats), "--out", str(part)]
                words += ["--recipes", *options.recipes]
                subprocess.run([sys.executable, __file__, *words, *["--quick"] * options.quick], check=True)
                by_threads |= json.loads(part.read_text())["threads"]
    ran = {"machine": machine(), "versions": versions("tensorflow", "onnxruntime", "tf2onnx")}
    report = {**ran, "repeats": options.repeats, "threads": by_threads}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
