"""Outcomes that no model was trained for."""

from bstkit.sweep.outcome import Outcome

BASELINES = {
    name: {"ctr": {"auc": auc, "gauc": None, "log_loss": 0.69}}
    for name, auc in (("popularity", 0.6), ("constant", 0.5))
}


def outcome(seed=0, auc=0.7, **changed):
    """One that says `auc` of the validation rows and a tenth less of the test rows."""
    values = {
        "seed": seed,
        "parameters": 1000,
        "epochs": 2,
        "seconds": 3.0,
        "cpu_seconds": 5.0,
        "validation": {"auc": auc, "gauc": auc, "log_loss": 1 - auc},
        "test": {"ctr": {"auc": auc - 0.1, "gauc": auc - 0.1, "log_loss": 1.1 - auc}},
        "baselines": BASELINES,
    }
    return Outcome(**{**values, **changed})
