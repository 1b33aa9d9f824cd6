"""Histories of a dataset: which slice of the stored steps each row has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import Features, History
from bstkit.data.pieces import read_piece
from bstkit.data.prepared.columns import ColumnStore


def write_histories(store: ColumnStore, features: Features) -> None:
    """Write `history.<name>.start`, `.end` and what belongs to the steps, for every history.

    Args:
        store: with the rows' columns; ids, weights and times of histories in the row.
        features: what the histories are.
    """
    for name, history in features.history.items():
        if history.source == "row":
            _write_row_slices(store, name)
        else:
            _write_event_slices(store, name, history, features.tasks[0])
        if history.session_gap_s is not None:
            _write_sessions(store, name, history)


def _write_event_slices(store: ColumnStore, name: str, history: History, task: str) -> None:
    """The steps are the user's events, or the positive ones; a row's slice ends before the row itself.

    An event without a label in the first task counts as not positive.
    """
    prefix = f"history.{name}"
    label = f"label:{task}"
    sums = _steps_before_users(store, history, label)
    taken = 0

    def ends(_: int, user: NDArray[np.int32], labels: NDArray[np.float32]) -> NDArray[np.int64]:
        nonlocal taken
        kept = _kept(history, labels)
        end = taken + np.cumsum(kept) - kept
        taken += int(kept.sum())
        return end

    store.derive(f"{prefix}.end", np.int64, ("user", label), ends)
    store.derive(f"{prefix}.start", np.int64, ("user",), lambda _, user: sums[user])
    if history.events == "all":  # each step is its row: nothing is stored twice
        store.share(f"{prefix}.event", f"{prefix}.end")
        for column in history.fields:
            store.share(f"{prefix}.{column}", f"id:{column}")
        if history.weight is not None:
            store.share(f"{prefix}.weight", f"weight:{name}")
        return
    with store.writer(f"{prefix}.event", np.int64) as event:
        for first, (labels,) in store.pieces(label):
            event.append(first + np.flatnonzero(_kept(history, labels)))
    columns = {column: f"id:{column}" for column in history.fields}
    if history.weight is not None:
        columns["weight"] = f"weight:{name}"
    for column, source in columns.items():
        with store.writer(f"{prefix}.{column}", store.array(source).dtype) as writer:
            for _, (values, labels) in store.pieces(source, label):
                writer.append(values[_kept(history, labels)])


def _kept(history: History, labels: NDArray[np.float32]) -> NDArray[np.bool_]:
    return labels == 1 if history.events == "positive" else np.ones(len(labels), np.bool_)


def _steps_before_users(store: ColumnStore, history: History, label: str) -> NDArray[np.int64]:
    """Return the first step of each user, int64 `(users,)`."""
    counts = np.zeros(int(store.array("user")[-1]) + 1, np.int64)  # users are numbered in the order of rows
    for _, (user, labels) in store.pieces("user", label):
        found = np.bincount(user[_kept(history, labels)])
        counts[: len(found)] += found
    return np.cumsum(counts) - counts


def _write_row_slices(store: ColumnStore, name: str) -> None:
    """The steps stand in the row."""
    taken = 0

    def ends(_: int, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        nonlocal taken
        end = taken + np.cumsum(steps, dtype=np.int64)
        taken = int(end[-1]) if len(end) else taken
        return end

    store.derive(f"history.{name}.end", np.int64, (f"steps:{name}",), ends)
    store.derive(
        f"history.{name}.start", np.int64, (f"history.{name}.end", f"steps:{name}"), lambda _, end, steps: end - steps
    )


def _write_sessions(store: ColumnStore, name: str, history: History) -> None:
    with store.writer(f"history.{name}.session", np.int64) as writer:
        for numbers in session_numbers(_owners_and_times(store, name, history), history.session_gap_s or 0.0):
            writer.append(numbers)


def session_numbers(
    steps: Iterable[tuple[NDArray[Any], NDArray[np.float64]]], gap_s: float
) -> Iterator[NDArray[np.int64]]:
    """Number the sessions of all steps from 0, rising by 1 where one starts.

    Args:
        steps: pieces of all steps in order: whose each is, a user's for events or a row's for steps in the row, and
            when it was, in seconds.
        gap_s: more seconds than this between neighbouring steps of one owner start a session.
    """
    number, last_owner, last_time = -1, -1, 0.0
    for owner, time in steps:
        before_owner = np.append(last_owner, owner[:-1])
        before_time = np.append(last_time, time[:-1])
        numbers = number + np.cumsum((owner != before_owner) | (time - before_time > gap_s))
        yield numbers
        if len(owner):
            number, last_owner, last_time = int(numbers[-1]), int(owner[-1]), float(time[-1])


def _owners_and_times(
    store: ColumnStore, name: str, history: History
) -> Iterator[tuple[NDArray[Any], NDArray[np.float64]]]:
    """Whose each step is (a user's, or a row's) and when it was."""
    if history.source == "row":
        times, begin = store.array(f"history.{name}.time"), 0
        for first, (steps,) in store.pieces(f"steps:{name}"):
            end = begin + int(steps.sum(dtype=np.int64))
            yield np.repeat(first + np.arange(len(steps)), steps), read_piece(times, begin, end)
            begin = end
        return
    user, time = store.array("user"), store.array("time")
    for _, (event,) in store.pieces(f"history.{name}.event"):
        low, high = int(event[0]), int(event[-1]) + 1
        yield read_piece(user, low, high)[event - low], read_piece(time, low, high)[event - low]
