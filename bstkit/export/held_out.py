"""What serving changes on held-out rows: AUC and log loss by TensorFlow and by each provider, on the same labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bstkit.export.parity import Array, Compared
from bstkit.training.metrics import evaluate

HELD_OUT = "held_out"
"""Name of the case that holds them; it is no golden vector."""

_PIECE = 1024


@dataclass(frozen=True)
class Quality:
    """How good scores are; `auc` is None where a class is missing."""

    auc: float | None
    log_loss: float


@dataclass(frozen=True)
class Served(Quality):
    """How good a provider's scores are, and how far that is from TensorFlow's: provider minus TensorFlow."""

    auc_change: float | None
    log_loss_change: float


@dataclass(frozen=True)
class HeldOut:
    """One task on held-out rows.

    Args:
        rows: with a label of the task.
        positives: of them.
        tensorflow: quality of TensorFlow's scores.
        providers: provider -> quality of its scores, at optimisation level `all`.
    """

    rows: int
    positives: int
    tensorflow: Quality
    providers: dict[str, Served]


def in_pieces(samples: Mapping[str, Array]) -> tuple[dict[str, Array], ...]:
    """Rows by input name, so many at a time that any model can hold them."""
    arrays = {name: np.asarray(rows) for name, rows in samples.items()}
    rows = len(next(iter(arrays.values()), ()))
    return tuple(
        {name: values[start : start + _PIECE] for name, values in arrays.items()} for start in range(0, rows, _PIECE)
    )


def held_out_quality(compared: Iterable[Compared], labels: Mapping[str, Array]) -> dict[str, HeldOut]:
    """Compare quality with quality.

    Args:
        compared: the scores of the held-out rows; pieces of one provider in the order of the rows.
        labels: task -> `(rows,)`, 0, 1, or NaN where it is not known; those rows are left out.

    Returns:
        Task -> what was found; a task without a label, or without scores, is left out.
    """
    sides: dict[str, dict[str, list[Compared]]] = {}
    for one in compared:
        sides.setdefault(one.output, {}).setdefault(one.provider, []).append(one)
    return {
        task: _held_out(sides[task], np.asarray(given).reshape(-1))
        for task, given in labels.items()
        if task in sides and not np.isnan(given).all()
    }


def _held_out(by_provider: Mapping[str, list[Compared]], labels: Array) -> HeldOut:
    known = ~np.isnan(labels)
    tensorflow = _quality([one.expected for one in next(iter(by_provider.values()))], labels, known)
    providers = {
        provider: _served(_quality([one.scores for one in pieces], labels, known), tensorflow)
        for provider, pieces in by_provider.items()
    }
    return HeldOut(int(known.sum()), int(labels[known].sum()), tensorflow, providers)


def _quality(pieces: list[Array], labels: Array, known: Array) -> Quality:
    scores = np.concatenate([piece.reshape(-1) for piece in pieces])[known]
    nobody = np.zeros(len(scores))  # the AUC of each user is not asked for
    found = evaluate(labels[known], scores, nobody)
    return Quality(found.auc, found.log_loss)


def _served(quality: Quality, tensorflow: Quality) -> Served:
    change = None if quality.auc is None or tensorflow.auc is None else quality.auc - tensorflow.auc
    return Served(quality.auc, quality.log_loss, change, quality.log_loss - tensorflow.log_loss)
