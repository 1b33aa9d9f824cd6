"""Where scores lie: TensorFlow's, and ONNX Runtime's over the same held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from bstkit.report.axis import linear
from bstkit.report.html import Html, beside, paragraph, section, table
from bstkit.report.plot import Plot
from bstkit.report.record import Record

Facts = Mapping[str, Any]


def distributions_section(record: Record) -> Html:
    """A histogram of each task with both sides over one another, and the same counts as a table."""
    found = _distributions(record)
    if not found:
        return section("Scores", paragraph("Not known: this run kept no scores of held-out rows."))
    return section("Scores", *(_task(task, one) for task, one in found.items()))


def _distributions(record: Record) -> Facts:
    """As the export compared them; before one, and for the bundle of an older version, TensorFlow's alone."""
    if record.export is not None and record.export.get("distributions"):
        found: Facts = record.export["distributions"]
        return found
    from bstkit.export.score_histogram import score_histogram

    return {task: asdict(score_histogram(scores, {})) for task, scores in record.scores.items() if len(scores)}


def _task(task: str, one: Facts) -> Html:
    edges, ours, theirs = one["edges"], one["tensorflow"], one["providers"]
    highest = max(max(counts) for counts in (ours, *theirs.values()))
    plot = Plot(linear(f"probability of {task}", edges[0], edges[-1]), linear("held-out rows", 0.0, highest * 1.05))
    ranges = [f"{low:.4f} to {high:.4f}" for low, high in pairwise(edges)]
    plot.bars(edges, ours, [f"{where}: {count:,} rows" for where, count in zip(ranges, ours, strict=True)])
    plot.name("TensorFlow", 0, "bars")
    for number, (provider, counts) in enumerate(theirs.items(), start=1):
        plot.steps(edges, counts, number)
        plot.name(f"ONNX Runtime, {provider}", number, "outline")
    title = "TensorFlow against ONNX Runtime" if theirs else "TensorFlow"
    apart = [
        f"{provider}: {sum(abs(a - b) for a, b in zip(ours, counts, strict=True)) // 2:,}"
        for provider, counts in theirs.items()
    ]
    figure = plot.figure(
        f"Scores of {task}: {title}",
        f"{one['rows']:,} held-out rows, the same on both sides." if theirs else f"{one['rows']:,} held-out rows.",
        f" Rows that ONNX Runtime counts in another range: {', '.join(apart)}." if theirs else None,
    )
    counts_of = (ours, *theirs.values())
    numbers = table(
        f"Held-out rows by score of {task}",
        ("score", "TensorFlow", *(f"ONNX Runtime, {provider}" for provider in theirs)),
        [(where, *(f"{count:,}" for count in counts)) for where, *counts in zip(ranges, *counts_of, strict=True)],
    )
    return beside(figure, numbers)
