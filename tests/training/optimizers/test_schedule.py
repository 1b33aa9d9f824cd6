"""Learning rates worked by hand."""

import keras
import pytest

from bstkit.config.schedules import Constant, Cosine, Exponential, Linear
from bstkit.config.selection import TrainSettings
from bstkit.training.optimizers.schedule import Warmup, learning_rate

STEPS = 10
"""Of an epoch."""


def rates(schedule, steps, epochs=2):
    """The learning rate of some steps; the highest is 1."""
    found = learning_rate(TrainSettings(learning_rate=1.0, epochs=epochs, schedule=schedule), STEPS)
    return [float(found(step)) for step in steps]


def test_constant_is_the_number_itself():
    assert learning_rate(TrainSettings(learning_rate=0.25), STEPS) == 0.25


@pytest.mark.parametrize(
    ("schedule", "steps", "expected"),
    [
        (Constant(warmup_steps=4), [0, 1, 3, 4, 100], [0.25, 0.5, 1, 1, 1]),
        (Constant(warmup_epochs=0.2), [0, 1, 2], [0.5, 1, 1]),
        (Linear(), [0, 5, 10, 20, 30], [1, 0.75, 0.5, 0, 0]),
        (Linear(decay_steps=4, floor=0.5), [0, 2, 4, 9], [1, 0.75, 0.5, 0.5]),
        (Linear(warmup_epochs=1.0), [0, 9, 10, 15, 20], [0.1, 1, 1, 0.5, 0]),
        (Cosine(decay_epochs=0.6), [0, 2, 3, 4, 6, 50], [1, 0.75, 0.5, 0.25, 0, 0]),
        (Cosine(warmup_steps=2, decay_steps=2, floor=0.2), [0, 1, 2, 3, 4], [0.5, 1, 1, 0.6, 0.2]),
        (Exponential(), [0, 10, 20, 30], [1, 0.5, 0.25, 0.125]),
        (Exponential(decay_steps=2, factor=0.25), [0, 1, 2], [1, 0.5, 0.25]),
    ],
    ids=repr,
)
def test_rate_by_hand(schedule, steps, expected):
    assert rates(schedule, steps) == pytest.approx(expected, abs=1e-6)


def test_warmup_reads_back_from_its_config():
    schedules = keras.optimizers.schedules
    warmup = Warmup(3, 0.5, schedules.CosineDecay(0.5, 10))
    again = schedules.deserialize(schedules.serialize(warmup))
    assert isinstance(again, Warmup)
    assert [float(again(step)) for step in (0, 5)] == [float(warmup(step)) for step in (0, 5)]
