"""Find plugins, load each on its own, keep the broken ones apart and visible, and time them all."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from bstkit import deprecations, hookspecs
from bstkit.component import Component, GraphPass
from bstkit.damaged_metadata import DAMAGED, readable_entry_points
from bstkit.errors import PluginError
from bstkit.hook_checks import checked_hooks, field_mismatch, hook_remarks
from bstkit.plugin import ContractMismatch, Plugin, Remark, State, cause_of, normalised
from bstkit.record_checks import checked_component, checked_pass, contract_remarks
from bstkit.slow_import import slow_remark
from bstkit.spelling import did_you_mean

__all__ = ["BUILT_IN", "GROUP", "Plugin", "Plugins", "load_plugins", "normalised", "warn_of_broken", "warn_of_disabled"]

GROUP = "bstkit"
BUILT_IN = EntryPoint(name="bstkit", value="bstkit.plugins", group=GROUP)

_log = logging.getLogger("bstkit")


@dataclass(frozen=True)
class Plugins:
    """Every plugin that was found, in loading order, and the hooks of those that loaded."""

    found: tuple[Plugin, ...]
    manager: pluggy.PluginManager

    @property
    def loaded(self) -> tuple[Plugin, ...]:
        """The plugins that work."""
        return tuple(plugin for plugin in self.found if plugin.state == "loaded")

    @property
    def absent(self) -> tuple[Plugin, ...]:
        """The broken and the disabled ones, and those made for another contract."""
        return tuple(plugin for plugin in self.found if plugin.state != "loaded")

    def named(self, name: str) -> tuple[Plugin, ...]:
        """Those that a name of `disable` or `prefer` means."""
        return tuple(plugin for plugin in self.found if plugin.is_named(name))

    def collect(self, hook: str, **arguments: Any) -> list[tuple[Plugin, Any]]:
        """Call one hook of every loaded plugin and list what they yield.

        Args:
            hook: name of the hook.
            arguments: its arguments.

        Raises:
            PluginError: a plugin's hook raised; the message names the plugin.
        """
        items = []
        for plugin in self.loaded:
            for row in hook_remarks(self.manager, _identity(plugin), hook):
                _log.warning("plugin %s: %s", plugin.label, row.text)
            try:
                items += [(plugin, item) for item in _yielded(self.manager, _identity(plugin), hook, arguments)]
            except Exception as error:
                raise PluginError(
                    f"plugin {plugin.label}: {hook} failed: {cause_of(error)}",
                    f'leave it out in registry.toml:  disable = ["{plugin.title}"]',
                ) from error
        return items


def load_plugins(found: Iterable[EntryPoint] | None = None, disable: Mapping[str, str] | Iterable[str] = ()) -> Plugins:
    """Load each plugin on its own; a broken one is recorded and does not disturb the others.

    Args:
        found: entry points to load. Defaults to those of the installed distributions, and the built-in components
            even when bstkit itself is not installed.
        disable: distributions, or `distribution:entry_point`, to leave out; a mapping says for each by what it is
            disabled. Defaults to registry.toml.
    """
    by = disable if isinstance(disable, Mapping) else dict.fromkeys(disable, "registry.toml")
    manager = pluggy.PluginManager("bstkit")
    manager.add_hookspecs(hookspecs)
    sources = _installed() if found is None else list(found)
    described = [(_describe(source), source) for source in sources]
    several = Counter(normalised(plugin.distribution) for plugin, _ in described)
    plugins = []
    for plugin, source in sorted(described, key=_order):
        plugin = replace(plugin, shared=several[normalised(plugin.distribution)] > 1)
        name = next((name for name in by if plugin.is_named(name)), None)
        if name is None:
            plugins.append(_load(manager, plugin, source))
        else:
            how = "in" if by[name].endswith(".toml") else "by"
            plugins.append(replace(plugin, state="disabled", cause=f"disabled {how} {by[name]}"))
    return Plugins(tuple(plugins), manager)


def warn_of_broken(plugins: Plugins) -> None:
    """Log one warning for each plugin that should have loaded and did not."""
    for plugin in plugins.absent:
        if plugin.state != "disabled":
            _log.warning("plugin %s did not load: %s", plugin.label, plugin.cause)


def warn_of_disabled(plugins: Plugins, disable: Mapping[str, str]) -> None:
    """Log a warning for each disabled name that no plugin has, and where the built-in components are disabled.

    Args:
        plugins: what was found.
        disable: name -> by what it is disabled.
    """
    names = [name for plugin in plugins.found for name in (plugin.distribution, plugin.title)]
    for name, by in disable.items():
        if not plugins.named(name):
            guess = did_you_mean(name, dict.fromkeys(names)) or "`bstkit plugins` lists what is installed"
            _log.warning("%s names '%s', and no plugin is called so; %s", by, name, guess)
    for plugin in plugins.absent:
        if plugin.state == "disabled" and plugin.entry_point == BUILT_IN.value:
            _log.warning("the components of bstkit itself are %s; most recipes need them", plugin.cause)


def _installed() -> list[EntryPoint]:
    try:
        sources = list(entry_points(group=GROUP))
    except Exception:  # noqa: BLE001 - one damaged distribution, whosever it is, must not hide the others
        sources = list(readable_entry_points(GROUP))
    if all(source.value != BUILT_IN.value for source in sources):
        sources.append(BUILT_IN)  # a plain checkout on the path has no metadata, and needs its components all the same
    return sources


def _order(found: tuple[Plugin, EntryPoint]) -> tuple[bool, str, str]:
    plugin, _ = found
    return plugin.entry_point != BUILT_IN.value, normalised(plugin.distribution), plugin.name


def _describe(source: EntryPoint) -> Plugin:
    """Who a plugin is; where the metadata does not say it, its entry point's name stands for it."""
    name = version = ""
    if source.dist is not None:
        with contextlib.suppress(Exception):  # `_load` says that it is damaged
            name, version = source.dist.name or "", source.dist.version or ""
    elif source.value == BUILT_IN.value:
        from bstkit.version import __version__ as version
    return Plugin(name or source.name, version, source.value, source.name)


