"""From the keys of an event to what a graph takes: the numbers of a vocabulary or of a hash, or the keys themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.contract import IdSpace
from bstkit.config.features import FIRST_ID, OOV_ID, PAD_ID
from bstkit.data.hashing import hash_id
from bstkit.export.id_keys import is_int64


class KeyTable(Protocol):
    """How the keys of one id space enter a graph. A key is text; None is one that is missing."""

    def row(self, key: str | None) -> Any:
        """What stands for the one id of a row."""

    def step(self, key: str | None) -> Any:
        """What stands for a step of a history: never padding, for the step is there."""

    def of_ids(self, ids: NDArray[np.int32]) -> NDArray[Any]:
        """What stands for ids that were encoded already."""


class EncodedKeys:
    """Keys become the numbers of a vocabulary; those that it lacks, and missing ones, the unknown id.

    Args:
        vocabulary: the keys in the order of their ids.
        first_id: of the first key.
        unknown_id: of all others.
    """

    def __init__(self, vocabulary: Sequence[str], first_id: int = FIRST_ID, unknown_id: int = OOV_ID) -> None:
        self._ids = dict(zip(vocabulary, range(first_id, first_id + len(vocabulary)), strict=True))
        self._unknown = unknown_id

    def row(self, key: str | None) -> int:
        """The key's id."""
        return self._ids.get(key, self._unknown) if key is not None else self._unknown

    def step(self, key: str | None) -> int:
        """The key's id."""
        return self.row(key)

    def of_ids(self, ids: NDArray[np.int32]) -> NDArray[Any]:
        """The ids."""
        return ids


class HashedKeys:
    """Keys become the numbers of a hash, by the rule that `bstkit.data.hashing` states.

    Args:
        buckets: of the id space.
    """

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets

    def row(self, key: str | None) -> int:
        """The key's id."""
        return OOV_ID if key is None else hash_id(key, self._buckets)

    def step(self, key: str | None) -> int:
        """The key's id."""
        return self.row(key)

    def of_ids(self, ids: NDArray[np.int32]) -> NDArray[Any]:
        """The ids."""
        return ids


class RawKeys:
    """Keys go in as they are; for what is none of this dtype there is a key that the vocabulary does not have.

    Args:
        vocabulary: the keys in the order of their ids.
        dtype: `"int64"` or `"string"`.
        padding: the key that means padding.
    """

    def __init__(self, vocabulary: Sequence[str], dtype: str, padding: int | str) -> None:
        self._takes: Callable[[str], bool] = is_int64 if dtype == "int64" else partial(_is_string, str(padding))
        self._make: Callable[[str], Any] = int if dtype == "int64" else str
        self._padding = padding
        known = set(vocabulary)
        candidates = map(str, count()) if dtype == "int64" else ("?" * length for length in count(1))
        self._unknown = self._make(next(key for key in candidates if key not in known))
        # In the order of ids: padding, out-of-vocabulary, the keys.
        keys = [padding, self._unknown, *map(self._make, vocabulary)]
        self._keys = np.array(keys, np.int64 if dtype == "int64" else object)

    def row(self, key: str | None) -> Any:
        """The key; the padding key where it is missing or of another dtype, for in a row that is unknown, too."""
        return self._make(key) if key is not None and self._takes(key) else self._padding

    def step(self, key: str | None) -> Any:
        """The key; an unknown one where it is missing, of another dtype, or would mean padding."""
        return self._make(key) if key is not None and self._takes(key) else self._unknown

    def of_ids(self, ids: NDArray[np.int32]) -> NDArray[Any]:
        """The keys of the ids."""
        keys: NDArray[Any] = self._keys[np.where((ids >= PAD_ID) & (ids < len(self._keys)), ids, OOV_ID)]
        return keys


def key_table(name: str, space: IdSpace, dtype: str, vocabularies: Mapping[str, Sequence[str]]) -> KeyTable:
    """The table of an id space.

    Args:
        name: of the space.
        space: its rule in the contract.
        dtype: of its inputs.
        vocabularies: space -> keys; one that is hashed need not be there.
    """
    if space.hash_buckets is not None:
        return HashedKeys(space.hash_buckets)
    if space.padding_key is None:
        return EncodedKeys(vocabularies[name], space.first_id, space.unknown_id)
    return RawKeys(vocabularies[name], dtype, space.padding_key)


def _is_string(padding: str, key: str) -> bool:
    """Whether ONNX Runtime reads a string whole: it ends at the first NUL, and is UTF-8."""
    if key == padding or "\0" in key:
        return False
    return key.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in key)
