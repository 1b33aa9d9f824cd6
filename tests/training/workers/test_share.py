"""Parts of a batch: every row once, and losses whose mean over the parts is that of the batch."""

import numpy as np
import pytest
import tensorflow as tf

from bstkit.training.loss import PresentLabelLoss
from bstkit.training.workers.share import shares


def parts_of(rows, parts, missing=()):
    """Each part of one batch: its rows, labels and weights."""
    labels = (np.arange(rows) % 3 == 0).astype(np.float32)
    labels[list(missing)] = np.nan
    batch = ({"row": np.arange(rows, dtype=np.int32)}, {"ctr": labels[:, None]})
    endless = tf.data.Dataset.from_tensors(batch).repeat()
    found = []
    for part in range(parts):
        [(features, own, weights)] = shares(endless, parts, part, 1).take(1).as_numpy_iterator()
        found.append((features["row"], own["ctr"], weights["ctr"]))
    return labels, found


@pytest.mark.parametrize(("rows", "parts"), [(8, 2), (7, 2), (7, 3), (1, 2), (2, 5)])
def test_parts_hold_every_row_once_and_are_equally_long(rows, parts):
    _, found = parts_of(rows, parts)
    counted = np.concatenate([row[weight[:, 0] > 0] for row, _, weight in found])
    assert sorted(counted) == list(range(rows))
    assert {len(row) for row, _, _ in found} == {-(-rows // parts)}


@pytest.mark.parametrize(("rows", "parts"), [(8, 2), (7, 2), (7, 3), (1, 2), (2, 5)])
@pytest.mark.parametrize("missing", [(), (0,), (0, 1)], ids=["all labelled", "first missing", "two missing"])
def test_mean_loss_of_the_parts_is_that_of_the_batch(rows, parts, missing):
    missing = missing[: rows - 1]
    labels, found = parts_of(rows, parts, missing)
    loss, logit = PresentLabelLoss(), np.linspace(-2, 2, rows, dtype=np.float32)[:, None]
    each = [float(loss(own, logit[row], sample_weight=weight)) for row, own, weight in found]
    assert np.mean(each) == pytest.approx(float(loss(labels[:, None], logit)), rel=1e-5)


def test_one_process_may_keep_several_parts():
    batch = ({"row": np.arange(6, dtype=np.int32)}, {"ctr": np.zeros((6, 1), np.float32)})
    kept = shares(tf.data.Dataset.from_tensors(batch).repeat(), 3, 1, 2).take(2).as_numpy_iterator()
    assert [list(features["row"]) for features, _, _ in kept] == [[1, 4], [2, 5]]
