"""Verification of a graph that takes raw ids: the cases are encoded, and ONNX Runtime is fed with their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from bstkit.config.features import FIRST_ID, PAD_ID
from bstkit.export.cases import Array, Feeds
from bstkit.export.id_keys import HIGHEST_INT64, LOWEST_INT64, Keys
from bstkit.inputs import InputSpec


class RawFeeds:
    """Turns ids into keys: 0 into the padding key, 1 and every id outside the table into unknown keys of many kinds.

    Args:
        inputs: the model's inputs.
        keys: id space -> its keys.
    """

    def __init__(self, inputs: Sequence[InputSpec], keys: Mapping[str, Keys]) -> None:
        self.keys = keys
        self._spaces = {spec.name: spec.space for spec in inputs if spec.space is not None}
        self._tables = {space: _array(found, [found.padding, *found.values]) for space, found in keys.items()}
        self._unknown = {space: _array(found, unknown_keys(found)) for space, found in keys.items()}
        self._used = dict.fromkeys(self._spaces, 0)
        # Feeds are kept with what became of them, so that an id is not used again.
        self._made: dict[int, tuple[Feeds, Feeds]] = {}

    def convert(self, feeds: Feeds) -> Feeds:
        """The same rows with raw ids, made once; strings are object arrays."""
        if id(feeds) not in self._made:
            raw = {name: self._keys(name, ids) if name in self._spaces else ids for name, ids in feeds.items()}
            self._made[id(feeds)] = (feeds, raw)
        return self._made[id(feeds)][1]

    def _keys(self, name: str, ids: Array) -> Array:
        table, unknown = self._tables[self._spaces[name]], self._unknown[self._spaces[name]]
        known = (ids >= FIRST_ID) & (ids <= len(table))
        raw = table[np.where(known, ids - 1, 0)]
        is_unknown = ~known & (ids != PAD_ID)
        # Where it stopped last time it goes on, so that an input of few ids meets every kind in the end.
        start = self._used[name]
        self._used[name] = start + int(is_unknown.sum())
        raw[is_unknown] = unknown[np.arange(start, self._used[name]) % len(unknown)]
        return raw


def unknown_keys(keys: Keys) -> list[Any]:
    """Keys that are not in a vocabulary, one of each kind that could be taken for another.

    Strings: blank, a key and a blank, long, not ASCII, and encoded ids in decimal. Numbers: encoded ids, the ends of
    int64, and a key plus 2^32, which 32 bits cannot tell from it.
    """
    known, first = set(keys.values), keys.values[0]
    if keys.dtype == "string":
        kinds = [" ", f"{first} ", "x" * 1000, "ключ 鍵 🔑", "0", "1", "-1", _new(known, map(str, count(FIRST_ID)))]
    else:
        kinds = [0, 1, -1, HIGHEST_INT64, LOWEST_INT64 + 1, first + 2**32, _new(known, count(FIRST_ID))]
    return [kind for kind in dict.fromkeys(kinds) if kind not in known and not _too_large(kind)]


def _new(known: set[Any], candidates: Iterator[Any]) -> Any:
    """The first candidate that is unknown: there is always one."""
    return next(one for one in candidates if one not in known)


def _too_large(kind: Any) -> bool:
    return isinstance(kind, int) and kind > HIGHEST_INT64


def _array(keys: Keys, values: Sequence[Any]) -> Array:
    return np.array(values, dtype=object if keys.dtype == "string" else np.int64)
