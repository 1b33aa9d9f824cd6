"""`new`: a plugin package to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from bstkit.cli.options import JsonOption, RegistryOption, open_registry
from bstkit.contracts import KINDS


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("new")(new_package)


def _complete(incomplete: str) -> list[str]:
    return [f"{kind}." for kind in KINDS if kind.startswith(incomplete)]


def new_package(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KIND.NAME",
            help="What it shall provide: encoder.mamba. Kinds: position, encoder, score, pooling, objective, head.",
            autocompletion=_complete,
        ),
    ],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where to write it. Default: the package's name.")
    ] = None,
    package: Annotated[
        str | None, typer.Option("--package", metavar="NAME", help="The package's name. Default: bstkit-NAME.")
    ] = None,
    author: Annotated[
        str, typer.Option("--author", metavar="'NAME <ADDRESS>'", help="The author in its pyproject.toml.")
    ] = "",
    json: JsonOption = False,
    registry: RegistryOption = None,
) -> None:
    """Write a plugin package with one component, which installs and passes its own tests as it is."""
    from bstkit.cli.render import print_json, print_pairs
    from bstkit.scaffold.names import check_untaken, package_names
    from bstkit.scaffold.write import check_copier, check_free, write_package

    names = package_names(key, package)
    folder = folder or Path(names.package)
    check_copier()
    check_free(folder)
    check_untaken(names, open_registry(registry).list())
    files = write_package(names, folder, author)
    commands = [
        f"cd {shlex.quote(str(folder))}",
        "pip install --editable '.[test]'",
        "pytest",
        f"bstkit check {names.key}",
        names.try_out,
    ]
    if json:
        print_json({"component": names.key, "files": [str(file) for file in files], "next": commands})
        return
    print_pairs(("written", file) for file in files)
    print_pairs(("next", command) for command in commands)
