"""Which rows are for training, which for validation, which are the test."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Features, Shares, TimeSplit
from bstkit.config.split_checks import is_share, moment_seconds
from bstkit.data.dataset import SPLITS
from bstkit.data.prepared.columns import ColumnStore
from bstkit.errors import DataError

TRAIN, VALIDATION, TEST = range(3)

Choose = Callable[..., NDArray[np.int8]]


def write_split(store: ColumnStore, connection: duckdb.DuckDBPyConnection, features: Features, origin: str) -> None:
    """Write the column `split`, int8, an index into `SPLITS`.

    * leave_last: of each user's events the last `k` are the test, the `k` before them validation. A user with fewer
      than `2 k` gives training rows only: split, such a user would be in one of the two but not in the other.
    * time: everything from one moment on.
    * user: by a hash of the user's key, so that a user stays in its part when the log grows.
    * column: as the log says.

    Args:
        store: with the columns `user` and `time`; `split` already where the log has it.
        connection: with the tables `log` and `users`.
        features: its `split` says which way.
        origin: how errors name the log.

    Raises:
        DataError: a part would be empty.
    """
    split = features.split
    events = user_counts(store)
    if split.time is not None:
        validation, test = _moments(connection, split.time)
        store.derive("split", np.int8, ("time",), lambda _, time: _by_bounds(time, validation, test))
    elif split.user is not None:
        parts = _user_parts(connection, split.user)
        store.derive("split", np.int8, ("user",), lambda _, user: parts[user])
    elif split.column is None:
        first = np.cumsum(events) - events
        k = split.leave_last
        store.derive(
            "split", np.int8, ("user",), lambda row, user: _leave_last(row, user, first[user], events[user], k)
        )
    _check_parts(store, features, origin, int(events.max(initial=0)))


def user_counts(store: ColumnStore) -> NDArray[np.int64]:
    """Return how many events each user has, int64 `(users,)`."""
    counts = np.zeros(0, np.int64)
    for _, (user,) in store.pieces("user"):
        found = np.bincount(user)
        found[: len(counts)] += counts[: len(found)]
        counts = found if len(found) >= len(counts) else counts
    return counts


def _leave_last(
    row: int, user: NDArray[np.int32], first: NDArray[np.int64], events: NDArray[np.int64], k: int
) -> NDArray[np.int8]:
    left = events - (row + np.arange(len(user)) - first)  # this event included
    part = np.where(left > 2 * k, TRAIN, np.where(left > k, VALIDATION, TEST))
    return np.where(events < 2 * k, TRAIN, part).astype(np.int8)


def _by_bounds(time: NDArray[np.float64], validation: float, test: float) -> NDArray[np.int8]:
    return ((time >= validation).astype(np.int8) + (time >= test)).astype(np.int8)


def _moments(connection: duckdb.DuckDBPyConnection, split: TimeSplit) -> tuple[float, float]:
    """When validation and test begin, in seconds."""
    validation, test = moment_seconds(split.validation), moment_seconds(split.test)
    if not is_share(split.test):
        return validation, test
    shares = [1 - validation - test, 1 - test]
    ((bounds,),) = connection.execute(f'SELECT quantile_disc("time", {shares}) FROM log').fetchall()
    return float(bounds[0]), float(bounds[1])


def _user_parts(connection: duckdb.DuckDBPyConnection, shares: Shares) -> NDArray[np.int8]:
    """The part of each user, from the first 32 bits of the SHA-256 of its key."""
    place = "('0x' || substr(sha256(key), 1, 8))::UBIGINT / 4294967296.0"
    query = (
        f"SELECT CAST(CASE WHEN {place} < {shares.test} THEN {TEST} "
        f"WHEN {place} < {shares.test + shares.validation} THEN {VALIDATION} ELSE {TRAIN} END AS TINYINT) AS part "
        "FROM users ORDER BY rowid"
    )
    parts: NDArray[np.int8] = connection.execute(query).fetchnumpy()["part"]
    return parts


def split_sizes(store: ColumnStore) -> NDArray[np.int64]:
    """Return how many rows each split has, in the order of `SPLITS`."""
    counts = np.zeros(len(SPLITS), np.int64)
    for _, (split,) in store.pieces("split"):
        counts += np.bincount(split, minlength=len(SPLITS))
    return counts


def _check_parts(store: ColumnStore, features: Features, origin: str, most: int) -> None:
    counts = split_sizes(store)
    empty = [name for name, count in zip(SPLITS, counts, strict=True) if not count]
    if not empty:
        return
    if features.split.time or features.split.user or features.split.column:
        how = "time" if features.split.time else "user" if features.split.user else "column"
        raise DataError(
            f"no event of {origin} is left for {' and '.join(empty)}, as [split] {how} of features.toml says",
            "change [split], or give a longer log",
        )
    k = features.split.leave_last
    hint = f"set leave_last in [split] of features.toml to at most {max(1, (most - 1) // 2)}, or give a longer log"
    if "test" in empty:
        raise DataError(
            f"no user of {origin} has the {2 * k} events that the split needs; the longest has {most}", hint
        )
    raise DataError(
        f"no event of {origin} is left for training: no user has more than {most} events, and the split takes "
        f"{2 * k} of each",
        hint,
    )
