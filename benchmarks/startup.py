"""Measure how long `bstkit --help`, `list` and `plugins` take with 0, 1 and 20 plugins installed.

    python benchmarks/startup.py

It prints a table and writes benchmarks/results/startup.json. The plugins are generated: installed metadata and a hook
module each, of one component, as a package has them that imports nothing heavy. Each command is a process of its own.
The runs take turns, so that whatever else the machine does falls on all of them: read the ratio to no plugins.
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
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.machine import machine, versions  # after the path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("--help", "list", "plugins")
COUNTS = (0, 1, 20)
RESULTS = Path(__file__).parent / "results" / "startup.json"

MODULE = '''"""A plugin of one component."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="pooling",
        name="startup_{number}",
        target="bstkit_startup_{number}.layers:Pooling",
        summary="A pooling that nobody selects.",
    )
'''


def install(folder: Path, count: int) -> Path:
    """Write so many plugin packages, as pip leaves them."""
    folder.mkdir(parents=True)
    for number in range(count):
        name = f"bstkit_startup_{number}"
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(MODULE.format(number=number))
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[bstkit]\n{name} = {name}\n")
    return folder


def seconds(command: str, site: Path) -> float:
    """How long one process takes from start to end."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))}
    call = [sys.executable, "-c", "import sys; from bstkit.cli import main; main(sys.argv[1:])", command]
    start = time.perf_counter()
    subprocess.run(call, capture_output=True, check=True, cwd=site, env=environ)
    return time.perf_counter() - start


def measure(repeats: int, folder: Path) -> dict[str, Any]:
    """Command -> number of plugins -> the median of its runs, and its ratio to none."""
    sites = {count: install(folder / str(count), count) for count in COUNTS}
    runs: dict[tuple[str, int], list[float]] = {(command, count): [] for command in COMMANDS for count in COUNTS}
    for turn in range(repeats + 1):
        for (command, count), times in runs.items():
            took = seconds(command, sites[count])
            if turn:  # the first turn compiles, and fills the caches of files
                times.append(took)
    results: dict[str, Any] = {}
    for (command, count), times in runs.items():
        median = statistics.median(times)
        row = {"ms": round(1000 * median, 1), "fastest ms": round(1000 * min(times), 1)}
        none = statistics.median(runs[command, 0])
        results.setdefault(command, {})[str(count)] = {**row, "over none": round(median / none, 3)}
    return results


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15, help="runs of each command with each number of plugins")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options.repeats, Path(folder))
    print(f"{'command':<16} {'plugins':>8} {'ms':>8} {'fastest':>8} {'over none':>10}")
    for command, by_count in results.items():
        for count, row in by_count.items():
            name = f"bstkit {command}"
            print(f"{name:<16} {count:>8} {row['ms']:>8.1f} {row['fastest ms']:>8.1f} {row['over none']:>10.3f}")
    ran = {"machine": machine(), "versions": versions("typer", "pluggy"), "repeats": options.repeats}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({**ran, "commands": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
