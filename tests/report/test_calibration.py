"""Bins of calibration."""

from dataclasses import replace

import numpy as np
import pytest

from bstkit.bundle.card.weighted import weighted_scores
from bstkit.report.calibration import calibration_section
from bstkit.report.reliability import calibration_bins, wilson_interval
from tests.report.reader import read
from tests.report.records import epochs, held_out, record


def test_bins_by_hand():
    scores = np.repeat([0.1, 0.2, 0.3, 0.9], 25).astype(np.float32)
    labels = np.concatenate([np.zeros(25), [1] * 5, np.zeros(20), [1] * 10, np.zeros(15), np.ones(25)])
    found = calibration_bins(labels, scores)
    assert [(one.rows, one.positives) for one in found] == [(25, 0), (25, 5), (25, 10), (25, 25)]
    assert [one.predicted for one in found] == pytest.approx([0.1, 0.2, 0.3, 0.9])
    assert [one.observed for one in found] == [0.0, 0.2, 0.4, 1.0]


def test_each_bin_holds_about_a_tenth_and_every_row_is_in_one():
    labels, scores = held_out(1003)
    found = calibration_bins(labels, scores)
    assert len(found) == 10
    assert all(99 <= one.rows <= 102 for one in found)
    assert sum(one.rows for one in found) == 1003
    assert sum(one.positives for one in found) == labels.sum()
    assert sum(one.rows * one.predicted for one in found) == pytest.approx(scores.sum(dtype=np.float64))
    for one in found:
        inside = (scores >= one.low) & (scores < one.high)
        assert one.rows == inside.sum()
        assert one.observed == pytest.approx(labels[inside].mean())


def test_rows_without_a_label_are_left_out():
    labels, scores = held_out(50)
    labels[:20] = np.nan
    assert calibration_bins(labels, scores) == calibration_bins(labels[20:], scores[20:])
    assert calibration_bins(np.full(50, np.nan), scores) == ()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_equal_scores_and_one_class_are_one_bin(label):
    [one] = calibration_bins(np.full(30, label), np.full(30, 0.5, np.float32))
    assert (one.rows, one.observed) == (30, label)
    assert 0.0 <= one.interval[0] <= label <= one.interval[1] <= 1.0


@pytest.mark.parametrize(
    ("positives", "rows", "expected"),
    [(5, 10, (0.2366, 0.7634)), (0, 10, (0.0, 0.2775)), (81, 263, (0.2553, 0.3662))],  # the last: Newcombe, 1998
)
def test_interval_is_wilsons(positives, rows, expected):
    assert wilson_interval(positives, rows) == pytest.approx(expected, abs=5e-5)


def test_figure_has_a_point_and_whiskers_for_each_bin(tmp_path):
    labels, scores = held_out(200)
    tree = read(calibration_section(record(tmp_path, labels={"ctr": labels}, scores={"ctr": scores})))
    [figure] = tree.all("figure")
    assert len(figure.all("circle")) == 10
    assert "10 bins of 20 rows each" in figure.text
    rows = tree.tables()["Calibration of ctr, bins between the deciles of the scores"]
    assert len(rows) == 10


def test_scores_that_are_no_probabilities_are_said_to_be_none(tmp_path):
    labels, scores = held_out(200)
    found = record(tmp_path, labels={"ctr": labels}, scores={"ctr": scores}, history=epochs(0.5))
    assert "no probabilities" not in calibration_section(found)
    selection = found.run.selection
    weighted = selection.model_copy(update={"train": selection.train.model_copy(update={"class_weight": {"ctr": 4.0}})})
    weighted = replace(found, run=replace(found.run, selection=weighted))
    text = read(calibration_section(weighted)).text
    assert "Its scores are no probabilities: positive rows counted w = 4 times in training" in text
    assert "no probabilities" not in calibration_section(replace(weighted, history=()))  # imported weights


def test_a_score_is_turned_back_into_a_probability():
    """Trained to the optimum, odds are w times too high: with p = 0.2 and w = 4 they are 1, a score of 0.5."""
    [(task, words)] = weighted_scores({"ctr": 4.0, "cvr": 1.0})
    assert task == "ctr"
    formula = words.rpartition("about ")[2].replace("w (", "w * (")
    assert eval(formula, {"s": 0.5, "w": 4.0}) == pytest.approx(0.2)
