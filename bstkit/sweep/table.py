"""Outcomes of several seeds as one table: means and deviations, of the test rows."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from bstkit.sweep.outcome import METRICS, Outcome

COLUMNS = ("AUC", "GAUC", "log loss", "epochs", "seconds", "CPU seconds", "parameters", "seeds")


def table_rows(outcomes: Mapping[str, Sequence[Outcome]], task: str | None = None) -> list[tuple[str, ...]]:
    """One row a model, the baselines last.

    Args:
        outcomes: name -> its outcomes, one a seed.
        task: of which metrics are shown. Defaults to the first one.

    Returns:
        The name, then a cell for each of `COLUMNS`: mean ± sample deviation over the seeds, or the mean alone.
    """
    rows = [(name, *_cells(found, task)) for name, found in outcomes.items() if found]
    some = next((one for found in outcomes.values() for one in found), None)
    for name, by_task in (some.baselines if some else {}).items():
        metrics = by_task[task or next(iter(by_task))]
        rows.append((name, *(_number(metrics[key]) for key in METRICS), *("" for _ in COLUMNS[len(METRICS) :])))
    return rows


def markdown(title: str, rows: Iterable[Sequence[str]]) -> str:
    """The table in Markdown."""
    lines = [(title, *COLUMNS), ("---", *("---" for _ in COLUMNS)), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def mean_and_deviation(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Mean and sample deviation, 0 of one value; None where one of them is not defined."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else 0.0


def _cells(found: Sequence[Outcome], task: str | None) -> list[str]:
    tests = [one.test[task or next(iter(one.test))] for one in found]
    return [
        *(_spread([test[name] for test in tests]) for name in METRICS),
        f"{statistics.fmean(one.epochs for one in found):.1f}",
        f"{statistics.fmean(one.seconds for one in found):.0f}",
        f"{statistics.fmean(one.cpu_seconds for one in found):.0f}",
        f"{found[0].parameters:,}",
        str(len(found)),
    ]


def _spread(values: Sequence[float | None]) -> str:
    found = mean_and_deviation(values)
    if found is None:
        return "-"
    mean, deviation = found
    return f"{mean:.4f}" if len(values) == 1 else f"{mean:.4f} ± {deviation:.4f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
