"""Every comparison of scores, and what they come to: by output, by case, by provider and level."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from bstkit.config.selection import Tolerance
from bstkit.export.report import Difference
from bstkit.export.statistics import summarise

Array = np.ndarray[Any, Any]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Compared:
    """One output of one data set that an engine scored.

    Args:
        output, case, provider, level: what was scored, and where.
        scores: what the engine gave.
        expected: what TensorFlow gives.
    """

    output: str
    case: str
    provider: str
    level: str
    scores: Array
    expected: Array


def by_output(compared: Iterable[Compared], tolerances: Mapping[str, Tolerance]) -> dict[str, Difference]:
    """Output -> how far both sides are apart on it."""
    return {
        output: summarise([(one.scores, one.expected) for one in group], tolerances[output].atol)
        for output, group in _grouped(compared, lambda one: one.output).items()
    }


def by_case(compared: Iterable[Compared], tolerances: Mapping[str, Tolerance]) -> dict[str, dict[str, Difference]]:
    """Case -> output -> how far both sides are apart, over every provider and level."""
    groups = _grouped(compared, lambda one: one.case)
    return {case: by_output(group, tolerances) for case, group in groups.items()}


def by_level(
    compared: Iterable[Compared], tolerances: Mapping[str, Tolerance]
) -> dict[str, dict[str, dict[str, Difference]]]:
    """Provider -> level -> output -> how far both sides are apart, over every case."""
    found: dict[str, dict[str, dict[str, Difference]]] = {}
    for (provider, level), group in _grouped(compared, lambda one: (one.provider, one.level)).items():
        found.setdefault(provider, {})[level] = by_output(group, tolerances)
    return found


def _grouped(compared: Iterable[Compared], key: Callable[[Compared], Key]) -> dict[Key, list[Compared]]:
    groups: dict[Key, list[Compared]] = {}
    for one in compared:
        groups.setdefault(key(one), []).append(one)
    return groups
