"""`list`, `show`, `plugins`: what is there to compose with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.choices import TRAIN_CHOICES, list_choices, show_choice
from bstkit.cli.composition import draw_composition
from bstkit.cli.options import (
    JsonOption,
    LayersOption,
    LogOptions,
    RegistryOption,
    SelectionOptions,
    complete_keys,
    complete_kinds,
    grouped_options,
    open_registry,
)
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.registry import Provided


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("list")(list_components)
    app.command("show")(grouped_options(show))
    app.command("plugins")(list_plugins)


def list_components(
    kind: Annotated[str | None, typer.Argument(help="Only this kind.", autocompletion=complete_kinds)] = None,
    json: JsonOption = False,
    registry: RegistryOption = None,
) -> None:
    """List the components, all or of one kind; `optimizer` and `schedule` list what [train] names so."""
    if kind in TRAIN_CHOICES:
        list_choices(kind, json)
        return
    provided = open_registry(registry).list(kind)
    if json:
        print_json([_record(one) for one in provided])
        return
    rows = [(one.component.key, one.component.summary, one.provider) for one in provided]
    print_table(("component", "summary", "provider"), rows)


def show(
    options: SelectionOptions,
    log: LogOptions,
    key: Annotated[
        str | None,
        typer.Argument(metavar="[KIND.NAME]", help="A component.", autocompletion=complete_keys, show_default=False),
    ] = None,
    layers: LayersOption = False,
    json: JsonOption = False,
) -> None:
    """Show one component, optimizer or schedule: parameters, types, defaults and meaning, and where it comes from.

    Without a component, draw what a recipe composes: tensors, shapes, components, parameters.
    """
    if key is not None and key.partition(".")[0] in TRAIN_CHOICES:
        show_choice(key, json)
    elif key is None:
        draw_composition(options.selection(), log.loaded_features(), log.data, layers, json)
    else:
        _show_component(key, options.registry, json)


def _show_component(key: str, registry: Path | None, json: bool) -> None:
    from bstkit.cli.quiet_import import import_tensorflow
    from bstkit.component_card import component_card

    known = open_registry(registry)
    known.resolve(key)  # a wrong name is answered before the slow import
    import_tensorflow()
    card = component_card(known, key)
    rows = [asdict(one) | {"type": one.type} for one in card.parameters]
    for row in rows:
        del row["annotation"]
    if json:
        facts = {"source": card.source, "description": card.description, "parameters": rows}
        print_json(_record(card.provided) | facts)
        return
    component = card.provided.component
    print_pairs(
        (
            ("component", key),
            ("summary", component.summary),
            ("reference", component.reference),
            ("requires", ", ".join(sorted(component.requires))),
            ("provider", card.provided.provider),
            ("source", card.source),
        )
    )
    if rows:
        typer.echo()
        default = [("required" if row["required"] else repr(row["default"])) for row in rows]
        cells = [(row["name"], row["type"], at, row["meaning"]) for row, at in zip(rows, default, strict=True)]
        print_table(("parameter", "type", "default", "meaning"), cells)


def list_plugins(json: JsonOption = False, registry: RegistryOption = None) -> None:
    """List the plugins: loaded, broken or disabled, and why."""
    plugins = open_registry(registry).plugins.found
    if json:
        rows = [{name: value for name, value in vars(plugin).items() if name != "error"} for plugin in plugins]
        print_json([row | {"components": [one.key for one in row["components"]]} for row in rows])
        return
    print_table(
        ("plugin", "version", "state", "load ms", "components", "hooks", "cause"),
        [
            (
                one.distribution,
                one.version,
                one.state,
                one.load_ms,
                len(one.components),
                ", ".join(one.hooks),
                one.cause,
            )
            for one in plugins
        ],
    )


def _record(one: Provided) -> dict[str, object]:
    return {"key": one.component.key, **asdict(one.component), "distribution": one.distribution, "version": one.version}
