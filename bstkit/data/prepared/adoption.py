"""Which features.toml goes with a dataset: what was decided while preparing is settled, what comes later is free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bstkit.config.features import ContextId, ContextNumeric, Features
from bstkit.data.dataset import Dataset
from bstkit.errors import DataError

_FREE = {
    "spaces": ("dim",),
    "history": ("max_length", "max_age_s", "mask", "length", "max_sessions", "session_length", "negatives"),
    "context": ("missing", "edges", "dim"),
}
"""Table -> keys that nothing in a dataset depends on."""

_LEARNED = {"spaces": ("rows",), "context": ("mean", "std"), "sampling": ("rate",)}
"""Table -> keys that preparation fills in; what a file says of them does not matter."""


def adopt(dataset: Dataset, features: Features) -> Dataset:
    """Use a dataset with features that may differ in what is decided after preparing: sizes, lengths, buckets.

    Raises:
        DataError: they differ in anything else.
    """
    ours, theirs = _settled(dataset.features), _settled(features)
    if ours != theirs:
        path = next(_differences(ours, theirs))
        raise DataError(
            f"{path} in features.toml is not what the dataset was prepared with",
            "prepare the log again with this features.toml, or leave out --features",
        )
    spaces = {
        name: space.model_copy(update={"rows": dataset.features.spaces[name].rows})
        for name, space in features.spaces.items()
    }
    context: dict[str, ContextId | ContextNumeric] = {}
    for name, feature in features.context.items():
        learned = dataset.features.context[name]
        numbers = {"mean": learned.mean, "std": learned.std} if isinstance(learned, ContextNumeric) else {}
        context[name] = feature.model_copy(update=numbers)
    update = {"spaces": spaces, "context": context, "sampling": dataset.features.sampling}
    return replace(dataset, features=features.model_copy(update=update))


def _settled(features: Features) -> dict[str, Any]:
    """Everything that a dataset depends on, as plain data."""
    plain: dict[str, Any] = features.model_dump()
    for free in (_FREE, _LEARNED):
        for table, keys in free.items():
            members = plain[table]
            for member in [members] if table == "sampling" else members.values():
                for key in keys:
                    (member or {}).pop(key, None)
    return plain


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Dotted paths at which two trees differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys([*ours, *theirs]):
            yield from _differences(ours.get(key), theirs.get(key), f"{path}.{key}" if path else key)
    elif ours != theirs:
        yield path
