"""Export models with larger and larger item tables: seconds and peak memory, each size in processes of its own.

    python benchmarks/size.py

composes `bst_small` with an item table of 10^4 to 10^7 rows of 64 numbers, prints a table and writes
benchmarks/results/size.json. One process exports (conversion, then writing the file), another composes the same model
and verifies the file. Peak memory is the process's largest resident set, TensorFlow and the composed model included;
"composed" is what it was before the conversion began: drawing random weights takes several copies of them.
Seconds depend on the machine and on what else it does: compare the sizes with each other. The largest size needs 8 GB
of memory and 3 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

ROWS = (10**4, 10**5, 10**6, 10**7)
RESULTS = Path(__file__).parent / "results" / "size.json"
SMALL_ROWS = (214, 301, 3, 11)
"""Rows of the other tables."""


def composed(rows: int) -> Any:
    """The model, with the same random weights in every process."""
    import keras

    from bstkit.compose import compose
    from bstkit.config.resolve import load_selection
    from tests.export.recipes import features

    keras.utils.set_random_seed(0)
    return compose(load_selection("bst_small"), features((rows, *SMALL_ROWS)))


def export(rows: int, folder: Path) -> dict[str, Any]:
    """Convert and write; what `bstkit.export` does before it verifies."""
    from bstkit.export.assemble import assemble
    from bstkit.export.write import write_model

    model = composed(rows)
    composing = peak_bytes()
    start = time.perf_counter()
    graph, _ = assemble(model)
    converted = time.perf_counter()
    write_model(graph, folder / "model.onnx")
    return {
        "weight_bytes": 4 * model.serving.count_params(),
        "compose_peak_bytes": composing,
        "convert_seconds": round(converted - start, 2),
        "write_seconds": round(time.perf_counter() - converted, 2),
        "file_bytes": sum(path.stat().st_size for path in folder.iterdir()),
    }


def peak_bytes() -> int:
    """The largest resident set of this process so far; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def verify(rows: int, folder: Path) -> dict[str, Any]:
    """Compare the file with TensorFlow, case by case, at every optimisation level."""
    import bstkit

    model = composed(rows)
    start = time.perf_counter()
    report = bstkit.verify(model, folder / "model.onnx")
    return {"verify_seconds": round(time.perf_counter() - start, 2), "max_diff": report.outputs["ctr"].max_abs}


def measured(rows: int, folder: Path) -> dict[str, Any]:
    """Run both steps, each in a new process, and add its peak memory in bytes."""
    row: dict[str, Any] = {"rows": rows}
    for step in ("export", "verify"):
        command = [sys.executable, __file__, "--step", step, "--rows", str(rows), "--folder", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{step} of {rows:,} rows failed:\n{done.stderr[-3000:]}")
        row |= json.loads(done.stdout.splitlines()[-1])
    row["limit_bytes"] = 2 * row["weight_bytes"] + 2 * 10**9
    return row


def main() -> None:
    """Measure every size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="rows of the item table")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--step", choices=("export", "verify"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        result = {"export": export, "verify": verify}[options.step](options.rows[0], options.folder)
        print(json.dumps(result | {f"{options.step}_peak_bytes": peak_bytes()}))
        return
    columns = (
        "rows",
        "weights GB",
        "composed GB",
        "convert s",
        "write s",
        "peak GB",
        "limit GB",
        "verify s",
        "peak GB",
    )
    print("".join(f"{column:>12}" for column in (*columns, "max |diff|")))
    rows = []
    for count in options.rows:
        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            row = measured(count, Path(folder))
        rows.append(row)
        weight, composing, exporting, limit, verifying = (
            f"{row[f'{name}_bytes'] / 1e9:>12.2f}"
            for name in ("weight", "compose_peak", "export_peak", "limit", "verify_peak")
        )
        print(
            f"{count:>12,}{weight}{composing}{row['convert_seconds']:>12.2f}{row['write_seconds']:>12.2f}"
            f"{exporting}{limit}{row['verify_seconds']:>12.2f}{verifying}{row['max_diff']:>12.1e}"
        )
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "machine": platform.machine()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine, "sizes": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
