"""RecBole atomic files: `name.inter` holds events; `name.user` and `name.item` may describe users and items.

Tab-separated text; a header cell is `name:type`, with the types token, token_seq, float and float_seq. Other files of
the folder (.kg, .link, .net) are not read. The types are checked but not used: features.toml says how each column is
read.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from bstkit.data.log_errors import unreadable
from bstkit.data.sql import identifier, literal
from bstkit.errors import DataError

_TYPES = ("token", "token_seq", "float", "float_seq")
_SIDES = (".user", ".item")


def find_inter_file(path: Path) -> Path:
    """Return the one .inter file of a folder, or `path` itself when it is one.

    Raises:
        DataError: the folder has none, or several.
    """
    if path.is_file():
        return path
    found = sorted(path.glob("*.inter"))
    if not found:
        raise DataError(
            f"{path} holds no .inter file", "give a folder of RecBole atomic files, or a single CSV or Parquet file"
        )
    if len(found) > 1:
        raise DataError(
            f"{path} holds several .inter files: {', '.join(file.name for file in found)}",
            f"give one of them:  --data {found[0]}",
        )
    return found[0]


def recbole_columns(inter: Path) -> dict[str, Path]:
    """Map each column to the file that it is read from; a column of the .inter file comes first.

    Raises:
        DataError: a header cannot be read, or a file shares no key with the .inter file.
    """
    columns = dict.fromkeys(_header(inter), inter)
    for file in _side_files(inter):
        header = _header(file)
        if header[0] not in columns:
            raise DataError(
                f"the first column of {file.name}, {header[0]!r}, is not in {inter.name}",
                "name the key the same in both",
            )
        columns |= {name: file for name in header if name not in columns}
    return columns


def recbole_query(connection: duckdb.DuckDBPyConnection, inter: Path, columns: dict[str, Path]) -> str:
    """Return SQL that joins the files and yields `row` and every column.

    Raises:
        DataError: a file of users or items describes one twice, or cannot be read.
    """
    tables = {inter: "events"}
    joins = ""
    for file in _side_files(inter):
        key = identifier(_header(file)[0])
        _check_unique(connection, file, key)
        table = tables[file] = file.suffix[1:]
        joins += f" LEFT JOIN {_read(file)} AS {identifier(table)} ON events.{key} = {identifier(table)}.{key}"
    selected = ", ".join(f"{identifier(tables[file])}.{identifier(name)}" for name, file in columns.items())
    events = f"(SELECT row_number() OVER () - 1 AS row, * FROM {_read(inter)}) AS events"
    return f"SELECT events.row, {selected} FROM {events}{joins}"


def _side_files(inter: Path) -> list[Path]:
    return [file for suffix in _SIDES if (file := inter.with_suffix(suffix)).is_file()]


def _header(file: Path) -> list[str]:
    """Return the column names of one file."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            cells = stream.readline().rstrip("\r\n").split("\t")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {file}: {error}", "it may be damaged: fetch it again") from error
    names = []
    for cell in cells:
        name, _, kind = cell.rpartition(":")
        if not name or kind not in _TYPES:
            raise DataError(
                f"the header of {file} is not RecBole's: {cell[:60]!r}",
                f"write each column as name:type, with one of the types {', '.join(_TYPES)}",
            )
        names.append(name)
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"the header of {file} names {repeated!r} twice", "give each column a name of its own")
    return names


def _read(file: Path) -> str:
    """Return a table function that reads one file strictly: no quoting, no guessing, every row complete."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in _header(file))
    return (
        f"read_csv({literal(file)}, delim = '\t', header = true, quote = '', escape = '', auto_detect = false, "
        f"strict_mode = true, columns = {{{columns}}})"
    )


def _check_unique(connection: duckdb.DuckDBPyConnection, file: Path, key: str) -> None:
    try:
        twice = connection.execute(f"SELECT {key} FROM {_read(file)} GROUP BY 1 HAVING count(*) > 1 LIMIT 1").fetchone()
    except duckdb.Error as error:
        raise unreadable(str(file), error) from error
    if twice is not None:
        raise DataError(f"{file} describes {twice[0]!r} more than once", "keep one row for each key")
