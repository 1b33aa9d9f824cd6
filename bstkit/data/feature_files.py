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
    known = known_features(data)
    if known is None:
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
    from bstkit.data.layouts import find_layout
    from bstkit.data.layouts.given import find_files
    from bstkit.data.prepared.folder import FEATURES, is_dataset

    if is_dataset(Path(data)):
        return load_features(Path(data) / FEATURES)

    given = find_files(Path(data))
    if (given.folder / "features.toml").is_file():
        return load_features(given.folder / "features.toml")
    name = find_layout(given).features
    return None if name is None else load_features(packaged_features(name))
