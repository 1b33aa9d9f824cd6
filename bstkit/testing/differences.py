"""Compare results, and say where they differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bstkit.testing.tensors import Array

TOLERANCE = 1e-5
"""Largest difference of results that should be equal, relative to the largest number where that is above 1: sums may
be taken in another order."""


def largest_difference(left: Mapping[str, Array], right: Mapping[str, Array], rows: Sequence[str] = ()) -> str:
    """Where two results differ most, in words; an empty string where they are equal within the tolerance.

    Args:
        left, right: output name -> array of equal shapes.
        rows: what the rows are, for the words.
    """
    worst, words = 0.0, ""
    for name, expected in left.items():
        gap = np.abs(right[name] - expected)
        gap = np.where(np.isnan(right[name]) & np.isnan(expected), 0.0, gap)
        gap = np.where(np.isnan(gap), np.inf, gap) / max(
            1.0, float(np.abs(expected).max(initial=0.0, where=np.isfinite(expected)))
        )
        if gap.size and gap.max() > max(worst, TOLERANCE):
            worst = float(gap.max())
            place = np.unravel_index(int(gap.argmax()), gap.shape)
            words = f"`{name}` {_value(expected, place)} became {_value(right[name], place)}{_row(place, rows)}"
    return words


def not_finite(results: Mapping[str, Array], rows: Sequence[str]) -> str:
    """The first NaN or infinity, in words; an empty string where there is none."""
    for name, values in results.items():
        wrong = ~np.isfinite(values)
        if wrong.any():
            place = np.unravel_index(int(wrong.argmax()), wrong.shape)
            return f"`{name}` is {_value(values, place)}{_row(place, rows)}"
    return ""


def _value(values: Array, place: tuple[np.intp, ...]) -> str:
    return f"{float(values[place]):.6g}"


def _row(place: tuple[np.intp, ...], rows: Sequence[str]) -> str:
    return f" in row '{rows[int(place[0])]}'" if place and len(rows) > place[0] else ""
