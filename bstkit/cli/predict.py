"""`predict`: score a log or raw events with a run or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.options import JsonOption, given_features
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.predict import Predicted


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("predict")(predict_scores)


def predict_scores(
    model: Annotated[Path, typer.Argument(metavar="RUN|BUNDLE", help="A run folder, or a bundle.")],
    data: Annotated[
        Path,
        typer.Option(
            "--data", metavar="FILE", help="Raw events (.jsonl, .jsonl.gz), or a log as `bstkit build` takes it."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to make: .csv or .parquet.")],
    features: Annotated[
        Path | None,
        typer.Option("--features", metavar="PATH", help="What the log's columns mean, for a bundle; a run knows it."),
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
    """Score a log or raw events: a run in TensorFlow, a bundle in ONNX Runtime without TensorFlow."""
    from bstkit.artefact import load_run
    from bstkit.bundle.manifest import is_bundle
    from bstkit.cli.progress import heavy_job, job
    from bstkit.predict import predict
    from bstkit.predict.places import check_places

    check_places(data, out)
    is_run = not is_bundle(model)
    if is_run:
        load_run(model).check_components()  # a wrong folder, a missing plugin: answered before the slow import
    loaded = given_features(features)
    with heavy_job() if is_run else job() as progress:
        predicted = predict(
            model, data, out, features=loaded, batch=batch, provider=provider, threads=threads, progress=progress
        )
    print_predicted(predicted, json)


def print_predicted(predicted: Predicted, json: bool) -> None:
    """What was written."""
    if json:
        print_json(predicted.to_json())
        return
    rows = [(name, *(f"{one[key]:.6f}" for key in ("min", "mean", "max"))) for name, one in predicted.outputs.items()]
    print_table(("output", "min", "mean", "max"), rows)
    print_pairs(
        (
            ("rows", f"{predicted.rows:,}"),
            ("rows a second", f"{predicted.rows_per_second:,.0f}"),
            ("engine", predicted.engine),
            ("columns", ", ".join(predicted.columns)),
            ("written", predicted.out),
        )
    )
