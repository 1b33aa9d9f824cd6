"""Write a features.toml with a remark behind each line that has one."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bstkit.data.description.draft import Draft

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TABLES = ("spaces", "log", "columns", "target", "history", "context", "split", "sampling")
_ABOUT = {
    "spaces": "one vocabulary and one embedding table each",
    "target": "the candidate: what is known of it before it is shown",
    "context": "user and request: only what is known when the candidate is shown",
}
WIDTH = 120
Path = tuple[str, ...]


def proposal_toml(draft: Draft, heading: Sequence[str]) -> str:
    """Write a draft as commented TOML that `load_features` reads.

    Args:
        draft: the tables and their remarks.
        heading: lines at the top.
    """
    lines = [f"# {_one_line(line)}" for line in heading]
    lines += [f"# NOT READY: {_one_line(reason)}" for reason in draft.missing]
    for name in _TABLES:
        table = draft.tables.get(name)
        if not table:
            continue
        nested = {key: value for key, value in table.items() if name == "history"}
        if not nested:
            lines += ["", *_table((name,), table, draft.notes)]
        for key, value in nested.items():
            lines += ["", *_table((name, key), value, draft.notes)]
    if draft.left_out:
        lines += ["", "# Columns that nothing reads:"]
        lines += [f"#   {_one_line(column)}: {_one_line(reason)}" for column, reason in draft.left_out.items()]
    return "\n".join(lines) + "\n"


def _table(path: Path, table: Mapping[str, Any], notes: Mapping[Path, str]) -> list[str]:
    about = notes.get(path) or (_ABOUT.get(path[0], "") if len(path) == 1 else "")
    lines = [(f"[{'.'.join(_key(name) for name in path)}]", about)]
    width = max(len(_key(name)) for name in table)
    lines += [
        (f"{_key(name):<{width}} = {_value(value)}", notes.get((*path, name), "")) for name, value in table.items()
    ]
    short = [len(line) for line, note in lines if note and len(line) + len(note) < WIDTH - 4]
    return [text for line, note in lines for text in _remarked(line, _one_line(note), max(short, default=0))]


def _remarked(line: str, note: str, width: int) -> list[str]:
    """A line with its remark behind it, or above it where it is long."""
    if not note:
        return [line]
    if len(line) + len(note) < WIDTH - 4:
        behind = f"{line:<{width}}  # {note}"
        return [behind if len(behind) <= WIDTH else f"{line}  # {note}"]
    return [*(f"# {part}" for part in textwrap.wrap(note, WIDTH - 2)), line]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    """A basic string; JSON's escapes are TOML's, all but DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return repr(value)


def _one_line(text: str) -> str:
    """A comment holds no line break and no control character."""
    return " ".join(text.split()) if text.isprintable() else " ".join(ascii(text)[1:-1].split())
