"""The recipes part of `benchmarks/training.py`: bstkit beside plain Keras and the machine's own sgemm."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks.yardstick import Rate, best_rate, numpy_product, tensorflow_product

RECIPES = ("bst", "bst_small", "din", "dien")
SIDES = ("bstkit", "plain")
BACKWARD = 3
"""A step of training takes about three times the operations of the forward pass."""
SQUARE = 2048
SGEMM_RUNS = 3
WARM_STEPS = 3
ROWS = 2**17
BATCH = 256
AIMS = {"bst of sgemm": 0.65}

Turn = dict[str, Any]


class Side:
    """A process that trains one model when it is its turn."""

    def __init__(self, recipe: str, side: str, rows: int, batch: int) -> None:
        words = [str(Path(__file__).with_name("training_side.py")), recipe, side, str(rows), str(batch)]
        self.name = f"{recipe} from {side}"
        self.process: Any = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.into, self.out_of = self.process.stdin, self.process.stdout
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def begin(self) -> None:
        """Read what it says about its model, and let it trace; both sides do so at once."""
        self.told = self._read()
        self._write(WARM_STEPS)

    def turn(self, steps: int) -> Rate:
        """Steps a second of a turn."""
        self._write(steps)
        return self.taken(steps)

    def taken(self, steps: int) -> Rate:
        """Steps a second of the turn under way."""
        found = self._read()
        return Rate(steps / found["seconds"], steps / found["cpu_seconds"])

    def _write(self, steps: int) -> None:
        self.into.write(f"{steps}\n".encode())
        self.into.flush()

    def _read(self) -> dict[str, Any]:
        line = self.out_of.readline()
        if not line:
            sys.exit(f"{self.name} ended by itself")
        read: dict[str, Any] = json.loads(line)
        return read


def measure_recipe(recipe: str, batch: int, repeats: int, seconds: float, rows: int, square: int) -> dict[str, Any]:
    """Both sides and sgemm in turns; what goes into the results."""
    ways = {"NumPy": numpy_product(square), "TensorFlow": tensorflow_product(square)}
    turns: list[Turn] = []
    with ExitStack() as stack:
        sides = {name: stack.enter_context(Side(recipe, name, rows, batch)) for name in SIDES}
        for side in sides.values():
            side.begin()
        for side in sides.values():
            side.taken(WARM_STEPS)
        steps = {name: _steps(side, seconds, rows // batch // (repeats + 1)) for name, side in sides.items()}
        for number in range(repeats):
            runs: dict[str, Callable[[], Any]] = {"sgemm": lambda: best_rate(ways, SGEMM_RUNS)}
            runs |= {name: lambda side=side, name=name: side.turn(steps[name]) for name, side in sides.items()}
            turns.append({name: runs[name]() for name in list(runs)[:: -1 if number % 2 else 1]})
        return summarise({name: side.told for name, side in sides.items()}, turns, batch)


def _steps(side: Side, seconds: float, most: int) -> int:
    """Steps that take about so many seconds."""
    return max(1, min(most, round(side.turn(2).wall * seconds)))


def summarise(told: dict[str, Any], turns: Sequence[Turn], batch: int) -> dict[str, Any]:
    """Medians over turns; a ratio's two sides are neighbours in time."""

    def median(of: Callable[[Turn], float], digits: int = 3) -> float:
        return round(statistics.median(map(of, turns)), digits)

    row: dict[str, Any] = {
        "sgemm gflops": median(lambda turn: turn["sgemm"][1].wall / 1e9, 1),
        "sgemm gflops a core": median(lambda turn: turn["sgemm"][1].cpu / 1e9, 1),
        "sgemm by": statistics.mode(turn["sgemm"][0] for turn in turns),
        "bstkit / plain": median(lambda turn: turn["bstkit"].wall / turn["plain"].wall, 2),
        "bstkit / plain, cpu": median(lambda turn: turn["bstkit"].cpu / turn["plain"].cpu, 2),
        "sides": {},
    }
    for side in SIDES:
        operations = told[side]["forward operations"] * BACKWARD
        step = operations * batch
        row["sides"][side] = {
            "parameters": told[side]["parameters"],
            "mflop a sample": round(operations / 1e6, 1),
            "samples/s": median(lambda turn, side=side: turn[side].wall * batch, 1),
            "cpu ms a sample": median(lambda turn, side=side: 1e3 / turn[side].cpu / batch, 3),
            "of sgemm": median(lambda turn, side=side, step=step: turn[side].wall * step / turn["sgemm"][1].wall),
            "of sgemm, cpu": median(lambda turn, side=side, step=step: turn[side].cpu * step / turn["sgemm"][1].cpu),
        }
    return row


def measure(recipes: Sequence[str], repeats: int, seconds: float, quick: bool) -> dict[str, Any]:
    """Every recipe: a table on stdout, and what goes into the results."""
    heads = f"{'parameters':>11} {'MFLOP':>7} {'samples/s':>10} {'cpu ms':>7} {'of sgemm':>9} {'by cpu':>7}"
    print(f"{'recipe':<10} {'side':<7} {heads}  bstkit / plain", flush=True)
    rows, batch, square = (256, 8, 64) if quick else (ROWS, BATCH, SQUARE)
    found = {}
    for recipe in recipes:
        found[recipe] = row = measure_recipe(recipe, batch, repeats, seconds, rows, square)
        for name, side in row["sides"].items():
            ratios = f"{row['bstkit / plain']} (cpu {row['bstkit / plain, cpu']})" if name == "bstkit" else ""
            print(
                f"{recipe:<10} {name:<7} {side['parameters']:>11,} {side['mflop a sample']:>7} "
                f"{side['samples/s']:>10,} {side['cpu ms a sample']:>7} {side['of sgemm']:>9.0%} "
                f"{side['of sgemm, cpu']:>7.0%}  {ratios}",
                flush=True,
            )
        print(
            f"{recipe:<10} {'sgemm':<7} {row['sgemm gflops']:.0f} GFLOP/s, {row['sgemm gflops a core']:.0f} a core "
            f"({row['sgemm by']}, {square} x {square})",
            flush=True,
        )
    return {
        "setting": {
            "batch_size": batch,
            "repeats": repeats,
            "seconds a turn": seconds,
            "steps of a history": 50,
            "operations": f"2 m k n of each matrix product in the forward pass's graph, times {BACKWARD}",
            "sgemm": f"float32 {square} x {square}, all threads, the faster of NumPy and TensorFlow",
        },
        "recipes": found,
    }


def reached(found: dict[str, Any]) -> dict[str, bool]:
    """Aim -> whether it is reached; those of recipes that were not measured are left out."""
    bst = found["recipes"].get("bst")
    return {"bst of sgemm": bst["sides"]["bstkit"]["of sgemm"] >= AIMS["bst of sgemm"]} if bst else {}
