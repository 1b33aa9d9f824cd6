"""What can be said of the files before anything is imported or read."""

from __future__ import annotations

from pathlib import Path

from bstkit.data.checked.log_errors import missing_path
from bstkit.errors import ConfigError
from bstkit.staging import check_free

SUFFIXES = (".csv", ".parquet")


def check_places(data: Path, out: Path) -> None:
    """Refuse files that cannot be.

    Raises:
        DataError: there is nothing to score.
        ConfigError: the name of the scores does not say how to write them.
        RunError: that file exists.
    """
    if not data.exists():
        raise missing_path(data)
    if out.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{out} is no file of scores that bstkit can write", f"end it in {' or '.join(SUFFIXES)}")
    check_free(out)
