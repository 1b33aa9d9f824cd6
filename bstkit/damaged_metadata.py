"""Read the entry points of every distribution on its own, where one of them cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions

DAMAGED = "its entry_points.txt cannot be read"
"""What the value of a stand-in begins with."""


def readable_entry_points(group: str) -> Iterator[EntryPoint]:
    """Yield the entry points of a group, and a stand-in for each distribution whose own cannot be read.

    `importlib.metadata.entry_points` reads those of all distributions in one go, and raises for all when one file is
    damaged. Damaged ones that never speak of the group are nobody's plugin, and left out.
    """
    seen = set()
    for distribution in distributions():
        name = _name(distribution)
        if name in seen:  # the first on the path is the one that Python imports
            continue
        seen.add(name)
        try:
            yield from distribution.entry_points.select(group=group)
        except Exception as error:  # noqa: BLE001 - a damaged file fails in the parser, in a codec or in the system
            if f"[{group}]" in (distribution.read_text("entry_points.txt") or ""):
                stand_in = EntryPoint(name=name, value=f"{DAMAGED}: {error}", group=group)
                vars(stand_in)["dist"] = distribution
                yield stand_in


def _name(distribution: Distribution) -> str:
    try:
        return distribution.name or "?"
    except Exception:  # noqa: BLE001 - metadata that cannot be read says no name, whatever the reason
        return "?"
