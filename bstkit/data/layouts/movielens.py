"""MovieLens as GroupLens hands it out: three layouts, one set of columns.

    ml-100k                 u.data (tabs), u.user and u.item (|, Latin-1)
    ml-1m, ml-10m           ratings.dat, users.dat (ml-1m only) and movies.dat (::)
    ml-20m, -25m, -latest   ratings.csv and movies.csv

The columns are named as in RecBole's copy where they mean the same: user_id, item_id, rating, timestamp, title,
age, gender, occupation, zip_code. `genres` is a list; `cate_id` is the first genre. In ml-1m an age is the lower end of
a range, and an occupation a number.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from bstkit.data.layouts.first_line import header
from bstkit.data.layouts.given import Given
from bstkit.data.layouts.rejects import Rejects
from bstkit.data.layouts.side_tables import SideTable, joined
from bstkit.data.layouts.source import Layout, Source, numbered
from bstkit.data.layouts.text_scan import scan
from bstkit.data.sql import identifier, literal
from bstkit.errors import DataError

_EVENTS = ("user_id", "item_id", "rating", "timestamp")
_FLAGS = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""Genres of ml-100k, in the order of u.item's last 19 cells."""


def _open_100k(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    ratings = _events_file(given, "u.data")
    rejects = Rejects() if keep_going else None
    events = numbered(_EVENTS, scan([ratings], _EVENTS, "\t", quote="", header=False, rejects=rejects))
    flags = ", ".join(f"CASE WHEN {identifier(genre)} = '1' THEN {literal(genre)} END" for genre in _FLAGS)
    cells = ("item_id", "title", "released", "on_video", "url", *_FLAGS)
    sides = [
        *_users(ratings.with_name("u.user"), ("user_id", "age", "gender", "occupation", "zip_code"), "|"),
        *_films(ratings.with_name("u.item"), cells, "|", f"[{flags}]"),
    ]
    return _source(connection, given, ratings, events, sides, rejects)


def _open_dat(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    ratings = _events_file(given, "ratings.dat")
    rejects = Rejects() if keep_going else None
    events = numbered(_EVENTS, scan([ratings], _EVENTS, "::", quote="", header=False, rejects=rejects))
    sides = [
        *_users(ratings.with_name("users.dat"), ("user_id", "gender", "age", "occupation", "zip_code"), "::"),
        *_films(ratings.with_name("movies.dat"), ("item_id", "title", "listed"), "::", _LISTED),
    ]
    return _source(connection, given, ratings, events, sides, rejects)


def _open_csv(connection: duckdb.DuckDBPyConnection, given: Given, keep_going: bool) -> Source:
    ratings = _events_file(given, "ratings.csv")
    films = ratings.with_name("movies.csv")
    for file, expected in (
        (ratings, ["userId", "movieId", "rating", "timestamp"]),
        (films, ["movieId", "title", "genres"]),
    ):
        if (found := header(file, ",")) != expected:
            raise DataError(
                f"{file} is not MovieLens's: its columns are {', '.join(found)}, not {', '.join(expected)}",
                "for a log of your own, name the file otherwise",
            )
    rejects = Rejects() if keep_going else None
    events = numbered(_EVENTS, scan([ratings], _EVENTS, ",", quote="", rejects=rejects))
    sides = _films(films, ("item_id", "title", "listed"), ",", _LISTED, quote='"', header=True)
    return _source(connection, given, ratings, events, sides, rejects)


_LISTED = "string_split(nullif(listed, '(no genres listed)'), '|')"


def _users(file: Path, cells: tuple[str, ...], delimiter: str) -> list[SideTable]:
    """The users, if the file is there."""
    if not file.is_file():
        return []
    table = scan([file], cells, delimiter, quote="", header=False, encoding=_encoding(file))
    return [SideTable(file, f"SELECT * FROM {table}", cells)]


def _films(
    file: Path, cells: tuple[str, ...], delimiter: str, genres: str, *, quote: str = "", header: bool = False
) -> list[SideTable]:
    """The films, if the file is there; `genres` is SQL of a list, NULL for each genre that the film is not of."""
    if not file.is_file():
        return []
    table = scan([file], cells, delimiter, quote=quote, header=header, encoding=_encoding(file))
    kept = f"coalesce(list_filter({genres}, lambda genre: genre IS NOT NULL), [])"
    query = f"SELECT item_id, title, genres, genres[1] AS cate_id FROM (SELECT *, {kept} AS genres FROM {table})"
    return [SideTable(file, query, ("item_id", "title", "genres", "cate_id"))]


def _encoding(file: Path) -> str:
    """Older releases are Latin-1, newer ones UTF-8; as bytes of one are hardly ever valid in the other, try."""
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _source(
    connection: duckdb.DuckDBPyConnection,
    given: Given,
    ratings: Path,
    events: str,
    sides: list[SideTable],
    rejects: Rejects | None,
) -> Source:
    query, columns = joined(connection, events, _EVENTS, sides)
    files = (ratings, *(side.file for side in sides))
    return Source(query, columns, str(given.path), files, rejects.query if rejects else None)


def _events_file(given: Given, name: str) -> Path:
    file = given.named(name)
    if file is None:  # `recognises` has seen it
        raise RuntimeError(f"{given.path} has lost its {name}")
    return file


def _has_films(given: Given) -> bool:
    """A ratings.csv alone may be anyone's."""
    ratings = given.named("ratings.csv")
    return ratings is not None and ratings.with_name("movies.csv").is_file()


ML_100K = Layout(
    "MovieLens-100k", lambda given: given.named("u.data") is not None, _open_100k, features="movielens_original"
)
ML_1M = Layout(
    "MovieLens-1M",
    lambda given: (file := given.named("ratings.dat")) is not None and file.with_name("users.dat").is_file(),
    _open_dat,
    features="movielens_original",
)
ML_10M = Layout(
    "MovieLens-10M", lambda given: given.named("ratings.dat") is not None, _open_dat, features="movielens_large"
)
ML_CSV = Layout("MovieLens with CSV files", _has_films, _open_csv, features="movielens_large")
