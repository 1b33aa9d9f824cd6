"""Which rows of the data are asked for. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

from bstkit.data.checked.log_errors import missing_path
from bstkit.errors import ConfigError
from bstkit.spelling import did_you_mean

SPLITS = ("train", "validation", "test", "all")

_DATASET = "dataset.json"
"""As `bstkit.data.prepared.folder` names it, which imports NumPy."""


def check_data(data: Path) -> None:
    """Refuse data that is not there.

    Raises:
        DataError: no file and no folder has this name; patterns are looked up later.
    """
    if not data.exists() and not any(sign in str(data) for sign in "*?["):
        raise missing_path(data)


def check_split(data: Path, split: str | None) -> None:
    """Refuse a split that is none, or of data that has none.

    Raises:
        ConfigError: always with what to do instead.
    """
    if split is None:
        return
    if split not in SPLITS:
        raise ConfigError(
            f"--split is '{split}', and there are {', '.join(SPLITS)}", did_you_mean(split, SPLITS) or "choose one"
        )
    if split != "all" and not (data / _DATASET).is_file():
        raise ConfigError(
            f"{data} is a log, of which every row with a label is evaluated, and --split asks for some",
            f"prepare it, and give the dataset:  bstkit data prepare {data} --features RUN/features.toml "
            "--vocabularies RUN --out DATASET",
        )
