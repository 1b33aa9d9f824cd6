"""The features files that ship with bstkit, and which of them goes with a log."""

from __future__ import annotations

from pathlib import Path

from bstkit.config.features import Features
from bstkit.config.features_file import load_features
from bstkit.data.log_errors import missing_path
from bstkit.errors import DataError

_FOLDER = Path(__file__).parent / "features"
_MOVIELENS = "ml-100k.inter"


def packaged_features(name: str) -> Path:
    """Return the path of a features file that ships with bstkit: `"embedded"` or `"movielens"`."""
    return _FOLDER / f"{name}.toml"


def features_for(data: Path | str | None) -> Features:
    """Load the features file that goes with a log when none was named.

    Args:
        data: None for the embedded log. A folder's own features.toml comes first, and a file's neighbour of that name;
            then the packaged one for MovieLens-100k.

    Raises:
        ConfigError: the file is wrong.
        DataError: `data` is missing, or nothing says what its columns mean.
    """
    known = known_features(data)
    if known is None:
        if not Path(data or "").exists():
            raise missing_path(Path(data or ""))
        hint = f"`bstkit data describe {data} --write features.toml` proposes a file for --features"
        raise DataError(f"nothing says what the columns of {data} mean", hint)
    return known


def known_features(data: Path | str | None) -> Features | None:
    """The same, but None where nothing says what the log's columns mean.

    Raises:
        ConfigError: the file is wrong.
    """
    if data is None:
        return load_features(packaged_features("embedded"))
    path = Path(data)
    folder = path if path.is_dir() else path.parent
    if (folder / "features.toml").is_file():
        return load_features(folder / "features.toml")
    if (path / _MOVIELENS).is_file() or path.name == _MOVIELENS:
        return load_features(packaged_features("movielens"))
    return None
