"""Render a composition: its drawing, and on request the Keras layers one by one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.artefact import Run
    from bstkit.compose import Composed
    from bstkit.config.features import Features
    from bstkit.config.selection import Selection


def draw_composition(
    selection: Selection, features: Features, data: Path | None, layers: bool, json: bool, init: Run | None = None
) -> None:
    """Compose without training, and print what came of it.

    Args:
        selection, features: what to compose.
        data: a log that counts the rows of tables.
        layers, json: as for `print_composition`.
        init: a run whose weights must fit.
    """
    from bstkit.cli.progress import heavy_job

    with heavy_job() as progress:
        from bstkit.describe import preview

        composed = preview(selection, features, data, progress)
        if init is not None:
            from bstkit.training.starting.init_fit import check_init

            check_init(init, composed.selection, features)
    print_composition(composed, layers, json)


def print_composition(composed: Composed, layers: bool, json: bool) -> None:
    """The composition as a tree, or everything as JSON.

    Args:
        composed: what to draw.
        layers: also list the layers of the served model, in the spirit of Keras's summary.
        json: print JSON; it holds the layers, too.
    """
    from bstkit.describe import summary
    from bstkit.drawing import draw, tree

    facts, lines = summary(composed), draw(composed)
    if json:
        selection = composed.selection.model_dump(mode="json")
        origins = selection.pop("origins")
        drawing = [asdict(line) for line in lines]
        print_json({**facts, "drawing": drawing, "selection": selection, "origins": origins})
        return
    selected = composed.selection
    print_pairs((("recipe", selected.recipe), ("candidate", selected.candidate), ("length", selected.length)))
    typer.echo()
    columns = ("composition", "reads", "makes", "parameters", "settings")
    print_table(
        columns,
        [
            (name, line.reads, line.makes, "" if line.parameters is None else f"{line.parameters:,}", line.note)
            for name, line in zip(tree(lines), lines, strict=True)
        ],
    )
    if layers:
        _print_layers(composed)
    trainable = facts["trainable_parameters"]
    objectives = composed.training.count_params() - facts["parameters"]
    typer.echo()
    print_pairs(
        (
            ("parameters", f"{facts['parameters']:,}"),
            ("trainable", f"{trainable:,}"),
            ("not trainable", f"{facts['parameters'] - trainable:,}"),
            ("of objectives", f"{objectives:,}, not served" if objectives else ""),
        )
    )


def _print_layers(composed: Composed) -> None:
    from bstkit.describe import layer_rows

    rows = [
        (
            f"{'  ' * row.depth}{row.name} ({row.type})",
            f"({', '.join('*' if size is None else str(size) for size in row.output_shape)})",
            f"{row.parameters:,}",
            ", ".join(row.connected_to),
        )
        for row in layer_rows(composed)
    ]
    typer.echo()
    print_table(("layer (type)", "output shape", "parameters", "connected to"), rows)
