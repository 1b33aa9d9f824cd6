"""Time the recurrent cells in ONNX Runtime, lowered and as tf2onnx's Loop, beside TensorFlow, in one process.

    python benchmarks/recurrent.py

prints a table and writes benchmarks/results/recurrent.json. 50 steps of 64 features, 64 units, histories of mixed
lengths with a candidate behind the padding, one thread each. The sides take turns, so that each ratio compares
neighbours in time: milliseconds depend on the machine and on what else it does, read the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras
import numpy as np
import onnx_ir as ir
import onnxruntime
import tensorflow as tf  # after the log level

from benchmarks.machine import machine, versions  # after the path
from bstkit.layers.bilstm import BiLSTM
from bstkit.layers.dynamic_gru import DynamicGRU
from tests.export.graphs import convert, functional, operations

BATCHES = (1, 16, 256)
STEPS, DIM, UNITS = 50, 64, 64
RESULTS = Path(__file__).parent / "results" / "recurrent.json"


CELLS: dict[str, Callable[[], Any]] = {
    "lstm": lambda: keras.layers.LSTM(UNITS, return_sequences=True, zero_output_for_mask=True, use_cudnn=False),
    "bilstm": lambda: BiLSTM(UNITS, num_layers=1),
    "bilstm, 2 layers": lambda: BiLSTM(UNITS),
    "gru": lambda: DynamicGRU(UNITS, "gru"),
    "aigru": lambda: DynamicGRU(UNITS, "aigru"),
    "agru": lambda: DynamicGRU(UNITS, "agru"),
    "augru": lambda: DynamicGRU(UNITS, "augru"),
}
"""Name -> a function that makes the layer."""


def call(layer: Any, x: Any, mask: Any, weight: Any) -> Any:
    """Call a layer the way it is called."""
    if isinstance(layer, keras.layers.LSTM):
        return layer(x, None, mask)
    return layer(x, mask, weight) if isinstance(layer, DynamicGRU) else layer(x, mask)


def sides_of(layer: Any) -> tuple[dict[str, Callable[[dict[str, Any]], Any]], dict[str, int]]:
    """Name of a side -> a function from the inputs to the output; and the lowered graph's operations."""
    source = functional(
        partial(call, layer), x=("float32", (None, DIM)), mask=("bool", (None,)), weight=("float32", (None,))
    )
    compiled = tf.function(lambda feeds: source(feeds, training=False)["score"], reduce_retracing=True)
    lowered = convert(source)
    sides = {
        "tensorflow": lambda feeds: compiled({name: tf.constant(array) for name, array in feeds.items()}).numpy(),
        "onnx": runner(lowered),
        "loop": runner(convert(source, lower=False)),
    }
    return sides, dict(operations(lowered))


def runner(model: ir.Model) -> Callable[[dict[str, Any]], Any]:
    """A function that runs a model in ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        ir.to_proto(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda feeds: session.run(["score"], feeds)[0]


def inputs(batch: int) -> dict[str, Any]:
    """Histories of mixed lengths and the candidate behind them."""
    rng = np.random.default_rng(0)
    mask = np.arange(STEPS) < rng.integers(0, STEPS, (batch, 1))
    mask[:, -1] = True
    return {
        "x": rng.normal(size=(batch, STEPS, DIM)).astype(np.float32),
        "mask": mask,
        "weight": rng.uniform(size=(batch, STEPS)).astype(np.float32),
    }


def measure(sides: dict[str, Callable[[dict[str, Any]], Any]], batch: int, repeats: int) -> dict[str, Any]:
    """Median milliseconds of each side, and the median ratios of neighbouring turns."""
    feeds = inputs(batch)
    expected = sides["tensorflow"](feeds)
    apart = {name: float(np.abs(run(feeds) - expected).max()) for name, run in sides.items() if name != "tensorflow"}
    inner = max(1, 32 // batch)
    turns: list[dict[str, float]] = []
    for _ in range(repeats):
        turn = {}
        for name, run in sides.items():
            start = time.perf_counter()
            for _ in range(inner):
                run(feeds)
            turn[name] = (time.perf_counter() - start) / inner * 1e3
        turns.append(turn)
    return {
        "milliseconds": {name: round(statistics.median(turn[name] for turn in turns), 2) for name in sides},
        "tensorflow / onnx": round(statistics.median(turn["tensorflow"] / turn["onnx"] for turn in turns), 2),
        "loop / onnx": round(statistics.median(turn["loop"] / turn["onnx"] for turn in turns), 2),
        "max_abs": apart,
    }


def main() -> None:
    """Measure every cell and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=11, help="turns of each side")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    results: dict[str, Any] = {}
    print(
        f"{'cell':<17} {'batch':>5} {'tensorflow ms':>14} {'loop ms':>8} {'onnx ms':>8} {'tf/onnx':>8} {'loop/onnx':>9}"
    )
    for name, make in CELLS.items():
        sides, counts = sides_of(make())
        results[name] = {"operations": counts, "batches": {}}
        for batch in BATCHES:
            row = results[name]["batches"][batch] = measure(sides, batch, options.repeats)
            took = row["milliseconds"]
            print(
                f"{name:<17} {batch:>5} {took['tensorflow']:>14.2f} {took['loop']:>8.2f} {took['onnx']:>8.2f} "
                f"{row['tensorflow / onnx']:>8.2f} {row['loop / onnx']:>9.2f}"
            )
    setting = {"steps": STEPS, "features": DIM, "units": UNITS, "threads": 1, "repeats": options.repeats}
    ran = {"machine": machine(), "versions": versions("tensorflow", "onnxruntime")}
    report = {**ran, "setting": setting, "cells": results}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
