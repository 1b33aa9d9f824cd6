"""Selections, features and inputs for the tests that compose models, made by hand: no file, no data."""

from typing import Any

import numpy as np

from bstkit.compose import Composed, compose
from bstkit.config.features import ContextId, Features, History, LogColumns, Space
from bstkit.config.selection import Selection, Use

SPACES = {"item": 51, "cate": 14, "user": 31, "gender": 4, "age": 11}


def features(dim: int = 8, max_length: int = 6, context: dict[str, Any] | None = None, **history: Any) -> Features:
    """The columns of the seed model; `context` replaces the context columns, `history` adds to the history's table."""
    given = {"fields": {"item_id": "item", "cate_id": "cate"}, "max_length": max_length, "mask": "item_id"} | history
    ids = {"user_id": ContextId(space="user"), "gender": ContextId(space="gender"), "age": ContextId(space="age")}
    return Features(
        spaces={name: Space(dim=dim, rows=rows) for name, rows in SPACES.items()},
        log=LogColumns(user="user_id", time="timestamp", labels={"ctr": "click"}),
        target={"item_id": "item", "cate_id": "cate"},
        history={"hist": History(**given)},
        context=ids if context is None else context,
    )


def use(key: str, path: str, **parameters: Any) -> Use:
    """One component in one slot; a bare name takes the slot's kind."""
    slot = [step for step in path.split(".") if not step.isdigit()][-1]
    return Use(key=key if "." in key else f"{slot}.{key}", path=path, parameters=parameters)


def selection(
    encoder: tuple[str, ...] = ("transformer",),
    pooling: str = "attention",
    candidate: str = "append",
    position: str | None = "sinusoidal",
    **transformer: Any,
) -> Selection:
    """A small selection; `transformer` goes to the transformer encoder."""
    shape = {"num_heads": 2, "ffn_dim": 16} | transformer
    encoders = tuple(
        use(name, "encoder" if len(encoder) == 1 else f"encoder.{i}", **(shape if name == "transformer" else {}))
        for i, name in enumerate(encoder)
    )
    return Selection(
        recipe="test",
        candidate=candidate,
        position=use(position, "position") if position else None,
        encoder=encoders,
        pooling=(use(pooling, "pooling"),),
        head=use("mlp", "head", units=[16, 8]),
    )


def composed(feature_table: Features | None = None, **selected: Any) -> Composed:
    """A small model with weights that are not their initial zeros, so that every bias counts."""
    model = compose(selection(**selected), feature_table or features())
    rng = np.random.default_rng(5)
    for weight in model.serving.trainable_weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    return model


def feeds(
    model: Composed, rows: int, time: int, lengths: list[int] | None = None, seed: int = 0, training: bool = False
) -> dict[str, np.ndarray]:
    """Random inputs of a model, those for training only included where `training`; histories right-padded to `time`."""
    rng = np.random.default_rng(seed)
    length = np.array(lengths) if lengths is not None else rng.integers(0, time + 1, rows)
    flat = np.arange(time) < length[:, None]
    values: dict[str, np.ndarray] = {}
    for spec in model.training_inputs if training else model.inputs:
        shape, real = (rows, time), flat
        if len(spec.dims) == 3:  # sessions of at most two steps
            shape = (rows, -(-time // 2), 2)
            real = np.pad(flat, ((0, 0), (0, time % 2))).reshape(shape)
        if spec.role in ("history", "negative"):
            ids = rng.integers(2, model.features.spaces[spec.space].rows, shape)
            values[spec.name] = np.where(real, ids, 0).astype(np.int32)
        elif spec.role == "age":
            values[spec.name] = (rng.integers(0, 10**6, shape) * real).astype(np.int32)
        elif spec.role == "weight":
            values[spec.name] = (rng.normal(1.0, 1.0, shape) * real).astype(np.float32)
        elif spec.role == "length":
            values[spec.name] = length.astype(np.int32)
        elif spec.role == "context_numeric":
            values[spec.name] = rng.normal(size=rows).astype(np.float32)
        else:
            values[spec.name] = rng.integers(1, model.features.spaces[spec.space].rows, rows).astype(np.int32)
    return values


def logits(model: Composed, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """The served logit of each row."""
    return model.serving(inputs)["ctr_logit"].numpy()[:, 0]
