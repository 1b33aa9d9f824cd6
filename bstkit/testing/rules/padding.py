"""Padding is no behaviour: neither what stands there nor how much of it there is."""

from bstkit.testing.differences import largest_difference
from bstkit.testing.rule import NotApplicable, RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.tensors import with_masked, with_padding

FILLS = (1e4, float("nan"))
MORE = 3
"""Masked steps that are added behind."""

_CAUSE = (
    "`call` reads steps that the mask hides; put ops.where(mask[..., None], sequence, 0.0) before anything is summed, "
    "count real steps alone, and give softmax a large negative number at the others"
)


def check(subject: Subject) -> None:
    """Write something else into the masked steps, then add more of them."""
    if "mask" not in subject.kind.call:
        raise NotApplicable(f"a {subject.kind.name} is given no steps")
    mask = subject.mask
    with seen_as(_CAUSE):
        for variant in subject.variants():
            tensors = subject.tensors(variant)
            expected = subject.promised(subject.results(tensors, variant), mask)
            for fill in FILLS:
                found = subject.promised(subject.results(with_masked(tensors, mask, fill), variant), mask)
                difference = largest_difference(expected, found, subject.rows)
                if difference:
                    raise RuleBroken(f"with {fill:g} at masked steps ({variant}) {difference}", _CAUSE)
            if not subject.requires("fixed_length"):
                found = subject.results(with_padding(tensors, MORE), variant)
                if subject.kind.shape[1:2] == ("time",):
                    found = {name: values[:, : mask.shape[1]] for name, values in found.items()}
                difference = largest_difference(expected, subject.promised(found, mask), subject.rows)
                if difference:
                    raise RuleBroken(f"with {MORE} more masked steps ({variant}) {difference}", _CAUSE)
