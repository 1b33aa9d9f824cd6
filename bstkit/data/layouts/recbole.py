"""RecBole atomic files: `name.inter` holds events; `name.user` and `name.item` may describe users and items.

Tab-separated text; a header cell is `name:type`, with the types token, token_seq, float and float_seq. Other files of
the folder (.kg, .link, .net) are not read. The types are checked but not used: features.toml says how each column is
read.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from bstkit.data.layouts.first_line import check_names
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.rejects import Rejects
from bstkit.data.layouts.side_tables import SideTable, joined
from bstkit.data.layouts.source import Layout, Source, numbered, readable_columns
from bstkit.data.layouts.text_scan import scan
from bstkit.errors import DataError

_TYPES = ("token", "token_seq", "float", "float_seq")
_SIDES = (".user", ".item")


def _open(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    """Join the events with what describes their users and items.

    Raises:
        DataError: there are several .inter files, a header cannot be read, a file shares no key with the .inter file,
            or describes a user or item twice.
    """
    inter = _find_inter(given)
    header = _header(inter)
    rejects = Rejects() if keep_going else None
    own = readable_columns(header)
    events = numbered(own, _scan(inter, header, rejects))
    sides = _sides(inter, header)
    query, columns = joined(connection, events, own, sides)
    files = (inter, *(side.file for side in sides))
    return Source(query, columns, str(given.path), files, rejects.query if rejects else None)


def _find_inter(given: Given) -> Path:
    found = [file for file in given.files if file.suffix == ".inter"]
    if len(found) > 1:
        raise DataError(
            f"{given.path} holds several .inter files: {', '.join(file.name for file in found)}",
            f"give one of them:  --data {found[0]}",
        )
    return found[0]


def _sides(inter: Path, header: list[str]) -> list[SideTable]:
    sides = []
    for suffix in _SIDES:
        file = inter.with_suffix(suffix)
        if not file.is_file():
            continue
        columns = _header(file)
        if columns[0] not in header:
            raise DataError(
                f"the first column of {file.name}, {columns[0]!r}, is not in {inter.name}",
                "name the key the same in both",
            )
        sides.append(SideTable(file, f"SELECT * FROM {_scan(file, columns)}", readable_columns(columns)))
    return sides


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
    check_names(names, f"the header of {file}")
    return names


def _scan(file: Path, columns: list[str], rejects: Rejects | None = None) -> str:
    """Read one file strictly: no quoting, no guessing, every row complete."""
    return scan([file], columns, "\t", quote="", rejects=rejects)


def _has_events(given: Given) -> bool:
    return any(file.suffix == ".inter" for file in given.files)


MOVIELENS_100K = Layout(
    "MovieLens-100k as RecBole atomic files",
    lambda given: given.named("ml-100k.inter") is not None,
    _open,
    features="movielens",
)
LAYOUT = Layout("RecBole atomic files", _has_events, _open)
