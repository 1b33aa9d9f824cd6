"""Logs that bstkit reads. A log is a file, a folder of shards, or a pattern: `logs/*.parquet`.

Formats, known by how names end:

    .csv, .tsv                  with a header; cells in double quotes where needed, quotes inside them doubled
    .jsonl, .ndjson, .json      one object a line; the keys of the first 100,000 lines are the columns
    .parquet                    list columns included

All but Parquet may be compressed: .gz, .zst. Text is UTF-8, a line of it at most 2,000,000 bytes. Shards are read in
the order of their names, as texts: pad their numbers with zeros. That order, then a row's place in its file, settles
which of two events of one time comes first. Shards may be empty, not all of them; CSV, TSV and Parquet shards have the
same columns in the same order.

Layouts, known by their files:

    RecBole atomic files        name.inter, with name.user and name.item
    MovieLens                   u.data, ratings.dat or ratings.csv, each with what lies beside it
    Taobao                      UserBehavior.csv
    Amazon reviews              JSON lines with reviewerID and asin (2014, 2018), or user_id and parent_asin (2023)

Another one is a module with a `Layout`, and a row in `LAYOUTS` (known by its files) or `FORMATS` (known by its suffix).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from bstkit.data.layouts import amazon, delimited, json_lines, movielens, parquet, recbole, taobao
from bstkit.data.layouts.given import Given, find_files
from bstkit.data.layouts.source import Layout, Source
from bstkit.errors import DataError

__all__ = ["FORMATS", "LAYOUTS", "Layout", "Source", "find_layout", "open_source"]

LAYOUTS: tuple[Layout, ...] = (
    recbole.MOVIELENS_100K,
    recbole.LAYOUT,
    movielens.ML_100K,
    movielens.ML_1M,
    movielens.ML_10M,
    movielens.ML_CSV,
    taobao.LAYOUT,
    amazon.REVIEWS,
    amazon.REVIEWS_2023,
)
"""The first that recognises a log reads it."""

FORMATS: tuple[Layout, ...] = (delimited.CSV, delimited.TSV, json_lines.LAYOUT, parquet.LAYOUT)
"""Read what no layout recognises; a log is of one format."""


def open_source(
    connection: duckdb.DuckDBPyConnection, path: Path | None, seed: int = 0, *, keep_going: bool = False
) -> Source:
    """Find out what a log is and which columns it has.

    Args:
        connection: the database that will run `Source.query`; its setting preserve_insertion_order is turned on.
        path: a file, a folder or a pattern, as this module's docstring lists them; None for the embedded log.
        seed: of the embedded log.
        keep_going: leave out lines that cannot be read (another number of cells, broken JSON, no object, a key that
            stands twice, bytes that are not UTF-8, too long) and list them in `Source.unreadable`. Otherwise they are
            an error of `Source.query`. Files that cannot be read at all are an error always, and so are bad lines in
            files that describe users or items.

    Raises:
        DataError: the path is missing, of no known kind or of several, or a header cannot be read.
    """
    connection.execute("SET preserve_insertion_order = true")  # the order of the log is the tie-break
    if path is None:
        from bstkit.data.layouts.embedded import open_embedded

        return open_embedded(connection, seed)
    given = find_files(path)
    return find_layout(given).open(connection, given, keep_going)


def find_layout(given: Given) -> Layout:
    """Say which kind of log some files are.

    Raises:
        DataError: of none, or of several formats.
    """
    known = next((layout for layout in LAYOUTS if layout.recognises(given)), None)
    if known is not None:
        return known
    formats = [layout for layout in FORMATS if layout.recognises(given)]
    if len(formats) > 1:
        raise DataError(
            f"{given.path} mixes files of several formats: {', '.join(layout.name for layout in formats)}",
            f"say which are the log:  --data '{given.folder / '*.parquet'}'",
        )
    if not formats:
        raise DataError(
            f"{given.path} is no log that bstkit can read"
            if given.path.is_file()
            else f"{given.path} holds no .inter file, nor anything else that bstkit can read as a log",
            "give RecBole atomic files, or TSV, JSON lines, CSV or Parquet files; for folders below, a pattern:  "
            "--data 'logs/**/*.parquet'",
        )
    return formats[0]
