"""`init`: the files that a project starts from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bstkit.cli.options import JsonOption


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("init")(init_folder)


def init_folder(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where you will run bstkit.")] = Path(),
    data: Annotated[
        Path | None, typer.Option("--data", metavar="LOG", help="A log that features.toml shall read.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a commented registry.toml and features.toml to start from; both or none."""
    from bstkit.cli.render import print_json, print_pairs
    from bstkit.starter import check_untaken, write_starter

    check_untaken(folder)
    written = write_starter(folder, None if data is None else _proposal(data))
    log = [] if data is None else ["--data", os.path.relpath(data, folder)]
    build = " ".join(["bstkit build", *log, "--features features.toml"])
    first = [] if folder == Path() else [f"cd {folder}"]
    commands = [*first, f"{build} --dry-run", build]
    if json:
        print_json({"files": [str(file) for file in written], "next": commands})
        return
    print_pairs(("written", file) for file in written)
    print_pairs(("next", command) for command in commands)


def _proposal(log: Path) -> str:
    """Let `describe` propose a features.toml; what it warns of goes to standard error."""
    from bstkit.cli.description import report_warnings
    from bstkit.cli.progress import job
    from bstkit.data.description import describe_log

    with job() as progress, progress.stage("describe") as advance:
        described = describe_log(log, advance=advance)
    report_warnings(described)
    return described.proposal
