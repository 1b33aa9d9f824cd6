"""Which features.toml goes with a dataset: what was decided while preparing is settled, what comes later is free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bstkit.config.features import ContextId, ContextNumeric, Features
from bstkit.data.dataset import Dataset
from bstkit.errors import DataError

_FREE = (
    "spaces.*.dim",
    "log.bad_rows",
    "log.max_bad_share",
    *(
        f"history.*.{key}"
        for key in ("max_length", "max_age_s", "mask", "length", "max_sessions", "session_length", "negatives")
    ),
    *(f"context.*.{key}" for key in ("missing", "edges", "dim")),
)
"""What the arrays of a dataset do not depend on."""

_LEARNED = ("spaces.*.rows", "context.*.mean", "context.*.std", "sampling.rate")
"""What preparation fills in: what a file says of it does not matter."""


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
    for path in (*_FREE, *_LEARNED):
        _drop(plain, path.split("."))
    return plain


def _drop(tree: Any, path: list[str]) -> None:
    """Take a key out of a tree; `*` stands for every key."""
    if not isinstance(tree, dict):
        return
    if len(path) == 1:
        tree.pop(path[0], None)
    else:
        for key in tree if path[0] == "*" else path[:1]:
            _drop(tree.get(key), path[1:])


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Dotted paths at which two trees differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys([*ours, *theirs]):
            yield from _differences(ours.get(key), theirs.get(key), f"{path}.{key}" if path else key)
    elif ours != theirs:
        yield path
