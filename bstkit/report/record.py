"""What a run folder keeps, read for its page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bstkit.artefact import COMPOSITION, Run, load_run
from bstkit.errors import RunError

if TYPE_CHECKING:
    import numpy as np

Facts = Mapping[str, Any]

EXPORT_REPORT = "report.json"


@dataclass(frozen=True)
class Record:
    """A run as its page tells it.

    Args:
        run: selection, features, metrics, provenance.
        history: one dict an epoch, `epoch` first; None where a number is not defined. Empty for imported weights.
        composition: the lines of `bstkit.drawing.draw`; empty for a run that kept none.
        labels, scores: task -> of the held-out rows, NaN where a label is not known; empty for a run that kept none.
        export: the bundle's report.json; None where the run has no bundle.
    """

    run: Run
    history: tuple[Mapping[str, float | None], ...]
    composition: Sequence[Facts] = field(repr=False)
    labels: Mapping[str, np.ndarray[Any, Any]] = field(repr=False)
    scores: Mapping[str, np.ndarray[Any, Any]] = field(repr=False)
    export: Facts | None = field(repr=False)


def read_record(folder: Path) -> Record:
    """Read it.

    Raises:
        RunError: the folder is no whole run, or a file in it cannot be read.
    """
    run = load_run(folder)
    try:
        return Record(
            run,
            run.history,
            _json(folder / COMPOSITION) or (),
            run.heldout_labels,
            run.heldout_scores,
            _json(run.bundle / EXPORT_REPORT),
        )
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} cannot be read: {error}", "train again; a file of the run is damaged") from error


def _json(path: Path) -> Any:
    return json.loads(path.read_bytes()) if path.is_file() else None
