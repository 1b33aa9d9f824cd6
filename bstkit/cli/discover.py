"""`list`, `show`: what is there to compose with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bstkit.cli.choices import TRAIN_CHOICES, list_choices, show_choice
from bstkit.cli.composition import draw_composition
from bstkit.cli.hooks import HOOK, list_hooks
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
from bstkit.contracts import REQUIREMENTS, honoured_contracts

if TYPE_CHECKING:
    from bstkit.provided import Provided
    from bstkit.registry import Registry


def add_commands(app: typer.Typer) -> None:
    """Add this module's commands to the program."""
    app.command("list")(list_components)
    app.command("show")(grouped_options(show))


def list_components(
    kind: Annotated[str | None, typer.Argument(help="Only this kind.", autocompletion=complete_kinds)] = None,
    json: JsonOption = False,
    registry: RegistryOption = None,
) -> None:
    """List the components, all or of one kind; `optimizer` and `schedule` list what [train] names so, `hook` the hooks
    that a plugin may implement.
    """
    if kind in TRAIN_CHOICES:
        list_choices(kind, json)
        return
    if kind == HOOK:
        list_hooks(json)
        return
    known = open_registry(registry)
    provided = known.list(kind)
    notes = [_clash_note(known, one) for one in provided]
    if json:
        print_json([_record(one) | {"clash": note} for one, note in zip(provided, notes, strict=True)])
        return
    columns = ("component", "summary", "provider", *(["note"] if any(notes) else []))
    rows = [(*_row(one), note) for one, note in zip(provided, notes, strict=True)]
    print_table(columns, [row[: len(columns)] for row in rows])


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
        print_json(_record(card.provided) | {"clash": _clash_note(known, card.provided)} | facts)
        return
    component = card.provided.component
    print_pairs(
        (
            ("component", key),
            ("summary", component.summary),
            ("reference", component.reference),
            ("requires", "; ".join(f"{one}: {REQUIREMENTS[one]}" for one in sorted(component.requires))),
            ("contract", f"{component.contract}; this bstkit honours {honoured_contracts()}"),
            ("provider", card.provided.provider),
            ("clash", _clash_note(known, card.provided)),
            ("source", card.source),
        )
    )
    if rows:
        typer.echo()
        default = [("required" if row["required"] else repr(row["default"])) for row in rows]
        cells = [(row["name"], row["type"], at, row["meaning"]) for row, at in zip(rows, default, strict=True)]
        print_table(("parameter", "type", "default", "meaning"), cells)


def _clash_note(known: Registry, one: Provided) -> str:
    """What stands behind a component that others provide, too."""
    clash = known.clashes.get(one.component.key)
    return "" if clash is None else clash.note(one)


def _row(one: Provided) -> tuple[str, ...]:
    return one.component.key, one.component.summary, one.provider


def _record(one: Provided) -> dict[str, object]:
    who = {"distribution": one.distribution, "version": one.version, "provider": one.provider}
    return {"key": one.component.key, **asdict(one.component), **who}
