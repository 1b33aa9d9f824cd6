"""Who supplies a component, as runs and bundles record it: a distribution of some version, or a local file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bstkit.local_file import code_digest
from bstkit.manager import normalised

if TYPE_CHECKING:
    from bstkit.registry import Provided, Registry

BUILT_IN = "bstkit"

_DIGEST = "sha256:"


@dataclass(frozen=True)
class Supplier:
    """Who supplied a component when a model was composed.

    Its text, in provenance.json, manifest.json and the model's metadata, is `bstkit-gru 0.2.0`, or of a local file
    `there/my_layers.py sha256:<64 digits>`. Names of distributions, versions and digests hold no space.

    What a digest does not see: other modules that the file imports. What a version does not see: changes to a plugin
    that its author did not count.

    Args:
        name: of the distribution, or the path of a local file.
        version: of the distribution; empty for a local file.
        sha256: of a local file's content; empty for a distribution, and where an earlier bstkit recorded none.
    """

    name: str
    version: str = ""
    sha256: str = ""

    @classmethod
    def parse(cls, text: str) -> Supplier:
        """Read the text; any text is one."""
        name, _, last = text.rpartition(" ")
        if name and last.startswith(_DIGEST):
            return cls(name, sha256=last.removeprefix(_DIGEST))
        if not name or text.endswith(".py"):
            return cls(text)
        return cls(name, last)

    def __str__(self) -> str:
        return " ".join(filter(None, [self.name, self.version, self.sha256 and f"{_DIGEST}{self.sha256}"]))

    @property
    def is_file(self) -> bool:
        """Whether it is a local file of `[components]`."""
        return self.name.endswith(".py")

    @property
    def is_built_in(self) -> bool:
        """Whether it is bstkit itself."""
        return normalised(self.name) == BUILT_IN

    @property
    def placeless(self) -> Supplier:
        """The same without the place of a local file, for whoever does not have it."""
        return replace(self, name=Path(self.name).name) if self.is_file else self

    def gives_the_same(self, other: Supplier) -> bool:
        """Whether both stand for the same code: a file may lie elsewhere; a digest that is not known is no other."""
        if self.is_file and other.is_file:
            return self.sha256 == other.sha256 or not (self.sha256 and other.sha256)
        return (normalised(self.name), self.version) == (normalised(other.name), other.version)


def supplier_of(provided: Provided) -> Supplier:
    """Who supplies a component now."""
    if not provided.component.target.rpartition(":")[0].endswith(".py"):
        return Supplier(provided.distribution, provided.version)
    return Supplier(provided.distribution, sha256=code_digest(Path(provided.distribution)))


def suppliers(registry: Registry, keys: Iterable[str]) -> dict[str, Supplier]:
    """Key -> who supplies it now.

    Raises:
        ComponentError, PluginError: as `Registry.resolve`.
    """
    return {key: supplier_of(registry.resolve(key)) for key in dict.fromkeys(keys)}


def recorded(texts: Mapping[str, str] | None) -> dict[str, Supplier]:
    """Key -> who supplied it then, from the texts of provenance.json or manifest.json."""
    return {key: Supplier.parse(text) for key, text in (texts or {}).items()}


def as_texts(found: Mapping[str, Supplier]) -> dict[str, str]:
    """The texts that `recorded` reads."""
    return {key: str(one) for key, one in found.items()}


def versions(found: Iterable[Supplier]) -> dict[str, str]:
    """Distribution -> version, bstkit and local files left out."""
    return {one.name: one.version for one in found if one.version and not one.is_built_in}


def how_to_install(wanted: Iterable[Supplier]) -> list[str]:
    """What to do to have distributions in these versions; nothing for none."""
    found = list(dict.fromkeys(wanted))
    # A version with a local label, such as that of a checkout, is on no index.
    named = [f'"{one.name}=={one.version}"' for one in found if one.version and "+" not in one.version]
    others = [str(one) for one in found if not one.version or "+" in one.version]
    steps = [f"pip install {' '.join(named)}"] if named else []
    return [*steps, f"install {', '.join(others)} as it was then"] if others else steps
