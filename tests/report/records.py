"""Records of runs that nobody trained."""

from pathlib import Path

import numpy as np

from bstkit.artefact import Run
from bstkit.config.resolve import load_selection
from bstkit.report.record import Record
from tests.rich_log import rich_features
from tests.small_log import small_features


def epochs(*losses, **more):
    """A history with these validation log losses; `more`: column -> a number for each epoch."""
    return tuple(
        {"epoch": float(place + 1), "loss": 0.7, "val_log_loss": loss, "val_auc": 0.6, "val_gauc": 0.55}
        | {name: values[place] for name, values in more.items()}
        for place, loss in enumerate(losses)
    )


def record(tmp_path, *, two_tasks=False, metrics=None, provenance=None, **parts):
    """A record with these parts, everything else absent."""
    selection = load_selection(working_folder=tmp_path, environ={})
    features = rich_features() if two_tasks else small_features()
    run = Run(Path("run"), selection, features, metrics or {}, provenance or {})
    absent = {"history": (), "composition": (), "labels": {}, "scores": {}, "export": None}
    return Record(run=run, **(absent | parts))


def held_out(rows=100, seed=0):
    """Labels and scores of a calibrated model."""
    rng = np.random.default_rng(seed)
    scores = rng.random(rows).astype(np.float32)
    return (rng.random(rows) < scores).astype(np.float32), scores
