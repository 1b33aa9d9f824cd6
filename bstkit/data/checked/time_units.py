"""Whether the times of a log are of the unit that features.toml states.

Seconds since 1970 stay below 1e11 until the year 5138, milliseconds have been above since 1973; likewise at 1e14 and
1e17 for the finer units. Zero is the same moment in all of them, so that it tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bstkit.config.features import LogColumns
from bstkit.data.checked.log_column import raw_name
from bstkit.data.checked.log_errors import LogProblem, rows_said
from bstkit.data.checked.log_values import number

_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_UNITS = tuple(_NAMES)
_BOUNDS = ("1e-9", "1e11", "1e14", "1e17", "'inf'")
"""Between which numbers lie the times of each unit."""


def time_measures() -> dict[str, str]:
    """Name the aggregates over the view `checked` that `time_problem` reads: rows that look like each unit."""
    time = number(raw_name("time"))
    measures = {}
    for unit, low, high in zip(_UNITS, _BOUNDS, _BOUNDS[1:], strict=False):
        looks = f"{time} >= {low} AND {time} < CAST({high} AS DOUBLE)"
        measures[f"times:{unit}"] = f"count(*) FILTER (WHERE {looks})"
        measures[f"first time:{unit}"] = f"min(row) FILTER (WHERE {looks})"
        measures[f"example time:{unit}"] = f"min_by({raw_name('time')}, row) FILTER (WHERE {looks})"
    return measures


def time_problem(log: LogColumns, measured: Mapping[str, Any]) -> LogProblem | None:
    """Find times of a finer unit than the stated one, or of several.

    Args:
        log: what features.toml says.
        measured: what `time_measures` yielded.
    """
    found = [unit for unit in _UNITS if measured[f"times:{unit}"]]
    first = {
        unit: f"first {measured[f'example time:{unit}']!r} in row {measured[f'first time:{unit}'] + 1}"
        for unit in found
    }
    if len(found) > 1:
        each = (f"{rows_said(measured[f'times:{unit}'])} in {_NAMES[unit]}, {first[unit]}" for unit in found)
        return LogProblem(
            f"time column {log.time!r} mixes units: {'; '.join(each)}",
            "write all times in one unit: nobody can know which is meant",
        )
    if found and _UNITS.index(found[0]) > _UNITS.index(log.time_unit):
        unit = found[0]
        return LogProblem(
            f"the numbers in time column {log.time!r} look like {_NAMES[unit]}, {first[unit]}, and are read as "
            f"{_NAMES[log.time_unit]}",
            f'say so in features.toml:  [log] time_unit = "{unit}"' if unit != "ns" else "divide them by 1e9",
        )
    return None
