"""A small model around one component, as plain as possible otherwise, and rows to train it with."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from bstkit import slots
from bstkit.compose import Composed
from bstkit.config.features import FIRST_ID, ContextId, ContextNumeric, Features, History, LogColumns, Space
from bstkit.config.selection import Selection, Stack, Use
from bstkit.registry import Registry
from bstkit.testing.tensors import STEPS
from bstkit.training.optimizers.precision import compose_for_training

ROWS = 30
"""Rows of each id space's table."""

_IDENTITY = "encoder.identity"


def tiny_features(tasks: tuple[str, ...]) -> Features:
    """Items and categories of width 8, a user and a number; sessions, times and negatives are there for who asks."""
    return Features(
        spaces={name: Space(dim=8, rows=ROWS) for name in ("item", "cate", "user")},
        log=LogColumns(user="user_id", time="timestamp", labels={task: task for task in tasks}),
        target={"item_id": "item", "cate_id": "cate"},
        history={
            "hist": History(
                fields={"item_id": "item", "cate_id": "cate"},
                max_length=STEPS,
                mask="item_id",
                session_gap_s=1800,
                max_sessions=3,
                session_length=4,
                negatives="uniform",
            )
        },
        context={
            "user_id": ContextId(space="user"),
            "price": ContextNumeric(numeric="standardise", mean=3.0, std=2.0),
        },
    )


def tiny_selection(use: Use, registry: Registry) -> Selection:
    """The component between others that every model needs.

    The candidate is appended, which puts a real step behind the padding, wherever the component can take that.
    """
    kind = use.kind
    requires = registry.resolve(use.key).component.requires
    weight = slots.called_with(_made(use, registry)).get("weight")
    weighs = weight is not None and (kind == "encoder" or weight.default is inspect.Parameter.empty)
    apart = kind in ("head", "objective") or requires & {"prefix_mask", "sessions"}
    shared: dict[str, Any] = {
        "recipe": "check",
        "candidate": "apart" if apart else "append",
        "head": _in_slot(use, "head") if kind == "head" else _mlp(),
    }
    if "sessions" in requires:
        return Selection(**shared, session=_stack(use, weighs, "session."), pooling=(_named("pooling.sum", "pooling"),))
    return Selection(**shared, **dict(_stack(use, weighs)))


def _stack(use: Use, weighs: bool, prefix: str = "") -> Stack:
    """What the sequence goes through; a score stands before what needs weights."""
    kind = use.kind
    inside = kind in ("encoder", "score", "objective")
    encoders = ["score.attention"] * weighs + ([use.key] if inside else [_IDENTITY])
    if kind == "objective":
        encoders.insert(0, _IDENTITY)
    uses = []
    for place, key in enumerate(encoders):
        path = f"{prefix}encoder.{place}" if len(encoders) > 1 else f"{prefix}encoder"
        uses.append(_in_slot(use, path) if key == use.key else _named(key, path))
    pooling = _in_slot(use, f"{prefix}pooling") if kind == "pooling" else _named("pooling.sum", f"{prefix}pooling")
    position = _in_slot(use, f"{prefix}position") if kind == "position" else None
    return Stack(position=position, encoder=tuple(uses), pooling=(pooling,))


def _made(use: Use, registry: Registry) -> Any:
    return slots.make(use, registry.load_class(use.key), {"tasks": ("ctr",), "max_steps": STEPS})


def _in_slot(use: Use, path: str) -> Use:
    return use.model_copy(update={"path": path})


def _named(key: str, path: str) -> Use:
    return Use(key=key, path=path)


def _mlp() -> Use:
    return Use(key="head.mlp", path="head", parameters={"units": [8]})


def compose_tiny_model(use: Use, registry: Registry, precision: str = "float32") -> Composed:
    """Compose the model; a head has two tasks.

    Args:
        use: the component.
        registry: where it comes from.
        precision: `[train] precision`.

    Raises:
        ComponentError: the component does not fit.
    """
    tasks = ("ctr", "cvr") if use.kind == "head" else ("ctr",)
    selection = tiny_selection(use, registry)
    train = selection.train.model_copy(update={"precision": precision})
    return compose_for_training(selection.model_copy(update={"train": train}), tiny_features(tasks), registry)


def training_rows(composed: Composed, batch: int = 16, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs of the trained model and labels, both by name; histories of every length."""
    rng = np.random.default_rng(seed)
    history = composed.features.history["hist"]
    lengths = rng.integers(0, STEPS + 1, batch)
    inputs = {}
    for spec in composed.training_inputs:
        shape = (batch, STEPS)[: len(spec.dims)]
        if len(spec.dims) == 3:
            shape = (batch, history.max_sessions, history.session_length)
        values: Any
        if spec.role == "age":
            values = -np.sort(-rng.integers(0, 10**6, shape), axis=1)
        elif spec.dtype == "float32":
            values = rng.normal(3.0, 2.0, shape)
        else:
            values = rng.integers(FIRST_ID, ROWS, shape)
        if len(shape) == 2:
            values = values * (np.arange(STEPS) < lengths[:, None])
        inputs[spec.name] = values.astype(spec.dtype)
    labels = {task: rng.integers(0, 2, (batch, 1)).astype(np.float32) for task in composed.features.tasks}
    return inputs, labels
