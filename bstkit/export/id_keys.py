"""The log's own ids as a graph takes them: strings or int64, decided for each id space by its vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from bstkit.data.vocabulary import rows_of
from bstkit.errors import ExportError
from bstkit.inputs import InputSpec, input_specs

if TYPE_CHECKING:
    from bstkit.compose import Composed
    from bstkit.config.features import Features

LOWEST_INT64, HIGHEST_INT64 = -(2**63), 2**63 - 1

PADDING_KEYS: dict[str, Any] = {"string": "", "int64": LOWEST_INT64}
"""Dtype -> the key of id 0, which no vocabulary holds.

A line of a vocabulary is not empty, and a space with the lowest int64 among its keys takes strings. 0 and -1, which
callers often pad with, would not do: they are ordinary keys of many logs.
"""

_CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Keys:
    """The keys of one id space.

    Args:
        dtype: `"int64"` where every key is the one way to write an int64 in decimal (`7`, `-7`; not `007`, `+7`, `7.0`)
            and none is the lowest one; else `"string"`.
        values: the keys in the order of their ids, `int` or `str` as the dtype says; the first has id 2.
    """

    dtype: Literal["string", "int64"]
    values: tuple[Any, ...]

    @property
    def padding(self) -> Any:
        """The key that becomes id 0; every other key that is not among the values becomes 1."""
        return PADDING_KEYS[self.dtype]


def make_keys(vocabulary: Sequence[str]) -> Keys:
    """Decide the dtype of a vocabulary's keys."""
    if all(map(is_int64, vocabulary)):
        return Keys("int64", tuple(map(int, vocabulary)))
    return Keys("string", tuple(vocabulary))


def keys_of(composed: Composed, vocabularies: Mapping[str, Sequence[str]]) -> dict[str, Keys]:
    """The keys of every id space that a model's inputs are of.

    Args:
        composed: the model.
        vocabularies: space -> keys as text, the first has id 2. Other spaces may stand there too.

    Raises:
        ExportError: a space is hashed, has no vocabulary, one whose length is not that of its table, or an ambiguous
            key.
    """
    check_no_hash(composed.features)
    found: dict[str, Keys] = {}
    for spec in composed.inputs:
        if spec.space is None or spec.space in found:
            continue
        try:
            vocabulary = vocabularies[spec.space]
        except KeyError as error:
            raise ExportError(
                f"id space '{spec.space}' of input '{spec.name}' has no vocabulary, and raw ids need one",
                f"give its keys in `vocabularies`; those of a run are in vocab/{spec.space}.txt",
            ) from error
        _check(spec.space, vocabulary, composed.features.spaces[spec.space].rows)
        found[spec.space] = make_keys(vocabulary)
    return found


def check_no_hash(features: Features) -> None:
    """Refuse raw ids where an id space is hashed: what stands in a graph for a vocabulary is a table, and cannot hash.

    Raises:
        ExportError: one is; before training, too, for its export would fail.
    """
    used = dict.fromkeys(spec.space for spec in input_specs(features) if spec.space is not None)
    hashed = [space for space in used if features.spaces[space].hash_buckets is not None]
    if hashed:
        named = ", ".join(f"'{space}'" for space in hashed)
        raise ExportError(
            f"a graph cannot take raw ids of {named}: hash_buckets gives them no vocabulary, and a graph cannot hash",
            "export with encoded ids: --ids encoded; or take hash_buckets out of features.toml, and train again",
        )


def raw_inputs(inputs: Sequence[InputSpec], keys: Mapping[str, Keys]) -> tuple[InputSpec, ...]:
    """The inputs of a graph that takes raw ids: those of the model, with the keys' dtypes."""
    return tuple(spec if spec.space is None else replace(spec, dtype=keys[spec.space].dtype) for spec in inputs)


def is_int64(key: str) -> bool:
    """Whether a key is the one way to write an int64 in decimal, and not the lowest one."""
    return _CANONICAL.fullmatch(key) is not None and LOWEST_INT64 < int(key) <= HIGHEST_INT64


def _check(space: str, vocabulary: Sequence[str], rows: int | None) -> None:
    """Refuse a vocabulary that does not belong to its table, or whose keys a graph could not tell apart."""
    hint = "give the vocabulary that the model was trained with"
    if rows != rows_of(vocabulary):
        raise ExportError(
            f"the vocabulary of id space '{space}' has {len(vocabulary)} keys, which makes {rows_of(vocabulary)} rows, "
            f"and its table has {rows}",
            hint,
        )
    if len(set(vocabulary)) != len(vocabulary):
        raise ExportError(f"a key stands twice in the vocabulary of id space '{space}'", hint)
    # ONNX Runtime takes strings that end at the first NUL; an empty one is the padding key.
    broken = next((key for key in vocabulary if not key or "\0" in key), None)
    if broken is not None:
        raise ExportError(
            f"the key {broken!r} of id space '{space}' cannot be a raw id", "export with encoded ids: --ids encoded"
        )
