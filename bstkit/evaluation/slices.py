"""The ways to slice rows, by name. Imports nothing heavy: a wrong name is answered at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bstkit.errors import ConfigError
from bstkit.spelling import did_you_mean

if TYPE_CHECKING:
    from bstkit.config.features import Features

SLICES = {
    "history": "history length",
    "new-users": "user",
    "new-items": "item",
    "time": "time",
}
"""Name -> what its parts tell apart."""


def check_slices(names: Sequence[str] | None) -> None:
    """Refuse names that are no slice.

    Raises:
        ConfigError: with the nearest right name.
    """
    for name in names or ():
        if name not in SLICES:
            hint = did_you_mean(name, SLICES) or "leave out --slices for all of them, or give  --slices none"
            raise ConfigError(f"no slice named '{name}'; there are {', '.join(SLICES)}", hint)


def why_not(name: str, features: Features) -> str | None:
    """Say why rows with these features cannot be sliced so; None where they can.

    Args:
        name: of the slice.
        features: of the rows.
    """
    if name == "new-users":
        column = features.context.get(features.log.user)
        space = getattr(column, "space", None)
        if space is None:
            return f"the user, column '{features.log.user}', is no feature of the model"
        return _hashed(features, space)
    if name == "new-items":
        return _hashed(features, next(iter(features.target.values())))
    if name == "history" and not features.history:
        return "the features have no history"
    return None


def _hashed(features: Features, space: str) -> str | None:
    hashed = features.spaces[space].hash_buckets is not None
    return f"id space '{space}' is hashed: every key has an id" if hashed else None
