"""The inputs of a served model, derived from features.toml: names, dtypes, dimensions, ranges.

compose, the data feed, the exporter and the verification cases all read this one list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bstkit.config.features import ContextId, Features

BATCH = "batch"

Role = Literal["target", "history", "length", "age", "context_id", "context_numeric"]


@dataclass(frozen=True)
class InputSpec:
    """One input of a served model.

    Args:
        name: the feature's name, the same in Keras and ONNX.
        dtype: `"int32"` or `"float32"`.
        dims: `("batch",)` or `("batch", "<history>_len")`.
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


def input_specs(features: Features, with_age: bool = False) -> tuple[InputSpec, ...]:
    """List a model's inputs: histories, target, context, each in the order of features.toml.

    Args:
        features: the parsed features.toml.
        with_age: whether a component reads `age_seconds`.
    """
    specs = []
    for name, history in features.history.items():
        dims = (BATCH, f"{name}_len")
        for column, space in history.fields.items():
            specs.append(InputSpec(f"{name}_{column}", "int32", dims, "history", column, space, name))
        if history.length is not None:
            specs.append(InputSpec(history.length, "int32", (BATCH,), "length", history.length, history=name))
        if with_age:
            specs.append(InputSpec(f"{name}_age_seconds", "int32", dims, "age", features.log.time, history=name))
    for column, space in features.target.items():
        specs.append(InputSpec(column, "int32", (BATCH,), "target", column, space))
    for column, feature in features.context.items():
        if isinstance(feature, ContextId):
            specs.append(InputSpec(column, "int32", (BATCH,), "context_id", column, feature.space))
        else:
            specs.append(InputSpec(column, "float32", (BATCH,), "context_numeric", column))
    return tuple(specs)
