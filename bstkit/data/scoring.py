"""From a log to a dataset that is only scored: a model's own vocabularies, no split, no need of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bstkit.config.features import Features
from bstkit.data.dataset import PREPARATION, Dataset
from bstkit.data.leaks import check_leaks
from bstkit.data.prepared.folder import open_dataset
from bstkit.data.prepared.job import preparation
from bstkit.data.prepared.vocabularies import Earlier
from bstkit.progress import Advance, StagesAsOne


def load_for_scoring(
    path: Path, features: Features, vocabularies: Mapping[str, Sequence[str]], advance: Advance
) -> tuple[Dataset, tuple[str, ...]]:
    """Read a log and encode it with given vocabularies; keys that they lack are out-of-vocabulary.

    Args:
        path: a file, a folder or a pattern, as `bstkit.data.layouts` lists them.
        features: what the columns mean.
        vocabularies: space -> keys, the first has id 2.
        advance: told how far the work is.

    Returns:
        The dataset, every row of it of the split `"test"`, and the users' names in the order of their numbers.

    Raises:
        DataError: the log cannot be used, or a space has no vocabulary.
    """
    with TemporaryDirectory(prefix="bstkit-") as place:
        progress, earlier = StagesAsOne(advance, PREPARATION), Earlier(vocabularies, complete=True)
        with preparation(Path(place), path, features, progress, earlier=earlier, scoring=True) as connection:
            users = connection.execute("SELECT key FROM users ORDER BY rowid").fetchall()
        dataset = open_dataset(place, in_memory=True)
        with progress.stage("check for leaks"):
            check_leaks(dataset)
    return dataset, tuple(name for (name,) in users)
