"""One worker as a program: `bstkit` with the weights kept at the end, and with an end that comes early if asked for.

Arguments: the file for the weights; the step after which to die, 0: never; then those of `bstkit`.
"""

import os
import signal
import sys

import keras
import numpy as np

from bstkit.cli import main
from bstkit.training import job


class Death(keras.callbacks.Callback):
    """Kill this process, as a node that is taken away does."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def keep_weights(file, death):
    """Let `fit` write the weights that it ends with."""
    fit = job.fit

    def fit_and_keep(composed, dataset, advance, callbacks, *args):
        history = fit(composed, dataset, advance, [*callbacks, *([Death(death)] if death else [])], *args)
        np.savez(file, *composed.training.get_weights())
        return history

    job.fit = fit_and_keep


if __name__ == "__main__":
    keep_weights(sys.argv[1], int(sys.argv[2]))
    main(sys.argv[3:])
