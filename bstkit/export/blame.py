"""Find out which step of an export broke a model, once its finished file was refused.

An export that succeeds pays nothing for this: its file is verified at the end, and after each pass of a plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bstkit.errors import BstkitError, VerificationError
from bstkit.export.passes import BUILT_IN, BrokenStep
from bstkit.export.write import InvalidGraphError


@contextmanager
def broken_step_named(assemble_checked: Callable[[], object]) -> Iterator[None]:
    """Where the block finds that the model is not right, name the first step after which it is not.

    Args:
        assemble_checked: assembles the model again, verifying it after every step.

    Raises:
        VerificationError, InvalidGraphError: what the block raised, "after ..." before it; unchanged where every step
            verifies on its own.
    """
    try:
        yield
    except BrokenStep as error:
        if error.step != BUILT_IN:  # a plugin's, which is named already
            raise
        raise _named(error.cause, assemble_checked) from error
    except (VerificationError, InvalidGraphError) as error:
        raise _named(error, assemble_checked) from error


def _named(error: BstkitError, assemble_checked: Callable[[], object]) -> BstkitError:
    try:
        assemble_checked()
    except BrokenStep as broken:
        return type(error)(f"after {broken.step}: {error.message}", broken.hint)
    except (BstkitError, OSError):  # such as a full disk: it must not hide what was found
        return error
    return error
