"""How good a model is, and where its scores lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bstkit.bundle.card.markdown import code, decimal, section, small, table
from bstkit.bundle.manifest import Manifest

Report = Mapping[str, Any]


def metrics_section(manifest: Manifest, report: Report) -> str:
    """Test metrics beside the baselines, and what serving changes on held-out rows."""
    metrics = report["metrics"]
    if metrics is None:
        tested = "No test metrics: the model was exported without the run that trained it."
    else:
        rows = [
            (task, name, decimal(one["auc"]), decimal(one["gauc"]), decimal(one["log_loss"]), f"{one['rows']:,}")
            for task in metrics["model"]
            for name, one in ((name, by_task[task]) for name, by_task in metrics.items())
        ]
        tested = table(("task", "on the test rows", "AUC", "GAUC", "log loss", "rows"), rows)
    return section("Metrics", tested, *_held_out(report["held_out"]))


def _held_out(held_out: Report) -> Iterator[str]:
    if not held_out:
        yield "The model came without labels of held-out rows: what serving changes of AUC and log loss is not known."
        return
    yield "The same held-out rows scored by TensorFlow and by ONNX Runtime, at optimisation level `all`:"
    rows = []
    for task, found in held_out.items():
        ours = found["tensorflow"]
        counts = f"{found['rows']:,} ({found['positives']:,} positive)"
        rows.append((task, "TensorFlow", counts, decimal(ours["auc"], 6), "", decimal(ours["log_loss"], 6), ""))
        for provider, one in found["providers"].items():
            auc = (decimal(one["auc"], 6), small(one["auc_change"]))
            loss = (decimal(one["log_loss"], 6), small(one["log_loss_change"]))
            rows.append((task, f"ONNX Runtime, {code(provider)}", counts, *auc, *loss))
    yield table(("task", "scored by", "rows", "AUC", "change", "log loss", "change"), rows)


def scores_section(manifest: Manifest, report: Report) -> str:
    """Where scores lie, to watch drift against."""
    blocks = []
    for task, found in report["scores"].items():
        edges, counts = found["edges"], found["counts"]
        rows = [
            (f"{low:.6f} to {high:.6f}", f"{count:,}", f"{count / found['rows']:.1%}")
            for low, high, count in zip(edges, edges[1:], counts, strict=False)
        ]
        kind = "held-out" if found["held_out"] else "generated"
        blocks.append(f"{code(task)}, {found['rows']:,} {kind} rows, mean {found['mean']:.6f}:")
        blocks.append(table(("score", "rows", "share"), rows))
        if not found["held_out"]:
            blocks.append(
                "Generated rows are no traffic: export from a run to get ranges that drift can be watched against."
            )
    how = (
        "Count the scores that you serve in these ranges. Shares that move away from those here mean that traffic, ids "
        "or features changed."
    )
    return section("Scores", how, *blocks)
