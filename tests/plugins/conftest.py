"""What the tests of single components share."""

import numpy as np
import pytest

MASKS = {
    "full": [1, 1, 1, 1, 1, 1],
    "padded": [1, 1, 1, 0, 0, 0],
    "length_1": [1, 0, 0, 0, 0, 0],
    "holes": [1, 0, 1, 0, 0, 1],
    "left_padded": [0, 0, 1, 1, 1, 1],
    "empty": [0, 0, 0, 0, 0, 0],
}


@pytest.fixture
def mask():
    return np.array(list(MASKS.values()), bool)


@pytest.fixture
def sequence():
    return np.random.default_rng(0).normal(size=(len(MASKS), 6, 8)).astype(np.float32)


@pytest.fixture
def target():
    return np.random.default_rng(1).normal(size=(len(MASKS), 8)).astype(np.float32)
