"""`train` and `build`: from a log to a run, and on to a verified export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from bstkit.artefact import Run


@dataclass(frozen=True)
class TrainingOptions:
    """Where a run goes, what it begins with, and who watches."""

    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="The run folder to make.")] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint of --out; begin where there is none.")
    ] = False
    init_from: Annotated[
        Path | None,
        typer.Option(
            "--init-from",
            metavar="RUN",
            help="Start with the weights of this run; rows of tables are found by their keys.",
        ),
    ] = None
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            "--tensorboard", metavar="FOLDER", help="While training, write events for `tensorboard --logdir FOLDER`."
        ),
    ] = None

    def folder(self, recipe: str) -> Path:
        """The run folder: as given, or named after the recipe and the time."""
        return self.out or Path("runs") / f"{recipe}-{datetime.now():%Y%m%d-%H%M%S}"

    def init_run(self) -> Run | None:
        """Open the run of --init-from while nothing heavy is imported."""
        if self.init_from is None:
            return None
        from bstkit.training.starting.init_run import open_init_run

        return open_init_run(self.init_from)


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("build")(grouped_options(build_model))
    app.command("train")(grouped_options(train_model))


def build_model(
    options: SelectionOptions,
    log: LogOptions,
    training: TrainingOptions,
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
    check_resumable(training.resume, training.out)
    selection, features = options.selection(), log.loaded_features()
    selection = selection.with_export("--target", target=target).with_export("--ids", ids=ids)
    selection = selection.with_export("--edge-batch", edge_batch=edge_batch)
    init = training.init_run()
    if dry_run:
        draw_composition(selection, features, log.data, layers, json, init)
        return
    from bstkit.build import build
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_built

    folder = training.folder(selection.recipe)
    with told_how_to_go_on(folder), heavy_job() as progress:
        built = build(
            selection,
            folder,
            data=log.data,
            features=features,
            init_from=init,
            providers=provider or ("cpu",),
            tensorboard=training.tensorboard,
            progress=progress,
            resume=training.resume,
        )
    print_built(built, json)


def train_model(
    options: SelectionOptions,
    log: LogOptions,
    training: TrainingOptions,
    json: JsonOption = False,
) -> None:
    """Compose a model and train it; `bstkit export` goes on from there.

    Where TF_CONFIG names several workers they train it together; the first of them writes the run.
    """
    check_resumable(training.resume, training.out)
    selection, features = options.selection(), log.loaded_features()
    init = training.init_run()
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_trained

    folder = training.folder(selection.recipe)
    with told_how_to_go_on(folder), heavy_job() as progress:
        from bstkit.training import train

        run = train(
            selection,
            folder,
            data=log.data,
            features=features,
            init_from=init,
            tensorboard=training.tensorboard,
            progress=progress,
            resume=training.resume,
        )
    print_trained(run, progress.seconds, json)
