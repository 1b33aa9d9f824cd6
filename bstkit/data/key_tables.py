"""Vocabularies inside the database: learned from the training rows, joined to encode keys as ids."""

from __future__ import annotations

import duckdb

from bstkit.config.features import OOV_ID, Features
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
        keys_of = [identifier(f"id:{column}") for column, used in id_columns(features).items() if used == space]
        keys_of += [
            f"unnest({identifier(f'values:{name}.{column}')})"
            for name, history in row_histories(features).items()
            for column, used in history.fields.items()
            if used == space
        ]
        if not keys_of:
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


def key_table(features: Features, space: str) -> str:
    """Return the name of the table with the columns `key` and `id` of a space."""
    return f"vocabulary_{list(features.spaces).index(space)}"
