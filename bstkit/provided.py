"""A component together with who provides it, and what happens where several do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bstkit.component import Component
from bstkit.plugin import Plugin, Remark, normalised


@dataclass(frozen=True)
class Provided:
    """A component and who provides it.

    Args:
        component: the record.
        distribution: the installed package, or the path of a local file.
        version: the package's version; empty for a local file.
        entry_point: name of the plugin's entry point, where its distribution has several; else empty.
    """

    component: Component
    distribution: str
    version: str
    entry_point: str = ""

    @property
    def title(self) -> str:
        """Who provides it, as `prefer` takes it."""
        return f"{self.distribution}:{self.entry_point}" if self.entry_point else self.distribution

    @property
    def provider(self) -> str:
        """Title and version, as errors name them."""
        return f"{self.title} {self.version}".strip()

    def is_by(self, name: str) -> bool:
        """Whether a name of `prefer` means its provider: the distribution, or `distribution:entry_point`."""
        return normalised(name) in (normalised(self.distribution), normalised(self.title))


@dataclass(frozen=True)
class Clash:
    """Several plugins provide one component.

    Args:
        key: `kind.name`.
        candidates: what they provide.
        preferred: the one that `prefer` chooses, None where it settles nothing.
    """

    key: str
    candidates: tuple[Provided, ...]
    preferred: Provided | None

    @property
    def setting(self) -> str:
        """The line of registry.toml that would settle it."""
        return f'prefer = {{ "{self.key}" = "{self.candidates[0].title}" }}'

    def note(self, one: Provided) -> str:
        """What the clash means for one of the candidates, in one line."""
        others = [other.provider for other in self.candidates if other is not one]
        if self.preferred is None:
            return (
                f"{_listed(others)} {'provides' if len(others) == 1 else 'provide'} it too; choose one:  {self.setting}"
            )
        if one is self.preferred:
            return f"preferred to that of {_listed(others)}"
        return f"not used: prefer names {self.preferred.title}"


def clashes(provided: Iterable[Provided], prefer: Mapping[str, str]) -> dict[str, Clash]:
    """Find the components that several plugins, or local files, provide.

    Args:
        provided: every component.
        prefer: `kind.name` -> who is preferred.
    """
    by_key: dict[str, list[Provided]] = {}
    for one in provided:
        by_key.setdefault(one.component.key, []).append(one)
    return {
        key: Clash(key, tuple(found), preferred(found, prefer.get(key, "")))
        for key, found in by_key.items()
        if len(found) > 1
    }


def preferred(candidates: Iterable[Provided], name: str) -> Provided | None:
    """The one candidate that a name of `prefer` means, None where it means none or several."""
    meant = [one for one in candidates if one.is_by(name)]
    return meant[0] if len(meant) == 1 else None


def with_clashes(plugin: Plugin, found: Mapping[str, Clash]) -> Plugin:
    """The plugin with a remark for each of its components that others provide, too, in place of such remarks before."""
    remarks = [
        Remark("clash", f"{key}: {clash.note(one)}")
        for key, clash in found.items()
        for one in clash.candidates
        if one.component in plugin.components and one.is_by(plugin.title)
    ]
    return replace(plugin, remarks=(*remarks, *(remark for remark in plugin.remarks if remark.name != "clash")))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
