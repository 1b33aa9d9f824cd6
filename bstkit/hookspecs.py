"""The hooks that a plugin may implement. Hooks yield frozen records and import nothing heavy."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

from bstkit.component import Component, GraphPass

if TYPE_CHECKING:
    import keras

    from bstkit.training.fit import TrainingRun

hookspec = pluggy.HookspecMarker("bstkit")
hookimpl = pluggy.HookimplMarker("bstkit")

SINCE = {"bstkit_components": 1, "bstkit_callbacks": 1, "bstkit_export_passes": 1}
"""Hook -> the contract version from which on it has this form; one more argument keeps the form."""


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


@dataclass(frozen=True)
class Hook:
    """What `bstkit list hook` says about a hook.

    Args:
        name: its name.
        arguments: what an implementation may name.
        since: the contract version from which on it has this form.
        summary: one line.
    """

    name: str
    arguments: tuple[str, ...]
    since: int
    summary: str


def hooks() -> dict[str, Hook]:
    """Every hook by name, in the order of this file."""
    found = {name: value for name, value in globals().items() if name.startswith("bstkit_")}
    return {
        name: Hook(
            name, tuple(inspect.signature(spec).parameters), SINCE[name], (spec.__doc__ or "").partition("\n")[0]
        )
        for name, spec in found.items()
    }
