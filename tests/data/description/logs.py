"""Logs of different makes, written as CSV: what `describe` has to find out about each is known."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import duckdb


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write rows under a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def reviews(path: Path) -> Path:
    """Ratings with review texts, as shops publish them: most are fives."""
    rng = random.Random(1)
    rows = [
        [
            f"A{user}",
            f"B{item:04}",
            rng.choice("12344555555"),
            1_400_000_000 + rng.randrange(10**7),
            f"good {n}",
            item % 7,
        ]
        for user in range(80)
        for n, item in enumerate(rng.sample(range(200), rng.randrange(3, 30)))
    ]
    return write_csv(path, ["reviewerID", "asin", "overall", "unixReviewTime", "summary", "brand"], rows)


def short_users(path: Path) -> Path:
    """Columns without known names, times in milliseconds, prices that are missing, users with few events."""
    rng = random.Random(2)
    rows = [
        [1000 + user, item * 7, item % 5, price, 1_600_000_000_000 + rng.randrange(10**10), int(rng.random() < 0.3)]
        for user in range(60)
        for item, price in ((rng.randrange(90), rng.choice(["", 9.5, 12.25, 80])) for _ in range(rng.randrange(2, 12)))
    ]
    return write_csv(path, ["visitor", "thing", "kind", "price", "when", "clicked"], rows)


def two_tasks(path: Path) -> Path:
    """Clicks and purchases, a device that is sometimes missing, a column that is the same everywhere."""
    rng = random.Random(3)
    rows = []
    for user in range(70):
        for _ in range(rng.randrange(10, 40)):
            click = int(rng.random() < 0.4)
            buy = int(click and rng.random() < 0.3)
            time = 1_700_000_000 + rng.randrange(10**6)
            rows.append([f"u{user}", f"i{rng.randrange(100)}", time, click, buy, rng.choice(["ios", "web", ""]), "x"])
    return write_csv(path, ["user", "item", "ts", "click", "buy", "device", "site"], rows)


def odd_names(path: Path) -> Path:
    """Names with blanks, hyphens and quotes; dates in place of numbers; labels in words."""
    rng = random.Random(4)
    rows = [
        [
            f"u{n % 30}",
            f"i{n % 50}",
            f"2024-05-{1 + n // 60:02} 12:{n % 60:02}:00",
            rng.choice(["true", "false"]),
            n % 50 % 4,
        ]
        for n in range(900)
    ]
    return write_csv(path, ["user id", "item-id", "event time", "is click", '1st "cat"'], rows)


def row_histories(path: Path) -> Path:
    """Histories in the row: padded at the right, with categories, masks and times beside them; tags."""
    rng = random.Random(5)
    rows = []
    for n in range(600):
        steps = [rng.randrange(1, 60) for _ in range(rng.randrange(10))]
        padding = [0] * (10 - len(steps))
        time = 1_700_000_000 + 60 * n
        columns = [
            steps + padding,
            [step % 6 + 1 for step in steps] + padding,
            [1] * len(steps) + padding,
            [time - 100 + k for k in range(10)],
        ]
        item = rng.randrange(1, 60)
        texts = ["|".join(str(value) for value in column) for column in columns]
        tags = f"{['red', 'blue', 'green'][n % 3]} {rng.choice(['cotton', 'silk', 'wool'])}"
        rows.append([n % 40, item, item % 6 + 1, *texts, tags, time, int(rng.random() < 0.4)])
    header = ["uid", "item", "cate", "hist_item", "hist_cate", "hist_mask", "hist_ts", "tags", "time", "label"]
    return write_csv(path, header, rows)


def behaviours(path: Path) -> Path:
    """What people did as text, as Taobao publishes it: no label."""
    rng = random.Random(6)
    kinds = ["pv"] * 8 + ["buy", "cart", "fav"]
    rows = [
        [1 + user, 100 + item, item % 9, rng.choice(kinds), 1_511_544_070 + rng.randrange(10**6)]
        for user in range(50)
        for item in (rng.randrange(300) for _ in range(rng.randrange(5, 60)))
    ]
    return write_csv(path, ["user_id", "item_id", "category_id", "behavior", "timestamp"], rows)


def impressions(path: Path) -> Path:
    """What was shown and what was clicked, in one column; some rows without a time."""
    rng = random.Random(7)
    rows = [
        [n % 40, rng.randrange(60), "" if n == 99 else 1_700_000_000 + n, rng.choice(["impression", "click"])]
        for n in range(1_000)
    ]
    return write_csv(path, ["member_id", "ad_id", "ts", "action"], rows)


def single_events(path: Path) -> Path:
    """Users with one event each."""
    rows = [[f"u{n}", f"i{n % 9}", 1_700_000_000 + n, n // 7 % 2] for n in range(200)]
    return write_csv(path, ["user", "item", "time", "click"], rows)


def json_lines(path: Path) -> Path:
    """Objects with lists and further objects in them."""
    rng = random.Random(8)
    lines = [
        {
            "user_id": f"u{n % 30}",
            "item_id": rng.choice("abcdefgh"),
            "clicked_items": rng.choices("abcdefgh", k=rng.randrange(6)),
            "tags": ["x", "y"][: n % 3],
            "price": rng.random() * 9,
            "ts": 1_700_000_000 + n,
            "click": rng.random() < 0.5,
            "device": {"os": "x"},
        }
        for n in range(800)
    ]
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def shards(path: Path) -> Path:
    """The events of `two_tasks` as a folder of Parquet files, with typed columns."""
    folder = path.with_suffix("")
    folder.mkdir()
    events = f"SELECT * FROM read_csv('{two_tasks(folder.parent / 'all.csv')}')"
    for number in range(3):
        duckdb.connect().execute(
            f"COPY (SELECT * FROM ({events}) WHERE ts % 3 = {number}) TO '{folder / f'{number}.parquet'}'"
        )
    return folder


PROPOSED: dict[str, Callable[[Path], Path]] = {
    "reviews": reviews,
    "short_users": short_users,
    "two_tasks": two_tasks,
    "odd_names": odd_names,
    "row_histories": row_histories,
    "impressions": impressions,
    "single_events": single_events,
    "behaviours": behaviours,
    "json_lines": json_lines,
    "shards": shards,
}
