"""`diff`: can a new bundle replace an old one?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.options import JsonOption
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.bundle.diff import Diff


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("diff")(compare_bundles)


def compare_bundles(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The bundle that callers use.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The bundle that shall take its place.")],
    max_score_diff: Annotated[
        float | None,
        typer.Option(
            "--max-score-diff",
            metavar="X",
            min=0,
            help="Scores on OLD's golden inputs may be this far apart; any else.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say whether a new bundle can replace an old one without touching the caller: exit code 0, or 1 with reasons."""
    from bstkit.bundle.diff import diff_bundles
    from bstkit.cli.progress import job

    with job() as progress, progress.stage("compare"):
        diff = diff_bundles(old, new, max_score_diff)
    if json:
        print_json(diff.to_json())
    else:
        print_diff(diff)
    raise typer.Exit(1 if diff.breaking else 0)


def print_diff(diff: Diff) -> None:
    """Differences by severity, scores, the answer."""
    if diff.changes:
        rows = [("breaking" if one.breaking else "harmless", one.where, one.what) for one in diff.changes]
        print_table(("severity", "what", "how it differs"), rows)
        typer.echo()
    scores = diff.scores
    if scores.outputs:
        print_table(
            ("scores on OLD's golden inputs", "max |diff|", "mean |diff|", "rank correlation", "scores"),
            [
                (
                    name,
                    f"{one.max_abs:.1e}",
                    f"{one.mean_abs:.1e}",
                    _correlation(one.rank_correlation),
                    f"{one.scores:,}",
                )
                for name, one in scores.outputs.items()
            ],
        )
    print_pairs((("cases", ", ".join(scores.cases)), ("cases that NEW does not take", ", ".join(scores.refused))))
    typer.echo()
    if diff.breaking:
        typer.echo(f"NEW cannot replace OLD: {diff.breaking} breaking difference{'s' * (diff.breaking > 1)}")
    else:
        typer.echo("NEW can replace OLD")


def _correlation(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
