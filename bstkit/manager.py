"""Find plugins, load each on its own, keep the broken ones apart and visible, and time them all."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from bstkit import hookspecs
from bstkit.component import Component
from bstkit.contracts import CONTRACT_VERSION, KINDS, REQUIREMENTS
from bstkit.errors import PluginError
from bstkit.spelling import did_you_mean

GROUP = "bstkit"
BUILT_IN = EntryPoint(name="bstkit", value="bstkit.plugins", group=GROUP)
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("bstkit_"))

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TARGET = re.compile(r"[\w.]+:\w+")
_log = logging.getLogger("bstkit")


@dataclass(frozen=True)
class Plugin:
    """What loading one plugin gave.

    Args:
        distribution: name of the installed package.
        version: its version.
        entry_point: the module that it names under the group `bstkit`.
        state: `"broken"` plugins are left out, `"disabled"` ones were never imported.
        load_ms: milliseconds for importing it and reading its records.
        hooks: names of the hooks that it implements.
        components: its records; of a broken plugin, those that could be read.
        cause: why it is broken or disabled; empty when loaded.
        error: the exception behind `cause`, for the traceback.
    """

    distribution: str
    version: str
    entry_point: str
    state: Literal["loaded", "broken", "disabled"] = "loaded"
    load_ms: float = 0.0
    hooks: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    cause: str = ""
    error: BaseException | None = field(default=None, repr=False, compare=False)

    @property
    def label(self) -> str:
        """Distribution and version, as errors name it."""
        return f"{self.distribution} {self.version}".strip()


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
        """The broken and the disabled ones."""
        return tuple(plugin for plugin in self.found if plugin.state != "loaded")

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
            try:
                items += [(plugin, item) for item in _yielded(self.manager, _identity(plugin), hook, arguments)]
            except Exception as error:
                raise PluginError(
                    f"plugin {plugin.label}: {hook} failed: {_cause(error)}",
                    f'leave it out in registry.toml:  disable = ["{plugin.distribution}"]',
                ) from error
        return items


def normalised(distribution: str) -> str:
    """Return a distribution's name in the form in which two spellings compare equal."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def load_plugins(found: Iterable[EntryPoint] | None = None, disable: Iterable[str] = ()) -> Plugins:
    """Load each plugin on its own; a broken one is recorded and does not disturb the others.

    Args:
        found: entry points to load. Defaults to those of the installed distributions, and the built-in components
            even when bstkit itself is not installed.
        disable: names of distributions to leave out.
    """
    manager = pluggy.PluginManager("bstkit")
    manager.add_hookspecs(hookspecs)
    left_out = {normalised(name) for name in disable}
    sources = _installed() if found is None else list(found)
    plugins = tuple(_load(manager, source, left_out) for source in sorted(sources, key=_order))
    return Plugins(plugins, manager)


def warn_of_broken(plugins: Plugins) -> None:
    """Log one warning for each broken plugin."""
    for plugin in plugins.found:
        if plugin.state == "broken":
            _log.warning("plugin %s did not load: %s", plugin.label, plugin.cause)


def _installed() -> list[EntryPoint]:
    sources = list(entry_points(group=GROUP))
    if all(source.value != BUILT_IN.value for source in sources):
        sources.append(BUILT_IN)  # a plain checkout on the path has no metadata, and needs its components all the same
    return sources


def _order(source: EntryPoint) -> tuple[bool, str, str]:
    return source.value != BUILT_IN.value, normalised(_describe(source).distribution), source.name


def _describe(source: EntryPoint) -> Plugin:
    if source.dist is not None:
        return Plugin(source.dist.name, source.dist.version, source.value)
    version = ""
    if source.value == BUILT_IN.value:
        from bstkit.version import __version__ as version
    return Plugin(source.name, version, source.value)


def _identity(plugin: Plugin) -> str:
    return f"{plugin.distribution}:{plugin.entry_point}"


def _load(manager: pluggy.PluginManager, source: EntryPoint, left_out: set[str]) -> Plugin:
    plugin = _describe(source)
    if normalised(plugin.distribution) in left_out:
        return replace(plugin, state="disabled", cause="disabled in registry.toml")
    start = time.perf_counter()
    records: list[Component] = []
    try:
        module = source.load()
        hooks = _register(manager, module, _identity(plugin))
        for record in _yielded(manager, _identity(plugin), "bstkit_components", {}):
            _check_record(record, records)
            records.append(record)
        plugin = replace(plugin, hooks=hooks)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever one plugin raises must not take the others down
        if manager.has_plugin(_identity(plugin)):
            manager.unregister(name=_identity(plugin))
        plugin = replace(plugin, state="broken", cause=_cause(error), error=error)
    load_ms = round(1000 * (time.perf_counter() - start), 1)
    return replace(plugin, load_ms=load_ms, components=tuple(records))


def _register(manager: pluggy.PluginManager, module: Any, identity: str) -> tuple[str, ...]:
    """Register a plugin's module; refuse hooks that do not exist and plugins that do nothing."""
    manager.register(module, identity)
    hooks = tuple(caller.name for caller in manager.get_hookcallers(module) or ())
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = [name for name in hooks if name not in HOOKS]
        raise PluginError(
            "; ".join(f"unknown hook {name!r}, {did_you_mean(name, HOOKS)}".rstrip(", ") for name in unknown),
            f"the hooks are {', '.join(HOOKS)}",
        ) from error
    unmarked = [name for name in HOOKS if name not in hooks and callable(getattr(module, name, None))]
    if unmarked or not hooks:
        name = unmarked[0] if unmarked else "no hook"
        raise PluginError(
            f"{name} is not marked with @hookimpl" if unmarked else "it implements no hook",
            "mark each hook with @bstkit.hookimpl",
        )
    return hooks


def _yielded(manager: pluggy.PluginManager, identity: str, hook: str, arguments: dict[str, Any]) -> Iterator[Any]:
    """Yield what one plugin's hook yields."""
    others = [plugin for name, plugin in manager.list_name_plugin() if name != identity]
    for items in manager.subset_hook_caller(hook, others)(**arguments):
        yield from items


def _check_record(record: Any, earlier: list[Component]) -> None:
    """Refuse a record that the registry could not honour."""
    hint = "correct the plugin's bstkit_components"
    if not isinstance(record, Component):
        raise PluginError(f"bstkit_components yielded {record!r}, which is no Component", hint)
    if record.kind not in KINDS:
        raise PluginError(f"unknown kind {record.kind!r}, {did_you_mean(record.kind, KINDS)}".rstrip(", "), hint)
    if not _NAME.fullmatch(record.name):
        raise PluginError(f"the name {record.name!r} is not snake_case", hint)
    if not _TARGET.fullmatch(record.target):
        raise PluginError(f"{record.key}: the target must be 'module:Class'; received {record.target!r}", hint)
    if record.contract > CONTRACT_VERSION:
        raise PluginError(
            f"{record.key} is written for contract {record.contract}; this bstkit knows {CONTRACT_VERSION}",
            "upgrade bstkit",
        )
    unknown = sorted(set(record.requires) - set(REQUIREMENTS))
    if unknown:
        raise PluginError(f"{record.key} requires {unknown[0]!r}, {did_you_mean(unknown[0], REQUIREMENTS)}", hint)
    if any(other.key == record.key for other in earlier):
        raise PluginError(f"{record.key} is provided twice", hint)


def _cause(error: BaseException) -> str:
    """One line that tells what went wrong; our own errors need no type in front."""
    if isinstance(error, PluginError):
        return error.message
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
