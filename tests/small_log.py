"""A small click log as a CSV file, made from the embedded one, and features of a size that trains in a second."""

import csv
from pathlib import Path

from bstkit.config.features import Features, Split
from bstkit.data.feature_files import features_for
from bstkit.data.synthetic import Sizes, click_log

SETTINGS = ["train.epochs=2", "train.batch_size=64", "encoder.ffn_dim=16", "encoder.num_heads=2", "head.units=[16]"]
"""`--set` for a model that trains in a second."""


def small_features() -> Features:
    """The embedded log's features, narrow and short."""
    wide = features_for(None)
    history = wide.history["hist"].model_copy(update={"max_length": 8})
    return wide.model_copy(
        update={
            "spaces": {name: space.model_copy(update={"dim": 8}) for name, space in wide.spaces.items()},
            "history": {"hist": history},
            "split": Split(leave_last=3),
        }
    )


def write_small_log(path: Path, seed: int = 0) -> Path:
    """Write the events of some sixty users as CSV."""
    log = click_log(seed, Sizes(users=60, items=120))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(log)
        writer.writerows(zip(*log.values(), strict=True))
    return path
