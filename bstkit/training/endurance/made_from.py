"""What a training is made from, and how another one differs: only the same one may go on from a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bstkit.config.features import Features
from bstkit.config.selection import Selection
from bstkit.supplier import Supplier

WITHOUT_EFFECT = {"train.checkpoint_steps", "train.join_timeout_s"}
"""Settings of `[train]` that do not change what is learned."""

_OF_TRAINING = ("export", "origins", "prefer", "disable", "components")
"""Parts of a selection that a training does not depend on, or whose effect stands elsewhere in it."""


@dataclass(frozen=True)
class MadeFrom:
    """What a training is made from.

    Args:
        selection: resolved.
        features: with row counts and statistics.
        data: the fingerprint of the prepared data.
        packages: name -> version of what may change the last bits.
        weights: SHA-256 of the weights file that it began with; empty where it began with none.
        suppliers: key of each component -> who supplied it; empty where an earlier bstkit kept none.
    """

    selection: Selection
    features: Features
    data: str
    packages: Mapping[str, str]
    weights: str = ""
    suppliers: Mapping[str, Supplier] = field(default_factory=dict)


def selection_changes(before: Selection, now: Selection) -> list[str]:
    """Name each setting that would make another model or train it otherwise, with both values."""
    ours, theirs = (_flat(one.model_dump(mode="json", exclude=set(_OF_TRAINING))) for one in (now, before))
    return [line for path, line in _changes(theirs, ours) if path not in WITHOUT_EFFECT]


def data_changes(before: MadeFrom, now: MadeFrom) -> list[str]:
    """Name what differs in features, data and the weights at the start."""
    ours, theirs = (_flat(one.features.model_dump(mode="json")) for one in (now, before))
    lines = [f"features.{line}" for _, line in _changes(theirs, ours)]
    if before.data != now.data:
        lines.append("the data: other rows, ids, labels or splits")
    if before.weights != now.weights:
        lines.append("--init-from: it began with other weights")
    return lines


def package_changes(before: MadeFrom, now: MadeFrom) -> list[str]:
    """Name each package of another version."""
    return [line for _, line in _changes(before.packages, now.packages)]


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each path whose value differs, and a line that says how."""
    for path in dict.fromkeys([*before, *now]):
        was, is_now = (_shown(one[path]) if path in one else "nothing" for one in (before, now))
        if was != is_now:
            yield path, f"{path}: {was} then, {is_now} now"


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _flat(values: Any, path: str = "") -> dict[str, Any]:
    """Dotted path -> value, of tables and lists in each other."""
    if isinstance(values, Mapping):
        inner = list(values.items())
    elif isinstance(values, list | tuple):
        inner = list(enumerate(values))
    else:
        return {path: values}
    return {
        key: one for name, value in inner for key, one in _flat(value, f"{path}.{name}" if path else f"{name}").items()
    }
