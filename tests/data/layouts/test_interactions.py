"""Taobao's and Amazon's logs, in tiny made-up copies."""

import json
from pathlib import Path

import pytest

from bstkit.config.features import Split
from bstkit.config.features_file import load_features
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for, packaged_features
from bstkit.errors import DataError
from tests.data.layouts.reading import Reader, write_bytes

TAOBAO = b'1,2268318,2520377,pv,1511544070\n1,"2333346,2520771,fav,1511561733\n100,2576651,149192,buy,-1\n'


@pytest.mark.parametrize("name", ["UserBehavior.csv", "userbehavior.csv.gz", "UserBehavior.csv.zst"])
@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
def test_taobao_has_no_header_and_no_quotes(tmp_path: Path, name: str, folder: bool) -> None:
    path = write_bytes(tmp_path / name, TAOBAO)
    reader = Reader(tmp_path if folder else path)
    assert reader.source.columns == ("user_id", "item_id", "cate_id", "behaviour", "timestamp")
    assert reader.rows() == [
        (0, "1", "2268318", "2520377", "pv", "1511544070"),
        (1, "1", '"2333346', "2520771", "fav", "1511561733"),
        (2, "100", "2576651", "149192", "buy", "-1"),
    ]


def test_taobao_bad_lines_are_listed(tmp_path: Path) -> None:
    reader = Reader(
        write_bytes(tmp_path / "UserBehavior.csv", b"1,2,3\n" + TAOBAO + b"\xff,1,2,pv,3\n"), keep_going=True
    )
    assert len(reader.rows()) == 3
    assert reader.unreadable() == [
        ("UserBehavior.csv", 1, "expected 5 cells, found 3", "1,2,3"),
        ("UserBehavior.csv", 5, "not UTF-8", "?,1,2,pv,3"),
    ]


def test_taobao_brings_its_features(tmp_path: Path) -> None:
    features = features_for(write_bytes(tmp_path / "UserBehavior.csv", TAOBAO))
    assert features == load_features(packaged_features("taobao"))
    assert (features.log.labels, features.tasks, features.log.bad_rows) == ({}, ("ctr",), "skip")
    assert features.sampling is not None
    assert features.sampling.negatives_per_positive == 4


def review(number: int, year: int) -> dict[str, object]:
    user, item, stars = f"A{number % 3}", f"B{number % 5}", float(1 + number % 5)
    if year == 2023:
        image = {"small_image_url": "u"}
        return {
            "rating": stars, "title": "t", "text": "x, y\n", "images": [image], "asin": f"{item}x", "parent_asin": item,
            "user_id": user, "timestamp": 1_588_687_728_923 + number, "verified_purchase": True,
        }  # fmt: skip
    old = {"helpful": [number, 2]} if year == 2014 else {"style": {"Size:": " M"}, "verified": True, "vote": "1,024"}
    return {
        "reviewerID": user, "asin": item, "overall": stars, "reviewText": 'a "quote"',
        "unixReviewTime": 1_390_000_000, **old,
    }  # fmt: skip


def write_reviews(path: Path, year: int) -> Path:
    return write_bytes(path, "".join(json.dumps(review(number, year)) + "\n" for number in range(30)).encode())


@pytest.mark.parametrize(
    ("year", "columns", "first"),
    [
        (2014, "reviewerID, asin, overall, unixReviewTime, helpful", ("A0", "B0", "1.0", "1390000000", ["0", "2"])),
        (2018, "reviewerID, asin, overall, style, vote", ("A0", "B0", "1.0", '{"Size:":" M"}', "1,024")),
        (2023, "user_id, parent_asin, rating, timestamp, images",
         ("A0", "B0", "1.0", "1588687728923", ['{"small_image_url":"u"}'])),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_amazon_keeps_its_names(
    tmp_path: Path, year: int, columns: str, first: tuple[object, ...], packed: str
) -> None:
    reader = Reader(write_reviews(tmp_path / f"reviews_Books_5.json{packed}", year))
    assert len(reader.rows()) == 30
    assert reader.rows(columns)[0] == first


@pytest.mark.parametrize(("year", "name"), [(2014, "amazon"), (2018, "amazon"), (2023, "amazon_2023")])
def test_amazon_brings_features_that_make_a_dataset(tmp_path: Path, year: int, name: str) -> None:
    path = write_reviews(tmp_path / "Books.jsonl.gz", year)
    features = features_for(path)
    assert features == load_features(packaged_features(name))
    assert features.log.time_unit == ("ms" if year == 2023 else "s")
    dataset = load_dataset(path, features.model_copy(update={"split": Split(leave_last=2)}))
    assert len(dataset.user) == 30
    assert dataset.labels["ctr"].sum() == 12


def test_python_dicts_are_refused_with_a_way_out(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "reviews.json.gz", f"{review(0, 2014)}\n".encode())
    with pytest.raises(DataError, match="holds Python's dicts") as caught:
        Reader(path)
    assert "ast.literal_eval" in caught.value.hint


def test_other_json_is_no_review(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "log.jsonl", b'{"user_id": 1, "rating": 2, "timestamp": 3}\n')
    with pytest.raises(DataError, match="nothing says what the columns"):
        features_for(path)
