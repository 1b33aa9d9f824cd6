"""Outcomes of several seeds as one table: means and deviations, of the test rows."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from bstkit.sweep.outcome import METRICS, Outcome

LABELS = {"auc": "AUC", "gauc": "GAUC", "log_loss": "log loss"}
COLUMNS = (*LABELS.values(), "epochs", "seconds", "CPU seconds", "parameters", "seeds")


def table_rows(outcomes: Mapping[str, Sequence[Outcome]], validation: str | None = None) -> list[tuple[str, ...]]:
    """One row a model, the baselines last.

    Args:
        outcomes: name -> its outcomes, one a seed; a name without any has no row.
        validation: a metric of the validation rows, shown before the others. None: none is.

    Returns:
        The name, that metric, then a cell for each of `COLUMNS`, of the log's first task: mean ± sample deviation over
        the seeds, or the mean alone.
    """
    known = {name: found for name, found in outcomes.items() if found}
    rows = [(name, *_validation(found, validation), *_cells(found)) for name, found in known.items()]
    some = next(iter(known.values()), None)
    for name, by_task in (some[0].baselines if some else {}).items():
        metrics = next(iter(by_task.values()))
        before = [""] if validation else []
        rows.append((name, *before, *(_number(metrics[key]) for key in METRICS), *([""] * (len(COLUMNS) - 3))))
    return rows


def markdown(title: str, rows: Iterable[Sequence[str]], columns: Sequence[str] = COLUMNS) -> str:
    """The table in Markdown."""
    lines = [(title, *columns), ("---", *("---" for _ in columns)), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def mean_and_deviation(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Mean and sample deviation, 0 of one value; None where one of them is not defined."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else 0.0


def _validation(found: Sequence[Outcome], metric: str | None) -> list[str]:
    return [_spread([one.validation[metric] for one in found])] if metric else []


def _cells(found: Sequence[Outcome]) -> list[str]:
    tests = [next(iter(one.test.values())) for one in found]
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
