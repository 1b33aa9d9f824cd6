"""What the training tests share."""

import signal

import pytest

from bstkit.compose import compose
from bstkit.data.dataset import load_dataset
from bstkit.data.feature_files import features_for
from bstkit.training.fit import fit, make_repeatable


@pytest.fixture(scope="session")
def dataset(small_log):
    """The small log, prepared."""
    return load_dataset(small_log, features_for(small_log))


@pytest.fixture(scope="module")
def signals():
    """Signals do what they do in a terminal; a shell lets its background jobs ignore Ctrl-C."""
    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def fitted(dataset, small_selection):
    """Train from a seed; return the model and its history. Settings replace those of `[train]`."""

    def train(data=dataset, callbacks=(), **settings):
        selection = small_selection.model_copy(update={"train": small_selection.train.model_copy(update=settings)})
        make_repeatable(selection.train.seed)
        composed = compose(selection, data.features)
        return composed, fit(composed, data, callbacks=callbacks)

    return train
