"""A request is scored alike alone and beside others."""

import numpy as np

from bstkit.contracts import TENSORS
from bstkit.testing.differences import largest_difference
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.tensors import rows

_CAUSE = "a sum, mean, norm or softmax runs over the batch axis; state its axis"


def check(subject: Subject) -> None:
    """Score the rows in another order, and one by one; of a loss, which is one number of all rows, the order alone."""
    order = np.random.default_rng(0).permutation(len(subject.rows))
    with seen_as(_CAUSE):
        for variant in subject.variants():
            tensors = subject.tensors(variant)
            expected = subject.promised(subject.results(tensors, variant), subject.mask)
            found = subject.promised(subject.results(rows(tensors, order), variant), subject.mask[order])
            by_row = "batch" in TENSORS.get(subject.kind.writes, TENSORS["logit"]).dims
            wanted = {name: values[order] for name, values in expected.items()} if by_row else expected
            difference = largest_difference(wanted, found, [subject.rows[index] for index in order])
            if difference:
                raise RuleBroken(f"in another order ({variant}) {difference}", _CAUSE)
            if by_row:
                alone = [subject.results(one, variant) for one in subject.one_by_one(tensors)]
                joined = {name: np.concatenate([one[name] for one in alone]) for name in expected}
                difference = largest_difference(expected, subject.promised(joined, subject.mask), subject.rows)
                if difference:
                    raise RuleBroken(f"alone ({variant}) {difference}", _CAUSE)
