"""`data`: prepare logs, look at them, and get some."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bstkit.cli.options import JsonOption
from bstkit.cli.prepare import prepare_log

data = typer.Typer(help="Prepare, describe and fetch logs.")
data.command("prepare")(prepare_log)


def add_commands(app: typer.Typer) -> None:
    """Add this module's group of commands to the program."""
    app.add_typer(data, name="data")


@data.command("describe")
def describe_data(
    log: Annotated[
        Path | None,
        typer.Argument(metavar="[LOG]", help="A log; the embedded one by default.", show_default=False),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option("--features", metavar="PATH", help="What its columns mean; guessed where nothing says so."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the embedded log.")] = 0,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="PATH", help="Write the proposed features.toml there, a new file.")
    ] = None,
    memory_limit: Annotated[
        str, typer.Option("--memory-limit", metavar="SIZE", help="What DuckDB holds before it spills to disk.")
    ] = "1GB",
    json: JsonOption = False,
) -> None:
    """Say what a log holds: rows, users, labels, times, how often ids are new. Propose a features.toml."""
    from bstkit.cli.description import print_description
    from bstkit.cli.progress import job
    from bstkit.cli.render import print_json
    from bstkit.config.features_file import load_features
    from bstkit.data.description import describe_log
    from bstkit.staging import check_free, new_file

    if write is not None:
        check_free(write)
    known = load_features(features) if features else None
    with job() as progress, progress.stage("describe") as advance:
        described = describe_log(log, known, seed, memory_limit=memory_limit, advance=advance)
    if write is not None:
        with new_file(write) as partial:
            (partial / write.name).write_text(described.proposal, encoding="utf-8")
    if json:
        print_json(described.to_json())
    else:
        print_description(described, write)


@data.command("fetch")
def fetch_data(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A data set of --list.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The folder to make; NAME by default.")
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the data sets.")] = False,
    json: JsonOption = False,
) -> None:
    """Download a data set from its home: with its checksum, after its licence, going on where it stopped."""
    from bstkit.cli.progress import job
    from bstkit.cli.render import print_json, print_pairs
    from bstkit.data.fetching import fetch, find_data_set

    if show_list or name is None:
        _print_data_sets(json)
        return
    data_set = find_data_set(name)
    typer.echo(f"{data_set.title}, from {data_set.home}\n{data_set.licence}", err=True)
    with job() as progress:
        fetched = fetch(data_set, out or Path(data_set.name), progress)
    facts = {"name": data_set.name, "folder": str(fetched.folder), "already_there": fetched.already_there}
    if json:
        print_json({**facts, "files": fetched.files})
        return
    state = "already there" if fetched.already_there else "fetched"
    print_pairs(((state, fetched.folder), ("files", len(fetched.files))))
    print_pairs(("next", f"bstkit {command} {fetched.folder}") for command in ("data describe", "build --data"))


def _print_data_sets(json: bool) -> None:
    from bstkit.cli.render import print_json, print_table
    from bstkit.data.fetching import DATA_SETS

    if json:
        keys = ("name", "title", "home", "url", "size", "digests", "licence")
        print_json([{key: getattr(one, key) for key in keys} for one in DATA_SETS])
        return
    rows = [(one.name, one.title, f"{one.size:,}", one.home, one.licence) for one in DATA_SETS]
    print_table(("name", "what", "bytes", "home", "licence"), rows)
