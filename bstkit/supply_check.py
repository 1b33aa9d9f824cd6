"""Is what a model was composed of still here, and still the same? Asked before anything heavy is imported."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.version import InvalidVersion, Version

from bstkit.config.selection import Selection
from bstkit.errors import PluginError
from bstkit.manager import Plugins, normalised
from bstkit.registry import Registry, load_registry
from bstkit.supplier import Supplier, how_to_install, suppliers
from bstkit.supplier_changes import supplier_changes

_log = logging.getLogger("bstkit")


def registry_for(what: Path, selection: Selection, then: Mapping[str, Supplier]) -> Registry:
    """Load the plugins for a model that was composed before; say what is missing or comes from elsewhere now.

    Where a package that was installed since provides a component of the same name, the recorded one is taken.

    Another version, another distribution or a changed file gives one warning with all of them. Built-in components of
    a later bstkit give a note only: what a component of bstkit computes does not change under its name. Those of an
    earlier bstkit, which cannot know what a later one recorded, are in the warning.

    Args:
        what: the run or the checkpoint that recorded the components.
        selection: what the model was composed from.
        then: key -> who supplied it. Nothing is compared for a component that is not among them.

    Raises:
        PluginError: components are missing; all are listed, with what to install.
        ComponentError: one that is not recorded is unknown or ambiguous.
    """
    registry = check_supplied(what, selection, then)
    _tell_changes(what, then, suppliers(registry, _keys(selection)))
    return registry


def check_supplied(what: Path, selection: Selection, then: Mapping[str, Supplier]) -> Registry:
    """Load the plugins for a model that was composed before; say what is missing, not what comes from elsewhere.

    Args, Returns, Raises: as `registry_for`.
    """
    then = {key: then[key] for key in _keys(selection) if key in then}
    registry = _as_recorded(load_registry(selection), selection, then)
    missing: dict[Supplier, list[str]] = {}
    for key, supplier in then.items():
        if not _is_there(key, supplier, registry, selection):
            missing.setdefault(supplier, []).append(key)
    if missing:
        raise _missing(what, missing, registry.plugins)
    return registry


def _keys(selection: Selection) -> list[str]:
    return list(dict.fromkeys(use.key for use in selection.uses))


def _as_recorded(registry: Registry, selection: Selection, then: Mapping[str, Supplier]) -> Registry:
    """The same plugins; where several provide a component and nothing is preferred, the recorded one is."""
    prefer = {}
    for key, supplier in then.items():
        names = _providing(registry, key)
        if len(names) > 1 and normalised(supplier.name) in names:
            prefer[key] = supplier.name
    return Registry(registry.plugins, selection.components, {**prefer, **selection.prefer}) if prefer else registry


def _providing(registry: Registry, key: str) -> set[str]:
    return {normalised(one.distribution) for one in registry.list() if one.component.key == key}


def _missing(what: Path, missing: Mapping[Supplier, list[str]], plugins: Plugins) -> PluginError:
    lines, to_install, hints = [f"{what} needs components that are not here:"], [], []
    for supplier, keys in missing.items():
        why, hint = _why_not(what, supplier, plugins)
        lines.append(f"{', '.join(keys)}: from {supplier.name} {supplier.version}".rstrip() + f", {why}")
        if hint:
            hints.append(hint)
        else:
            to_install.append(supplier)
    return PluginError("\n  ".join(lines), "; ".join([*how_to_install(to_install), *hints]))


def _is_there(key: str, supplier: Supplier, registry: Registry, selection: Selection) -> bool:
    """Whether something provides a component, and what is preferred does."""
    if supplier.is_file and key in selection.components:
        return Path(selection.components[key].rpartition(":")[0]).is_file()
    preferred = registry.prefer.get(key)
    return any(not preferred or one.is_by(preferred) for one in registry.list() if one.component.key == key)


def _why_not(what: Path, supplier: Supplier, plugins: Plugins) -> tuple[str, str]:
    """Why a supplier supplies nothing, and what to do; an empty hint: install it as it was."""
    if supplier.is_file:
        return "a file that is gone", f"put it back, or correct [components] in {what / 'selection.toml'}"
    ours = [one for one in plugins.found if normalised(one.distribution) == normalised(supplier.name)]
    for plugin in ours:
        if plugin.state == "disabled":
            return f"which is {plugin.cause}", f"enable {plugin.distribution} again"
        if plugin.state != "loaded":
            hint = f"repair {plugin.distribution}; `bstkit plugins` shows every plugin"
            state = "is broken" if plugin.state == "broken" else "did not load"
            why = f"of which {plugin.version} {state}: {plugin.cause}"
            return why, hint if plugin.version == supplier.version else ""
    found = ours[0].version if ours else _installed(supplier.name)
    return ("which is not installed" if found is None else f"of which {found} is installed and has none"), ""


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _tell_changes(what: Path, then: Mapping[str, Supplier], now: Mapping[str, Supplier]) -> None:
    changes = supplier_changes(then, now)
    lines = list(changes.lines)
    for before, after in dict.fromkeys((then[key], one) for key, one in now.items() if key in then):
        if not (before.is_built_in and after.is_built_in) or before.gives_the_same(after):
            continue
        if _is_earlier(after.version, before.version):
            lines.append(f"the built-in ones: {before} then, {after} now, which is earlier")
        else:
            _log.info("%s is of %s, and this is %s: built-in components compute the same", what, before, after)
    if lines:
        back = [f"for the former ones: {changes.hint}"] if changes.hint else []
        _log.warning("\n  ".join([f"components of {what} come from elsewhere now; scores may differ:", *lines, *back]))


def _is_earlier(one: str, other: str) -> bool:
    """Whether a version is before another; a checkout's is neither before nor after."""
    try:
        first, second = Version(one), Version(other)
    except InvalidVersion:
        return True
    return first < second and not (first.local or second.local)
