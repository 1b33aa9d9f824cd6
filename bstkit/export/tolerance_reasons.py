"""Why a tolerance is what it is, in words for the report."""

from __future__ import annotations

from bstkit.config.selection import ExportSettings, Tolerance

_PROBABILITY = (
    "a probability lies in [0, 1], where float32 sums taken in another order differ by some 1e-7; 1e-5 leaves room for "
    "deeper models and other processors, and a lost mask or a wrong id moves scores by far more"
)
_LOGIT = (
    "a logit is not bounded, so what may differ grows with it: 1e-4 of it, under a thousand float32 steps, and 1e-5 "
    "around zero"
)


def reason_of(output: str, tolerance: Tolerance) -> str:
    """Say why an output may differ by this much.

    Args:
        output: `<task>` or `<task>_logit`.
        tolerance: what is allowed.
    """
    defaults = ExportSettings()
    default, why = (defaults.logit, _LOGIT) if output.endswith("_logit") else (defaults.probability, _PROBABILITY)
    if tolerance == default:
        return why
    how = "loosened" if is_looser(tolerance, default) else "tightened"
    return f"{how} in [export], where the default is atol {default.atol:g}, rtol {default.rtol:g}"


def is_looser(tolerance: Tolerance, default: Tolerance) -> bool:
    """Whether a tolerance allows more than another in any way."""
    return tolerance.atol > default.atol or tolerance.rtol > default.rtol
