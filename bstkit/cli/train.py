"""`train` and `build`: from a log to a run, and on to a verified export."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bstkit.cli.composition import draw_composition
from bstkit.cli.options import (
    EdgeBatchOption,
    IdsOption,
    JsonOption,
    LayersOption,
    LogOptions,
    ProviderOption,
    SelectionOptions,
    TargetOption,
    grouped_options,
)
from bstkit.cli.stopping import check_resumable, told_how_to_go_on

OutOption = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="The run folder to make.")]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on from the last checkpoint of --out; begin where there is none.")
]


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("build")(grouped_options(build_model))
    app.command("train")(grouped_options(train_model))


def build_model(
    options: SelectionOptions,
    log: LogOptions,
    out: OutOption = None,
    resume: ResumeOption = False,
    provider: ProviderOption = None,
    target: TargetOption = None,
    edge_batch: EdgeBatchOption = None,
    ids: IdsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compose and draw the model; train nothing.")] = False,
    layers: LayersOption = False,
    json: JsonOption = False,
) -> None:
    """Compose a model, train it, export it to ONNX and verify the export.

    Without --data it trains on an embedded click log, in under three minutes on two cores.
    """
    check_resumable(resume, out)
    selection, features = options.selection(), log.loaded_features()
    selection = selection.with_export("--target", target=target).with_export("--ids", ids=ids)
    selection = selection.with_export("--edge-batch", edge_batch=edge_batch)
    if dry_run:
        draw_composition(selection, features, log.data, layers, json)
        return
    from bstkit.build import build
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_built

    folder = _folder(out, selection.recipe)
    with told_how_to_go_on(folder), heavy_job() as progress:
        built = build(
            selection,
            folder,
            data=log.data,
            features=features,
            providers=provider or ("cpu",),
            progress=progress,
            resume=resume,
        )
    print_built(built, json)


def train_model(
    options: SelectionOptions,
    log: LogOptions,
    out: OutOption = None,
    resume: ResumeOption = False,
    json: JsonOption = False,
) -> None:
    """Compose a model and train it; `bstkit export` goes on from there.

    Where TF_CONFIG names several workers they train it together; the first of them writes the run.
    """
    check_resumable(resume, out)
    selection, features = options.selection(), log.loaded_features()
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_trained

    folder = _folder(out, selection.recipe)
    with told_how_to_go_on(folder), heavy_job() as progress:
        from bstkit.training import train

        run = train(selection, folder, data=log.data, features=features, progress=progress, resume=resume)
    print_trained(run, progress.seconds, json)


def _folder(out: Path | None, recipe: str) -> Path:
    """The run folder: as given, or named after the recipe and the time."""
    return out or Path("runs") / f"{recipe}-{datetime.now():%Y%m%d-%H%M%S}"
