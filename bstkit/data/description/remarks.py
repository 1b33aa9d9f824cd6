"""What the facts say about the proposal: remarks behind its lines, warnings above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import ceil

from bstkit.config.features import Features
from bstkit.data.description.draft import Draft
from bstkit.data.description.facts import IdFacts, LogDescription
from bstkit.data.description.roles import time_unit

_HUGE = 10_000_000
"""Keys from which on a vocabulary is better replaced by a hash."""


def add_remarks(draft: Draft, description: LogDescription) -> None:
    """Say beside id spaces, labels and histories what the log holds of them."""
    by_space = defaultdict(list)
    for one in description.ids:
        by_space[one.space].append(one)
    for space in draft.tables["spaces"]:
        if any(one.keys for one in by_space[space]):
            largest = max(by_space[space], key=lambda one: one.keys)
            _remark(draft, ("spaces", space), _space(largest))
    if description.labels:
        rates = ", ".join(
            f"{one.rate:.1%} of {one.task}" if len(description.labels) > 1 else f"{one.rate:.1%}"
            for one in description.labels
            if one.rate is not None
        )
        _remark(draft, ("log", "labels"), f"positive: {rates}")
    events = description.user_events
    for name, history in draft.features().history.items():
        lengths = description.row_lengths.get(name)
        if lengths is not None:
            said = f"rows have {lengths.median} steps in the median, {lengths.p99} at 99 %"
        elif events is not None and history.source == "events":
            said = f"users have {events.median} events in the median, {events.p90} at 90 %"
        else:
            continue
        _remark(draft, ("history", name, "max_length"), said)


def allow_bad_rows(draft: Draft, bad: int, rows: int) -> None:
    """Leave out rows that cannot be read, or lack a user, a time or a label, where a log of known columns has some."""
    if draft.missing or not bad:
        return
    note = f"{bad:,} of {rows:,} rows cannot be read, or lack a user, a time or a label"
    draft.put("log", "bad_rows", value="skip", note=note)
    if bad > 0.01 * rows:
        draft.put("log", "max_bad_share", value=min(1.0, ceil(110 * bad / rows) / 100))


def _space(one: IdFacts) -> str:
    said = f"{one.keys:,} keys in {one.column}"
    if one.once:
        said += f", {one.once:,} of them once"
    if one.once > 0.2 * one.keys:
        said += ": min_count = 2 would leave these out"
    if one.keys >= _HUGE:
        said += "; hash_buckets = 10_000_000 needs no vocabulary"
    return said


def _remark(draft: Draft, path: tuple[str, ...], said: str) -> None:
    draft.notes[path] = f"{draft.notes[path]}; {said}" if path in draft.notes else said


def find_warnings(features: Features, description: LogDescription) -> Iterator[str]:
    """What a person should look at before preparing the log."""
    columns = {column.name: column for column in description.columns}
    time = columns.get(features.log.time)
    unit = time_unit(time) if time else None
    if unit is not None and unit != features.log.time_unit:
        names = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}
        yield f'the times look like {names[unit]}: set time_unit = "{unit}" in [log]'
    elif time is not None and time.numbers and unit is None:
        yield "the times are not all between 1976 and 2099 in one unit: seconds and milliseconds may be mixed"
    if description.unreadable:
        yield f"{description.unreadable:,} lines could not be read, and are not counted"
    if time is not None and description.untimed:
        yield f"{description.untimed:,} rows have no time that can be read"
    if description.ids[0].missing and description.users is not None:
        yield f"{description.ids[0].missing:,} rows have no user"
    if description.tied is not None and description.tied >= 0.05:
        yield (
            f"{description.tied:.0%} of the events share their second with another one of the same user: their order "
            "in the log decides, so it must be the true one"
        )
    if description.duplicates:
        yield f"{description.duplicates:,} rows repeat another one's user, candidate and time"
    for label in description.labels:
        if label.rate in (0.0, 1.0):
            yield f"every label of task '{label.task}' is {label.rate:g}"
