"""`bstkit data prepare` on larger and larger logs, beside pandas: rows a second and peak memory.

    python benchmarks/prepare.py [--sizes 1000000 10000000 50000000] [--memory-limit 1GB] [--keep FOLDER]

makes a log of each size (benchmarks/click_logs.py), prepares it with bstkit and with pandas
(benchmarks/pandas_preparation.py), each in a process of its own, prints a table and writes
benchmarks/results/prepare.json. At the smallest size the arrays of both must be equal; exits 1 when they are not, or
when bstkit took 4 GB or more at any size.

A side that takes more than 8 GB is ended. Peak memory is the larger one of two numbers, and the JSON says which: the
resident sets of the process and its children together, looked at every 50 ms, and the largest resident set that the
kernel counted. Both hold pages of files that are mapped, which can be dropped at any time: `anonymous` leaves them out.
Both sides number, order, split and encode; bstkit also checks every value, proves that nothing leaks, and takes keys of
any type. Seconds depend on the machine and on what else it does, seconds of CPU less so. 5 * 10^7 rows need 8 GB of
disk, for the log, both results and what DuckDB spills; all of it lies in the folder of temporary files (TMPDIR) and is
removed, unless --keep names a folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.machine import machine  # after the path
from benchmarks.peak_memory import Run, run

SIZES = (10**6, 10**7, 5 * 10**7)
RESULTS = Path(__file__).parent / "results" / "prepare.json"
LIMIT_BYTES = 8 * 10**9
"""More than this and a process is ended."""
AIM_BYTES = 4 * 10**9

MAKE = "import sys; from pathlib import Path; from benchmarks.click_logs import write_click_log; "
MAKE += "write_click_log(int(sys.argv[1]), Path(sys.argv[2]))"
BSTKIT = "import sys; from benchmarks.prepare import prepare_with_bstkit; prepare_with_bstkit(*sys.argv[1:])"
PANDAS = "import sys; from benchmarks.pandas_preparation import main; main(*sys.argv[1:])"


def prepare_with_bstkit(log: str, out: str, features: str, memory_limit: str) -> None:
    """Prepare as the command does, and print the seconds of each stage as JSON."""
    from bstkit.config.features_file import load_features
    from bstkit.data.prepared.job import prepare_dataset
    from bstkit.progress import Progress

    progress = Progress()
    prepare_dataset(Path(log), Path(out), load_features(Path(features)), memory_limit=memory_limit, progress=progress)
    print(json.dumps({name: round(seconds, 2) for name, seconds in progress.seconds.items()}))


def differences(dataset: Path, arrays: Path) -> list[str]:
    """Name the arrays and vocabularies in which the two results differ."""
    import numpy as np

    from bstkit.data.prepared.folder import open_dataset

    found = open_dataset(dataset)
    rows = len(found.user)
    sides = {
        **{name: (found.target[name], f"{name}.npy") for name in ("item_id", "cate_id")},
        "user_id": (found.context["user_id"], "user_id.npy"),
        "ctr": (found.labels["ctr"], "ctr.npy"),
        **{name: (getattr(found, name), f"{name}.npy") for name in ("user", "time", "row", "split")},
        "hist.item_id": (found.history["hist"].ids["item_id"], "item_id.npy"),
        "hist.start": (found.history["hist"].start, "start.npy"),
    }
    wrong = [name for name, (values, file) in sides.items() if not np.array_equal(values, np.load(arrays / file))]
    if not np.array_equal(found.history["hist"].end, np.arange(rows)):
        wrong.append("hist.end")
    for space, column in {"item": "item_id", "cate": "cate_id", "user": "user_id"}.items():
        if list(found.vocabularies[space]) != (arrays / f"{column}.txt").read_text().splitlines():
            wrong.append(f"vocabulary of {space}")
    return wrong


def side(name: str, measured: Run, rows: int, result: Path) -> dict[str, Any]:
    """What one side did, for the JSON; printed as a line of the table."""
    if measured.died:
        print(f"{rows:>12,} {name:<8} {measured.died}")
        return {"died": measured.died, "peak_gb": round(measured.peak_bytes / 1e9, 2)}
    size = sum(file.stat().st_size for file in result.rglob("*") if file.is_file())
    row = {
        "seconds": round(measured.seconds, 1),
        "cpu_seconds": round(measured.cpu_seconds, 1),
        "load": round(os.getloadavg()[0], 1),
        "rows_per_s": round(rows / measured.seconds),
        "peak_gb": round(measured.peak_bytes / 1e9, 2),
        "peak_by": measured.peak_by,
        "anonymous_gb": round(measured.anonymous_bytes / 1e9, 2),
        "bytes_per_row": round(size / rows, 1),
        "stages": json.loads(measured.printed.splitlines()[-1]),
    }
    print(
        f"{rows:>12,} {name:<8} {row['seconds']:>8.1f} {row['cpu_seconds']:>8.1f} {row['rows_per_s']:>12,} "
        f"{row['peak_gb']:>8.2f} {row['anonymous_gb']:>9.2f} {row['bytes_per_row']:>9.1f}"
    )
    return row


def measure(rows: int, folder: Path, memory_limit: str, compared: bool) -> dict[str, Any]:
    """Make a log, prepare it with both sides, and compare them where asked."""
    made = run(MAKE, str(rows), str(folder), limit_bytes=LIMIT_BYTES)
    if made.died:
        raise SystemExit(f"the log of {rows:,} rows could not be made: {made.died}")
    log, dataset, arrays = folder / "log", folder / "dataset", folder / "pandas"
    features = folder / "features.toml"
    log_bytes = sum(file.stat().st_size for file in log.iterdir())
    ours = run(BSTKIT, str(log), str(dataset), str(features), memory_limit, limit_bytes=LIMIT_BYTES)
    found: dict[str, Any] = {"rows": rows, "log_bytes": log_bytes, "bstkit": side("bstkit", ours, rows, dataset)}
    theirs = run(PANDAS, str(log), str(arrays), limit_bytes=LIMIT_BYTES)
    found["pandas"] = side("pandas", theirs, rows, arrays)
    if compared and not ours.died and not theirs.died:
        found["differences"] = differences(dataset, arrays)
    return found


def main() -> int:
    """Measure, print, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="ROWS")
    parser.add_argument("--memory-limit", default="1GB", help="what DuckDB may take before it spills")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave logs and results there")
    options = parser.parse_args()
    print(
        f"{'rows':>12} {'side':<8} {'seconds':>8} {'CPU s':>8} {'rows/s':>12} {'peak GB':>8} {'anonymous':>9} "
        f"{'bytes/row':>9}"
    )
    results = []
    for rows in sorted(options.sizes):
        folder = options.keep / str(rows) if options.keep else Path(tempfile.mkdtemp(prefix="bstkit-"))
        try:
            results.append(measure(rows, folder, options.memory_limit, compared=not results))
        finally:
            if not options.keep:
                shutil.rmtree(folder)
    ours = [result["bstkit"] for result in results]
    report = {
        "machine": machine(),
        "versions": {name: _version(name) for name in ("duckdb", "pandas", "numpy")},
        "memory_limit": options.memory_limit,
        "reached": all("died" not in row and row["peak_gb"] < AIM_BYTES / 1e9 for row in ours),
        "sizes": results,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    wrong = results[0].get("differences", [])
    if wrong:
        print(f"bstkit and pandas differ in {', '.join(wrong)}", file=sys.stderr)
    return 0 if report["reached"] and not wrong else 1


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


if __name__ == "__main__":
    raise SystemExit(main())
