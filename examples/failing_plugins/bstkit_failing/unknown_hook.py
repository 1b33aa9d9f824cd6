"""Misspells its hook, which pluggy alone would never mention."""

from bstkit import hookimpl


@hookimpl
def bstkit_component():
    return ()
