"""MovieLens's original layouts, in tiny made-up copies."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from bstkit.config.features import Features, Split
from bstkit.config.features_file import load_features
from bstkit.data.dataset import Dataset, load_dataset
from bstkit.data.feature_files import features_for, packaged_features
from bstkit.data.layouts import open_source
from bstkit.errors import DataError
from tests.data.layouts.reading import Reader

RATINGS = [
    (str(1 + number % 3), str(1 + number // 3 % 4), str(1 + (2 * number) % 5), str(900_000_000 - 60 * number))
    for number in range(36)
]
RATING_LINES = ["::".join(row) for row in RATINGS]


def ml_100k(folder: Path) -> Path:
    flags = {1: [1, 2, 3], 2: [5], 3: [], 4: [0]}
    films = [
        f"{film}|Amélie {film} (2001)|01-Jan-1995||http://x/{film}|" + "|".join(str(int(g in on)) for g in range(19))
        for film, on in flags.items()
    ]
    write(folder / "u.data", ["\t".join(row) for row in RATINGS])
    write(folder / "u.user", ["1|24|M|technician|85711", "2|53|F|other|94043", "3|7|M|student|T8H1N"])
    write(folder / "u.item", films, "latin-1")
    write(folder / "u.genre", ["unknown|0"])
    return folder


def ml_1m(folder: Path, encoding: str = "latin-1") -> Path:
    write(folder / "ratings.dat", RATING_LINES)
    write(folder / "users.dat", ["1::M::1::10::48067", "2::F::56::16::70072", "3::M::25::15::55117"])
    films = ["1::Amélie 1 (2001)::Action|Adventure|Animation", '2::"Two" (1)::Comedy', "4::Four::unknown"]
    write(folder / "movies.dat", films, encoding)
    return folder


def ml_10m(folder: Path) -> Path:
    ml_1m(folder, "utf-8")
    (folder / "users.dat").unlink()
    write(folder / "tags.dat", ["1::1::word::1"])
    return folder


def ml_csv(folder: Path) -> Path:
    write(folder / "ratings.csv", ["userId,movieId,rating,timestamp", *(",".join(row) for row in RATINGS)])
    films = ['1,"Amélie 1, or (2001)",Action|Adventure|Animation', '2,"""Two""",Comedy', "4,Four,(no genres listed)"]
    write(folder / "movies.csv", ["movieId,title,genres", *films])
    write(folder / "tags.csv", ["userId,movieId,tag,timestamp", "1,1,word,1"])
    return folder


def write(path: Path, lines: list[str], encoding: str = "utf-8") -> None:
    path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))


MAKERS = [ml_100k, ml_1m, ml_10m, ml_csv]


@pytest.mark.parametrize("make", MAKERS)
def test_ratings_stand_in_the_order_of_the_file(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    reader = Reader(make(tmp_path))
    assert reader.rows("user_id, item_id, rating, timestamp") == RATINGS
    assert reader.rows("row") == [(row,) for row in range(36)]


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (ml_100k, "Amélie 1 (2001)"),
        (ml_1m, "Amélie 1 (2001)"),
        (ml_10m, "Amélie 1 (2001)"),
        (ml_csv, "Amélie 1, or (2001)"),
    ],
)
def test_genres_are_a_list(tmp_path: Path, make: Callable[[Path], Path], title: str) -> None:
    rows = Reader(make(tmp_path)).rows("DISTINCT item_id, title, genres, cate_id, 1 AS row")
    films = {row[0]: row[1:4] for row in rows}
    assert films["1"] == (title, ["Action", "Adventure", "Animation"], "Action")
    assert films["2"][1:] == (["Comedy"], "Comedy")
    assert films["4"][1:] == (([], None) if make is ml_csv else (["unknown"], "unknown"))
    described = make is ml_100k
    assert films["3"] == ("Amélie 3 (2001)", [], None) if described else films["3"] == (None, None, None)


@pytest.mark.parametrize(
    ("make", "expected"),
    [(ml_100k, ("24", "M", "technician", "85711")), (ml_1m, ("1", "M", "10", "48067"))],
)
def test_users_are_described(tmp_path: Path, make: Callable[[Path], Path], expected: tuple[str, ...]) -> None:
    assert Reader(make(tmp_path)).rows("age, gender, occupation, zip_code")[0] == expected


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (ml_100k, "movielens_original"),
        (ml_1m, "movielens_original"),
        (ml_10m, "movielens_large"),
        (ml_csv, "movielens_large"),
    ],
)
def test_packaged_features_make_a_dataset(tmp_path: Path, make: Callable[[Path], Path], name: str) -> None:
    found = features_for(make(tmp_path))
    assert found == load_features(packaged_features(name))
    dataset = load_dataset(tmp_path, short(found))
    assert sorted(dataset.vocabularies["cate"])[:2] == ["Action", "Comedy"]
    assert len(dataset.user) == 36


def test_all_genres_may_be_a_history(tmp_path: Path) -> None:
    """As the packaged file's comment says."""
    text = packaged_features("movielens_original").read_text(encoding="utf-8")
    for line in ("[history.genres]", 'source     = "row"', 'fields     = { genres = "genre" }', "max_length = 6"):
        assert f"# {line}\n" in text
        text = text.replace(f"# {line}\n", f"{line}\n")
    (tmp_path / "features.toml").write_text(text.replace("[spaces]", "[spaces]\ngenre = { dim = 16 }", 1))
    dataset: Dataset = load_dataset(ml_100k(tmp_path), short(features_for(tmp_path)))
    steps = dataset.history["genres"]
    assert sorted(set(steps.end - steps.start)) == [0, 1, 3]


