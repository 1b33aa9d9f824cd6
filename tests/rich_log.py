"""A small click log with everything that features.toml can say: a multi-valued column, weights, sessions, two tasks.

The second task is missing where the first one is no click, and in some other rows.
"""

import csv
from pathlib import Path

import numpy as np

from bstkit.config.features import Features, History, LogColumns, Space
from bstkit.data.synthetic import Sizes, click_log
from tests.small_log import small_features

COLOURS = ("red", "green", "blue", "black", "white")

SETTINGS = [
    'session={ encoder="weighted", pooling="mean" }',
    "pooling=mean",
    "branch.tags.encoder=weighted",
    "branch.tags.pooling=sum",
    "head.units=[16]",
]
"""`--set` for recipe `dsin` on this log."""


def rich_features() -> Features:
    """The small log's features and, beyond them: `history.tags`, weights of both histories, the task `cvr`."""
    small = small_features()
    hist = small.history["hist"].model_copy(update={"weight": "seconds", "max_sessions": 3, "session_length": 4})
    tags = History(source="row", fields={"tags": "tag"}, separator="|", weight="tag_weights", max_length=3)
    return small.model_copy(
        update={
            "spaces": {**small.spaces, "tag": Space(dim=8)},
            "log": LogColumns(user="user_id", time="timestamp", labels={"ctr": "click", "cvr": "bought"}),
            "history": {"hist": hist, "tags": tags},
        }
    )


def write_rich_log(path: Path, seed: int = 0) -> Path:
    """Write the events of some sixty users as CSV; nought to four tags in each row."""
    log = click_log(seed, Sizes(users=60, items=120))
    rng = np.random.default_rng(seed)
    clicks = log["click"].tolist()
    tags = [rng.choice(COLOURS, size=rng.integers(5), replace=False).tolist() for _ in clicks]
    bought = [("" if not click or rng.random() < 0.1 else int(rng.random() < 0.4)) for click in clicks]
    columns = {
        **{name: values.tolist() for name, values in log.items()},
        "seconds": rng.integers(1, 300, len(clicks)).tolist(),
        "tags": ["|".join(row) for row in tags],
        "tag_weights": ["|".join(f"{rng.random():.2f}" for _ in row) for row in tags],
        "bought": bought,
    }
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path
