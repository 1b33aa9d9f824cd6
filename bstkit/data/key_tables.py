"""Vocabularies inside the database: learned from the training rows or given, joined to encode keys as ids.

A space with `hash_buckets` has none, and no table; its ids are computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np

from bstkit.config.features import FIRST_ID, OOV_ID, Features
from bstkit.data.hashing import hash_sql
from bstkit.data.needed_columns import id_columns, row_histories
from bstkit.data.sql import identifier
from bstkit.errors import DataError


def learn_vocabularies(connection: duckdb.DuckDBPyConnection, features: Features) -> dict[str, tuple[str, ...]]:
    """Make each space's vocabulary from the training rows of the table `event`, and keep it as a table.

    Frequent keys come first, equally frequent ones in key order. Every value of a column with several counts.

    Raises:
        DataError: a space has no key among the training rows, or a key holds a line break.
    """
    vocabularies = {}
    for space in features.spaces:
        keys_of = _keys_of(features, space)
        if not keys_of or features.spaces[space].hash_buckets is not None:
            continue
        seen = " UNION ALL ".join(f"SELECT {key} AS key FROM event WHERE split = 0" for key in keys_of)
        table = key_table(features, space)
        connection.execute(
            f"""
            CREATE TABLE {table} AS
            SELECT key, CAST(row_number() OVER (ORDER BY count(*) DESC, key) + {OOV_ID} AS INTEGER) AS id
            FROM ({seen}) WHERE key IS NOT NULL GROUP BY key
            """
        )
        keys = tuple(row[0] for row in connection.execute(f"SELECT key FROM {table} ORDER BY id").fetchall())
        if not keys:
            raise DataError(f"no training row has a key of space '{space}'", "take the space out of features.toml")
        broken = next((key for key in keys if "\n" in key or "\r" in key), None)
        if broken is not None:
            raise DataError(
                f"the key {broken!r} of space '{space}' holds a line break", "remove line breaks from the ids"
            )
        vocabularies[space] = keys
    return vocabularies


def give_vocabularies(
    connection: duckdb.DuckDBPyConnection, features: Features, vocabularies: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Keep the vocabularies that a model was trained with as tables; those that the columns need are returned.

    Raises:
        DataError: a space has no vocabulary.
    """
    given = {}
    for space in features.spaces:
        if not _keys_of(features, space) or features.spaces[space].hash_buckets is not None:
            continue
        try:
            keys = tuple(vocabularies[space])
        except KeyError as error:
            raise DataError(
                f"there is no vocabulary of id space '{space}'",
                "score with the run, or with a bundle that was exported with its vocabularies",
            ) from error
        ids = np.arange(FIRST_ID, FIRST_ID + len(keys), dtype=np.int32)
        connection.register("given", {"key": np.array(keys, dtype=object), "id": ids})
        connection.execute(
            f"CREATE TABLE {key_table(features, space)} AS SELECT CAST(key AS VARCHAR) AS key, id FROM given"
        )
        connection.unregister("given")
        given[space] = keys
    return given


def _keys_of(features: Features, space: str) -> list[str]:
    """SQL of every key of a space in the table `event`."""
    keys = [identifier(f"id:{column}") for column, used in id_columns(features).items() if used == space]
    return keys + [
        f"unnest({identifier(f'values:{name}.{column}')})"
        for name, history in row_histories(features).items()
        for column, used in history.fields.items()
        if used == space
    ]


def encoded_key(features: Features, space: str, key: str, alias: str) -> tuple[str, str]:
    """Return SQL that turns a key of a space into its id: a join to put behind FROM, and the id.

    Args:
        features: what the columns mean.
        space: the id space.
        key: SQL of the key, a VARCHAR; NULL is out-of-vocabulary.
        alias: of the vocabulary's table in the join, which is empty for a hashed space.
    """
    buckets = features.spaces[space].hash_buckets
    if buckets is not None:
        return "", f"coalesce({hash_sql(key, buckets)}, {OOV_ID})"
    join = f" LEFT JOIN {key_table(features, space)} AS {alias} ON {key} = {alias}.key"
    return join, f"coalesce({alias}.id, {OOV_ID})"


def key_table(features: Features, space: str) -> str:
    """Return the name of the table with the columns `key` and `id` of a space."""
    return f"vocabulary_{list(features.spaces).index(space)}"
