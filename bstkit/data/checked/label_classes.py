"""Whether the labels of a log can tell anything: both classes must be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bstkit.data.checked.log_column import LogColumn
from bstkit.data.checked.log_errors import LogProblem
from bstkit.data.sql import identifier


def class_measures(columns: Sequence[LogColumn], among: str) -> dict[str, str]:
    """Name the aggregates over the view `checked` that `class_problems` reads.

    Args:
        columns: those of the labels.
        among: SQL, true in the rows that count.
    """
    return {
        f"{name} {column.name}": f"{name}({identifier(column.name)}) FILTER (WHERE {among})"
        for column in columns
        for name in ("min", "max")
    }


def class_problems(
    columns: Sequence[LogColumn], measured: Mapping[str, Any], sampled: bool = False
) -> Iterator[LogProblem]:
    """Find tasks without labels, or with labels of one class only.

    Args:
        columns: those of the labels.
        measured: what `class_measures` yielded.
        sampled: negatives will be drawn, so that a log of positives is enough.
    """
    for column in columns:
        low, high = measured[f"min {column.name}"], measured[f"max {column.name}"]
        if low is None:
            message = f"{column.described} is empty in every row"
            yield LogProblem(message, "give a log with labels of this task, or take the task out of [log]")
        elif low == high and not (sampled and low == 1):
            message = f"{column.described} has one class only: every label is {low:g}"
            yield LogProblem(message, "give a log with clicks and non-clicks, or another condition")
