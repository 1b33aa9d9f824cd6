"""JSON lines: one object a line, whose keys are the columns.

A missing key and `null` are both NULL. Numbers, texts and truths become texts; lists become lists of texts, objects the
text of their JSON. Whether a column holds lists is learned from the log's first lines; which columns there are, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bstkit.data.layouts.first_line import check_names, first_line
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.rejects import TEXT_LENGTH, Rejects
from bstkit.data.layouts.source import Layout, Source, readable_columns
from bstkit.data.layouts.text_scan import scan
from bstkit.data.log_errors import unreadable
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
    files = given.holding_something(given.ending(*SUFFIXES))
    for file in files:
        _check_kind(file)
    is_list = _learn_columns(connection, files, str(given.path))
    columns = readable_columns(list(is_list))
    rejects = Rejects() if keep_going else None
    lines = _lines(files, rejects, is_list)
    shape = literal(json.dumps({name: ["VARCHAR"] if is_list[name] else "VARCHAR" for name in columns}))
    says = f"file || ', line ' || line || ': ' || reason || ': ' || left(text, {TEXT_LENGTH})"
    values = f"json_transform(text, {shape})"
    checked = (
        f"SELECT {values} AS cells FROM ({lines}) WHERE reason IS NULL"
        if keep_going
        else f"SELECT CASE WHEN reason IS NULL THEN {values} ELSE error({says}) END AS cells FROM ({lines})"
    )
    selected = "".join(f", cells.{identifier(name)} AS {identifier(name)}" for name in columns)
    query = f"SELECT row_number() OVER () - 1 AS row{selected} FROM ({checked})"
    left_out = _left_out(rejects, _lines(files, None, is_list, ignore=True)) if rejects else None
    return Source(query, columns, str(given.path), files, left_out)


def _lines(files: Sequence[Path], rejects: Rejects | None, is_list: dict[str, bool], ignore: bool = False) -> str:
    """Return SQL that yields the lines that are not empty: `file`, `line`, `text`, and `reason` where it is no row.

    Each file is numbered on its own: DuckDB knows the place in the file of a row of Parquet only.
    """
    numbered = " UNION ALL ".join(
        f"SELECT {literal(file)} AS file, row_number() OVER () AS line, text FROM {_scan([file], rejects, ignore)}"
        for file in files
    )
    return f"SELECT *, {_reason(is_list)} AS reason FROM ({numbered}) WHERE trim(text) <> ''"


def _scan(files: Sequence[Path], rejects: Rejects | None = None, ignore: bool = False) -> str:
    """Read whole lines: the delimiter is a character that JSON does not allow."""
    return scan(files, ["text"], "\x01", quote="", header=False, strict=False, rejects=rejects, ignore=ignore)


def _reason(is_list: dict[str, bool]) -> str:
    """Return SQL that says why a line is no row, NULL where it is one."""
    lists = [_pointer(name) for name, several in is_list.items() if several]
    single = [_pointer(name) for name, several in is_list.items() if not several]
    cases = [
        ("NOT json_valid(text)", "not valid JSON"),
        ("json_type(text) <> 'OBJECT'", "no JSON object"),
        ("len(json_keys(text)) > len(list_distinct(json_keys(text)))", "a key stands twice in it"),
    ]
    if lists:
        kinds = f"json_type(text, [{', '.join(map(literal, lists))}])"
        wrong = f"len(list_filter({kinds}, lambda kind: kind NOT IN ('ARRAY', 'NULL'))) > 0"
        cases.append((wrong, "a single value where the log's first lines hold a list"))
    if single:
        kinds = f"json_type(text, [{', '.join(map(literal, single))}])"
        wrong = f"list_contains({kinds}, 'ARRAY')"
        cases.append((wrong, "a list where the log's first lines hold a single value"))
    return "CASE " + " ".join(f"WHEN {case} THEN {literal(reason)}" for case, reason in cases) + " END"


def _left_out(rejects: Rejects, lines: str) -> str:
    """Return SQL that lists what the reader left out as no text, and what is no row.

    The reader does not count the lines that it left out: each of them before a line moves its number by one.
    """
    return (
        f"WITH rejected AS MATERIALIZED ({rejects.query}), "
        "counted AS (SELECT file, line - row_number() OVER (PARTITION BY file ORDER BY line) AS before FROM rejected) "
        "SELECT file, line, reason, text FROM rejected UNION ALL "
        "SELECT lines.file, lines.line + (SELECT count(*) FROM counted "
        "WHERE counted.file = lines.file AND counted.before < lines.line), reason, "
        f"left(text, {TEXT_LENGTH}) FROM ({lines}) AS lines WHERE reason IS NOT NULL"
    )


def _learn_columns(connection: duckdb.DuckDBPyConnection, files: Sequence[Path], origin: str) -> dict[str, bool]:
    """Map the columns, in the order in which the first lines show them, to whether they hold lists."""
    sample = f"SELECT text FROM {_scan(files, ignore=True)} LIMIT {SAMPLED_LINES}"
    objects = (
        "SELECT row_number() OVER () AS line, CASE WHEN json_valid(text) THEN "
        f"CASE WHEN json_type(text) = 'OBJECT' THEN text END END AS text FROM ({sample})"
    )
    try:
        found = connection.execute(
            f"SELECT key, bool_or(kind = 'ARRAY') FROM (SELECT line, key, rowid AS place, type AS kind "
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
