"""Written for a contract that no bstkit has yet."""

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="encoder",
        name="newer_contract",
        target="bstkit_failing.layers:FirstStep",
        summary="An encoder of the future.",
        contract=1_000,
    )
