"""Arrays on disk that are written and read piece by piece, so that their length does not decide the memory they take.

Each is a .npy file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bstkit.data.pieces import pieces, read_piece


class ColumnWriter:
    """Append pieces to a new .npy file, which is whole when the `with` block ends.

    Args:
        path: the file.
        dtype: of the array.
    """

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.rows = 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, values: NDArray[Any]) -> None:
        """Write `(rows,)` values behind what is there."""
        self._file.write(np.ascontiguousarray(values, self.dtype).data)
        self.rows += len(values)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """State the length; NumPy leaves room for it in the header."""
        with self._file:
            self._file.seek(0)
            self._write_header()

    def _write_header(self) -> None:
        facts = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows,)}
        np.lib.format.write_array_header_1_0(self._file, facts)


class ColumnStore:
    """A folder of columns by name; several names may stand for one file.

    Args:
        folder: where the files lie.

    Attributes:
        files: name -> name of its file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, str] = {}
        folder.mkdir(exist_ok=True)

    def writer(self, name: str, dtype: DTypeLike) -> ColumnWriter:
        """Begin a column."""
        self.files[name] = _file_name(name)
        return ColumnWriter(self.folder / self.files[name], dtype)

    def share(self, name: str, of: str) -> None:
        """Let a second name stand for a column that is there."""
        self.files[name] = self.files[of]

    def forget(self, name: str) -> None:
        """Take a name away; its file goes when no other name stands for it."""
        file = self.files.pop(name)
        if file not in self.files.values():
            (self.folder / file).unlink()

    def rename(self, name: str, to: str) -> None:
        """Let a column take the name of another one, which is forgotten; names that share the other's file keep it."""
        if to in self.files:
            self.forget(to)
        file, named = self.files.pop(name), _file_name(to)
        if file not in self.files.values() and named not in self.files.values():
            (self.folder / file).rename(self.folder / named)
            file = named
        self.files[to] = file

    def array(self, name: str) -> NDArray[Any]:
        """Map a column, read only."""
        mapped: NDArray[Any] = np.load(self.folder / self.files[name], mmap_mode="r")
        return mapped

    def pieces(self, *names: str) -> Iterator[tuple[int, list[NDArray[Any]]]]:
        """Yield the first row of each piece, and the piece of each of some equally long columns."""
        arrays = [self.array(name) for name in names]
        for first, end in pieces(len(arrays[0])):
            yield first, [read_piece(array, first, end) for array in arrays]

    def derive(self, name: str, dtype: DTypeLike, names: tuple[str, ...], make: Callable[..., NDArray[Any]]) -> None:
        """Write a column whose pieces follow from those of others: `make(first_row, *pieces)`.

        `name` may be one of `names`: the column is then replaced.
        """
        before = self.files.get(name)
        target = self.folder / f"{_file_name(name)}.new"
        with ColumnWriter(target, dtype) as writer:
            for first, found in self.pieces(*names):
                writer.append(make(first, *found))
        self.files[name] = before or _file_name(name)
        target.replace(self.folder / self.files[name])


def _file_name(column: str) -> str:
    """A name of a file for any name of a column."""
    return f"{quote(column.replace(':', '.'), safe='')}.npy"
