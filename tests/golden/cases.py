"""Golden files as data: one `.npz` holds one call of one DeepCTR layer, and what came out of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """One golden file.

    Args:
        id: the file's name without its ending.
        layer: DeepCTR's class; `"model"` for a whole model.
        config: its constructor's arguments, under DeepCTR's names.
        style: `"len"` (lengths), `"mask"` (boolean masks), `"nomask"` (neither) or `"model"`.
        training: the layer was called in training mode.
        tags: what the case is about, as `empty_row`, `quirk` and `bug`, where DeepCTR may do the wrong thing.
        inputs: tensors, lengths `(batch, 1)` and masks `(batch, time)` by name.
        weights: by the reference's names.
        weights_after: the moving statistics after the call, where training mode changed them.
        outputs: what DeepCTR returned, in its order.
        cotangents: what was fed back into each output; empty where no gradient was taken.
        input_gradients: by the input's name.
        weight_gradients: by the weight's name.
    """

    id: str
    layer: str
    config: dict[str, Any]
    style: str
    training: bool
    tags: frozenset[str]
    inputs: Arrays
    weights: Arrays
    weights_after: Arrays
    outputs: Arrays
    cotangents: Arrays
    input_gradients: Arrays
    weight_gradients: Arrays


def paths(folder: Path) -> list[Path]:
    """The golden files of a folder, by name."""
    return sorted(folder.glob("*.npz"))


def layer_of(path: Path) -> str:
    """The layer that a file's name tells, without opening the file."""
    return path.stem.partition("__")[0]


def load(path: Path) -> Case:
    """Read one golden file.

    Raises:
        OSError, ValueError, KeyError: it is not a file of the layout that the golden set's README describes.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(str(arrays.pop("meta")))
    outputs = _under(arrays, "out/")
    return Case(
        id=path.stem,
        layer=meta["layer"],
        config=meta["config"],
        style=meta["style"],
        training=bool(meta.get("training")),
        tags=frozenset(meta["tags"]),
        inputs=_under(arrays, "in/"),
        weights=_under(arrays, "w/"),
        weights_after=_under(arrays, "w_after/"),
        outputs={name: outputs[name] for name in [*meta.get("outputs", outputs), *_FURTHER] if name in outputs},
        cotangents=_under(arrays, "cot/"),
        input_gradients=_under(arrays, "gin/"),
        weight_gradients=_under(arrays, "gw/"),
    )


_FURTHER = ("aux_loss",)
"""Outputs that whole models have beside those that they return."""


def _under(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
