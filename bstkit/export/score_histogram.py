"""How often each score is given, by TensorFlow and by others over the same rows, in equal ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bstkit.export.parity import Compared

Array = np.ndarray[Any, Any]

_RANGES = 24


@dataclass(frozen=True)
class ScoreHistogram:
    """The probabilities of one task.

    Args:
        rows: how many each side scored.
        edges: range i goes from `edges[i]` to `edges[i + 1]`, the upper edge excluded but in the last; all are equally
            wide.
        tensorflow: TensorFlow's scores in each range.
        providers: provider -> its scores in each range. One that lies at an edge may be counted beside it.
    """

    rows: int
    edges: tuple[float, ...]
    tensorflow: tuple[int, ...]
    providers: dict[str, tuple[int, ...]]


def score_histogram(tensorflow: Array, providers: Mapping[str, Array]) -> ScoreHistogram:
    """Count finite scores, at least one, in ranges that reach from the lowest to the highest of all."""
    sides = {name: scores.reshape(-1).astype(np.float64) for name, scores in providers.items()}
    ours = tensorflow.reshape(-1).astype(np.float64)
    low = min(float(scores.min()) for scores in (ours, *sides.values()))
    high = max(float(scores.max()) for scores in (ours, *sides.values()))
    if high <= low:
        low, high = low - 0.005, high + 0.005
    edges = np.linspace(low, high, _RANGES + 1)
    counts = {name: tuple(np.histogram(scores, edges)[0].tolist()) for name, scores in sides.items()}
    return ScoreHistogram(len(ours), tuple(edges.tolist()), tuple(np.histogram(ours, edges)[0].tolist()), counts)


def score_histograms(compared: Iterable[Compared], tasks: Iterable[str]) -> dict[str, ScoreHistogram]:
    """Task -> its scores, of everything that was compared; a task without scores is left out."""
    given = list(compared)
    found = {}
    for task in tasks:
        sides: dict[str, list[Compared]] = {}
        for one in given:
            if one.output == task:
                sides.setdefault(one.provider, []).append(one)
        if sides:
            ours = np.concatenate([one.expected.reshape(-1) for one in next(iter(sides.values()))])
            theirs = {
                provider: np.concatenate([one.scores.reshape(-1) for one in pieces])
                for provider, pieces in sides.items()
            }
            found[task] = score_histogram(ours, theirs)
    return found
