"""Provides `pooling.both`, as `clash` of the same distribution does."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="pooling",
        name="both",
        target="bstkit_failing.layers:FirstStep",
        summary="The first step, under a name that another plugin has.",
    )
