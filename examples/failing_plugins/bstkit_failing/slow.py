"""Works, but imports Keras where its hooks are, which every command then waits for."""

import keras

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="pooling",
        name="slow",
        target="bstkit_failing.layers:FirstStep",
        summary=f"The first step; declared with Keras {keras.__version__} at hand, which it did not need.",
    )
