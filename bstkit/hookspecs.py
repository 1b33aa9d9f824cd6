"""The hooks that a plugin may implement. Hooks yield frozen records and import nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from bstkit.component import Component, GraphPass

if TYPE_CHECKING:
    import keras

    from bstkit.training.fit import TrainingRun

hookspec = pluggy.HookspecMarker("bstkit")
hookimpl = pluggy.HookimplMarker("bstkit")


@hookspec
def bstkit_components() -> Iterable[Component]:
    """The components that this plugin provides."""
    return ()


@hookspec
def bstkit_callbacks(run: TrainingRun) -> Iterable[keras.callbacks.Callback]:
    """Keras callbacks for one training run; called after its models are composed and before the first step.

    A training that goes on from a checkpoint begins with new callbacks: what they keep to themselves is not in it.
    """
    return ()


@hookspec
def bstkit_export_passes() -> Iterable[GraphPass]:
    """Rewrites of the exported graph, applied in order; each is verified on its own."""
    return ()
