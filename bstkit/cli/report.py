"""`report`: a run's page, written again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bstkit.cli.options import JsonOption


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("report")(write_page)


def write_page(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    json: JsonOption = False,
) -> None:
    """Write RUN/report.html again from the run's files: composition, curves, quality, calibration, scores, parity.

    `train`, `build` and `export` write it, too. The page loads nothing, and needs no TensorFlow.
    """
    from bstkit.cli.render import print_json, print_pairs
    from bstkit.report import write_report

    path = write_report(run)
    if json:
        print_json({"report": str(path), "bytes": path.stat().st_size})
    else:
        print_pairs([("report", path)])
