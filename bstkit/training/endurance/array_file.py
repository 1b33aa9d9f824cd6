"""Named arrays in one `.npz` file, written and read one by one: no copy of all of them is ever in memory."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def write_arrays(file: Path, arrays: Iterable[tuple[str, Array]]) -> None:
    """Write arrays as they come; `np.load` reads the file, and the ZIP format keeps a checksum of each.

    Types that NumPy lacks (bfloat16) are written as bare bytes; `ArrayFile.read` is told what they were.

    Args:
        file: what to write.
        arrays: name and array; a name may contain `/`.
    """
    with file.open("wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, array in arrays:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())  # a name given to bytes that never reached the disk would be a ruined file


class ArrayFile:
    """An open `.npz` file.

    Args:
        arrays: from `np.load`.
    """

    def __init__(self, arrays: Any) -> None:
        self._arrays = arrays
        self.names: list[str] = list(arrays.files)

    def read(self, name: str, dtype: str) -> Array:
        """Read one array.

        Args:
            name: one of `names`.
            dtype: of the variable that it was.

        Raises:
            ValueError: the file holds another type.
        """
        array: Array = self._arrays[name]
        wanted = np.dtype(dtype)
        if array.dtype.kind == "V" and array.dtype.itemsize == wanted.itemsize:
            array = array.view(wanted)
        if array.dtype != wanted:
            raise ValueError(f"{name} is {array.dtype}, not {wanted}")
        return array


@contextmanager
def open_arrays(file: Path) -> Iterator[ArrayFile]:
    """Open a file of `write_arrays`; its errors are `OSError`, `ValueError`, `KeyError` and `zipfile.BadZipFile`."""
    with np.load(file, allow_pickle=False) as arrays:
        yield ArrayFile(arrays)
