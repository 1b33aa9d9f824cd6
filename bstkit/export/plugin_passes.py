"""Export passes that plugins bring, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from bstkit.component import GraphPass
from bstkit.manager import Plugins
from bstkit.supplier import Supplier


@dataclass(frozen=True)
class PluginPass(GraphPass):
    """A pass, and the plugin that brought it.

    Args:
        supplier: the plugin's distribution and version; None where there is none.
    """

    supplier: Supplier | None = None


@dataclass(frozen=True)
class PassRun:
    """A pass of a plugin that a graph went through, as report.json and the model's metadata tell it.

    Args:
        name, summary: of its record.
        supplier: distribution and version that gave it; empty where Python code gave the record itself.
    """

    name: str
    summary: str
    supplier: str


def plugin_passes(plugins: Plugins) -> list[PluginPass]:
    """Ask each plugin for its passes.

    Raises:
        PluginError: a plugin's hook raised. One that yields something else did not load.
    """
    found = []
    for plugin, one in plugins.collect("bstkit_export_passes"):
        record = {field.name: getattr(one, field.name) for field in fields(GraphPass)}
        found.append(PluginPass(**record, supplier=Supplier(plugin.distribution, plugin.version)))
    return found


def passes_run(passes: Iterable[GraphPass]) -> tuple[PassRun, ...]:
    """What to tell of passes, in the order in which they ran."""
    return tuple(PassRun(one.name, one.summary, str(supplier_of_pass(one) or "")) for one in passes)


def supplier_of_pass(one: GraphPass) -> Supplier | None:
    """The plugin that brought a pass; None where none did."""
    return one.supplier if isinstance(one, PluginPass) else None
