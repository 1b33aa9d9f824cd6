"""`train` and `build`: from a log to a run, and on to a verified export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bstkit.cli.options import JsonOption, ProviderOption, SelectionOptions, grouped_options

if TYPE_CHECKING:
    from bstkit.config.features import Features


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("build")(grouped_options(build_model))
    app.command("train")(grouped_options(train_model))


@dataclass(frozen=True)
class DataOptions:
    """Where the log lies, what its columns mean, where the run goes."""

    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="LOG", help="A folder of RecBole atomic files, a CSV or a Parquet file."),
    ] = None
    features: Annotated[
        Path | None, typer.Option("--features", metavar="PATH", help="What the log's columns mean; see the README.")
    ] = None
    out: Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="The run folder to make.")] = None

    def loaded_features(self) -> Features:
        """Read the features file that was given, or the one that goes with the log."""
        from bstkit.config.features_file import load_features
        from bstkit.data.feature_files import features_for

        return load_features(self.features) if self.features else features_for(self.data)

    def folder(self, recipe: str) -> Path:
        """The run folder: as given, or named after the recipe and the time."""
        return self.out or Path("runs") / f"{recipe}-{datetime.now():%Y%m%d-%H%M%S}"


def build_model(
    options: SelectionOptions,
    data: DataOptions,
    provider: ProviderOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compose and show the model; train nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Compose a model, train it, export it to ONNX and verify the export.

    Without --data it trains on an embedded click log, in under three minutes on two cores.
    """
    selection, features = options.selection(), data.loaded_features()
    if dry_run:
        _show_composition(selection, features, data.data, json)
        return
    from bstkit.build import build
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_built

    with heavy_job() as progress:
        built = build(
            selection,
            data.folder(selection.recipe),
            data=data.data,
            features=features,
            providers=provider or ("cpu",),
            progress=progress,
        )
    print_built(built, json)


def train_model(options: SelectionOptions, data: DataOptions, json: JsonOption = False) -> None:
    """Compose a model and train it; `bstkit export` goes on from there."""
    selection, features = options.selection(), data.loaded_features()
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_trained

    with heavy_job() as progress:
        from bstkit.training import train

        run = train(selection, data.folder(selection.recipe), data=data.data, features=features, progress=progress)
    print_trained(run, progress.seconds, json)


def _show_composition(selection: Any, features: Features, data: Path | None, json: bool) -> None:
    """Print the composed model as a table, or as JSON with the origin of each setting."""
    from bstkit.cli.progress import heavy_job
    from bstkit.cli.results import print_composition

    with heavy_job() as progress:
        from bstkit.describe import preview

        composed = preview(selection, features, data, progress)
    print_composition(composed, json)
