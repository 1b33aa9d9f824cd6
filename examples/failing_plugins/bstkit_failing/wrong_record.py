"""Yields a record of a kind that does not exist."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="encodr",
        name="wrong_record",
        target="bstkit_failing.layers:FirstStep",
        summary="An encoder, had the kind been spelt so.",
    )
