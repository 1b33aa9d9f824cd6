"""`evaluate`: how good a run or a bundle is on a log with labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.options import JsonOption, given_features
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.evaluation.results import Evaluation, Measured, TaskEvaluation
    from bstkit.metrics.quality import Quality

_METRICS = {
    "auc": "AUC",
    "gauc": "GAUC",
    "log_loss": "log loss",
    "normalised_entropy": "NE",
    "calibration": "calibration",
    "ece": "ECE",
}


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("evaluate")(evaluate_model)


def evaluate_model(
    model: Annotated[Path, typer.Argument(metavar="RUN|BUNDLE", help="A run folder, or a bundle.")],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="LOG",
            help="A log with labels, of which all rows count; or a dataset of `data prepare`, which knows its splits.",
        ),
    ],
    features: Annotated[
        Path | None,
        typer.Option("--features", metavar="PATH", help="What the log's columns mean, for a bundle; a run knows it."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="NAME", help="Of a dataset: test (default), validation, train, all."),
    ] = None,
    slices: Annotated[
        str | None,
        typer.Option(
            "--slices",
            metavar="NAMES",
            help="Of history, new-users, new-items, time, with commas; or none. Default: all that there are.",
        ),
    ] = None,
    batch: Annotated[int, typer.Option("--batch", metavar="ROWS", help="Rows that are scored together.")] = 256,
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Where a bundle is scored: cpu (default), cuda, tensorrt."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", help="Threads of ONNX Runtime, for a bundle.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare scores with a log's labels: AUC, GAUC, log loss, calibration, slice by slice, with 95 % intervals."""
    from bstkit.artefact import load_run
    from bstkit.bundle.manifest import is_bundle
    from bstkit.cli.progress import heavy_job, job
    from bstkit.evaluation import evaluate
    from bstkit.evaluation.slices import check_slices
    from bstkit.evaluation.splits import check_data, check_split

    names = _slices(slices)
    check_slices(names)
    check_data(data)
    check_split(data, split)
    is_run = not is_bundle(model)
    if is_run:
        load_run(model).check_components()  # a wrong folder, a missing plugin: answered before the slow import
    loaded = given_features(features)
    with heavy_job() if is_run else job() as progress:
        found = evaluate(
            model,
            data,
            features=loaded,
            split=split,
            slices=names,
            batch=batch,
            provider=provider,
            threads=threads,
            progress=progress,
        )
    print_evaluation(found, json)


def _slices(text: str | None) -> list[str] | None:
    """Names between commas; `none` is none of them."""
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]


def print_evaluation(found: Evaluation, json: bool) -> None:
    """A table a task, one a slice, and how to read them."""
    from bstkit.evaluation.results import METHOD
    from bstkit.evaluation.slices import SLICES
    from bstkit.metrics.calibration import BINS

    if json:
        print_json(found.to_json())
        return
    for task, one in found.tasks.items():
        _print_task(task, one)
        for name, parts in one.slices.items():
            _print_table(f"{task} by {SLICES[name]}", parts, {})
    print_pairs(
        (
            ("rows", f"{found.rows:,} with a label, of {found.users:,} users; {found.which}"),
            ("intervals", METHOD),
            ("GAUC", "weighted by rows; users of one class are left out"),
            ("NE", "log loss over that of always predicting the rate of the same rows"),
            ("calibration", "mean score over rate of positives"),
            ("ECE", f"expected calibration error, {BINS} bins of equal mass"),
            *((f"no {name}", why) for name, why in found.not_sliced.items()),
            ("engine", found.engine),
            ("seconds", ", ".join(f"{stage} {took:.1f}" for stage, took in found.seconds.items())),
        )
    )


def _print_task(task: str, one: TaskEvaluation) -> None:
    _print_table(task, {"model": one.model}, one.constants)


def _print_table(title: str, measured: Mapping[str, Measured], constants: Mapping[str, Quality]) -> None:
    rows = [(name, *_cells(one.quality, one.margin)) for name, one in measured.items()]
    rows += [(f"constant: {name}", *_cells(one, {})) for name, one in constants.items()]
    print_table((title, "rows", "positives", "users of both / one class", *_METRICS.values()), rows)
    typer.echo()


def _cells(quality: Quality, margin: Mapping[str, float | None]) -> list[str]:
    """Counts, then the metrics; of one class there is nothing to rank."""
    cells = [f"{quality.rows:,}", f"{quality.positives:,}", f"{quality.gauc_users:,} / {quality.one_class_users:,}"]
    for name in _METRICS:
        value = getattr(quality, name)
        if value is None:
            cells.append("one class" if name == "auc" and quality.rows else "-")
        else:
            half = margin.get(name)
            cells.append(f"{value:.4f}" if half is None else f"{value:.4f} ±{half:.4f}")
    return cells
