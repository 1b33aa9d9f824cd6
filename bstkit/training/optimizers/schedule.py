"""`[train] schedule` as the learning rate that a Keras optimizer takes."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from keras.optimizers import schedules

from bstkit.config.schedules import Constant, Cosine, Exponential, Linear
from bstkit.config.selection import TrainSettings


@keras.saving.register_keras_serializable(package="bstkit")
class Warmup(schedules.LearningRateSchedule):
    """Rise in a line to a learning rate, then go on with another schedule.

    The first step has `target / steps`, the last one of the warmup `target`.

    Args:
        steps: int >= 1, length of the warmup.
        target: float, the learning rate at its end.
        after: `LearningRateSchedule` for the steps after it, counted from 0; None: stay at `target`.
    """

    def __init__(self, steps: int, target: float, after: Any = None) -> None:
        self.steps, self.target = steps, target
        self.after = schedules.deserialize(after) if isinstance(after, dict) else after

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rising = self.target * (step + 1.0) / self.steps
        after = self.target if self.after is None else self.after(step - self.steps)
        return ops.where(step < self.steps, rising, after)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        after = None if self.after is None else schedules.serialize(self.after)
        return {"steps": self.steps, "target": self.target, "after": after}


def learning_rate(settings: TrainSettings, steps_per_epoch: int) -> Any:
    """What an optimizer takes as its learning rate: the number itself, or a schedule of Keras's kind.

    Args:
        settings: `[train]`.
        steps_per_epoch: turns the lengths that are said in epochs into steps.
    """
    schedule, rate = settings.schedule, settings.learning_rate
    warmup = _steps(schedule.warmup_steps, schedule.warmup_epochs, steps_per_epoch) or 0
    after = _decay(schedule, rate, steps_per_epoch, max(1, settings.epochs * steps_per_epoch - warmup))
    if warmup:
        return Warmup(warmup, rate, after)
    return rate if after is None else after


def _decay(schedule: Constant, rate: float, steps_per_epoch: int, rest: int) -> Any:
    """The schedule after the warmup; None where it stays."""
    if isinstance(schedule, Exponential):
        steps = _steps(schedule.decay_steps, schedule.decay_epochs, steps_per_epoch) or steps_per_epoch
        return schedules.ExponentialDecay(rate, steps, schedule.factor)
    if isinstance(schedule, Linear):  # Cosine is one, too
        steps = _steps(schedule.decay_steps, schedule.decay_epochs, steps_per_epoch) or rest
        if isinstance(schedule, Cosine):
            return schedules.CosineDecay(rate, steps, alpha=schedule.floor)
        return schedules.PolynomialDecay(rate, steps, end_learning_rate=rate * schedule.floor, power=1.0)
    return None


def _steps(steps: int | None, epochs: float | None, steps_per_epoch: int) -> int | None:
    """A length in steps, whichever way it was said; at least one step where it was said in epochs above 0."""
    if epochs is None:
        return steps
    return max(1, round(epochs * steps_per_epoch)) if epochs else 0
