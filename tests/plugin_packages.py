"""Stand-ins for installed plugin packages: an entry point whose module exists in memory only."""

import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

from bstkit.component import Component
from bstkit.hookspecs import hookimpl
from bstkit.manager import BUILT_IN
from bstkit.plugins import COMPONENTS


@dataclass
class Distribution:
    """What the manager reads of a distribution."""

    name: str
    version: str


class PluginEntryPoint(EntryPoint):
    """An entry point of a distribution that is not installed."""

    dist: Any = None


def entry_point(distribution: str, version: str, module: str, name: str = "") -> EntryPoint:
    """Return the entry point by which a distribution would name a plugin's module."""
    found = PluginEntryPoint(name=name or distribution, value=module, group="bstkit")
    vars(found)["dist"] = Distribution(distribution, version)
    return found


def component(key: str, **changes: Any) -> Component:
    """Return a record with sensible values for everything but its key."""
    kind, _, name = key.partition(".")
    values = {"target": f"some_package.{name}:Layer", "summary": f"the {name} of a test"}
    return Component(kind, name, **{**values, **changes})


class Packages:
    """Makes plugin packages for one test."""

    def __init__(self, monkeypatch: Any) -> None:
        self._monkeypatch = monkeypatch
        self.found = [BUILT_IN]

    def add(
        self, distribution: str, *components: Any, version: str = "1.0", entry: str = "", **contents: Any
    ) -> EntryPoint:
        """Add a package that yields components, or whose module holds `contents`; `entry` is one of several plugins."""
        name = "_".join(part.replace("-", "_") for part in (distribution, entry) if part)
        module = ModuleType(name)
        if components:

            def bstkit_components() -> Any:
                yield from components

            contents["bstkit_components"] = hookimpl(bstkit_components)
        vars(module).update(contents)
        self._monkeypatch.setitem(sys.modules, name, module)
        found = entry_point(distribution, version, name, entry)
        self.found.append(found)
        return found

    def add_absent(self, distribution: str, version: str = "1.0") -> EntryPoint:
        """Add a package whose module cannot be imported."""
        found = entry_point(distribution, version, f"{distribution.replace('-', '_')}_that_is_absent")
        self.found.append(found)
        return found


def built_in(kind):
    """How many components of a kind are built in."""
    return sum(record.kind == kind for record in COMPONENTS)
