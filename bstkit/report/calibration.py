"""Whether probabilities are what they say: predicted against observed, in bins of about as many held-out rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bstkit.bundle.card.weighted import weighted_scores
from bstkit.report.axis import around, linear
from bstkit.report.html import Html, beside, element, exact, paragraph, section, table
from bstkit.report.plot import Plot
from bstkit.report.record import Record
from bstkit.report.reliability import Bin, calibration_bins


def calibration_section(record: Record) -> Html:
    """A figure and a table for each task."""
    tasks = [task for task in record.scores if task in record.labels]
    if not tasks:
        return section(
            "Calibration", paragraph("Not known: this run kept no scores of held-out rows with their labels.")
        )
    return section("Calibration", *(block for task in tasks for block in _task(record, task)))


def _task(record: Record, task: str) -> Iterator[Html]:
    bins = calibration_bins(record.labels[task], record.scores[task])
    if not bins:
        yield paragraph(element("b", task), ": no held-out row has this label.")
        return
    rows, positives = sum(one.rows for one in bins), sum(one.positives for one in bins)
    mean = sum(one.predicted * one.rows for one in bins) / rows
    yield paragraph(
        element("b", task),
        f": {rows:,} held-out rows, scored by TensorFlow. Mean probability ",
        exact(mean, f"{mean:.4f}"),
        ", share of positives ",
        exact(positives / rows, f"{positives / rows:.4f}"),
        ".",
        *(f" Its {words}." for named, words in weighted_scores(_class_weight(record)) if named == task),
    )
    yield beside(_figure(task, bins), _table(task, bins))


def _class_weight(record: Record) -> Mapping[str, float]:
    """Of training; imported weights were trained in some other way."""
    return record.run.selection.train.class_weight if record.history else {}


def _table(task: str, bins: tuple[Bin, ...]) -> Html:
    return table(
        f"Calibration of {task}, bins between the deciles of the scores",
        ("score", "rows", "positive", "mean predicted", "observed", "95 % from", "to"),
        [
            (
                f"{one.low:.4f} to {one.high:.4f}",
                f"{one.rows:,}",
                f"{one.positives:,}",
                *(exact(value, f"{value:.4f}") for value in (one.predicted, one.observed, *one.interval)),
            )
            for one in bins
        ],
    )


def _figure(task: str, bins: tuple[Bin, ...]) -> Html:
    high = max(max(one.predicted, one.interval[1]) for one in bins) * 1.03
    # Across only as far as scores reach: those of a young model lie close together.
    across = around("mean predicted probability", [one.predicted for one in bins])
    plot = Plot(across, linear("share of positives", 0.0, high))
    plot.diagonal()
    plot.line([(one.predicted, one.observed) for one in bins], markers=False)
    for one in bins:
        words = f"{one.rows:,} rows, predicted {one.predicted:.4f}, observed {one.observed:.4f}"
        plot.whisker(one.predicted, *one.interval)
        plot.point(one.predicted, one.observed, 0, words)
    fewest, most = min(one.rows for one in bins), max(one.rows for one in bins)
    count = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return plot.figure(
        f"Calibration of {task}: predicted against observed",
        f"{len(bins)} bins of {count} rows each; whiskers hold 95 %; on the dashed line a model says what happens.",
    )
