"""Which keys got another id from one bundle to another: what matters to a caller that encodes keys itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bstkit.bundle.changes import Change
from bstkit.bundle.manifest import Manifest
from bstkit.data.vocabulary import read_vocabulary


def vocabulary_changes(old: Path, before: Manifest, new: Path, after: Manifest) -> Iterator[Change]:
    """Compare the vocabularies of the id spaces that both bundles have.

    Where the graph takes raw ids the vocabulary is inside it, and no change of it concerns a caller.

    Args:
        old, new: the bundles.
        before, after: their manifests.
    """
    encoded = after.contract.ids == "encoded"
    for space, ours in before.vocabularies.items():
        theirs = after.vocabularies.get(space)
        hashed = {one.contract.spaces[space].hash for one in (before, after) if space in one.contract.spaces} != {None}
        if theirs is None or hashed:  # the contract says all of a hashed space
            continue
        where = f"vocabulary {space}"
        if ours.file is None or theirs.file is None:
            if ours.rows != theirs.rows:
                yield Change(encoded and theirs.rows < ours.rows, where, f"{theirs.rows} rows instead of {ours.rows}")
            if ours.file != theirs.file:
                yield Change(
                    encoded and theirs.file is None,
                    where,
                    f"{theirs.file or 'no file'} instead of {ours.file or 'none'}",
                )
            continue
        yield from _keys(where, read_vocabulary(old / ours.file), read_vocabulary(new / theirs.file), encoded)


def _keys(where: str, old: tuple[str, ...], new: tuple[str, ...], encoded: bool) -> Iterator[Change]:
    """Keys that vanished, that moved, and that came."""
    if old == new:
        return
    place = {key: number for number, key in enumerate(new)}
    gone = [key for key in old if key not in place]
    moved = [key for number, key in enumerate(old) if place.get(key, number) != number]
    came = len(new) - (len(old) - len(gone))
    if gone:
        yield Change(encoded, where, f"{_counted(gone)} gone, and count as unknown")
    if moved:
        yield Change(encoded, where, f"{_counted(moved)} at another id")
    if came:
        yield Change(False, where, f"{came:,} new key{'s' * (came > 1)}, {len(new):,} in all")


def _counted(keys: list[str]) -> str:
    return f"the key {keys[0]!r} is" if len(keys) == 1 else f"{len(keys):,} keys, {keys[0]!r} first, are"
