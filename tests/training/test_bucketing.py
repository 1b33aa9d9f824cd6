"""Which histories decide which rows share a batch of training."""

import numpy as np
import pytest

from bstkit.compose import compose
from bstkit.training.fit import training_batches


@pytest.fixture(scope="module")
def padded(dataset, small_selection):
    """Cells of the first history over one epoch, padding included, by changes to the selection."""

    def count(bucketing=True, **changes):
        train = small_selection.train.model_copy(update={"bucketing": bucketing})
        composed = compose(small_selection.model_copy(update={"train": train, **changes}), dataset.features)
        steps = -(-len(dataset.rows("train")) // train.batch_size)
        fed = list(training_batches(composed, dataset).take(steps))
        rows = np.sort(np.concatenate([inputs["user_id"] for inputs, _ in fed]))
        assert np.array_equal(rows, np.sort(dataset.context["user_id"][dataset.rows("train")]))
        return sum(inputs["hist_item_id"].shape[0] * inputs["hist_item_id"].shape[1] for inputs, _ in fed)

    return count


def test_bucketing_pads_less(padded):
    assert padded() < 0.9 * padded(bucketing=False)


def test_it_is_off_where_the_model_pads_every_history_anyway(padded):
    assert padded(length="fixed") == padded(bucketing=False)
