"""Click logs of any size, written shard by shard, so that making one takes little memory.

Users are drawn by Zipf's law with exponent 0.7, items with 1.0; there is a user for every 50 rows, and of 10^7 rows the
busiest has about 0.8 %. Time moves on from row to row, and every second row repeats the user and the second of the one
before it, so that three events of four are tied with another. Shards follow each other in time: no user's events stand
together.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

ROWS_A_USER, ROWS_AN_ITEM, CATEGORIES = 50, 100, 1_000
START_SECONDS, SPAN_SECONDS = 1_700_000_000, 90 * 86_400
FIRST_KEY = 1_000_000_000
"""Keys are numbers of ten digits, so that their order as text is their order as numbers."""

FEATURES = """\
[spaces]
item = { dim = 16 }
cate = { dim = 16 }
user = { dim = 16 }

[log]
user = "user_id"
time = "timestamp"
labels = { ctr = "click" }

[target]
item_id = "item"
cate_id = "cate"

[history.hist]
fields = { item_id = "item", cate_id = "cate" }
max_length = 50
mask = "item_id"

[context]
user_id = { space = "user" }

[split]
leave_last = 1
"""


def shards_of(rows: int) -> int:
    """Return the number of files: one for each million rows, 10 to 50 in all."""
    return min(50, max(10, rows // 10**6))


def write_click_log(rows: int, folder: Path, seed: int = 0) -> None:
    """Write `log/part-*.parquet` and `features.toml`.

    Args:
        rows: number of events.
        folder: a new folder.
        seed: the same seed gives the same log.
    """
    log = folder / "log"
    log.mkdir(parents=True)
    (folder / "features.toml").write_text(FEATURES)
    user = _ZipfKeys(max(1, rows // ROWS_A_USER), 0.7, np.random.default_rng((seed, 0)))
    item = _ZipfKeys(max(1, rows // ROWS_AN_ITEM), 1.0, np.random.default_rng((seed, 1)))
    edges = np.linspace(0, rows, shards_of(rows) + 1).astype(np.int64)
    for shard, (first, end) in enumerate(pairwise(edges)):
        rng = np.random.default_rng((seed, 2, shard))
        place = np.arange(end - first)
        same = np.maximum.accumulate(np.where(rng.random(len(place)) < 0.5, 0, place))
        items = item.draw(rng, len(place))
        table = pa.table(
            {
                "user_id": user.draw(rng, len(place))[same],
                "item_id": items,
                "cate_id": FIRST_KEY + items * 2_654_435_761 % CATEGORIES,
                "timestamp": START_SECONDS + (first + same) * SPAN_SECONDS // rows,
                "click": (rng.random(len(place)) < 0.3).astype(np.int8),
            }
        )
        parquet.write_table(table, log / f"part-{shard:03}.parquet")


class _ZipfKeys:
    """Keys of which the k-th most frequent one is drawn with a chance of 1 / k ** exponent."""

    def __init__(self, size: int, exponent: float, rng: np.random.Generator) -> None:
        self._keys = FIRST_KEY + rng.permutation(size).astype(np.int64)
        self._upto = np.cumsum(np.arange(1.0, size + 1) ** -exponent)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        return self._keys[np.searchsorted(self._upto, rng.random(count) * self._upto[-1], side="right")]
