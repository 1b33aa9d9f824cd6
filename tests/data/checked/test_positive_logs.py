"""Logs without labels, of positives only, and with labels that are a condition on a text."""

from pathlib import Path
from typing import Any

import pytest

from bstkit.config.features import Features, LogColumns, Sampling
from bstkit.data.checked.log import Log, read_log
from bstkit.errors import DataError
from tests.data.logs import plain_features, table, write_plain


def features(labels: dict[str, str], **changes: Any) -> Features:
    log = LogColumns(user="user", time="time", labels=labels)
    return plain_features().model_copy(update={"log": log, **changes})


def labels(log: Log, task: str = "ctr") -> list[float | None]:
    return [label for (label,) in log.connection.execute(f'SELECT "label:{task}" FROM log ORDER BY row').fetchall()]


def unlabelled(path: Path) -> Path:
    path.write_text(table(["user", "time", "item"], [["u", "1", "a"], ["u", "2", "b"]], ","))
    return path


@pytest.mark.parametrize("scoring", [False, True])
def test_every_event_is_a_positive_where_there_are_no_labels(tmp_path: Path, scoring: bool) -> None:
    log = read_log(unlabelled(tmp_path / "log.csv"), features({}, sampling=Sampling()), scoring=scoring)
    assert labels(log) == [1.0, 1.0]
    assert log.connection.execute('SELECT DISTINCT typeof("label:ctr") FROM log').fetchall() == [("DOUBLE",)]


def test_log_of_positives_is_enough_where_negatives_are_drawn(tmp_path: Path) -> None:
    path = write_plain(tmp_path / "log.csv", [["u", 1, "a", 1], ["u", 2, "b", 1]])
    assert labels(read_log(path, features({"ctr": "click"}, sampling=Sampling()))) == [1.0, 1.0]
    with pytest.raises(DataError, match="one class only: every label is 1"):
        read_log(path, features({"ctr": "click"}))


def test_log_of_negatives_is_never_enough(tmp_path: Path) -> None:
    path = write_plain(tmp_path / "log.csv", [["u", 1, "a", 0], ["u", 2, "b", 0]])
    with pytest.raises(DataError, match="one class only: every label is 0"):
        read_log(path, features({"ctr": "click"}, sampling=Sampling()))


def test_label_may_be_a_text_that_stands_in_a_column(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = [["u", str(time), "a", word] for time, word in enumerate(("pv", "buy", "Buy", "it's"))]
    path.write_text(table(["user", "time", "item", "behavior"], rows, ","))
    assert labels(read_log(path, features({"buy": "behavior == 'buy'"})), "buy") == [0.0, 1.0, 0.0, 0.0]
    assert labels(read_log(path, features({"buy": "behavior == 'it's'"})), "buy") == [0.0, 0.0, 0.0, 1.0]
    with pytest.raises(DataError, match="label column 'behavior' has one class only: every label is 0"):
        read_log(path, features({"buy": "behavior == 'bought'"}))


def test_empty_text_is_no_label(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,time,item,behavior,click\nu,1,a,buy,1\nu,2,a,,0\nu,3,a,pv,0\n")
    with pytest.raises(DataError, match="label column 'behavior' is empty in 1 row, first in row 2"):
        read_log(path, features({"buy": "behavior == 'buy'"}))
    log = read_log(path, features({"buy": "behavior == 'buy'", "ctr": "click"}))
    assert labels(log, "buy") == [1.0, None, 0.0]


def test_missing_column_of_a_text_condition_is_named(tmp_path: Path) -> None:
    path = write_plain(tmp_path / "log.csv", [["u", 1, "a", 1]])
    with pytest.raises(DataError, match="no column 'behavior'"):
        read_log(path, features({"buy": "behavior == 'buy'"}))
