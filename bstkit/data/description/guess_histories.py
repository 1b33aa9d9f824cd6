"""Draft the histories: those that stand in the row, else the user's earlier events."""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from bstkit.data.description.column_names import plain
from bstkit.data.description.database import one_row
from bstkit.data.description.draft import Draft
from bstkit.data.description.roles import Roles
from bstkit.data.description.row_lists import RowList, aligned
from bstkit.data.sql import identifier

MAX_LENGTH = 50


def draft_histories(
    connection: duckdb.DuckDBPyConnection, draft: Draft, roles: Roles, lists: Mapping[str, RowList], labelled: bool
) -> None:
    """Add the tables `[history.*]` to a draft that has its target.

    Args:
        connection: with the table `source`.
        draft: to add to.
        roles: the main columns.
        lists: columns with several values a row.
        labelled: whether some events are no positives.
    """
    left = dict(lists)
    steps = next((one for one in lists.values() if roles.item is not None and one.partner() == roles.item), None)
    steps = steps or next((one for one in lists.values() if one.is_named_history and one.bits < one.values), None)
    if steps is None:
        _draft_events(draft, labelled)
    else:
        _draft_row_history(connection, draft, roles, steps, left)
    for one in left.values():
        _draft_multi_valued(draft, one)


def _draft_events(draft: Draft, labelled: bool) -> None:
    """A history of the user's earlier events."""
    fields = dict(draft.tables["target"])
    path = ("history", "hist")
    draft.put(*path, "fields", value=fields)
    draft.put(*path, "max_length", value=MAX_LENGTH, note="the most recent ones")
    draft.put(*path, "mask", value=next(iter(fields)))
    if labelled:
        draft.put(*path, "events", value="positive", note='only what was clicked; "all": whatever was shown')
    draft.put(*path, "session_gap_s", value=1800, note="half an hour without an event ends a session")
    draft.put(*path, "negatives", value="uniform", note="what objective.* components are shown beside each step")
    draft.notes[path] = "the user's earlier events, oldest first"


def _draft_row_history(
    connection: duckdb.DuckDBPyConnection, draft: Draft, roles: Roles, steps: RowList, left: dict[str, RowList]
) -> None:
    """A history that the log carries, with the columns beside it that have as many values in each row."""
    path = ("history", "hist")
    del left[steps.name]
    draft.put(*path, "source", value="row", note="guessed: the steps stand in the row itself, not in earlier events")
    fields = {steps.name: "item"}
    beside = {name: one for name, one in left.items() if aligned(connection, steps, one)}
    companions = {name: key for name, one in beside.items() if (key := _companion(name, one)) is not None}
    for name, one in beside.items():
        partner = one.partner()
        if partner is not None and name not in companions:
            fields[name] = draft.tables["target"].get(partner, "item")
            del left[name]
    draft.put(*path, "fields", value=fields)
    draft.put(*path, "max_length", value=min(MAX_LENGTH, max(steps.most, 1)), note="the most recent ones")
    draft.put(*path, "mask", value=steps.name)
    _put_separator(draft, path, steps)
    if "mask_column" not in companions.values() and steps.least == steps.most > 1 and steps.zero_ends:
        draft.put(*path, "padding", value="0", note="guessed: all rows are equally long, and some start or end with it")
    for name, key in companions.items():
        if key == "time" and not _all_older(connection, beside[name], roles):
            draft.left_out[name] = "looks like the times of steps, but some are not older than their row"
            del left[name]
        elif key not in draft.tables["history"]["hist"]:
            draft.put(*path, key, value=name, note="guessed: its name and values")
            del left[name]
    draft.notes[path] = "oldest step first: if the log writes the newest first, add newest_first = true"


def _all_older(connection: duckdb.DuckDBPyConnection, steps: RowList, roles: Roles) -> bool:
    """Whether every step in the row is older than the row; a 0 stands for no step."""
    if roles.time is None:
        return False
    newest = f"list_max([TRY_CAST(x AS DOUBLE) FOR x IN {steps.split}])"
    event = f"TRY_CAST(CAST({identifier(roles.time)} AS VARCHAR) AS DOUBLE)"
    return not one_row(connection, f"SELECT count(*) FROM source WHERE coalesce({newest} >= {event}, false)")[0]


def _companion(name: str, one: RowList) -> str | None:
    """Which key of a history a column of numbers beside it belongs to."""
    if one.numbers < one.values:
        return None
    if re.search(r"time|ts$|timestamp", name.lower()) and one.low is not None and one.low > 1e8:
        return "time"
    if one.bits == one.values and "mask" in plain(name):
        return "mask_column"
    return "weight" if re.search(r"weight|dwell|score|duration|watch", name.lower()) else None


def _draft_multi_valued(draft: Draft, one: RowList) -> None:
    """A column with several values a row, such as tags."""
    name = re.sub(r"\W", "_", one.name, flags=re.ASCII)
    name = name if re.match(r"[A-Za-z_]", name) and name != "hist" else f"_{name}"
    partner = one.partner()
    space = draft.tables["target"].get(partner) if partner else None
    if space is None:
        space = f"{name}_value" if name in draft.tables["spaces"] else name
        draft.put("spaces", space, value={"dim": 16})
    path = ("history", name)
    draft.put(*path, "source", value="row")
    draft.put(*path, "fields", value={one.name: space})
    draft.put(*path, "max_length", value=min(MAX_LENGTH, max(one.most, 1)))
    _put_separator(draft, path, one)
    draft.notes[path] = f"guessed: several values a row, {one.distinct:,} different ones in the first rows"


def _put_separator(draft: Draft, path: tuple[str, ...], one: RowList) -> None:
    if one.separator not in (None, " "):
        draft.put(*path, "separator", value=one.separator)
