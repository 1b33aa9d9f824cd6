"""A plugin that imports its layers at the top."""

from bstkit import Component, hookimpl
from tests.testing.layers import GoodPooling


@hookimpl
def bstkit_components():
    yield Component("pooling", "heavy", f"tests.testing.layers:{GoodPooling.__name__}", "A good layer, told heavily.")
