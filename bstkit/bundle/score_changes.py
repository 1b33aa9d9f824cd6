"""How far the scores of two bundles are apart, on the golden inputs of the older one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import Input
from bstkit.bundle.scorer import BundleScorer
from bstkit.bundle.vectors import Arrays, read_vectors


@dataclass(frozen=True)
class ScoreChange:
    """How one output changed.

    Args:
        scores: how many were compared.
        max_abs, mean_abs: of their differences.
        rank_correlation: Spearman's; None where all scores are equal, or fewer than two.
    """

    scores: int
    max_abs: float
    mean_abs: float
    rank_correlation: float | None


@dataclass(frozen=True)
class ScoreChanges:
    """How the scores changed.

    Args:
        outputs: output of both -> how it changed; empty where nothing could be compared.
        cases: golden cases whose inputs the new bundle took.
        refused: those whose inputs it does not take.
    """

    outputs: dict[str, ScoreChange]
    cases: tuple[str, ...]
    refused: tuple[str, ...]


def score_changes(old: BundleScorer, new: BundleScorer) -> ScoreChanges:
    """Score the old bundle's golden inputs with both."""
    outputs = [name for name in old.outputs if name in new.outputs]
    pairs: dict[str, list[tuple[NDArray[Any], NDArray[Any]]]] = {name: [] for name in outputs}
    cases, refused = [], []
    for one in read_vectors(old.folder, old.manifest):
        if one.vector.twin is not None:  # the same rows once more
            continue
        if not all(_takes(value, one.inputs) for value in new.inputs):
            refused.append(one.vector.case)
            continue
        cases.append(one.vector.case)
        before = old.run(one.inputs)
        after = new.run({value.name: one.inputs[value.name] for value in new.inputs})
        for name in outputs:
            pairs[name].append((before[name], after[name]))
    return ScoreChanges({name: _change(found) for name, found in pairs.items() if found}, tuple(cases), tuple(refused))


def _takes(one: Input, inputs: Arrays) -> bool:
    """Whether an input fits an array of a data set."""
    array = inputs.get(one.name)
    if array is None or array.ndim != len(one.dims):
        return False
    dtype = "string" if array.dtype == object else array.dtype.name
    steps = zip(one.dims[1:], array.shape[1:], strict=True)  # a fixed batch is cut into pieces
    return dtype == one.dtype and all(size <= dim for dim, size in steps if isinstance(dim, int))


def _change(pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> ScoreChange:
    old, new = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
    absolute = np.abs(new - old)
    return ScoreChange(len(old), float(absolute.max()), float(absolute.mean()), rank_correlation(old, new))


def rank_correlation(one: NDArray[Any], other: NDArray[Any]) -> float | None:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    ranks = [_ranks(values) for values in (one, other)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: NDArray[np.float64] = (last - (count - 1) / 2)[place]
    return ranks
