"""AUC and log loss of both sides on held-out rows."""

import numpy as np
import pytest

from bstkit.export.held_out import HELD_OUT, held_out_quality, in_pieces
from bstkit.export.parity import Compared

EXPECTED = [0.2, 0.4, 0.6, 0.8]
LABELS = np.array([0, 1, 0, 1], np.float32)


def scored(scores, provider="cpu", output="ctr", expected=EXPECTED):
    arrays = (np.array(values, np.float32)[:, None] for values in (scores, expected))
    return Compared(output, HELD_OUT, provider, "all", *arrays)


def test_change_is_provider_minus_tensorflow():
    found = held_out_quality([scored([0.2, 0.7, 0.6, 0.8])], {"ctr": LABELS})["ctr"]
    assert (found.rows, found.positives) == (4, 2)
    assert found.tensorflow.auc == 0.75  # of the four pairs, 0.4 below 0.6 is the wrong one
    assert (found.providers["cpu"].auc, found.providers["cpu"].auc_change) == (1.0, 0.25)
    loss = -np.log([0.8, 0.4, 0.4, 0.8]).mean()
    assert found.tensorflow.log_loss == pytest.approx(loss, abs=1e-7)
    assert found.providers["cpu"].log_loss_change == pytest.approx(-np.log(0.7 / 0.4) / 4, abs=1e-7)


def test_rows_without_a_label_are_left_out():
    labels = np.array([0, np.nan, np.nan, 1], np.float32)
    found = held_out_quality([scored([0.2, 0.0, 1.0, 0.8])], {"ctr": labels})["ctr"]
    assert (found.rows, found.positives) == (2, 1)
    assert found.providers["cpu"].auc_change == 0.0
    assert found.providers["cpu"].log_loss_change == 0.0


def test_pieces_follow_one_another_and_providers_stand_apart():
    pieces = [scored(EXPECTED[:3], expected=EXPECTED[:3]), scored(EXPECTED[3:], expected=EXPECTED[3:])]
    found = held_out_quality([*pieces, scored([0.8, 0.6, 0.4, 0.2], "other")], {"ctr": LABELS})["ctr"]
    assert found.providers["cpu"].auc == found.tensorflow.auc == 0.75
    assert found.providers["other"].auc == 0.25


def test_one_class_has_no_auc():
    found = held_out_quality([scored(EXPECTED)], {"ctr": np.ones(4, np.float32)})["ctr"]
    assert found.tensorflow.auc is None
    assert found.providers["cpu"].auc_change is None
    assert found.providers["cpu"].log_loss_change == 0.0


@pytest.mark.parametrize("labels", [{}, {"ctr": np.full(4, np.nan)}, {"cvr": LABELS}], ids=["none", "unknown", "other"])
def test_task_without_labels_or_scores_is_left_out(labels):
    assert held_out_quality([scored(EXPECTED)], labels) == {}


def test_rows_are_cut_into_pieces_that_hold_all_of_them():
    samples = {"user": np.arange(2050), "hist": np.arange(2050 * 3).reshape(2050, 3)}
    pieces = in_pieces(samples)
    assert [len(piece["user"]) for piece in pieces] == [1024, 1024, 2]
    for name, values in samples.items():
        np.testing.assert_array_equal(np.concatenate([piece[name] for piece in pieces]), values)
    assert in_pieces({}) == ()
