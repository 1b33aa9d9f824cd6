"""JSON lines: one object a line, whose keys are the columns.

A missing key and `null` are both NULL. Numbers, texts and truths become texts; lists become lists of texts, objects the
text of their JSON. The log's first lines tell which columns there are, and which hold lists (more often than not).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bstkit.data.checked.log_errors import unreadable
from bstkit.data.layouts.first_line import check_names, first_line
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.lines import left_out, numbered_lines, whole_lines
from bstkit.data.layouts.rejects import TEXT_LENGTH, Rejects
from bstkit.data.layouts.source import Layout, Source, readable_columns
from bstkit.data.sql import identifier, literal
from bstkit.errors import DataError

SUFFIXES = (".jsonl", ".ndjson", ".json")
SAMPLED_LINES = 100_000
"""The log's first lines: a key that none of them holds is not a column."""


def _open(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    """Read all shards as one table; they need not have the same keys.

    Raises:
        DataError: the log is no JSON lines, or two of its keys differ in upper and lower case only.
    """
    files = given.shards(given.ending(*SUFFIXES))
    for file in files:
        _check_kind(file)
    is_list = _learn_columns(connection, files, str(given.path))
    columns = readable_columns(list(is_list))
    rejects = Rejects() if keep_going else None
    lines = _lines(files, is_list, rejects)
    says = f"file || ', line ' || line || ': ' || reason || ': ' || left(text, {TEXT_LENGTH})"
    checked = (
        f"SELECT cells FROM ({lines}) WHERE reason IS NULL"
        if keep_going
        else f"SELECT CASE WHEN reason IS NULL THEN cells ELSE error({says}) END AS cells FROM ({lines})"
    )
    selected = "".join(f", cells.{identifier(name)} AS {identifier(name)}" for name in columns)
    query = f"SELECT row_number() OVER () - 1 AS row{selected} FROM ({checked})"
    bad_lines = left_out(rejects, _lines(files, is_list, ignore=True)) if rejects else None
    return Source(query, columns, str(given.path), files, bad_lines)


def _lines(
    files: Sequence[Path], is_list: dict[str, bool], rejects: Rejects | None = None, ignore: bool = False
) -> str:
    """Return SQL of the lines that are not empty: `file`, `line`, `text`, `cells`, and `reason` where it is no row.

    Each line is parsed three times (is it JSON, which keys, which values), and again only where a value looks wrong.
    """
    shape = literal(json.dumps({name: ["VARCHAR"] if several else "VARCHAR" for name, several in is_list.items()}))
    parsed = (
        "SELECT *, CASE WHEN valid THEN json_keys(text) END AS keys, "
        f"CASE WHEN valid THEN json_transform(text, {shape}) END AS cells "
        f"FROM (SELECT *, json_valid(text) AS valid FROM ({numbered_lines(files, rejects, ignore)}) "
        "WHERE trim(text, ' ' || chr(9)) <> '')"
    )
    return f"SELECT *, {_reason(is_list)} AS reason FROM ({parsed})"


def _reason(is_list: dict[str, bool]) -> str:
    """Return SQL that says why a line is no row, NULL where it is one. CASE looks at later cases only where it must."""
    every_key = f"[{', '.join(map(literal, is_list))}]"
    cases = [
        ("keys IS NULL", "not valid JSON"),
        ("len(keys) = 0 AND json_type(text) <> 'OBJECT'", "no JSON object"),
        # Counting different keys takes as long as parsing; most lines have all columns, in order, and need no count.
        (f"CASE WHEN keys <> {every_key} THEN len(keys) > list_unique(keys) END", "a key stands twice in it"),
    ]
    for several, looks_wrong, is_wrong, reason in (
        (True, "{} IS NULL", "kind NOT IN ('ARRAY', 'NULL')", "a single value where the log's first lines hold lists"),
        (False, "starts_with({}, '[')", "kind = 'ARRAY'", "a list where the log's first lines hold single values"),
    ):
        names = [name for name in is_list if is_list[name] is several]
        if names:
            suspected = " OR ".join(looks_wrong.format("cells." + identifier(name)) for name in names)
            pointers = ", ".join(literal(_pointer(name)) for name in names)
            wrong = f"len(list_filter(json_type(text, [{pointers}]), lambda kind: {is_wrong})) > 0"
            cases.append((f"CASE WHEN {suspected} THEN {wrong} END", reason))
    return "CASE " + " ".join(f"WHEN {case} THEN {literal(reason)}" for case, reason in cases) + " END"


def _learn_columns(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], origin: str) -> dict[str, bool]:
    """Map the columns, in the order in which the first lines show them, to whether they hold lists."""
    sample = f"SELECT text FROM {whole_lines(files, ignore=True)} LIMIT {SAMPLED_LINES}"
    objects = (
        "SELECT row_number() OVER () AS line, CASE WHEN json_valid(text) THEN "
        f"CASE WHEN json_type(text) = 'OBJECT' THEN text END END AS text FROM ({sample})"
    )
    try:
        found = connection.execute(
            "SELECT key, count(*) FILTER (kind = 'ARRAY') > count(*) FILTER (kind NOT IN ('ARRAY', 'NULL')) FROM "
            f"(SELECT line, key, rowid AS place, type AS kind "
            f"FROM ({objects}) AS objects, json_each(objects.text)) "
            "WHERE key <> '' GROUP BY key ORDER BY min((line, place))"
        ).fetchall()
    except duckdb.Error as error:
        raise unreadable(origin, error) from error
    if not found:
        raise DataError(
            f"{origin} is no log: none of its first lines is a JSON object",
            "write one object a line, with the columns as keys",
        )
    is_list = {str(key): bool(several) for key, several in found}
    check_names(list(is_list), origin)
    return is_list


def _check_kind(file: Path) -> None:
    """Refuse files that look like JSON lines and are something else, before each of their lines is an error."""
    line = first_line(file).lstrip()
    if line.startswith("{'"):
        raise DataError(
            f"{file} holds Python's dicts, in single quotes, and no JSON",
            "write it anew:  for line in old: print(json.dumps(ast.literal_eval(line)))",
        )
    if re.match(r"(\[\s*(\{|$))|(\{\s*$)", line):
        raise DataError(
            f"{file} holds one JSON value over several lines",
            "write one object a line:  jq -c '.[]' old.json > new.jsonl",
        )


def _pointer(name: str) -> str:
    """Return the JSON pointer of a key."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


LAYOUT = Layout("JSON lines", lambda given: bool(given.ending(*SUFFIXES)), _open)
