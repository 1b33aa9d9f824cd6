"""Cannot be imported: it needs a package that is not installed."""

import a_package_that_is_not_installed

from bstkit import Component, hookimpl


@hookimpl
def bstkit_components():
    yield Component(
        kind="encoder",
        name="broken_import",
        target=f"{a_package_that_is_not_installed.__name__}:Encoder",
        summary="Nobody gets to read this.",
    )
