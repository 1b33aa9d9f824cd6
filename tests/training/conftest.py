"""What the training tests share."""

import pytest

from bstkit.compose import compose
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.training.fit import fit, make_repeatable


@pytest.fixture(scope="session")
def dataset(small_log):
    """The small log, prepared."""
    return load_dataset(small_log, features_for(small_log))


@pytest.fixture(scope="session")
def fitted(dataset, small_selection):
    """Train from a seed; return the model and its history. Settings replace those of `[train]`."""

    def train(data=dataset, callbacks=(), **settings):
        selection = small_selection.model_copy(update={"train": small_selection.train.model_copy(update=settings)})
        make_repeatable(selection.train.seed)
        composed = compose(selection, data.features)
        return composed, fit(composed, data, callbacks=callbacks)

    return train
