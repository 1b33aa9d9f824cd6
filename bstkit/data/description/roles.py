"""Guess which columns say who, what and when, from their names first and their values next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bstkit.data.description.column_names import ITEMS, TIMES, USERS, best_named
from bstkit.data.description.facts import ColumnFacts

_EPOCH = (2e8, 4.1e9)
"""Seconds since 1970 between 1976 and 2099."""
_SCALES = {"s": 1.0, "ms": 1e3, "us": 1e6}


@dataclass(frozen=True)
class Roles:
    """What the main columns are; None where none was found.

    Args:
        user, item, time: columns.
        time_unit: of times that are numbers.
        why: column -> the reason, in a few words.
    """

    user: str | None
    item: str | None
    time: str | None
    time_unit: str
    why: dict[str, str] = field(default_factory=dict)


def time_unit(column: ColumnFacts) -> str | None:
    """The unit in which all numbers of a column are times of our age; None where they are not."""
    if not column.numbers or column.low is None or column.high is None:
        return None
    low, high = _EPOCH
    for unit, scale in _SCALES.items():
        if low * scale <= column.low <= column.high <= high * scale:
            return unit
    return None


def guess_roles(columns: Sequence[ColumnFacts], rows: int) -> Roles:
    """Guess.

    Args:
        columns: those that hold one value a row, and say nothing about clicks.
        rows: of the log.
    """
    time = best_named([one for one in columns if _may_be_time(one)], TIMES)
    why = {time.name: "its name"} if time else {}
    time = time or next((one for one in columns if time_unit(one) or _is_dates(one)), None)
    if time is not None:
        why.setdefault(time.name, "its values are times")
    free = [one for one in columns if one is not time and not _is_dates(one)]
    user = best_named(free, USERS)
    item = best_named([one for one in free if one is not user], ITEMS)
    why |= {one.name: "its name" for one in (user, item) if one is not None}
    keys = [one for one in free if one not in (user, item) and _is_key(one, rows)]
    if user is None and keys:
        user = keys.pop(0)
        why[user.name] = "the first column that looks like keys: check it"
    if item is None and keys:
        item = keys.pop(0)
        why[item.name] = "the next column that looks like keys: check it"
    return Roles(
        user=user.name if user else None,
        item=item.name if item else None,
        time=time.name if time else None,
        time_unit=(time_unit(time) if time else None) or "s",
        why=why,
    )


def _may_be_time(column: ColumnFacts) -> bool:
    """Most of what stands there is a number or a date."""
    return max(column.numbers, column.dates) > column.texts - column.dates + column.nans


def _is_dates(column: ColumnFacts) -> bool:
    return bool(column.dates) and not column.numbers


def _is_key(column: ColumnFacts, rows: int) -> bool:
    """Whole numbers or short texts, many different ones, many of them several times."""
    if column.numbers and column.whole < column.numbers:
        return False
    return column.longest <= 64 and 2 <= column.distinct <= 0.9 * rows and time_unit(column) is None
