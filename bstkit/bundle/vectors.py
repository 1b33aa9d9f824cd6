"""Golden vectors: inputs with the scores that TensorFlow gives them, for anyone to replay.

Each data set lies in a folder `test_data_set_<k>` as ONNX's own test runner expects it: `input_<i>.pb` and
`output_<i>.pb`, one TensorProto each, in the graph's order. `golden.npz` holds the same arrays under
`<data set>/<input or output>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from bstkit.bundle.contract import Contract
from bstkit.bundle.manifest import CHANGED, Manifest, Vector
from bstkit.errors import VerificationError

GOLDEN = "golden.npz"

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Piece:
    """What a file is sent at once.

    Args:
        inputs: input name -> array.
        rows: the first so many are asked for, the others padding; None: all.
    """

    inputs: Arrays
    rows: int | None = None


@dataclass(frozen=True)
class DataSet:
    """One data set: what goes in, and what must come out.

    Args:
        vector: its entry in the manifest.
        pieces: its rows in order; one piece, but for files that take few rows at once.
        outputs: output name -> float32 array `(batch, 1)`.
    """

    vector: Vector
    pieces: tuple[Piece, ...]
    outputs: Arrays

    @property
    def inputs(self) -> Arrays:
        """What goes in, of a data set that is sent at once."""
        [piece] = self.pieces
        return piece.inputs


def write_vectors(folder: Path, contract: Contract, data_sets: Sequence[DataSet]) -> None:
    """Write every data set into a bundle; an input that the data set lacks is an error."""
    arrays: Arrays = {}
    for one in data_sets:
        place = folder / one.vector.folder
        place.mkdir()
        for kind, names, values in (
            ("input", [value.name for value in contract.inputs], one.inputs),
            ("output", [value.name for value in contract.outputs], one.outputs),
        ):
            for number, name in enumerate(names):
                tensor = onnx.numpy_helper.from_array(values[name], name)
                (place / f"{kind}_{number}.pb").write_bytes(tensor.SerializeToString(deterministic=True))
                arrays[f"{one.vector.name}/{name}"] = _storable(values[name])
    np.savez_compressed(folder / GOLDEN, **arrays)  # type: ignore[arg-type]  # names are arrays here, not allow_pickle


def read_vectors(folder: Path, manifest: Manifest) -> Iterator[DataSet]:
    """Read the data sets of a bundle, one after the other.

    Raises:
        VerificationError: a file is damaged, or holds another tensor than its place says.
    """
    for vector in manifest.vectors:
        place = folder / vector.folder
        inputs = _read(place, "input", [value.name for value in manifest.contract.inputs])
        outputs = _read(place, "output", [value.name for value in manifest.contract.outputs])
        yield DataSet(vector, (Piece(inputs),), outputs)


def _read(place: Path, kind: str, names: Sequence[str]) -> Arrays:
    arrays = {}
    for number, name in enumerate(names):
        path = place / f"{kind}_{number}.pb"
        try:
            tensor = onnx.TensorProto.FromString(path.read_bytes())
            array = onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            raise VerificationError(f"{path} cannot be read: {error}", CHANGED) from error
        if tensor.name != name:
            raise VerificationError(f"{path} holds '{tensor.name}' instead of '{name}'", CHANGED)
        arrays[name] = array.astype(object) if array.dtype.kind in "SUO" else array
    return arrays


def _storable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Strings in NumPy's own form, which can be read without pickle."""
    return array.astype(np.str_) if array.dtype == object else array
