"""Replay a folder of golden files: `python -m tests.golden FOLDER [--json] [--allow-rounding]`.

Prints passed / total and the largest differences by layer. Exits 1 when a file fails, 2 when there is none to replay.
A file with values that agree only in proportion to the file's typical size (`tests.golden.replay` says why) has failed;
with `--allow-rounding` it has passed, and is counted as "by rounding".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.golden import cases
from tests.golden.replay import Result, replay


def main(arguments: list[str] | None = None) -> int:
    """Replay, report, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description="Replay DeepCTR's own numbers.")
    parser.add_argument("folder", type=Path, help="folder of .npz files")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--allow-rounding", action="store_true", help="pass values that float32 rounding sets apart")
    given = parser.parse_args(arguments)
    files = cases.paths(given.folder)
    if not files:
        what = "holds no .npz file" if given.folder.is_dir() else "is not a folder"
        sys.stderr.write(f"error: {given.folder} {what}\nhint:  give the folder of golden files\n")
        return 2
    results = [replay_file(path) for path in files]
    if not given.allow_rounding:
        results = [strict(result) for result in results]
    report = summary(results)
    if given.json:
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(lines(report)) + "\n")
    return 0 if report["passed"] == report["total"] else 1


def replay_file(path: Path) -> Result:
    """Replay one file; one that cannot be read has failed."""
    try:
        case = cases.load(path)
    except Exception as error:  # noqa: BLE001  a damaged file is a failed file; the others are still replayed
        return Result(path.stem, cases.layer_of(path), f"cannot be read: {type(error).__name__}: {error}")
    return replay(case)


def strict(result: Result) -> Result:
    """The same result, failed where values agree only by rounding."""
    if not result.passed or not result.rounded:
        return result
    return replace(result, reason=f"{result.rounded} values agree only in proportion to the file's typical size")


def summary(results: list[Result]) -> dict[str, Any]:
    """Counts and largest differences, in all and by layer, and the reason of each failure."""
    by_layer: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_layer[result.layer].append(result)
    return {
        "passed": sum(result.passed for result in results),
        "by_rounding": sum(_by_rounding(result) for result in results),
        "total": len(results),
        "layers": {
            layer: {
                "passed": sum(result.passed for result in group),
                "by_rounding": sum(_by_rounding(result) for result in group),
                "total": len(group),
                "max_diff": _largest([result.max_diff for result in group]),
                "max_gradient_diff": _largest([result.max_gradient_diff for result in group]),
            }
            for layer, group in sorted(by_layer.items())
        },
        "failed": {result.id: result.reason for result in results if not result.passed},
    }


def lines(report: dict[str, Any]) -> list[str]:
    """The report as text."""
    rows = [f"{'layer':32}{'passed':>10}{'by rounding':>14}{'max |diff|':>14}{'gradients':>14}"]
    for layer, row in report["layers"].items():
        count = f"{row['passed']}/{row['total']}"
        sizes = f"{_shown(row['max_diff']):>14}{_shown(row['max_gradient_diff']):>14}"
        rows.append(f"{layer:32}{count:>10}{row['by_rounding']:>14}{sizes}")
    rows += [f"FAILED {name}: {reason}" for name, reason in report["failed"].items()]
    rounded = f", {report['by_rounding']} of them by rounding" if report["by_rounding"] else ""
    return [*rows, f"{report['passed']}/{report['total']} passed{rounded}"]


def _by_rounding(result: Result) -> bool:
    return result.passed and result.rounded > 0


def _largest(values: list[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


if __name__ == "__main__":
    sys.exit(main())
