"""A callback that remembers what it saw."""

import keras

SEEN = []


class Watch(keras.callbacks.Callback):
    def __init__(self, recipe, tasks, dataset):
        super().__init__()
        SEEN.append((recipe, tuple(tasks), dataset is not None))

    def on_epoch_end(self, epoch, logs=None):
        SEEN.append((epoch, "val_log_loss" in logs))
