"""The rows of a case as a file of fixed shapes takes them: histories of one length, pieces of one batch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bstkit.compose import Composed
from bstkit.config.features import PAD_ID
from bstkit.export.cases import Array, Feeds
from bstkit.inputs import BATCH


class FixedFeeds:
    """Does what a caller of such a file must do.

    Histories are padded behind their steps; of longer ones the most recent steps are kept, by the rule that the model
    itself has (`bstkit.features.history.RecentSteps`): those that end with the last real step.

    Args:
        composed: its inputs, and which of a history's steps are real.
        sizes: name of each dimension -> its number.
    """

    def __init__(self, composed: Composed, sizes: Mapping[str, int]) -> None:
        self._features = composed.features
        self._specs = {
            name: tuple(spec for spec in composed.inputs if spec.history == name) for name in composed.features.history
        }
        self._sizes = sizes

    def fit(self, feeds: Feeds) -> Feeds:
        """The same rows with histories as long as the file takes them, and rows of padding up to a whole batch."""
        fitted = dict(feeds)
        for name in self._specs:
            fitted |= self._history(name, feeds)
        missing = -len(next(iter(feeds.values()))) % self._sizes[BATCH]
        return {name: np.pad(fitted[name], ((0, missing), *((0, 0),) * (fitted[name].ndim - 1))) for name in feeds}

    def is_cut(self, feeds: Feeds) -> bool:
        """Whether a history has real steps that the file does not take."""
        fitted = self.fit(feeds)
        return any(self._real(name, feeds).sum() > self._real(name, fitted).sum() for name in self._specs)

    def _history(self, name: str, feeds: Feeds) -> Feeds:
        """The inputs of one history."""
        real = self._real(name, feeds)
        steps = {spec.name: feeds[spec.name] for spec in self._specs[name] if len(spec.dims) > 1}
        *sessions, size = (self._sizes[dim] for dim in self._specs[name][0].dims[1:])
        for most in sessions:
            index = _recent(np.any(real, axis=2), most)
            real = _take(real, index)
            steps = {key: _take(values, index) for key, values in steps.items()}
        index = _recent(real, size)
        fitted = {key: _take(values, index) for key, values in steps.items()}
        length = self._features.history[name].length
        if length is not None:
            # As the model reads it, a length past the end is that of the input, which is another one now.
            fitted[length] = np.minimum(feeds[length], min(real.shape[-1], size)).astype(feeds[length].dtype)
        return fitted

    def _real(self, name: str, feeds: Feeds) -> Array:
        """True at real steps. An id that is not in its table is out of vocabulary, which is real."""
        history = self._features.history[name]
        ids = {spec.column: feeds[spec.name] for spec in self._specs[name] if spec.role == "history"}
        if history.length is not None:
            steps = np.arange(next(iter(ids.values())).shape[1])
            return np.asarray(steps < feeds[history.length][:, None])
        fields = ids.values() if history.mask == "all" else [ids[history.mask]]
        return np.asarray(np.logical_and.reduce([field != PAD_ID for field in fields]))


def _recent(real: Array, size: int) -> Array:
    """Indices `(..., size)` of the steps that end with the last real one; past the end where there are fewer."""
    until = np.where(real, np.arange(1, real.shape[-1] + 1), 0).max(axis=-1, initial=0, keepdims=True)
    return np.asarray(np.maximum(until - size, 0) + np.arange(size))


def _take(values: Array, index: Array) -> Array:
    """The values at these indices of the axis that is the last of `index`; zeros past the end."""
    axis = index.ndim - 1
    size = index.shape[-1]
    padded = np.pad(values, [(0, size if number == axis else 0) for number in range(values.ndim)])
    return np.take_along_axis(padded, index.reshape(index.shape + (1,) * (values.ndim - index.ndim)), axis=axis)
