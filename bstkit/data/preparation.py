"""From a checked log to a dataset: split, vocabularies, ids, histories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import OOV_ID, ContextId, ContextNumeric, Features, Space
from bstkit.data.dataset import SPLITS, Dataset, HistorySteps
from bstkit.data.histories import event_steps, row_steps, session_numbers
from bstkit.data.key_tables import key_table, learn_vocabularies
from bstkit.data.log import Log
from bstkit.data.needed_columns import id_columns, numeric_columns, row_histories
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
        DataError: too few events per user for the split, one class only among the training rows, a split without labels
            of a task, or unusable keys.
    """
    _split(log, features.split.leave_last)
    vocabularies = learn_vocabularies(log.connection, features)
    arrays = _encode(log.connection, features)
    _check_classes(log, features, arrays)
    context: _Arrays = {
        name: arrays[f"id:{name}"] if isinstance(feature, ContextId) else arrays[f"number:{name}"]
        for name, feature in features.context.items()
    }
    arrays["user"] = np.cumsum(arrays["place"] == 1) - 1
    return Dataset(
        features=_fitted(features, vocabularies, context, arrays["split"] == SPLITS.index("train")),
        vocabularies=vocabularies,
        target={name: arrays[f"id:{name}"] for name in features.target},
        context=context,
        labels={task: arrays[f"label:{task}"] for task in features.tasks},
        user=arrays["user"],
        time=arrays["time"],
        row=arrays["row"],
        split=arrays["split"],
        history={name: _history(log.connection, features, name, arrays) for name in features.history},
        origin=log.origin,
    )


def _history(connection: duckdb.DuckDBPyConnection, features: Features, name: str, arrays: _Arrays) -> HistorySteps:
    """Make one history; an event without a label in the first task counts as not positive."""
    history = features.history[name]
    if history.source == "row":
        return row_steps(connection, features, name, arrays[f"steps:{name}"])
    user = arrays["user"]
    positive = arrays[f"label:{features.tasks[0]}"] == 1
    kept = positive if history.events == "positive" else np.ones(len(user), dtype=bool)
    steps = event_steps(
        {column: arrays[f"id:{column}"] for column in history.fields}, user, kept, arrays.get(f"weight:{name}")
    )
    if history.session_gap_s is None:
        return steps
    return replace(steps, session=session_numbers(user[kept], arrays["time"][kept], history.session_gap_s))


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


def _encode(connection: duckdb.DuckDBPyConnection, features: Features) -> _Arrays:
    """Replace keys by ids and fetch everything in the dataset's order."""
    selected = ["event.row", 'event."time"', "event.place", "CAST(event.split AS TINYINT) AS split"]
    floats = [f"label:{task}" for task in features.tasks] + [f"number:{column}" for column in numeric_columns(features)]
    floats += [
        f"weight:{name}"
        for name, history in features.history.items()
        if history.source == "events" and history.weight is not None
    ]
    selected += [f"CAST(coalesce(event.{name}, 'nan') AS FLOAT) AS {name}" for name in map(identifier, floats)]
    for name, history in row_histories(features).items():
        values = identifier(f"values:{name}.{next(iter(history.fields))}")
        selected.append(f"len(event.{values}) AS {identifier(f'steps:{name}')}")
    joins = ""
    for place, (column, space) in enumerate(id_columns(features).items()):
        name = identifier(f"id:{column}")
        joins += f" LEFT JOIN {key_table(features, space)} AS v{place} ON event.{name} = v{place}.key"
        selected.append(f"coalesce(v{place}.id, {OOV_ID}) AS {name}")
    query = f'SELECT {", ".join(selected)} FROM event{joins} ORDER BY event."user", event."time", event.row'
    return {name: np.ascontiguousarray(column) for name, column in connection.execute(query).fetchnumpy().items()}


def _check_classes(log: Log, features: Features, arrays: _Arrays) -> None:
    """A model cannot learn from one class, nor be judged by rows without labels."""
    for task in features.tasks:
        labels = arrays[f"label:{task}"]
        for number, split in enumerate(SPLITS):
            seen = np.unique(labels[(arrays["split"] == number) & ~np.isnan(labels)])
            if not len(seen):
                raise DataError(
                    f"the {split} rows of {log.origin} have no label of task '{task}': all are empty",
                    "take the task out of [log] labels, or change leave_last in [split], which moves the splits",
                )
            if split == "train" and len(seen) < 2:
                raise DataError(
                    f"the training rows of {log.origin} have one class only: every label of task '{task}' is "
                    f"{seen[0]:g}",
                    "give a log with clicks and non-clicks, or keep more rows for training: lower leave_last in "
                    "[split]",
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