def _identity(plugin: Plugin) -> str:
    return f"{plugin.distribution}:{plugin.name}"


def _load(manager: pluggy.PluginManager, plugin: Plugin, source: EntryPoint) -> Plugin:
    identity = _identity(plugin)
    start, modules = time.perf_counter(), set(sys.modules)
    records: list[Component] = []
    passes: list[GraphPass] = []
    remarks: list[Remark] = []
    module = None
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what it prints must not get into `--json`
            if manager.has_plugin(identity):
                raise PluginError("its distribution has a second entry point of this name", "take one of them out")
            _check_metadata(plugin, source)
            module = source.load()
            plugin = replace(plugin, hooks=checked_hooks(manager, module, identity))
            remarks += _read_components(_yielded(manager, identity, "bstkit_components", {}), records)
            passes += [checked_pass(one) for one in _yielded(manager, identity, "bstkit_export_passes", {})]
        remarks += [Remark("deprecated", row.text) for row in hook_remarks(manager, identity)]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever one plugin raises must not take the others down
        if module is not None and manager.get_plugin(identity) is module:
            manager.unregister(name=identity)
        error = field_mismatch(error) or error
        state: State = error.state if isinstance(error, ContractMismatch) else "broken"
        plugin, remarks = replace(plugin, state=state, cause=cause_of(error), error=error), []
    load_ms = round(1000 * (time.perf_counter() - start), 1)
    remarks += slow_remark(load_ms, modules, plugin.entry_point.partition(":")[0].partition(".")[0])
    return replace(plugin, load_ms=load_ms, components=tuple(records), passes=tuple(passes), remarks=tuple(remarks))


def _read_components(yielded: Iterable[Any], records: list[Component]) -> list[Remark]:
    """Check what `bstkit_components` yields, add it to the records, and return the remarks on it.

    Records for another contract are added too, so that whoever asks for one is told whose it is.

    Raises:
        ContractMismatch: there were some.
        PluginError: one is wrong.
    """
    remarks: list[Remark] = []
    mismatch: ContractMismatch | None = None
    for record in yielded:
        try:
            records.append(checked_component(record, records))
            remarks += contract_remarks(record)
        except ContractMismatch as error:
            records.append(record)
            mismatch = mismatch or error
    if mismatch is not None:
        raise mismatch
    return remarks


def _check_metadata(plugin: Plugin, source: EntryPoint) -> None:
    """Refuse an entry point that cannot be loaded, and a distribution that does not say who it is."""
    hint = f"reinstall {plugin.distribution}"
    if source.value.startswith(DAMAGED):
        raise PluginError(source.value, hint)
    if not source.pattern.match(source.value):
        what = f"its entry point {source.name} = {source.value!r} is not of the form 'module' or 'module:object'"
        raise PluginError(what, hint)
    if source.dist is not None and not plugin.version:
        raise PluginError("its installed metadata states no name and version", hint)


def _yielded(manager: pluggy.PluginManager, identity: str, hook: str, arguments: dict[str, Any]) -> Iterator[Any]:
    """Yield what one plugin's hook yields, also under the names that the hook had."""
    others = [plugin for name, plugin in manager.list_name_plugin() if name != identity]
    arguments = deprecations.with_old_arguments(hook, arguments)
    for name in (hook, *deprecations.old_names("hook", hook)):
        for items in manager.subset_hook_caller(name, others)(**arguments):
            yield from items
