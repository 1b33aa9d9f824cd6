"""`sweep`: which combination of recipe, slots and parameters is best."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bstkit.cli.options import JsonOption, LogOptions, SelectionOptions, grouped_options
from bstkit.cli.render import print_json, print_pairs, print_table
from bstkit.cli.stopping import Stopped

if TYPE_CHECKING:
    from bstkit.sweep.results import Sweep


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("sweep")(grouped_options(sweep_models))


def sweep_models(
    options: SelectionOptions,
    log: LogOptions,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="PATH=VALUES",
            help="A setting and its values: recipe=din,dien; head.units=[[64],[128,64]];"
            " train.learning_rate={low=1e-4,high=1e-2,log=true}. Repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The sweep folder. Default: sweeps/<time>.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", min=1, help="Trainings of each combination.")] = 3,
    trials: Annotated[
        int | None,
        typer.Option("--trials", metavar="N", min=1, help="Combinations to train. Default: all of them."),
    ] = None,
    metric: Annotated[
        Literal["auc", "gauc", "log_loss"],
        typer.Option("--metric", help="Of the validation rows; its mean over the seeds ranks the combinations."),
    ] = "auc",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in --out where a sweep was stopped; begin where there is none.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Train combinations of recipes, slots and parameters with several seeds; ends with a table, the best first.

    Fewer --trials than combinations are chosen by Optuna's TPE sampler, each after the answers of those before.
    """
    from bstkit.errors import ConfigError
    from bstkit.sweep.space import parse_space
    from bstkit.sweep.study import check_optuna

    check_optuna()
    parse_space(vary or ())  # answered before the slow import
    if resume and out is None:
        raise ConfigError("--resume does not say where", "name the sweep's folder with --out")
    options.selection()
    features = log.loaded_features()
    from bstkit.cli.progress import heavy_job

    folder = out or Path("sweeps") / f"{datetime.now():%Y%m%d-%H%M%S}"
    with _told_how_to_go_on(folder), heavy_job() as progress:
        from bstkit.sweep import sweep

        found = sweep(
            vary or (),
            folder,
            recipe=options.recipe,
            slots=options.slots(),
            settings=options.settings or (),
            registry_path=options.registry,
            data=log.data,
            features=features,
            seeds=seeds,
            trials=trials,
            metric=metric,
            resume=resume,
            progress=progress,
        )
    print_sweep(found, _build_command(options, log), json)


@contextmanager
def _told_how_to_go_on(folder: Path) -> Iterator[None]:
    """Let the program's end say how a stopped sweep goes on: with the training that it was in, from the beginning."""
    from bstkit.errors import TrainingInterrupted

    try:
        yield
    except KeyboardInterrupt as error:
        code = error.exit_code if isinstance(error, TrainingInterrupted) else 130
        message = f"the sweep was stopped; {folder} holds what was trained"
        raise Stopped(TrainingInterrupted(message, "", code), folder) from error


def print_sweep(found: Sweep, build: Callable[[Sequence[str]], str], json: bool) -> None:
    """The table, what was refused, and how to train the best."""
    if json:
        print_json(found.to_json())
        return
    print_table(("test rows", *found.columns), found.rows())
    typer.echo()
    refused = [one for one in found.ranked if one.refused]
    print_pairs(
        (
            *((f"refused: {one.name}", one.refused) for one in refused),
            ("ranked by", f"mean {found.columns[0]} over the seeds; ± is the sample deviation"),
            ("best", build(found.ranked[0].settings)),
            ("folder", found.folder),
        )
    )


def _build_command(options: SelectionOptions, log: LogOptions) -> Callable[[Sequence[str]], str]:
    """How a combination is trained by itself."""

    def command(settings: Sequence[str]) -> str:
        given = {"--recipe": options.recipe, **{f"--{slot}": text for slot, text in options.slots().items()}}
        words = [word for flag, value in given.items() if value for word in (flag, value)]
        words += [word for one in (*(options.settings or ()), *settings) for word in ("--set", one)]
        for flag, path in (("--registry", options.registry), ("--data", log.data), ("--features", log.features)):
            words += [flag, str(path)] if path else []
        return shlex.join(["bstkit", "build", *words])

    return command
