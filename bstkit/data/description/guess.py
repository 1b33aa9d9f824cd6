"""Draft a features.toml from what the columns' names, types and values suggest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb

from bstkit.data.description.column_names import AFTERWARDS, BOUGHT, PROSE, RATINGS, plain
from bstkit.data.description.database import one_row
from bstkit.data.description.dependence import Keyed, keyed_by
from bstkit.data.description.draft import Draft
from bstkit.data.description.facts import ColumnFacts
from bstkit.data.description.guess_histories import draft_histories
from bstkit.data.description.guess_labels import Labels, guess_labels, is_binary
from bstkit.data.description.roles import Roles, guess_roles, time_unit
from bstkit.data.description.row_lists import RowList, find_row_lists

_ID_NAME = re.compile(r"(id|code|cate|category|cat|type|class|genre|brand|shop|store|seller|group|level|zip|city)s?$")


def guess_draft(connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnFacts]) -> Draft:
    """Guess what the columns of the table `source` mean."""
    rows = int(one_row(connection, "SELECT count(*) FROM source")[0])
    single = [one for one in columns if not one.is_list and not one.is_nested and one.missing < rows]
    labels = guess_labels(connection, single)
    roles = guess_roles([one for one in single if one.name not in labels.columns], rows)
    draft = Draft()
    _draft_log(draft, roles, labels)
    main = {roles.user, roles.item, roles.time} | labels.columns
    others = [column for column in columns if column.name not in main]
    scalars = [column for column in others if not column.is_list and not column.is_nested]
    by_item = keyed_by(connection, roles.item, [column.name for column in scalars])
    by_user = keyed_by(connection, roles.user, [column.name for column in scalars])
    attributes = [one for one in scalars if one.name in by_item.decides - by_user.decides and _is_id(one)]
    keys = [name for name in (roles.item, *(one.name for one in attributes)) if name is not None]
    lists = find_row_lists(connection, others, keys)
    _draft_target(draft, roles, attributes, by_item, lists)
    draft_histories(connection, draft, roles, lists, bool(labels.conditions))
    for column in others:
        if column.name not in lists and column.name not in draft.tables["target"]:
            _draft_context(draft, column, rows, by_user, by_item)
    if roles.user is not None:
        draft.put("spaces", "user", value={"dim": 32})
        draft.put("context", roles.user, value={"space": "user"}, note="the user's own taste; cold users share one id")
    if labels.behaviour and labels.behaviour not in labels.read:
        draft.left_out[labels.behaviour] = "says what the user did, which is known only afterwards"
    return draft


def _draft_log(draft: Draft, roles: Roles, labels: Labels) -> None:
    for role, column in (("user", roles.user), ("time", roles.time)):
        if column is None:
            draft.missing.append(f"no column looks like the {role}: name it in [log] {role}")
            draft.put("log", role, value=f"{role}_column", note="NOT FOUND: write its name here")
        else:
            draft.put("log", role, value=column, note=f"guessed: {roles.why[column]}")
    if roles.time_unit != "s":
        draft.put("log", "time_unit", value=roles.time_unit, note="guessed: the times are too large for seconds")
    if labels.conditions:
        draft.put("log", "labels", value=dict(labels.conditions))
        draft.notes["log", "labels"] = "guessed: " + "; ".join(dict.fromkeys(labels.why.values()))
        return
    draft.put("sampling", "negatives_per_positive", value=4)
    said = "no column looks like a label, so that every event counts as a click and what was not clicked is drawn"
    if labels.behaviour:
        kind = next((kind for kind in labels.kinds if plain(kind) in BOUGHT), labels.kinds[-1])
        example = f"labels = {{ ctr = \"{labels.behaviour} == '{kind}'\" }}"
        said += f"; '{labels.behaviour}' holds {', '.join(labels.kinds[:8])}: a label would be {example} in [log]"
    draft.notes["sampling",] = said


def _draft_target(
    draft: Draft, roles: Roles, attributes: Sequence[ColumnFacts], by_item: Keyed, lists: Mapping[str, RowList]
) -> None:
    if roles.item is None:
        draft.missing.append("no column looks like the candidate: name it in [target], and in the history's fields")
        draft.put("spaces", "item", value={"dim": 64})
        draft.put("target", "item_column", value="item", note="NOT FOUND: write its name here")
        return
    draft.put("spaces", "item", value={"dim": 64})
    draft.put("target", roles.item, value="item", note=f"guessed: {roles.why[roles.item]}")
    for column in attributes:
        if column.name in lists or by_item.keys < 1.5 * column.distinct:
            continue
        space = space_name(draft, column.name)
        draft.put("spaces", space, value={"dim": 32})
        draft.put("target", column.name, value=space, note="guessed: each item has one, and items share them")


def _draft_context(draft: Draft, column: ColumnFacts, rows: int, by_user: Keyed, by_item: Keyed) -> None:
    """What is left describes the user or the request, unless there is a reason to leave it out."""
    reason = _left_out(column, rows, by_user, by_item)
    if reason:
        draft.left_out[column.name] = reason
    elif _is_id(column):
        space = space_name(draft, column.name)
        draft.put("spaces", space, value={"dim": 16})
        draft.put("context", column.name, value={"space": space})
    else:
        numeric: dict[str, object] = {"numeric": "standardise"}
        note = f"from {column.low:g} to {column.high:g}"
        if column.missing + column.nans:
            numeric["missing"] = float(f"{column.mean or 0.0:.6g}")
            note += f"; the mean stands for {column.missing + column.nans:,} missing values"
        draft.put("context", column.name, value=numeric, note=note)


def _left_out(column: ColumnFacts, rows: int, by_user: Keyed, by_item: Keyed) -> str:
    """Why a column is no context, or nothing."""
    name = plain(column.name)
    if column.is_nested or column.is_list:
        return "holds objects or empty lists"
    if column.distinct <= 1:
        return "is the same everywhere"
    if name in (*RATINGS, *AFTERWARDS):
        return "is known only after the event"
    if time_unit(column) or column.dates:
        return "holds times"
    if not _is_id(column):
        return ""
    if any(part in name for part in PROSE):
        return "is prose"
    if column.name in by_user.decides:
        return "" if by_user.keys >= 3 * column.distinct else "is almost a key of the user"
    if column.name in by_item.decides:
        return "is almost a key of the item"
    return "" if rows >= 20 * column.distinct else "has too many different values to learn from"


def _is_id(column: ColumnFacts) -> bool:
    """Texts are ids; whole numbers are where there are few of them, or the name says so."""
    if column.texts or not column.numbers:
        return True
    if column.whole < column.numbers:
        return False
    return is_binary(column) or column.distinct <= 20 or bool(_ID_NAME.search(column.name.lower()))


def space_name(draft: Draft, column: str) -> str:
    """A name for a column's id space: its own, in letters, digits and underscores, without `_id`."""
    name = re.sub(r"\W", "_", column, flags=re.ASCII)
    name = re.sub(r"(?<=.)_?id$", "", name, flags=re.IGNORECASE) or name
    name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
    taken = draft.tables.get("spaces", {})
    while name in taken or name in ("item", "user"):
        name += "_"
    return name
