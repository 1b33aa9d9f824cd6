"""Provides `pooling.max`, as bstkit itself does, and `pooling.both`, as `second_clash` does."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    for name in ("max", "both"):
        yield Component(
            kind="pooling",
            name=name,
            target="bstkit_failing.layers:FirstStep",
            summary="The first step, under a name that another plugin has.",
        )
