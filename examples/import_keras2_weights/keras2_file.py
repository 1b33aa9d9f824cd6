"""Read the weights that Keras 2 wrote into an HDF5 file, without the Keras that wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from bstkit.errors import BstkitError

_HINT = "give the .h5 file that Keras 2 wrote with `model.save_weights(path)` or `model.save(path)`"


class WeightsError(BstkitError):
    """A weights file cannot be read, or does not fit the model."""


@dataclass(frozen=True)
class Weight:
    """One array of the file.

    Args:
        name: Keras's name, such as `"FC_1/kernel:0"`.
        array: its values.
    """

    name: str
    array: np.ndarray[Any, Any]

    @property
    def parent(self) -> str:
        """The path of the layer that owns it, `"FC_1"`."""
        return self.name.rpartition("/")[0]

    @property
    def leaf(self) -> str:
        """What it is in that layer: `"kernel"`, `"bias"`, `"gamma"`, `"beta"`, `"embeddings"`."""
        return self.name.rpartition("/")[2].partition(":")[0]


def read_layers(path: Path) -> dict[str, tuple[Weight, ...]]:
    """Read every layer that has weights, in the file's order, which is the order of creation.

    Args:
        path: written by `save_weights` (the layers stand at the root) or `save` (in the group `model_weights`).

    Raises:
        WeightsError: it is missing, not HDF5, of another layout, or holds values that are not finite numbers.
    """
    if not path.is_file():
        raise WeightsError(f"no weights file at {path}", _HINT)
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            if not _has_names(root, "layer_names"):
                raise WeightsError(f"{path} is HDF5, but not of the layout of Keras 2: it names no layers", _HINT)
            layers = {name: _layer(root[name]) for name in _names(root, "layer_names")}
    except OSError as error:
        raise WeightsError(f"{path} cannot be read as HDF5: {error}", _HINT) from error
    except KeyError as error:
        raise WeightsError(f"{path} names a layer or a weight that it does not hold: {error}", _HINT) from error
    weights = [weight for found in layers.values() for weight in found]
    broken = [w.name for w in weights if w.array.dtype.kind != "f" or not np.isfinite(w.array).all()]
    if broken:
        raise WeightsError(
            f"{path} holds values that are not finite numbers: {', '.join(broken)}", "save the model again"
        )
    return {name: found for name, found in layers.items() if found}


def _layer(group: Any) -> tuple[Weight, ...]:
    return tuple(Weight(name, np.asarray(group[name])) for name in _names(group, "weight_names"))


def _has_names(group: Any, attribute: str) -> bool:
    return attribute in group.attrs or f"{attribute}0" in group.attrs


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names; Keras cuts one past 64 KB into `<attribute>0`, `<attribute>1`, ..."""
    if not _has_names(group, attribute):
        raise KeyError(f"{group.name} has no attribute {attribute}")
    parts = [attribute] if attribute in group.attrs else []
    while attribute not in group.attrs and f"{attribute}{len(parts)}" in group.attrs:
        parts.append(f"{attribute}{len(parts)}")
    names = [name for part in parts for name in group.attrs[part]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]
