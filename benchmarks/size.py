"""`bstkit export RUN` and `bstkit verify RUN` on larger and larger item tables: seconds and peak memory.

    python benchmarks/export.py --sizes

makes a run of `bst_small`, untrained, whose item table has 10^4 to 10^7 rows of 64 numbers, and runs both commands on
it, each in a process of its own, as a user would. Prints a table and writes benchmarks/results/size.json. Peak memory
is the process's largest resident set: Python, TensorFlow, the model, and the file where ONNX Runtime maps it.
Seconds depend on the machine and on what else it does: compare the sizes with each other. The largest size needs 12 GB
of memory, for making the run, and 8 GB of disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine

ROOT = Path(__file__).resolve().parent.parent

ROWS = (10**4, 10**5, 10**6, 10**7)
RESULTS = Path(__file__).parent / "results" / "size.json"
OTHER_ROWS = (214, 301, 3, 11)
"""Rows of the other tables."""

MAKE_RUN = "from benchmarks.size import make_run; import sys; make_run(int(sys.argv[1]), sys.argv[2])"
BSTKIT = "from bstkit.cli import main; main()"


def make_run(rows: int, folder: str) -> None:
    """Write a run folder as training would, with random weights and a key for every row."""
    import keras

    from bstkit.artefact import write_run
    from bstkit.compose import compose
    from bstkit.config.features import FIRST_ID
    from bstkit.config.resolve import load_selection
    from bstkit.export.cases import make_cases
    from bstkit.staging import new_folder
    from tests.export.recipes import features

    keras.utils.set_random_seed(0)
    composed = compose(load_selection("bst_small", environ={}), features((rows, *OTHER_ROWS)))
    spaces = composed.features.spaces
    with new_folder(Path(folder)) as partial:
        write_run(
            partial,
            composed,
            vocabularies={name: list(map(str, range(space.rows - FIRST_ID))) for name, space in spaces.items()},
            history=[{"epoch": 0}],
            metrics={},
            heldout=make_cases(composed)[0].feeds,
            provenance={},
        )
    print(4 * composed.serving.count_params())


def measured(code: str, *arguments: str) -> dict[str, Any]:
    """Run code in a new process: its seconds, its peak memory in bytes, and the last line that it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=out, stderr=said, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{said.read()[-3000:]}")
        printed = out.read()
    # Linux counts in KiB.
    return {"seconds": round(time.perf_counter() - start, 1), "peak": usage.ru_maxrss * 1024, "printed": printed}


def measure(rows: int, folder: Path) -> dict[str, Any]:
    """Make a run, export it and verify the export."""
    run, bundle = str(folder / "run"), folder / "bundle"
    weight_bytes = int(measured(MAKE_RUN, str(rows), run)["printed"].splitlines()[-1])
    exported = measured(BSTKIT, "export", run, "--out", str(bundle))
    report = json.loads((bundle / "report.json").read_text())
    verified = measured(BSTKIT, "verify", run, "--model", str(bundle / "model.onnx"))
    return {
        "rows": rows,
        "weight_bytes": weight_bytes,
        "file_bytes": report["bytes"],
        "convert_seconds": round(report["seconds"]["convert"], 2),
        "write_seconds": round(report["seconds"]["write"], 2),
        "export_seconds": exported["seconds"],
        "export_peak_bytes": exported["peak"],
        "limit_bytes": 2 * weight_bytes + 2 * 10**9,
        "verify_seconds": verified["seconds"],
        "verify_peak_bytes": verified["peak"],
        "max_diff": report["outputs"]["ctr"]["max_abs"],
    }


def main(sizes: Sequence[int] = ROWS, out: Path = RESULTS) -> None:
    """Measure every size and print a table."""
    columns = ("rows", "weights GB", "convert s", "write s", "export s", "peak GB", "limit GB", "verify s", "peak GB")
    print("".join(f"{column:>12}" for column in (*columns, "max |diff|")))
    results = []
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="bstkit-") as folder:
            row = measure(rows, Path(folder))
        results.append(row)
        weights, exporting, limit, verifying = (
            f"{row[f'{name}_bytes'] / 1e9:>12.2f}" for name in ("weight", "export_peak", "limit", "verify_peak")
        )
        print(
            f"{rows:>12,}{weights}{row['convert_seconds']:>12.2f}{row['write_seconds']:>12.2f}"
            f"{row['export_seconds']:>12.1f}{exporting}{limit}{row['verify_seconds']:>12.1f}{verifying}"
            f"{row['max_diff']:>12.1e}"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"machine": machine(), "sizes": results}, indent=2) + "\n")
