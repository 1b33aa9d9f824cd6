"""How training went: loss, log loss, AUC and GAUC by epoch, as curves and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bstkit.report.axis import around, linear
from bstkit.report.html import Html, element, exact, paragraph, section, table
from bstkit.report.plot import Plot
from bstkit.report.record import Record

Epoch = Mapping[str, float | None]

_STOPS_ON = "val_log_loss"


def curves_section(record: Record) -> Html:
    """Draw the curves, several tasks each in figures of its own, and list the numbers."""
    history = record.history
    if not history:
        return section("Training", paragraph("No epochs: the weights were trained elsewhere, and imported."))
    best = _best(history)
    figures = [figure for title, series in _charts(record) if (figure := _figure(title, series, history, best))]
    names = list(history[0])
    rows = [[f"{one['epoch']:.0f}", *(_cell(one.get(name)) for name in names[1:])] for one in history]
    return section(
        "Training",
        paragraph(_words(record, best)),
        element("div", *figures, class_="figures"),
        table(
            "Every epoch",
            ["epoch", *(_shown(name) for name in names[1:])],
            rows,
        ),
    )


def _charts(record: Record) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Title and (column, name) of each figure."""
    tasks = record.run.features.tasks
    mean = " (mean over the tasks)" if len(tasks) > 1 else ""
    yield "Loss by epoch", (("loss", "training loss"), (_STOPS_ON, f"validation log loss{mean}"))
    yield "Validation AUC and GAUC by epoch", (("val_auc", f"AUC{mean}"), ("val_gauc", f"GAUC{mean}"))
    yield "Learning rate by epoch", (("learning_rate", "at the end of the epoch"),)
    if len(tasks) > 1:
        for name, shown in (("log_loss", "log loss"), ("auc", "AUC"), ("gauc", "GAUC")):
            yield f"Validation {shown} by epoch and task", tuple((f"val_{task}_{name}", task) for task in tasks)


def _figure(title: str, series: Sequence[tuple[str, str]], history: Sequence[Epoch], best: float | None) -> Html | None:
    """One figure; None where no number of it is defined."""
    values = [value for one in history for column, _ in series if (value := one.get(column)) is not None]
    if not values:
        return None
    epochs = [one["epoch"] or 0.0 for one in history]
    room = (epochs[-1] - epochs[0]) * 0.04  # beside the first and the last point
    plot = Plot(linear("epoch", epochs[0] - room, epochs[-1] + room, whole=True), around("", values))
    if best is not None:
        plot.rule(best)
    for number, (column, name) in enumerate(series):
        plot.line([(epoch, one.get(column)) for epoch, one in zip(epochs, history, strict=True)], number)
        plot.name(name, number)
    return plot.figure(title, "Dashed upright line: the epoch whose weights were kept." if best is not None else None)


def _best(history: Sequence[Epoch]) -> float | None:
    """The epoch with the lowest validation log loss, the first of equals: its weights are the run's."""
    known = [(loss, one["epoch"]) for one in history if (loss := one.get(_STOPS_ON)) is not None]
    return min(known, key=lambda one: one[0])[1] if known else None


def _words(record: Record, best: float | None) -> str:
    epochs, most = len(record.history), record.run.selection.train.epochs
    ended = "the most that was allowed" if epochs >= most else f"ended early, of at most {most}"
    kept = "" if best is None else f" The weights of epoch {best:.0f} were kept: it has the lowest validation log loss."
    return f"{epochs} epoch{'s' * (epochs > 1)}, {ended}.{kept}"


def _shown(column: str) -> str:
    """A column of history.csv in words."""
    words = column.replace("val_", "validation ").split("_")
    return " ".join(words).replace("gauc", "GAUC").replace("auc", "AUC")


def _cell(value: float | None) -> Html:
    if value is None:
        return exact(None, "-")
    return exact(value, f"{value:.4f}" if abs(value) >= 0.01 or not value else f"{value:.3g}")
