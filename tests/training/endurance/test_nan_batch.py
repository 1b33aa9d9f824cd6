"""A loss that is no number: the batch is in a file, and the checkpoint before stays."""

import numpy as np
import pytest

from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.errors import TrainingError
from bstkit.training import job
from bstkit.training.endurance.nan_batch import FiniteLoss
from tests.training.endurance.interrupted import STEPS, After, selection, watched


@pytest.fixture(scope="module")
def poisoned(small_log, tmp_path_factory):
    """Weights become NaN after the third step of the second epoch: the fourth one's loss is none."""
    place = tmp_path_factory.mktemp("poisoned")
    callback = After(STEPS + 3, lambda: None)

    def poison():
        bias = callback.model.trainable_variables[-1]
        bias.assign(np.full(bias.shape, np.nan))

    callback.action = poison
    chosen = selection("train.checkpoint_steps=2", folder=place)
    with watched(callback), pytest.raises(TrainingError) as caught:
        job.train(chosen, place / "run", data=small_log)
    return place, caught.value


def test_error_names_step_and_file(poisoned):
    place, error = poisoned
    assert f"the loss is nan at step 4 of epoch 2; {place / 'run.nan-batch.npz'} holds its 256 rows" in error.message
    for part in ("train.learning_rate", "train.clip_norm", "numpy.load"):
        assert part in error.hint


def test_file_holds_the_batch(poisoned, small_log):
    place, _ = poisoned
    dataset = load_dataset(small_log, features_for(small_log))
    with np.load(place / "run.nan-batch.npz") as arrays:
        rows = arrays["row"]
        assert len(set(rows)) == 256
        assert set(rows) <= set(dataset.rows("train"))
        np.testing.assert_array_equal(arrays["log_row"], dataset.row[rows])
        np.testing.assert_array_equal(arrays["input:item_id"], dataset.target["item_id"][rows])
        np.testing.assert_array_equal(arrays["label:ctr"][:, 0], dataset.labels["ctr"][rows])
        assert arrays["input:hist_item_id"].shape[0] == 256


def test_last_checkpoint_stays(poisoned):
    place, _ = poisoned
    assert [path.name for path in (place / "run.checkpoint").iterdir()] == [f"step-{STEPS + 3:08d}"]


def test_infinite_input_is_named(tmp_path):
    batch = ({"price": np.array([1.0, np.inf]), "item_id": np.array([2, 3])}, {}, np.array([7, 8]))
    check = FiniteLoss(lambda epoch, place: batch, np.arange(10), tmp_path / "file.npz")
    check.on_epoch_begin(0)
    check.on_train_batch_end(0, {"loss": 0.5})
    with pytest.raises(TrainingError, match="whose price is infinite in some rows"):
        check.on_train_batch_end(1, {"loss": np.inf})
