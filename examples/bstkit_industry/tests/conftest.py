"""A batch whose rows have every kind of mask."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from masks import MASKS


@pytest.fixture
def mask():
    return np.array(list(MASKS.values()), bool)


@pytest.fixture
def sequence():
    return np.random.default_rng(0).normal(size=(len(MASKS), 6, 8)).astype(np.float32)


@pytest.fixture
def target():
    return np.random.default_rng(1).normal(size=(len(MASKS), 5)).astype(np.float32)


@pytest.fixture
def randomised():
    """Give every weight of a layer a number of its own: zeros and ones hide mistakes."""

    def randomise(layer, scale=0.5):
        rng = np.random.default_rng(7)
        for weight in layer.trainable_weights:
            weight.assign(rng.normal(1.0 if "gamma" in weight.path else 0.0, scale, weight.shape))
        return layer

    return randomise
