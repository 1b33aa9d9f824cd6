"""A training that is quick and has all that a checkpoint must hold, and ways to end it after a step.

`python -m tests.training.endurance.interrupted LOG RUN STEP` begins it and kills itself with SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from bstkit.artefact import Run
from bstkit.config.resolve import load_selection
from bstkit.config.selection import Selection
from bstkit.training import job
from tests.small_log import small_features

STEPS = 11
"""Of an epoch: 2,777 training rows of the small log."""

SETTINGS = [
    "train.epochs=6",
    "train.batch_size=256",
    "train.learning_rate=0.1",  # so high that the third epoch is the best, and training stops after the fifth
    "train.schedule={use = 'cosine', warmup_steps = 3}",
    "train.patience=2",
    "train.checkpoint_steps=4",
    "candidate=apart",
    "encoder=identity",
    "pooling=mean",
    "head={use = 'mlp', units = [8], dropout = 0.3}",
]


def selection(*settings: str, folder: Path) -> Selection:
    """Dropout, Adam, a schedule and early stopping. `folder` has no registry.toml."""
    slots = dict(one.split("=", 1) for one in SETTINGS if not one.startswith("train."))
    rest = [one for one in SETTINGS if one.startswith("train.")]
    return load_selection(slots=slots, settings=[*rest, *settings], working_folder=folder, environ={})


def train_small(log: Path, run: Path, *settings: str, **arguments: object) -> Run:
    """Train it. Two tasks, so that Keras keeps a loss of each."""
    features = small_features()
    labels = {"ctr": "click", "again": "click"}
    features = features.model_copy(update={"log": features.log.model_copy(update={"labels": labels})})
    return job.train(selection(*settings, folder=run.parent), run, data=log, features=features, **arguments)


class After(keras.callbacks.Callback):
    """Do something after one step, counted from the very beginning."""

    def __init__(self, step, action):
        super().__init__()
        self.step = step
        self.action = action

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            self.action()


@contextmanager
def watched(callback: keras.callbacks.Callback) -> Iterator[None]:
    """Let every training have one more callback, as a plugin's would be."""
    fit = job.fit
    job.fit = lambda composed, dataset, advance, callbacks, *rest: fit(
        composed, dataset, advance, [*callbacks, callback], *rest
    )
    try:
        yield
    finally:
        job.fit = fit


if __name__ == "__main__":
    with watched(After(int(sys.argv[3]), lambda: os.kill(os.getpid(), signal.SIGKILL))):
        train_small(Path(sys.argv[1]), Path(sys.argv[2]))
