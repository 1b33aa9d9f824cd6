"""Which components come from elsewhere than they did, and how to have the former ones again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bstkit.supplier import Supplier, how_to_install


@dataclass(frozen=True)
class SupplierChanges:
    """What differs.

    Args:
        lines: one for each change, with the components that it affects.
        hint: how to have what was there; empty where nothing differs.
    """

    lines: tuple[str, ...]
    hint: str


def supplier_changes(then: Mapping[str, Supplier], now: Mapping[str, Supplier]) -> SupplierChanges:
    """Compare components that both know; bstkit's own are left out, whatever its version is.

    Args:
        then, now: key -> who supplies it.
    """
    changed: dict[tuple[Supplier, Supplier], list[str]] = {}
    for key, before in then.items():
        after = now.get(key, before)
        if not (before.gives_the_same(after) or (before.is_built_in and after.is_built_in)):
            changed.setdefault((before, after), []).append(key)
    lines = tuple(f"{', '.join(keys)}: {_change(*pair)}" for pair, keys in changed.items())
    former = [before for before, _ in changed]
    files = [f"put {one.name} back as it was" for one in former if one.is_file]
    return SupplierChanges(lines, "; ".join([*how_to_install(one for one in former if not one.is_file), *files]))


def _change(before: Supplier, after: Supplier) -> str:
    if before.is_file and after.is_file:
        return f"{after.name} was changed since, SHA-256 {before.sha256[:12]}... then, {after.sha256[:12]}... now"
    return " then, ".join(one.name if one.is_file else str(one) for one in (before, after)) + " now"
