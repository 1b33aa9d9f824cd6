"""Means and deviations over seeds."""

import pytest

from bstkit.sweep.table import COLUMNS, markdown, mean_and_deviation, table_rows
from tests.sweep.outcomes import outcome


def test_cells_are_mean_and_sample_deviation():
    found = [outcome(0, 0.6, epochs=2, seconds=1.0, cpu_seconds=4.0), outcome(1, 0.8, epochs=3, seconds=2.0)]
    row = dict(zip(("name", *COLUMNS), table_rows({"din": found})[0], strict=True))
    assert row == {
        "name": "din",
        "AUC": "0.6000 ± 0.1414",
        "GAUC": "0.6000 ± 0.1414",
        "log loss": "0.4000 ± 0.1414",
        "epochs": "2.5",
        "seconds": "2",
        "CPU seconds": "4",
        "parameters": "1,000",
        "seeds": "2",
    }


def test_one_seed_has_no_deviation_and_validation_stands_first():
    rows = table_rows({"din": [outcome(0, 0.6)]}, validation="log_loss")
    assert rows[0][:3] == ("din", "0.4000", "0.5000")


def test_baselines_stand_last_and_rows_are_equally_long():
    rows = table_rows({"none": [], "din": [outcome()]}, validation="auc")
    assert [row[0] for row in rows] == ["din", "popularity", "constant"]
    assert rows[1][1:5] == ("", "0.6000", "-", "0.6900")
    assert {len(row) for row in rows} == {len(COLUMNS) + 2}


def test_a_metric_that_one_seed_does_not_define_has_no_mean():
    assert mean_and_deviation([0.5, None]) is None
    assert mean_and_deviation([]) is None
    assert mean_and_deviation([0.5, 0.7]) == pytest.approx((0.6, 0.1414213562))


def test_markdown_has_as_many_cells_in_every_line():
    lines = markdown("model", table_rows({"din": [outcome()]})).splitlines()
    assert len(lines) == 5
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 2}
