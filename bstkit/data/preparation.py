"""From a checked log to a dataset: split, vocabularies, ids, histories."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import OOV_ID, ContextId, ContextNumeric, Features, Space
from bstkit.data.dataset import SPLITS, Dataset, HistoryEvents
from bstkit.data.log import Log
from bstkit.data.needed_columns import id_columns, numeric_columns
from bstkit.data.sql import identifier
from bstkit.data.vocabulary import rows_of
from bstkit.errors import DataError

_Arrays = dict[str, NDArray[Any]]


def prepare(log: Log, features: Features) -> Dataset:
    """Split a log, learn vocabularies and means from the training rows, and encode every event.

    Args:
        log: from `read_log`; its tables are used up.
        features: what the columns mean.

    Raises:
        DataError: too few events per user for the split, one class only among the training rows, or unusable keys.
    """
    _split(log, features.split.leave_last)
    vocabularies = _vocabularies(log.connection, features)
    arrays = _encode(log.connection, features)
    _check_classes(log, features, arrays)
    columns = id_columns(features)
    context: _Arrays = {
        name: arrays[f"id:{name}"] if isinstance(feature, ContextId) else arrays[f"number:{name}"]
        for name, feature in features.context.items()
    }
    user = np.cumsum(arrays["place"] == 1) - 1
    ids = {name: arrays[f"id:{name}"] for name in columns}
    clicked = arrays[f"label:{features.tasks[0]}"] == 1
    everything = np.ones(log.rows, dtype=bool)
    return Dataset(
        features=_fitted(features, vocabularies, context, arrays["split"] == SPLITS.index("train")),
        vocabularies=vocabularies,
        target={name: ids[name] for name in features.target},
        context=context,
        labels={task: arrays[f"label:{task}"] for task in features.tasks},
        user=user,
        time=arrays["time"],
        row=arrays["row"],
        split=arrays["split"],
        history={
            name: history_events(
                {column: ids[column] for column in history.fields},
                user,
                clicked if history.events == "positive" else everything,
            )
            for name, history in features.history.items()
        },
        origin=log.origin,
    )


def history_events(
    ids: dict[str, NDArray[np.int32]], user: NDArray[np.int64], kept: NDArray[np.bool_]
) -> HistoryEvents:
    """Store the kept rows as events, and mark for each row which of them came before it.

    Args:
        ids: column -> int32 `(rows,)`.
        user: int64 `(rows,)`, rising: rows of one user stand together, in the order of time.
        kept: bool `(rows,)`, whether a row becomes part of later histories.
    """
    event = np.flatnonzero(kept)
    before: NDArray[np.int64] = np.cumsum(kept) - kept
    first_row = np.searchsorted(user, user)
    return HistoryEvents(
        ids={name: column[event] for name, column in ids.items()}, event=event, start=before[first_row], end=before
    )


def _split(log: Log, leave_last: int) -> None:
    """Make the table `event`: the log with `place` (from 1, among the user's events) and `split`.

    Of each user's events the last `leave_last` are the test rows and those before them the validation rows. A user with
    fewer than twice as many gives training rows only: split, such a user would be in one of the two but not in the
    other.
    """
    log.connection.execute(
        f"""
        CREATE TABLE event AS
        SELECT *, CASE WHEN events < {2 * leave_last} OR place <= events - {2 * leave_last} THEN 0
                       WHEN place <= events - {leave_last} THEN 1 ELSE 2 END AS split
        FROM (SELECT *, row_number() OVER (PARTITION BY "user" ORDER BY "time", row) AS place,
                     count(*) OVER (PARTITION BY "user") AS events FROM log)
        """
    )
    counts = dict(log.connection.execute("SELECT split, count(*) FROM event GROUP BY split").fetchall())
    longest = log.connection.execute("SELECT max(events) FROM event").fetchone()
    most = int(longest[0]) if longest else 0
    if not counts.get(2):
        raise DataError(
            f"no user of {log.origin} has the {2 * leave_last} events that the split needs; the longest has {most}",
            f"set leave_last in [split] of features.toml to at most {max(1, (most - 1) // 2)}, or give a longer log",
        )
    if not counts.get(0):
        raise DataError(
            f"no event of {log.origin} is left for training: no user has more than {most} events, and the split takes "
            f"{2 * leave_last} of each",
            f"set leave_last in [split] of features.toml to at most {max(1, (most - 1) // 2)}, or give a longer log",
        )


def _vocabularies(connection: duckdb.DuckDBPyConnection, features: Features) -> dict[str, tuple[str, ...]]:
    """Make each space's vocabulary from the training rows: frequent keys first, equally frequent ones in key order."""
    vocabularies = {}
    for number, space in enumerate(features.spaces):
        columns = [identifier(f"id:{name}") for name, used in id_columns(features).items() if used == space]
        if not columns:
            continue
        seen = " UNION ALL ".join(f"SELECT {column} AS key FROM event WHERE split = 0" for column in columns)
        connection.execute(
            f"""
            CREATE TABLE vocabulary_{number} AS
            SELECT key, CAST(row_number() OVER (ORDER BY count(*) DESC, key) + {OOV_ID} AS INTEGER) AS id
            FROM ({seen}) WHERE key IS NOT NULL GROUP BY key
            """
        )
        keys = tuple(
            row[0] for row in connection.execute(f"SELECT key FROM vocabulary_{number} ORDER BY id").fetchall()
        )
        if not keys:
            raise DataError(f"no training row has a key of space '{space}'", "take the space out of features.toml")
        broken = next((key for key in keys if "\n" in key or "\r" in key), None)
        if broken is not None:
            raise DataError(
                f"the key {broken!r} of space '{space}' holds a line break", "remove line breaks from the ids"
            )
        vocabularies[space] = keys
    return vocabularies


def _encode(connection: duckdb.DuckDBPyConnection, features: Features) -> _Arrays:
    """Replace keys by ids and fetch everything in the dataset's order."""
    number = {space: place for place, space in enumerate(features.spaces)}
    selected = ["event.row", 'event."time"', "event.place", "CAST(event.split AS TINYINT) AS split"]
    selected += [
        f"CAST(event.{name} AS FLOAT) AS {name}" for name in (identifier(f"label:{t}") for t in features.tasks)
    ]
    joins = ""
    for place, (column, space) in enumerate(id_columns(features).items()):
        name = identifier(f"id:{column}")
        joins += f" LEFT JOIN vocabulary_{number[space]} AS v{place} ON event.{name} = v{place}.key"
        selected.append(f"coalesce(v{place}.id, {OOV_ID}) AS {name}")
    for column in numeric_columns(features):
        name = identifier(f"number:{column}")
        selected.append(f"CAST(coalesce(event.{name}, 'nan') AS FLOAT) AS {name}")
    query = f'SELECT {", ".join(selected)} FROM event{joins} ORDER BY event."user", event."time", event.row'
    return {name: np.ascontiguousarray(column) for name, column in connection.execute(query).fetchnumpy().items()}


def _check_classes(log: Log, features: Features, arrays: _Arrays) -> None:
    """A model cannot learn from one class."""
    train = arrays["split"] == SPLITS.index("train")
    for task in features.tasks:
        seen = np.unique(arrays[f"label:{task}"][train])
        if len(seen) < 2:
            raise DataError(
                f"the training rows of {log.origin} have one class only: every label of task '{task}' is {seen[0]:g}",
                "give a log with clicks and non-clicks, or keep more rows for training: lower leave_last in [split]",
            )


def _fitted(
    features: Features, vocabularies: dict[str, tuple[str, ...]], context: _Arrays, train: NDArray[np.bool_]
) -> Features:
    """Fill in what the training rows teach: row counts, means and deviations."""
    spaces: dict[str, Space] = {
        name: space.model_copy(update={"rows": rows_of(vocabularies[name])} if name in vocabularies else {})
        for name, space in features.spaces.items()
    }
    fitted: dict[str, ContextId | ContextNumeric] = {}
    for name, feature in features.context.items():
        update: dict[str, float] = {}
        if isinstance(feature, ContextNumeric) and feature.numeric == "standardise":
            values = context[name][train].astype(np.float64)
            present = values[~np.isnan(values)]
            spread = float(present.std()) if len(present) else 0.0
            # A constant column has no deviation: 1 makes it all zeros, and keeps another value while serving finite.
            update = {"mean": float(present.mean()) if len(present) else 0.0, "std": spread or 1.0}
        fitted[name] = feature.model_copy(update=update)
    return features.model_copy(update={"spaces": spaces, "context": fitted})
