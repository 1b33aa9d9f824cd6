"""Comparisons, put together by output, by case, by provider and level."""

import numpy as np

from bstkit.config.selection import Tolerance
from bstkit.export.parity import Compared, by_case, by_level, by_output

TOLERANCES = {"ctr": Tolerance(atol=0.0, rtol=0.0)}


def compared(case, provider, level, difference):
    expected = np.array([[0.5], [0.25]], np.float32)
    return Compared("ctr", case, provider, level, expected + np.float32(difference), expected)


FOUND = [
    compared("a", "cpu", "disable", 0.0),
    compared("b", "cpu", "disable", 0.125),
    compared("a", "cpu", "all", 0.25),
    compared("a", "other", "all", 0.5),
]


def test_output_is_over_everything():
    found = by_output(FOUND, TOLERANCES)["ctr"]
    assert (found.scores, found.max_abs) == (8, 0.5)


def test_case_is_over_every_provider_and_level():
    found = by_case(FOUND, TOLERANCES)
    assert {case: one["ctr"].max_abs for case, one in found.items()} == {"a": 0.5, "b": 0.125}
    assert found["a"]["ctr"].scores == 6


def test_level_is_over_every_case():
    found = by_level(FOUND, TOLERANCES)
    assert {provider: list(levels) for provider, levels in found.items()} == {
        "cpu": ["disable", "all"],
        "other": ["all"],
    }
    assert found["cpu"]["disable"]["ctr"].max_abs == 0.125
    assert found["cpu"]["all"]["ctr"].mean_abs == 0.25
