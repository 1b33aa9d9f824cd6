"""Events of the table `event` as a dataset: keys become ids, histories become slices, vocabularies are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import ContextId, Features
from bstkit.data.dataset import Dataset, HistorySteps
from bstkit.data.histories import event_steps, row_steps, session_numbers
from bstkit.data.key_tables import encoded_key
from bstkit.data.log import Log
from bstkit.data.needed_columns import id_columns, numeric_columns, row_histories
from bstkit.data.sql import identifier

Arrays = dict[str, NDArray[Any]]


def encode(connection: duckdb.DuckDBPyConnection, features: Features) -> Arrays:
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
        join, encoded = encoded_key(features, space, f"event.{name}", f"v{place}")
        joins += join
        selected.append(f"{encoded} AS {name}")
    query = f'SELECT {", ".join(selected)} FROM event{joins} ORDER BY event."user", event."time", event.row'
    return {name: np.ascontiguousarray(column) for name, column in connection.execute(query).fetchnumpy().items()}


def make_dataset(log: Log, features: Features, vocabularies: Mapping[str, tuple[str, ...]], arrays: Arrays) -> Dataset:
    """Make a dataset of what `encode` fetched.

    Args:
        log: with the tables `event` and those of its vocabularies.
        features: what the columns mean.
        vocabularies: space -> keys, those that the tables hold.
        arrays: from `encode`.
    """
    user: NDArray[np.int64] = np.cumsum(arrays["place"] == 1) - 1
    arrays = {**arrays, "user": user}
    return Dataset(
        features=features,
        vocabularies=vocabularies,
        target={name: arrays[f"id:{name}"] for name in features.target},
        context={
            name: arrays[f"id:{name}"] if isinstance(feature, ContextId) else arrays[f"number:{name}"]
            for name, feature in features.context.items()
        },
        labels={task: arrays[f"label:{task}"] for task in features.tasks},
        user=user,
        time=arrays["time"],
        row=arrays["row"],
        split=arrays["split"],
        history={name: _history(log.connection, features, name, arrays) for name in features.history},
        origin=log.origin,
    )


def _history(connection: duckdb.DuckDBPyConnection, features: Features, name: str, arrays: Arrays) -> HistorySteps:
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
