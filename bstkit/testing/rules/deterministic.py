"""Outside training there is no chance."""

import numpy as np

from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as

CALLS = 3
_CAUSE = "dropout or noise does not look at `training`; use Keras's layers, and hand `training` on to them"


def check(subject: Subject) -> None:
    """Call with the same tensors several times; not a bit may differ."""
    tensors = subject.tensors()
    with seen_as(_CAUSE):
        first, *others = (subject.results(tensors) for _ in range(CALLS))
    for other in others:
        for name, values in first.items():
            if not np.array_equal(values, other[name], equal_nan=True):
                gap = float(np.nanmax(np.abs(values - other[name])))
                raise RuleBroken(f"`{name}` of the same inputs differs by {gap:.3g} from call to call", _CAUSE)
