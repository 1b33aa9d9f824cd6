"""`kind.name` -> component: list, resolve, settle clashes, import the class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Protocol

from bstkit.component import Component
from bstkit.contracts import KINDS
from bstkit.errors import BstkitError, ComponentError, PluginError
from bstkit.local_file import LOCAL_FILE, import_local_file
from bstkit.manager import Plugin, Plugins, load_plugins, normalised, warn_of_broken
from bstkit.spelling import did_you_mean, nearest


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


@dataclass(frozen=True)
class Provided:
    """A component and who provides it.

    Args:
        component: the record.
        distribution: the installed package, or the path of a local file.
        version: the package's version; empty for a local file.
    """

    component: Component
    distribution: str
    version: str

    @property
    def provider(self) -> str:
        """Distribution and version, as errors name them."""
        return f"{self.distribution} {self.version}".strip()


def load_registry(choices: PluginChoices | None = None, *, found: Iterable[EntryPoint] | None = None) -> Registry:
    """Load the plugins and list their components; broken plugins are logged as warnings.

    Args:
        choices: local components, preferences and disabled distributions, usually a `Selection`. Defaults to none.
        found: entry points in place of the installed ones, for tests.
    """
    plugins = load_plugins(found, choices.disable if choices else ())
    warn_of_broken(plugins)
    if choices is None:
        return Registry(plugins, {}, {})
    return Registry(plugins, choices.components, choices.prefer)


class Registry:
    """All components of the loaded plugins and the local files.

    Args:
        plugins: what the manager found.
        components: `kind.name` -> `"file.py:Class"`, one-off layers of local files.
        prefer: `kind.name` -> distribution, settles clashes.
    """

    def __init__(self, plugins: Plugins, components: dict[str, str], prefer: dict[str, str]) -> None:
        self.plugins = plugins
        self.prefer = prefer
        provided = [
            Provided(component, plugin.distribution, plugin.version)
            for plugin in plugins.loaded
            for component in plugin.components
        ]
        provided += [_local(key, target) for key, target in components.items()]
        order = list(KINDS)
        self._provided = sorted(provided, key=lambda one: (order.index(one.component.kind), one.component.name))

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
        if len(candidates) > 1:
            names = [one.provider for one in candidates]
            raise ComponentError(
                f"two plugins provide {key}: {names[0]} and {names[1]}"
                if len(names) == 2
                else f"{len(names)} plugins provide {key}: {', '.join(names[:-1])} and {names[-1]}",
                f'choose one in registry.toml:  prefer = {{ "{key}" = "{candidates[0].distribution}" }}',
            )
        return candidates[0]

    def load_class(self, key: str) -> Any:
        """Import a component's Keras class; slow the first time, for it imports TensorFlow.

        Raises:
            ComponentError, PluginError: as `resolve`.
            PluginError: the class cannot be imported.
        """
        provided = self.resolve(key)
        module, _, name = provided.component.target.rpartition(":")
        try:
            imported = import_local_file(Path(module), key) if module.endswith(".py") else import_module(module)
            loaded = getattr(imported, name)
        except BstkitError:
            raise
        except Exception as error:
            cause = " ".join(f"{type(error).__name__}: {error}".split())
            raise PluginError(
                f"{key} of {provided.provider} cannot be imported: {cause}",
                f"repair {module}" if module.endswith(".py") else f"reinstall or upgrade {provided.distribution}",
            ) from error
        if not isinstance(loaded, type):
            raise PluginError(f"{key} of {provided.provider}: {name} is not a class", f"correct the target in {module}")
        return loaded

    def _preferred(self, key: str, candidates: Sequence[Provided]) -> Provided:
        wanted = self.prefer[key]
        for one in candidates:
            if normalised(one.distribution) == normalised(wanted):
                return one
        names = [one.distribution for one in candidates]
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
                    f"repair or upgrade {plugin.distribution}; `bstkit plugins` shows every plugin",
                )
        names = sorted({one.component.name for one in self.list(kind)})
        shown = f"`bstkit list {kind}` shows all {len(names)}" if names else "`bstkit plugins` shows what is installed"
        article = "an" if kind[0] in "aeiou" else "a"
        message = f"no {kind} named '{name}'"
        guess = did_you_mean(name, names)
        if not guess:
            message += "".join(_perhaps(plugin) for plugin in self.plugins.absent)
            shown = shown if names else f"no plugin provides {article} {kind}; {shown}"
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


def _perhaps(plugin: Plugin) -> str:
    """A further line for a plugin that might have provided what was not found."""
    return f"\nplugin {plugin.label} is {plugin.state}: {plugin.cause}"


def _local(key: str, target: str) -> Provided:
    kind, _, name = key.partition(".")
    path = target.rpartition(":")[0]
    component = Component(kind, name, target, summary=f"a local file: {LOCAL_FILE}")
    return Provided(component, distribution=path, version="")
