"""`kind.name` -> component: list, resolve, settle clashes, import the class."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Protocol

from bstkit import deprecations
from bstkit.component import Component
from bstkit.contracts import KINDS
from bstkit.disabling import BY_RUN, disabled_plugins
from bstkit.errors import BstkitError, ComponentError, PluginError
from bstkit.local_file import LOCAL_FILE, import_local_file
from bstkit.manager import Plugins, load_plugins, warn_of_broken, warn_of_disabled
from bstkit.plugin import Plugin, cause_of
from bstkit.provided import Clash, Provided, clashes, with_clashes
from bstkit.record_checks import old_fields
from bstkit.spelling import did_you_mean, nearest

__all__ = ["PluginChoices", "Provided", "Registry", "check_kind", "load_registry"]

_log = logging.getLogger("bstkit")


class PluginChoices(Protocol):
    """What configuration says about plugins; a `Selection` is one."""

    @property
    def components(self) -> dict[str, str]:
        """`kind.name` -> `"file.py:Class"`."""

    @property
    def prefer(self) -> dict[str, str]:
        """`kind.name` -> distribution."""

    @property
    def disable(self) -> tuple[str, ...]:
        """Distributions to leave out."""

    @property
    def origins(self) -> dict[str, str]:
        """`plugins.disable.<distribution>` -> the file, variable or flag that says it; other paths are ignored."""


def load_registry(choices: PluginChoices | None = None, *, found: Iterable[EntryPoint] | None = None) -> Registry:
    """Load the plugins and list their components; broken plugins are logged as warnings.

    Args:
        choices: local components, preferences and disabled distributions, usually a `Selection`. Defaults to none.
            What the environment or the program's flag disables is left out in any case.
        found: entry points in place of the installed ones, for tests.
    """
    disable = disabled_plugins(_listed(choices))
    plugins = load_plugins(found, disable)
    warn_of_broken(plugins)
    warn_of_disabled(plugins, {name: by for name, by in disable.items() if by != BY_RUN})
    if choices is None:
        return Registry(plugins, {}, {})
    return Registry(plugins, choices.components, choices.prefer)


def _listed(choices: PluginChoices | None) -> dict[str, str]:
    """What configuration disables -> the file that says so."""
    if choices is None:
        return {}
    return {name: choices.origins.get(f"plugins.disable.{name}", "registry.toml") for name in choices.disable}


class Registry:
    """All components of the loaded plugins and the local files.

    Args:
        plugins: what the manager found.
        components: `kind.name` -> `"file.py:Class"`, one-off layers of local files.
        prefer: `kind.name` -> distribution, settles clashes.

    Attributes:
        plugins: the same, with remarks on clashes.
        clashes: `kind.name` -> what several provide.
    """

    def __init__(self, plugins: Plugins, components: dict[str, str], prefer: dict[str, str]) -> None:
        self.prefer = prefer
        provided = [
            Provided(component, plugin.distribution, plugin.version, plugin.name if plugin.shared else "")
            for plugin in plugins.loaded
            for component in plugin.components
        ]
        provided += [_local(key, target) for key, target in components.items()]
        order = list(KINDS)
        self._provided = sorted(provided, key=lambda one: (order.index(one.component.kind), one.component.name))
        self.clashes = clashes(self._provided, prefer)
        self.plugins = replace(plugins, found=tuple(with_clashes(plugin, self.clashes) for plugin in plugins.found))

    def list(self, kind: str | None = None) -> tuple[Provided, ...]:
        """List components by kind and name, clashing ones included.

        Raises:
            ComponentError: there is no such kind.
        """
        if kind is not None:
            check_kind(kind)
        return tuple(one for one in self._provided if kind in (None, one.component.kind))

    def resolve(self, key: str) -> Provided:
        """Return the one component of that name.

        Raises:
            ComponentError: the kind or the name is unknown, or several plugins provide it and none is preferred.
            PluginError: a plugin that did not load provides it.
        """
        kind, dot, name = key.partition(".")
        if not dot:
            raise ComponentError(f"'{key}' is not of the form kind.name", self._nearest_key(key))
        check_kind(kind)
        candidates = [one for one in self._provided if one.component.key == key]
        if not candidates:
            raise self._unknown(kind, name)
        if key in self.prefer:
            return self._preferred(key, candidates)
        return _only(Clash(key, tuple(candidates), None))

    def load_class(self, key: str) -> Any:
        """Import a component's Keras class; slow the first time, for it imports TensorFlow.

        What is deprecated of it is logged as a warning.

        Raises:
            ComponentError, PluginError: as `resolve`.
            PluginError: the class cannot be imported, or asks for what its contract does not have.
        """
        provided = self.resolve(key)
        module, _, name = provided.component.target.rpartition(":")
        local = module.endswith(".py")
        try:
            imported = import_local_file(Path(module), key) if local else import_module(module)
            loaded = getattr(imported, name)
        except BstkitError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{key} of {provided.provider} cannot be imported: {cause_of(error)}",
                f"repair {module}" if local else f"reinstall or upgrade {provided.distribution}",
            ) from error
        if not isinstance(loaded, type):
            raise PluginError(f"{key} of {provided.provider}: {name} is not a class", f"correct the target in {module}")
        _check_deprecations(provided, loaded)
        return loaded

    def _preferred(self, key: str, candidates: Sequence[Provided]) -> Provided:
        wanted = self.prefer[key]
        meant = [one for one in candidates if one.is_by(wanted)]
        if meant:
            return _only(Clash(key, tuple(meant), None))
        for plugin in self.plugins.absent:
            if plugin.is_named(wanted):
                raise PluginError(
                    f"{wanted} is preferred for {key}, and {_absence(plugin)}",
                    f"{plugin.advice}; or take {key} out of prefer",
                )
        names = [one.title for one in candidates]
        raise ComponentError(
            f"{wanted} is preferred for {key}, but provides none; {', '.join(names)} does",
            did_you_mean(wanted, names) or f'correct registry.toml:  prefer = {{ "{key}" = "{names[0]}" }}',
        )

    def _unknown(self, kind: str, name: str) -> BstkitError:
        """The error for a name that no loaded plugin provides."""
        for plugin in self.plugins.absent:
            if any((component.kind, component.name) == (kind, name) for component in plugin.components):
                return PluginError(
                    f"{kind}.{name} comes from {plugin.label}, which did not load: {plugin.cause}",
                    f"{plugin.advice}; `bstkit plugins` shows every plugin",
                )
        names = sorted({one.component.name for one in self.list(kind)})
        shown = f"`bstkit list {kind}` shows all {len(names)}" if names else "`bstkit plugins` shows what is installed"
        article = "an" if kind[0] in "aeiou" else "a"
        message = f"no {kind} named '{name}'"
        guess = did_you_mean(name, names)
        if not guess:
            message += "".join(_perhaps(plugin) for plugin in self.plugins.absent)
            shown = shown if names else f"no plugin provides {article} {kind}; {shown}"
            if len(self.plugins.absent) == 1:
                shown += f"; {self.plugins.absent[0].advice}"
        return ComponentError(message, f"{guess} {shown}".strip())

    def _nearest_key(self, name: str) -> str:
        keys = [one.component.key for one in self._provided]
        same_name = [key for key in keys if key.partition(".")[2] == name]
        match = same_name[0] if same_name else nearest(name, keys)
        return f"{f'did you mean {match!r}? ' if match else ''}`bstkit list` shows all {len(keys)}"


def check_kind(kind: str) -> None:
    """Raise ComponentError when there is no such kind."""
    if kind not in KINDS:
        kinds = f"the kinds are {', '.join(KINDS)}"
        raise ComponentError(f"no kind named '{kind}'", f"{did_you_mean(kind, KINDS)} {kinds}".strip())


def _only(clash: Clash) -> Provided:
    """The only candidate.

    Raises:
        ComponentError: there are several.
    """
    names = [one.provider for one in clash.candidates]
    if len(names) > 1:
        count = "two" if len(names) == 2 else str(len(names))
        raise ComponentError(
            f"{count} plugins provide {clash.key}: {', '.join(names[:-1])} and {names[-1]}",
            f"choose one in registry.toml:  {clash.setting}",
        )
    return clash.candidates[0]


def _check_deprecations(provided: Provided, loaded: type) -> None:
    """Warn of what a component uses and is deprecated; refuse what its contract does not have."""
    component = provided.component
    for row in deprecations.in_call(loaded):
        if row.is_removed or component.contract >= row.since:
            raise PluginError(
                f"{component.key} of {provided.provider} is written for contract {component.contract}, and its call "
                f"names `{row.name}`: {row.text}",
                f"upgrade {provided.distribution}; its author writes `{row.replacement}`, contract {row.since}",
            )
        _log.warning("%s of %s: %s", component.key, provided.provider, row.text)
    for row in old_fields(component):
        _log.warning("%s of %s: %s", component.key, provided.provider, row.text)


def _absence(plugin: Plugin) -> str:
    """Why a plugin gives nothing, to go behind `and`."""
    return f"is {plugin.cause}" if plugin.state == "disabled" else f"did not load: {plugin.cause}"


def _perhaps(plugin: Plugin) -> str:
    """A further line for a plugin that might have provided what was not found."""
    state = {
        "broken": f"broken: {plugin.cause}",
        "newer contract": f"made for a newer contract: {plugin.cause}",
        "older contract": f"made for an older contract: {plugin.cause}",
    }
    return f"\nplugin {plugin.label} is {state.get(plugin.state, plugin.cause)}"


def _local(key: str, target: str) -> Provided:
    kind, _, name = key.partition(".")
    path = target.rpartition(":")[0]
    component = Component(kind, name, target, summary=f"a local file: {LOCAL_FILE}")
    return Provided(component, distribution=path, version="")
