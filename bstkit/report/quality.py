"""How good a model is: test metrics beside the baselines, and what serving changes on held-out rows."""

from __future__ import annotations

from collections.abc import Iterator

from bstkit.bundle.card.markdown import decimal, small
from bstkit.report.html import Cell, Html, exact, paragraph, section, table
from bstkit.report.record import Facts, Record

_NAMES = {"auc": "AUC", "gauc": "GAUC", "gauc_users": "users in GAUC"}


def quality_section(record: Record) -> Html:
    """Tables of both."""
    return section("Quality", *_tested(record.run.metrics), *_served(record.export))


def _tested(metrics: Facts) -> Iterator[Html]:
    tested = metrics.get("test") or {}
    if not tested:
        yield paragraph("No test metrics: the model was not trained here.")
        return
    for task, model in tested.items():
        scored = {"model": model, **{name: by_task[task] for name, by_task in metrics["baselines"].items()}}
        # Whatever metrics.json has, so that a metric that is added there shows here.
        kinds = [kind for kind, value in model.items() if value is None or isinstance(value, (int, float))]
        yield table(
            f"{task} on the test rows",
            ("", *(_NAMES.get(kind, kind.replace("_", " ")) for kind in kinds)),
            [(name, *(_cell(one.get(kind)) for kind in kinds)) for name, one in scored.items()],
        )
    yield paragraph(
        "Popularity knows each candidate's click rate alone, the constant nothing but the share of positives. "
        "A dash: not defined, because a class is missing."
    )


def _cell(value: float | None) -> Cell:
    return f"{value:,}" if isinstance(value, int) else exact(value, decimal(value))


def _served(export: Facts | None) -> Iterator[Html]:
    held_out = (export or {}).get("held_out") or {}
    for task, found in held_out.items():
        ours = found["tensorflow"]
        rows: list[tuple[Cell, ...]] = [("TensorFlow", _six(ours["auc"]), "", _six(ours["log_loss"]), "")]
        for provider, one in found["providers"].items():
            auc = (_six(one["auc"]), exact(one["auc_change"], small(one["auc_change"])))
            loss = (_six(one["log_loss"]), exact(one["log_loss_change"], small(one["log_loss_change"])))
            rows.append((f"ONNX Runtime, {provider}", *auc, *loss))
        yield table(
            f"{task} as it is served: {found['rows']:,} held-out rows, {found['positives']:,} positive",
            ("scored by", "AUC", "change", "log loss", "change"),
            rows,
        )


def _six(value: float | None) -> Cell:
    return exact(value, decimal(value, 6))
