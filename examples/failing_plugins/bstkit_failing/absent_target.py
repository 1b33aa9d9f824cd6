"""Loads, but the class that its record names does not exist: seen when somebody selects the component."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="encoder",
        name="absent_target",
        target="bstkit_failing.layers:NobodyWroteThis",
        summary="An encoder that nobody wrote.",
    )
