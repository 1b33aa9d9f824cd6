"""Its hook raises after the first record."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="encoder",
        name="raising_hook",
        target="bstkit_failing.layers:FirstStep",
        summary="Comes before what goes wrong.",
    )
    raise RuntimeError("the licence has run out")
