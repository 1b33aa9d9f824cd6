"""Compare scores with scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bstkit.config.selection import Tolerance

Array = np.ndarray[Any, Any]

_MOST_LINES = 40


@dataclass(frozen=True)
class Mismatch:
    """One output of one case that is not right.

    Args:
        output, case, provider, level: where.
        what: how it is wrong, for the error's line.
        file: name of the file that was run.
    """

    output: str
    case: str
    provider: str
    level: str
    what: str
    file: str


def breach(scores: Array, expected: Array, tolerance: Tolerance, engine: str = "ONNX Runtime") -> str | None:
    """How `scores` breach `|scores - expected| <= atol + rtol * |expected|`; None where they do not.

    NaN and Inf always do.
    """
    if scores.shape != expected.shape:
        return f"shape {scores.shape} instead of {expected.shape}"
    for side, values in (("TensorFlow", expected), (engine, scores)):
        rows = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
        if rows.size:
            return f"NaN or Inf in {side} at row {rows[0]}"
    difference = np.abs(scores.astype(np.float64) - expected)
    excess = difference - (tolerance.atol + tolerance.rtol * np.abs(expected.astype(np.float64)))
    if not excess.size or excess.max() <= 0:
        return None
    row = int(np.unravel_index(excess.argmax(), excess.shape)[0])
    allowed = f"atol {tolerance.atol:g}" + (f", rtol {tolerance.rtol:g}" if tolerance.rtol else "")
    return f"max |diff| {difference[row].max():.2g} at row {row} ({allowed})"


def describe(mismatches: Sequence[Mismatch], engine: str = "ONNX Runtime") -> list[str]:
    """One line for each output, case and file, the first level's numbers, and at which levels."""
    grouped: dict[tuple[str, str, str, str], list[Mismatch]] = {}
    for mismatch in mismatches:
        grouped.setdefault((mismatch.output, mismatch.case, mismatch.file, mismatch.provider), []).append(mismatch)
    lines = []
    for (output, case, file, provider), group in grouped.items():
        where = ", ".join([f"output '{output}'"] * bool(output) + [f"case '{case}'"] * bool(case))
        levels = ", ".join(dict.fromkeys(mismatch.level for mismatch in group))
        lines.append(f"{where}{', ' if where else ''}{group[0].what} [{file}, {provider}: {levels}]")
    head = f"{engine} and TensorFlow differ: "
    if len(lines) == 1:
        return [head + lines[0]]
    more = [f"  and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return [head.rstrip(), *(f"  {line}" for line in lines[:_MOST_LINES]), *more]
