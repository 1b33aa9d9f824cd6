"""Keras callbacks that plugins bring to a training, and the record of whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from bstkit.compose import Composed
from bstkit.data.dataset import Dataset
from bstkit.manager import Plugins
from bstkit.training.fit import TrainingRun


@dataclass(frozen=True)
class PluginCallbacks:
    """What plugins brought.

    Args:
        callbacks: in the order in which Keras calls them.
        classes: distribution and version -> names of the classes that it brought.
    """

    callbacks: tuple[keras.callbacks.Callback, ...]
    classes: Mapping[str, list[str]]

    @property
    def record(self) -> dict[str, Any]:
        """What provenance.json says of them: `callbacks`; nothing where there are none."""
        return {"callbacks": dict(self.classes)} if self.classes else {}


def plugin_callbacks(plugins: Plugins, composed: Composed, dataset: Dataset) -> PluginCallbacks:
    """Ask each plugin for its callbacks.

    Raises:
        PluginError: a plugin's hook raised.
    """
    found = plugins.collect("bstkit_callbacks", run=TrainingRun(composed, dataset))
    classes: dict[str, list[str]] = {}
    for plugin, callback in found:
        classes.setdefault(plugin.label, []).append(type(callback).__name__)
    return PluginCallbacks(tuple(callback for _, callback in found), classes)
