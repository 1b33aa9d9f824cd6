"""Every tolerance has its reason."""

import pytest

from bstkit.config.selection import Tolerance
from bstkit.export.tolerance_reasons import is_looser, reason_of


@pytest.mark.parametrize(
    ("output", "atol", "rtol", "said"),
    [
        ("ctr", 1e-5, 0.0, "a probability lies in"),
        ("ctr_logit", 1e-5, 1e-4, "a logit is not bounded"),
        ("ctr", 1e-3, 0.0, "loosened in [export], where the default is atol 1e-05, rtol 0"),
        ("ctr_logit", 1e-6, 1e-4, "tightened in [export], where the default is atol 1e-05, rtol 0.0001"),
    ],
)
def test_reason_says_whether_it_is_the_default(output, atol, rtol, said):
    assert said in reason_of(output, Tolerance(atol=atol, rtol=rtol))


def test_more_of_either_is_looser():
    default = Tolerance(atol=1e-5, rtol=1e-4)
    assert is_looser(Tolerance(atol=1e-6, rtol=1e-3), default)
    assert is_looser(Tolerance(atol=1e-4, rtol=0.0), default)
    assert not is_looser(default, default)
