"""Histories: which steps each row's history holds, stored once for all rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Features
from bstkit.data.dataset import HistorySteps
from bstkit.data.key_tables import encoded_key
from bstkit.data.sql import identifier


def event_steps(
    ids: Mapping[str, NDArray[np.int32]],
    user: NDArray[np.int64],
    kept: NDArray[np.bool_],
    weight: NDArray[np.float32] | None = None,
) -> HistorySteps:
    """Store the kept rows as events, and mark for each row which of them came before it.

    Args:
        ids: column -> int32 `(rows,)`.
        user: int64 `(rows,)`, rising: rows of one user stand together, in the order of time.
        kept: bool `(rows,)`, whether a row becomes part of later histories.
        weight: float32 `(rows,)`.
    """
    event = np.flatnonzero(kept)
    before: NDArray[np.int64] = np.cumsum(kept) - kept
    first_row = np.searchsorted(user, user)
    return HistorySteps(
        ids={name: column[event] for name, column in ids.items()},
        start=before[first_row],
        end=before,
        event=event,
        weight=None if weight is None else weight[event],
    )


def session_numbers(user: NDArray[np.int64], time: NDArray[np.float64], gap_s: float) -> NDArray[np.int64]:
    """Number the sessions of events in the order of user and time.

    Args:
        user: int64 `(events,)`.
        time: float64 `(events,)`, seconds.
        gap_s: more seconds than this between neighbouring events of a user start a new session.

    Returns:
        int64 `(events,)`, from 0, rising by 1 where a session starts.
    """
    starts = (user[1:] != user[:-1]) | (time[1:] - time[:-1] > gap_s)
    return np.concatenate([np.zeros(min(1, len(user)), np.int64), np.cumsum(starts)])


def row_steps(
    connection: duckdb.DuckDBPyConnection, features: Features, name: str, counts: NDArray[np.int64]
) -> HistorySteps:
    """Encode a history that stands in the row itself.

    Args:
        connection: with the table `event` and those of `learn_vocabularies`.
        features: what the columns mean.
        name: the history.
        counts: int64 `(rows,)`, the steps of each row, in the dataset's order.
    """
    history = features.history[name]
    first = next(iter(history.fields))
    inner = ['"user"', '"time"', "row", f"unnest(range(len({identifier(f'values:{name}.{first}')}))) AS step"]
    selected, joins = [], ""
    for place, (column, space) in enumerate(history.fields.items()):
        inner.append(f"unnest({identifier(f'values:{name}.{column}')}) AS key_{place}")
        join, encoded = encoded_key(features, space, f"key_{place}", f"v{place}")
        joins += join
        selected.append(f"{encoded} AS {identifier(f'id:{column}')}")
    if history.weight is not None:
        inner.append(f"unnest({identifier(f'weights:{name}')}) AS weight")
        selected.append("CAST(weight AS FLOAT) AS weight")
    query = (
        f"SELECT {', '.join(selected)} FROM (SELECT {', '.join(inner)} FROM event){joins} "
        'ORDER BY "user", "time", row, step'
    )
    found: dict[str, NDArray[Any]] = {
        column: np.ascontiguousarray(values) for column, values in connection.execute(query).fetchnumpy().items()
    }
    end = np.cumsum(counts, dtype=np.int64)
    return HistorySteps(
        ids={column: found[f"id:{column}"] for column in history.fields},
        start=end - counts,
        end=end,
        weight=found.get("weight"),
    )
