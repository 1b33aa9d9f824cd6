"""An axis: from which number to which, and where its ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """One axis of a figure.

    Args:
        label: what it counts, with its unit.
        low, high: its ends; `high` is above `low`.
        ticks: (place, text) of each tick, between the ends.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """Where a number stands: 0 at the low end, 1 at the high one."""
        return (value - self.low) / (self.high - self.low)


def linear(label: str, low: float, high: float, whole: bool = False) -> Axis:
    """An axis with ticks at round numbers.

    Args:
        label: what it counts.
        low, high: its ends; where they are equal both move away.
        whole: ticks at whole numbers alone.
    """
    if high <= low:
        apart = 0.5 if whole else max(abs(low) * 0.05, 0.005)
        low, high = low - apart, high + apart
    step = _round_step((high - low) / _MOST_TICKS)
    if whole:
        step = max(1.0, step)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # The + 0.0 keeps a zero from being written with a minus.
    ticks = [(place * step, f"{place * step + 0.0:,.{decimals}f}") for place in range(first, last + 1)]
    return Axis(label, low, high, tuple(ticks))


def around(label: str, values: Iterable[float]) -> Axis:
    """An axis that holds every value, with a little room on both sides."""
    found = list(values)
    low, high = min(found), max(found)
    room = (high - low) * 0.06
    return linear(label, low - room, high + room)


def powers_of_ten(label: str, low: int, high: int) -> Axis:
    """An axis of decimal logarithms, with a tick at every power of ten from `10 ** low` to `10 ** high`."""
    ticks = tuple((float(power), f"1e{power}") for power in range(low, high + 1))
    return Axis(label, float(low), float(high), ticks)


def _round_step(least: float) -> float:
    """The smallest of ..., 0.5, 1, 2, 5, 10, 20, ... that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))
