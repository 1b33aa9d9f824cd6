"""Vocabularies of a dataset: counted in the training rows, cut, or taken over from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import FIRST_ID, OOV_ID, Features, Space
from bstkit.data.checked.needed_columns import id_columns, row_histories
from bstkit.data.pieces import PIECE_ROWS, read_piece
from bstkit.data.prepared.columns import ColumnStore
from bstkit.data.prepared.events import KeyTables
from bstkit.data.prepared.splits import TRAIN
from bstkit.data.vocabulary import VocabularyFolder
from bstkit.errors import DataError


@dataclass(frozen=True)
class Earlier:
    """Vocabularies that exist already.

    Args:
        keys: id space -> its keys, the first with id 2. Spaces that it lacks are learned.
        extend: whether new keys of the training rows follow behind the known ones; otherwise they are
            out-of-vocabulary.
        complete: whether a space that it lacks is an error.
    """

    keys: Mapping[str, Sequence[str]]
    extend: bool = False
    complete: bool = False


def earlier_vocabularies(folder: Path, extend: bool) -> Earlier:
    """Find the vocabularies of a run, a bundle or a dataset.

    Raises:
        DataError: there are none.
    """
    found = VocabularyFolder(folder / "vocab")
    if not len(found):
        raise DataError(
            f"{folder} has no vocabularies: there is no {folder / 'vocab'}/<space>.txt",
            "name the folder of a run, of a bundle or of a prepared dataset",
        )
    return Earlier(found, extend)


def write_ids(
    store: ColumnStore,
    connection: duckdb.DuckDBPyConnection,
    features: Features,
    tables: KeyTables,
    folder: Path,
    earlier: Earlier | None,
) -> dict[str, int]:
    """Replace the codes in a store by ids, and write each space's vocabulary.

    Frequent keys of the training rows come first, equally frequent ones in key order; sampled candidates do not count.

    Args:
        store: with the columns of ids and `split`.
        connection: with the tables of keys.
        features: says what is cut.
        tables: the tables of keys.
        folder: gets `<space>.txt`.
        earlier: vocabularies to take over.

    Returns:
        Id space -> number of keys.

    Raises:
        DataError: a space has no key, a key holds a line break, or `earlier` lacks a space that it must have.
    """
    folder.mkdir()
    sizes: dict[str, int] = {}
    for space, table in tables.spaces.items():
        known = _known(space, earlier)
        given = _given_ids(connection, table, tables.sizes[space], known)
        ids = given
        if known is None or (earlier is not None and earlier.extend):
            counts = _counts(store, features, space, tables.sizes[space])
            ids = rank(counts, features.spaces[space], given, 0 if known is None else len(known))
            if known is None and not np.any(ids >= FIRST_ID):
                raise _empty(space, features.spaces[space])
        sizes[space] = _write(connection, table, ids, folder / f"{space}.txt", known or ())
        _replace(store, features, space, np.append(ids, np.int32(OOV_ID)))  # code -1 is the last one
    return sizes


def rank(counts: NDArray[np.int64], space: Space, given: NDArray[np.int32], known: int) -> NDArray[np.int32]:
    """Give ids to keys.

    Args:
        counts: int64 `(keys,)`, how often the training rows hold each key.
        space: `min_count` and `max_size`.
        given: int32 `(keys,)`, ids that keys have already; out-of-vocabulary where none.
        known: how many ids are taken, of keys that this log need not hold.

    Returns:
        int32 `(keys,)`; keys in the order of codes keep that order where they are equally frequent.
    """
    new = np.flatnonzero((counts >= max(1, space.min_count)) & (given == OOV_ID))
    new = new[np.argsort(-counts[new], kind="stable")]
    if space.max_size is not None:
        new = new[: max(0, space.max_size - known)]
    ids = given.copy()
    ids[new] = FIRST_ID + known + np.arange(len(new), dtype=np.int32)
    return ids


def _known(space: str, earlier: Earlier | None) -> tuple[str, ...] | None:
    if earlier is None:
        return None
    try:
        return tuple(earlier.keys[space])
    except KeyError as error:
        if not earlier.complete:
            return None
        raise DataError(
            f"there is no vocabulary of id space '{space}'",
            "score with the run, or with a bundle that was exported with its vocabularies",
        ) from error


def _given_ids(
    connection: duckdb.DuckDBPyConnection, table: str, size: int, known: tuple[str, ...] | None
) -> NDArray[np.int32]:
    """Ids that the keys of the log have in an earlier vocabulary."""
    ids = np.full(size, OOV_ID, np.int32)
    if known:
        number = np.arange(FIRST_ID, FIRST_ID + len(known), dtype=np.int32)
        connection.register("known", {"key": np.array(known, dtype=object), "id": number})
        query = f"SELECT t.rowid AS code, known.id FROM {table} AS t JOIN known ON t.key = CAST(known.key AS VARCHAR)"
        found = connection.execute(query).fetchnumpy()
        connection.unregister("known")
        ids[found["code"]] = found["id"]
    return ids


def _counts(store: ColumnStore, features: Features, space: str, size: int) -> NDArray[np.int64]:
    """How often the training rows hold each key; every value of a column with several counts."""
    counts = np.zeros(size, np.int64)
    for column, used in id_columns(features).items():
        if used == space:
            for _, (code, split) in store.pieces(f"id:{column}", "split"):
                counts += np.bincount(code[(split == TRAIN) & (code >= 0)], minlength=size)
    for name, history in row_histories(features).items():
        for column, used in history.fields.items():
            if used == space:
                for code in _training_steps(store, name, column):
                    counts += np.bincount(code[code >= 0], minlength=size)
    return counts


def _training_steps(store: ColumnStore, name: str, column: str) -> Iterator[NDArray[np.int32]]:
    """The codes of the steps that stand in training rows."""
    codes = store.array(f"history.{name}.{column}")
    begin = 0
    for _, (steps, split) in store.pieces(f"steps:{name}", "split"):
        end = begin + int(steps.sum(dtype=np.int64))
        yield read_piece(codes, begin, end)[np.repeat(split == TRAIN, steps)]
        begin = end


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, ids: NDArray[np.int32], path: Path, known: tuple[str, ...]
) -> int:
    """Write the known keys and the new ones in the order of their ids; returns how many there are."""
    code = np.flatnonzero(ids >= FIRST_ID + len(known))
    connection.register("ranked", {"code": code, "id": ids[code]})
    query = f"SELECT t.key FROM {table} AS t JOIN ranked ON t.rowid = ranked.code ORDER BY ranked.id"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{key}\n" for key in known)
        for batch in connection.sql(query).to_arrow_reader(PIECE_ROWS):
            keys = batch.column(0).to_pylist()
            broken = next((key for key in keys if "\n" in key or "\r" in key), None)
            if broken is not None:
                raise DataError(
                    f"the key {broken!r} of space '{path.stem}' holds a line break", "remove line breaks from the ids"
                )
            file.writelines(f"{key}\n" for key in keys)
    connection.unregister("ranked")
    return len(known) + len(code)


def _replace(store: ColumnStore, features: Features, space: str, ids: NDArray[np.int32]) -> None:
    names = [f"id:{column}" for column, used in id_columns(features).items() if used == space]
    names += [
        f"history.{name}.{column}"
        for name, history in row_histories(features).items()
        for column, used in history.fields.items()
        if used == space
    ]
    for name in names:
        store.derive(name, np.int32, (name,), lambda _, code: ids[code])


def _empty(space: str, table: Space) -> DataError:
    if table.min_count > 1:
        return DataError(
            f"no key of space '{space}' occurs {table.min_count} times in the training rows",
            f"lower min_count of [spaces] {space} in features.toml",
        )
    return DataError(f"no training row has a key of space '{space}'", "take the space out of features.toml")
