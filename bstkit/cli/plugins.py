"""`plugins`: every plugin that was found, whether it works, and why not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bstkit.cli.console import report_traceback
from bstkit.cli.options import JsonOption, RegistryOption, open_registry
from bstkit.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.manager import Plugins
    from bstkit.plugin import Plugin


def add_commands(app: typer.Typer) -> None:
    """Add this module's command to the program."""
    app.command("plugins")(list_plugins)


def list_plugins(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[DISTRIBUTION]", help="Everything about the plugins of one.", show_default=False),
    ] = None,
    json: JsonOption = False,
    registry: RegistryOption = None,
) -> None:
    """List the plugins and their states: loaded (slow, deprecated, in a clash), broken, disabled, made for another
    contract; and why.
    """
    plugins = open_registry(registry).plugins
    shown = plugins.found if name is None else _named(plugins, name)
    if json:
        print_json([_record(plugin) for plugin in shown])
    elif name is None:
        print_table(
            ("plugin", "version", "state", "load ms", "components", "hooks", "cause"), [_row(one) for one in shown]
        )
    else:
        for index, plugin in enumerate(shown):
            if index:
                typer.echo()
            _print(plugin)


def _named(plugins: Plugins, name: str) -> tuple[Plugin, ...]:
    from bstkit.errors import PluginError
    from bstkit.spelling import did_you_mean

    shown = plugins.named(name)
    if not shown:
        guess = did_you_mean(name, dict.fromkeys(n for one in plugins.found for n in (one.distribution, one.title)))
        raise PluginError(
            f"no plugin named '{name}'", f"{guess} `bstkit plugins` lists all {len(plugins.found)}".strip()
        )
    return shown


def _row(plugin: Plugin) -> tuple[object, ...]:
    causes = [plugin.cause, *(remark.text for remark in plugin.remarks)]
    return (
        plugin.title,
        plugin.version,
        plugin.condition,
        plugin.load_ms,
        len(plugin.components),
        ", ".join(plugin.hooks),
        "; ".join(cause for cause in causes if cause),
    )


def _print(plugin: Plugin) -> None:
    """One plugin on a page; `-v` adds the traceback of what went wrong."""
    print_pairs(
        (
            ("plugin", plugin.title),
            ("version", plugin.version),
            ("module", plugin.entry_point),
            ("state", plugin.condition),
            ("cause", plugin.cause),
            ("to do", plugin.advice),
            *((remark.name, remark.text) for remark in plugin.remarks),
            ("load ms", plugin.load_ms),
            ("hooks", ", ".join(plugin.hooks)),
        )
    )
    what = [(one.key, f"contract {one.contract}", one.summary) for one in plugin.components]
    what += [(one.name, "export pass", one.summary) for one in plugin.passes]
    if what:
        typer.echo()
        print_table(("component or pass", "", "summary"), what)
    if plugin.error is not None:
        report_traceback(plugin.error)


def _record(plugin: Plugin) -> dict[str, Any]:
    facts = {name: value for name, value in vars(plugin).items() if name not in ("error", "shared")}
    return facts | {
        "components": [one.key for one in plugin.components],
        "passes": [one.name for one in plugin.passes],
        "remarks": [asdict(one) for one in plugin.remarks],
        "advice": plugin.advice,
        "title": plugin.title,
    }
