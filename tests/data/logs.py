"""Small logs that the tests write, and features that read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bstkit.config.features import (
    ContextId,
    ContextNumeric,
    Derived,
    Features,
    History,
    LogColumns,
    Space,
    Split,
)

USERS = ("ann", "bob", "cleo")
ITEMS = {"10": "Drama War", "11": "Comedy", "12": "Comedy Drama", "13": "War"}


def features(leave_last: int = 2, **changes: Any) -> Features:
    """Features of the log that `write_recbole` writes; `changes` replaces whole tables."""
    tables: dict[str, Any] = {
        "spaces": {name: Space(dim=4) for name in ("item", "cate", "user", "gender")},
        "log": LogColumns(user="user_id", time="timestamp", labels={"ctr": "rating >= 4"}),
        "columns": {"cate_id": Derived(first_of="class")},
        "target": {"item_id": "item", "cate_id": "cate"},
        "history": {
            "hist": History(
                fields={"item_id": "item", "cate_id": "cate"}, max_length=3, mask="item_id", events="positive"
            )
        },
        "context": {
            "user_id": ContextId(space="user"),
            "gender": ContextId(space="gender"),
            "age": ContextNumeric(numeric="standardise"),
        },
        "split": Split(leave_last=leave_last),
    }
    return Features(**(tables | changes))


def plain_features(leave_last: int = 1, events: str = "all", max_length: int = 4) -> Features:
    """Features of a log with the columns user, time, item, click."""
    return Features(
        spaces={"item": Space(dim=4)},
        log=LogColumns(user="user", time="time", labels={"ctr": "click"}),
        target={"item": "item"},
        history={"hist": History(fields={"item": "item"}, max_length=max_length, events=events)},
        split=Split(leave_last=leave_last),
    )


def events() -> list[list[str]]:
    """Eight ratings a user, users taking turns, so that the file is in the order of time."""
    items = list(ITEMS)
    return [
        [user, items[(turn + 2 * number) % 4], str(1 + (turn * 3 + number) % 5), str(1000 + 10 * turn + number)]
        for turn in range(8)
        for number, user in enumerate(USERS)
    ]


def write_recbole(folder: Path, rows: Sequence[Sequence[str]] | None = None, **files: str | None) -> Path:
    """Write a folder of RecBole atomic files.

    Args:
        folder: made where it is missing.
        rows: of the .inter file. Defaults to `events()`.
        files: suffix (`inter`, `user`, `item`) -> that file's whole text in place of the usual one; None leaves it out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ages = {"ann": "20", "bob": "30", "cleo": "40"}
    texts: dict[str, str | None] = {
        "inter": table(
            ["user_id:token", "item_id:token", "rating:float", "timestamp:float"], events() if rows is None else rows
        ),
        "user": table(
            ["user_id:token", "age:token", "gender:token"],
            [[user, ages[user], "F" if user != "bob" else "M"] for user in USERS],
        ),
        "item": table(
            ["item_id:token", "title:token_seq", "class:token_seq"],
            [[item, f'The "{item}"', genres] for item, genres in ITEMS.items()],
        ),
        "kg": "head_id:token\tnot read\n",
    } | files
    for suffix, text in texts.items():
        if text is not None:
            (folder / f"small.{suffix}").write_text(text, encoding="utf-8")
    return folder


def table(header: Sequence[str], rows: Sequence[Sequence[str]], separator: str = "\t") -> str:
    """Join cells to lines."""
    return "".join(separator.join(cells) + "\n" for cells in (header, *rows))


def write_plain(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """Write rows of user, time, item, click as a CSV file."""
    path.write_text(
        table(["user", "time", "item", "click"], [[str(cell) for cell in row] for row in rows], ","), encoding="utf-8"
    )
    return path
