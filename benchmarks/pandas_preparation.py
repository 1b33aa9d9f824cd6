"""What `bstkit data prepare` does, written with pandas and NumPy: all in memory, no Python loop over rows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from bstkit.config.features import FIRST_ID, OOV_ID


def prepare(log: Path, out: Path) -> dict[str, float]:
    """Read, order by user, time and row, split, learn vocabularies from the training rows, encode, and write.

    Args:
        log: the folder of Parquet files that `write_click_log` makes.
        out: a new folder for one .npy file a column.

    Returns:
        Seconds by stage.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - start, 2)

    out.mkdir()
    with stage("read"):
        frame = pd.read_parquet(log)  # the files in the order of their names
    with stage("order"):
        order = np.lexsort((frame["timestamp"], frame["user_id"]))  # stable: ties stay in the order of rows
        frame = frame.take(order)
    with stage("split"):
        keys = frame["user_id"].to_numpy()
        first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        events = np.diff(np.append(first, len(keys)))
        user = np.repeat(np.arange(len(first)), events)
        left = first[user] + events[user] - np.arange(len(keys))  # 1 at the user's last event
        split = np.where((left > 2) | (events[user] < 2), 0, np.where(left == 2, 1, 2)).astype(np.int8)
    train = split == 0
    ids = {}
    with stage("vocabularies"):
        for column in ("item_id", "cate_id", "user_id"):
            counts = frame.loc[train, column].value_counts(sort=False).rename_axis("key").reset_index(name="count")
            counts = counts.sort_values(["count", "key"], ascending=[False, True])
            place = pd.Index(counts["key"]).get_indexer(frame[column])
            ids[column] = np.where(place < 0, OOV_ID, place + FIRST_ID).astype(np.int32)
            (out / f"{column}.txt").write_text("\n".join(counts["key"].astype(str)) + "\n")
    with stage("write"):
        columns = {
            **ids,
            "ctr": frame["click"].to_numpy(np.float32),
            "user": user,
            "time": frame["timestamp"].to_numpy(np.float64),
            "row": order,
            "split": split,
            "start": first[user],
        }
        for name, values in columns.items():
            np.save(out / f"{name}.npy", values)
    return seconds


def main(log: str, out: str) -> None:
    """Prepare and print the seconds as JSON."""
    print(json.dumps(prepare(Path(log), Path(out))))
