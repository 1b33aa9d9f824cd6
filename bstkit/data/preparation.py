"""From a checked log to a dataset to learn from: split, vocabularies, means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bstkit.config.features import ContextId, ContextNumeric, Features, Space
from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.encoding import Arrays, encode, make_dataset
from bstkit.data.key_tables import learn_vocabularies
from bstkit.data.log import Log
from bstkit.data.vocabulary import rows_of
from bstkit.errors import DataError


def prepare(log: Log, features: Features) -> Dataset:
    """Split a log, learn vocabularies and means from the training rows, and encode every event.

    Args:
        log: from `read_log`; its tables are used up.
        features: what the columns mean.

    Raises:
        DataError: too few events per user for the split, one class only among the training rows, a split without labels
            of a task, or unusable keys.
    """
    _split(log, features.split.leave_last)
    vocabularies = learn_vocabularies(log.connection, features)
    arrays = encode(log.connection, features)
    _check_classes(log, features, arrays)
    dataset = make_dataset(log, features, vocabularies, arrays)
    fitted = _fitted(features, vocabularies, dataset.context, arrays["split"] == SPLITS.index("train"))
    return replace(dataset, features=fitted)


def _split(log: Log, leave_last: int) -> None:
    """Make the table `event`: the log with `place` (from 1, among the user's events) and `split`.

    Of each user's events the last `leave_last` are the test rows and those before them the validation rows. A user with
    fewer than twice as many gives training rows only: split, such a user would be in one of the two but not in the
    other.
    """
    log.connection.execute(
        f"""
        CREATE TABLE event AS
        SELECT *, CASE WHEN events < {2 * leave_last} OR place <= events - {2 * leave_last} THEN 0
                       WHEN place <= events - {leave_last} THEN 1 ELSE 2 END AS split
        FROM (SELECT *, row_number() OVER (PARTITION BY "user" ORDER BY "time", row) AS place,
                     count(*) OVER (PARTITION BY "user") AS events FROM log)
        """
    )
    counts = dict(log.connection.execute("SELECT split, count(*) FROM event GROUP BY split").fetchall())
    longest = log.connection.execute("SELECT max(events) FROM event").fetchone()
    most = int(longest[0]) if longest else 0
    if not counts.get(2):
        raise DataError(
            f"no user of {log.origin} has the {2 * leave_last} events that the split needs; the longest has {most}",
            f"set leave_last in [split] of features.toml to at most {max(1, (most - 1) // 2)}, or give a longer log",
        )
    if not counts.get(0):
        raise DataError(
            f"no event of {log.origin} is left for training: no user has more than {most} events, and the split takes "
            f"{2 * leave_last} of each",
            f"set leave_last in [split] of features.toml to at most {max(1, (most - 1) // 2)}, or give a longer log",
        )


def _check_classes(log: Log, features: Features, arrays: Arrays) -> None:
    """A model cannot learn from one class, nor be judged by rows without labels."""
    for task in features.tasks:
        labels = arrays[f"label:{task}"]
        for number, split in enumerate(SPLITS):
            seen = np.unique(labels[(arrays["split"] == number) & ~np.isnan(labels)])
            if not len(seen):
                raise DataError(
                    f"the {split} rows of {log.origin} have no label of task '{task}': all are empty",
                    "take the task out of [log] labels, or change leave_last in [split], which moves the splits",
                )
            if split == "train" and len(seen) < 2:
                raise DataError(
                    f"the training rows of {log.origin} have one class only: every label of task '{task}' is "
                    f"{seen[0]:g}",
                    "give a log with clicks and non-clicks, or keep more rows for training: lower leave_last in "
                    "[split]",
                )


def _fitted(
    features: Features,
    vocabularies: dict[str, tuple[str, ...]],
    context: Mapping[str, NDArray[Any]],
    train: NDArray[np.bool_],
) -> Features:
    """Fill in what the training rows teach: row counts, means and deviations."""
    spaces: dict[str, Space] = {
        name: space.model_copy(update={"rows": rows_of(vocabularies[name])} if name in vocabularies else {})
        for name, space in features.spaces.items()
    }
    fitted: dict[str, ContextId | ContextNumeric] = {}
    for name, feature in features.context.items():
        update: dict[str, float] = {}
        if isinstance(feature, ContextNumeric) and feature.numeric == "standardise":
            values = context[name][train].astype(np.float64)
            present = values[~np.isnan(values)]
            spread = float(present.std()) if len(present) else 0.0
            # A constant column has no deviation: 1 makes it all zeros, and keeps another value while serving finite.
            update = {"mean": float(present.mean()) if len(present) else 0.0, "std": spread or 1.0}
        fitted[name] = feature.model_copy(update=update)
    return features.model_copy(update={"spaces": spaces, "context": fitted})
