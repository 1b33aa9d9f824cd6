"""Every metric of rows that come batch by batch, in memory that does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from bstkit.metrics.calibration import calibration
from bstkit.metrics.log_loss import normalised_entropy, row_losses
from bstkit.metrics.quality import Quality
from bstkit.metrics.rows import checked_rows
from bstkit.metrics.score_histogram import ScoreHistogram
from bstkit.metrics.user_stream import SortedUsersGauc


@dataclass(frozen=True)
class Streamed(Quality):
    """Metrics of a stream: as exact as sums of float64, but for two.

    Args:
        auc_error: how far `auc` may be from the exact one; None when that is None.
        ece_error: how far `ece` may be from the exact one.
    """

    auc_error: float | None = None
    ece_error: float | None = None


class StreamingQuality:
    """Takes batches of rows, sorted by user over all batches; keeps a histogram and the rows of the last user."""

    def __init__(self) -> None:
        self._histogram = ScoreHistogram()
        self._gauc = SortedUsersGauc()
        self._rows = self._positives = 0
        self._loss = self._predicted = 0.0

    def update(self, labels: NDArray[Any], scores: NDArray[Any], users: NDArray[Any]) -> None:
        """Take a batch.

        Args:
            labels: `(rows,)`, 0 or 1.
            scores: `(rows,)`, probabilities.
            users: `(rows,)`, never falling from row to row and from batch to batch.

        Raises:
            ValueError: the rows are wrong, as for `bstkit.metrics.quality`, or a user is out of order; nothing is
                taken.
        """
        labels, scores, users = checked_rows(labels, scores, users)
        self._gauc.add(labels, scores, users)  # first: it refuses users out of order
        self._histogram.add(labels, scores)
        self._rows += len(labels)
        self._positives += int(labels.sum())
        self._loss += float(row_losses(labels, scores).sum())
        self._predicted += float(scores.sum())

    def result(self) -> Streamed:
        """Return the metrics of all rows so far; more may follow."""
        if not self._rows:
            return Streamed()
        gauc, covered, one_class = self._gauc.result()
        auc, auc_error = self._histogram.auc() or (None, None)
        ece, ece_error = self._histogram.ece()
        loss = self._loss / self._rows
        return Streamed(
            rows=self._rows,
            positives=self._positives,
            auc=auc,
            gauc=gauc,
            gauc_users=covered,
            one_class_users=one_class,
            log_loss=loss,
            normalised_entropy=normalised_entropy(loss, self._positives / self._rows),
            calibration=calibration(self._predicted, self._positives),
            ece=ece,
            auc_error=auc_error,
            ece_error=ece_error,
        )
