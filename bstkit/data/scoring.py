"""From a log to a dataset that is only scored: a model's own vocabularies, no split, no need of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bstkit.config.features import Features
from bstkit.data.dataset import SPLITS, Dataset
from bstkit.data.encoding import encode, make_dataset
from bstkit.data.key_tables import give_vocabularies
from bstkit.data.leaks import check_leaks
from bstkit.data.log import Log, read_log
from bstkit.progress import Advance


def load_for_scoring(
    path: Path, features: Features, vocabularies: Mapping[str, Sequence[str]], advance: Advance
) -> tuple[Dataset, tuple[str, ...]]:
    """Read a log and encode it with given vocabularies; keys that they lack are out-of-vocabulary.

    Args:
        path: a folder of RecBole atomic files, one of its .inter files, a CSV or a Parquet file.
        features: what the columns mean.
        vocabularies: space -> keys, the first has id 2.
        advance: told how far the work is.

    Returns:
        The dataset, every row of it of the split `"test"`, and the users' names in the order of their numbers.

    Raises:
        DataError: the log cannot be used, or a space has no vocabulary.
    """
    advance(0.0, "reading")
    log = read_log(path, features, scoring=True)
    advance(0.4, f"preparing {log.rows:,} events")
    dataset = encode_log(log, features, vocabularies)
    check_leaks(dataset)
    users = log.connection.execute('SELECT DISTINCT "user" FROM log ORDER BY "user"').fetchall()
    advance(1.0, f"{log.rows:,} events")
    return dataset, tuple(name for (name,) in users)


def encode_log(log: Log, features: Features, vocabularies: Mapping[str, Sequence[str]]) -> Dataset:
    """Encode every event of a log with given vocabularies.

    Args:
        log: from `read_log`; it gets the table `event`.
        features, vocabularies: as for `load_for_scoring`.
    """
    log.connection.execute(
        f"""
        CREATE TABLE event AS
        SELECT *, row_number() OVER (PARTITION BY "user" ORDER BY "time", row) AS place,
               {SPLITS.index("test")} AS split FROM log
        """
    )
    given = give_vocabularies(log.connection, features, vocabularies)
    return make_dataset(log, features, given, encode(log.connection, features))