def short(features: Features) -> Features:
    """A split that twelve ratings a user allow."""
    return features.model_copy(update={"split": Split(leave_last=2)})


@pytest.mark.parametrize(("make", "file"), [(ml_100k, "u.data"), (ml_1m, "ratings.dat"), (ml_10m, "ratings.dat")])
def test_ratings_file_itself_may_be_named(tmp_path: Path, make: Callable[[Path], Path], file: str) -> None:
    reader = Reader(make(tmp_path) / file)
    assert reader.source.files[0] == tmp_path / file
    assert len(reader.source.files) == (2 if make is ml_10m else 3)
    assert "genres" in reader.source.columns


def test_what_describes_may_be_absent(tmp_path: Path) -> None:
    ml_100k(tmp_path)
    (tmp_path / "u.user").unlink()
    (tmp_path / "u.item").unlink()
    assert Reader(tmp_path).source.columns == ("user_id", "item_id", "rating", "timestamp")


@pytest.mark.parametrize(
    ("make", "file", "line"),
    [(ml_100k, "u.data", "1\t2"), (ml_1m, "ratings.dat", "1::2"), (ml_csv, "ratings.csv", "1,2")],
)
def test_bad_rating_is_left_out_and_listed(tmp_path: Path, make: Callable[[Path], Path], file: str, line: str) -> None:
    path = make(tmp_path) / file
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(duckdb.Error):
        Reader(tmp_path)
    reader = Reader(tmp_path, keep_going=True)
    assert len(reader.rows()) == 36
    number = 37 + (make is ml_csv)
    assert reader.unreadable() == [(file, number, "expected 4 cells, found 2", line)]


@pytest.mark.parametrize(
    ("make", "file", "line", "says"),
    [
        (ml_100k, "u.user", "1|30|F|other|1", "u.user describes '1' more than once"),
        (ml_1m, "movies.dat", "1::Again::War", "movies.dat describes '1' more than once"),
        (ml_1m, "users.dat", "9::F", "cannot read .*users.dat: .*Columns: 5 Found: 2"),
        (ml_csv, "movies.csv", "1,Again,War", "movies.csv describes '1' more than once"),
    ],
)
def test_bad_description_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], file: str, line: str, says: str
) -> None:
    with (make(tmp_path) / file).open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(DataError, match=says):
        Reader(tmp_path, keep_going=True)


def test_ratings_csv_of_someone_else_is_refused(tmp_path: Path) -> None:
    """Named like MovieLens's, with other columns."""
    (ml_csv(tmp_path) / "ratings.csv").write_text("user,item\n1,2\n")
    with pytest.raises(DataError, match=r"ratings\.csv is not MovieLens's: its columns are user, item"):
        open_source(duckdb.connect(), tmp_path)


def test_ratings_csv_alone_is_any_csv(tmp_path: Path) -> None:
    (ml_csv(tmp_path) / "movies.csv").unlink()
    assert Reader(tmp_path / "ratings.csv").source.columns == ("userId", "movieId", "rating", "timestamp")
