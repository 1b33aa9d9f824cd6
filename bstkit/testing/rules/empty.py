"""Users without a history are the commonest ones: their scores are finite, and what is pooled of nothing is zero."""

import numpy as np

from bstkit.testing.differences import not_finite
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, Variant, seen_as
from bstkit.testing.tensors import rows

_CAUSE = (
    "a mean divides by the number of real steps, or a softmax is taken over none; divide by at least 1, fill with -3e4 "
    "(-1e9 is -inf in float16), and zero the weights after the softmax"
)


def check(subject: Subject) -> None:
    """Score all rows, and the empty one alone, in float32 and in float16."""
    for precision in ("float32", "mixed_float16"):
        for variant in subject.variants():
            _check(subject, precision, variant)


def _check(subject: Subject, precision: str, variant: Variant) -> None:
    where = f"in {precision} ({variant})"
    empty = subject.rows.index("empty")
    tensors = subject.tensors(variant)
    with seen_as(_CAUSE):
        together = subject.promised(subject.results(tensors, variant, precision), subject.mask)
        alone = subject.results(rows(tensors, [empty]), variant, precision)
        if subject.kind.writes == "sequence":
            alone = {}  # nothing is promised of its steps
    wrong = not_finite(together, subject.rows) or not_finite(alone, ("empty",))
    if wrong:
        raise RuleBroken(f"{where} {wrong}", _CAUSE)
    if subject.kind.writes in ("pooled", "weight"):
        for name, values in together.items():
            largest = float(np.abs(values[empty]).max())
            if largest:
                raise RuleBroken(
                    f"{where} `{name}` of an empty history is {largest:.6g}, not 0",
                    "biases or a softmax make something of nothing; zero the result where the mask has no real step",
                )
