"""The inputs of a served model, derived from features.toml: names, dtypes, dimensions, ranges.

compose, the data feed, the exporter and the verification cases all read this one list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from bstkit.config.features import ContextId, Features

BATCH = "batch"

Role = Literal["target", "history", "length", "age", "weight", "negative", "context_id", "context_numeric"]


@dataclass(frozen=True)
class InputSpec:
    """One input of a served model.

    Args:
        name: the feature's name, the same in Keras and ONNX.
        dtype: `"int32"` or `"float32"`.
        dims: `("batch",)`, `("batch", "<history>_len")`, or `("batch", "<history>_sessions", "<history>_len")` where
            the history is cut into sessions.
        role: what it is.
        column: the log's column behind it.
        space: id space of an id input.
        history: the history that it belongs to.
    """

    name: str
    dtype: str
    dims: tuple[str, ...]
    role: Role
    column: str
    space: str | None = None
    history: str | None = None


def input_specs(
    features: Features,
    *,
    ages: Collection[str] = (),
    weights: Collection[str] = (),
    sessions: Collection[str] = (),
) -> tuple[InputSpec, ...]:
    """List a model's inputs: histories, target, context, each in the order of features.toml.

    Args:
        features: the parsed features.toml.
        ages: histories whose `age_seconds` a component reads.
        weights: histories whose `weight` a component reads.
        sessions: histories that are cut into sessions.
    """
    specs = []
    for name, history in features.history.items():
        dims = history_dims(name, name in sessions)
        for column, space in history.fields.items():
            specs.append(InputSpec(f"{name}_{column}", "int32", dims, "history", column, space, name))
        if history.length is not None:
            specs.append(InputSpec(history.length, "int32", (BATCH,), "length", history.length, history=name))
        if name in ages:
            specs.append(InputSpec(f"{name}_age_seconds", "int32", dims, "age", features.log.time, history=name))
        if name in weights and history.weight is not None:
            specs.append(InputSpec(f"{name}_weight", "float32", dims, "weight", history.weight, history=name))
    for column, space in features.target.items():
        specs.append(InputSpec(column, "int32", (BATCH,), "target", column, space))
    for column, feature in features.context.items():
        if isinstance(feature, ContextId):
            specs.append(InputSpec(column, "int32", (BATCH,), "context_id", column, feature.space))
        else:
            specs.append(InputSpec(column, "float32", (BATCH,), "context_numeric", column))
    return tuple(specs)


def negative_specs(features: Features, names: Collection[str]) -> tuple[InputSpec, ...]:
    """List the inputs that only training has: a sampled step beside each real one, for objectives.

    Args:
        features: the parsed features.toml.
        names: histories that an objective reads negatives of.
    """
    return tuple(
        InputSpec(f"{name}_negative_{column}", "int32", history_dims(name, False), "negative", column, space, name)
        for name, history in features.history.items()
        if name in names
        for column, space in history.fields.items()
    )


def history_dims(name: str, cut: bool) -> tuple[str, ...]:
    """Dimensions of a history's inputs; `cut`: into sessions."""
    return (BATCH, f"{name}_sessions", f"{name}_len") if cut else (BATCH, f"{name}_len")
