"""The features files that ship with bstkit, and which of them goes with a log."""

from __future__ import annotations

from pathlib import Path

from bstkit.config.features import Features
from bstkit.config.features_file import load_features
from bstkit.errors import DataError

_FOLDER = Path(__file__).parent / "features"


def packaged_features(name: str) -> Path:
    """Return the path of a features file that ships with bstkit.

    Args:
        name: `"embedded"`, or what a layout of `bstkit.data.layouts` names: `"movielens"` (RecBole's copy),
            `"movielens_original"`, `"movielens_large"`, `"taobao"`, `"amazon"`, `"amazon_2023"`.
    """
    return _FOLDER / f"{name}.toml"


def features_for(data: Path | str | None) -> Features:
    """Load the features file that goes with a log when none was named.

    Args:
        data: None for the embedded log. The features.toml in a log's folder comes first (beside a file, or where a
            pattern starts); then the packaged one of its layout.

    Raises:
        ConfigError: the file is wrong.
        DataError: `data` is missing, of no known kind, or nothing says what its columns mean.
    """
    if data is None:
        return load_features(packaged_features("embedded"))
    from bstkit.data.layouts import find_layout
    from bstkit.data.layouts.given import find_files

    given = find_files(Path(data))
    if (given.folder / "features.toml").is_file():
        return load_features(given.folder / "features.toml")
    name = find_layout(given).features
    if name is None:
        raise DataError(f"nothing says what the columns of {data} mean", f"write {given.folder / 'features.toml'}")
    return load_features(packaged_features(name))
