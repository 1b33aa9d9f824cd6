"""The parts of `predict`: open the rows, score them into a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bstkit.bundle.event_lines import is_event_file
from bstkit.bundle.raw_events import RawEvents
from bstkit.bundle.scorer import BundleScorer
from bstkit.config.features import Features
from bstkit.data.feature_files import features_for
from bstkit.data.scoring import load_for_scoring
from bstkit.errors import ConfigError
from bstkit.predict.contract_features import check_features
from bstkit.predict.event_rows import EventRows
from bstkit.predict.log_rows import LogRows
from bstkit.predict.model import Model
from bstkit.predict.rows import Rows, Source
from bstkit.predict.score_file import ScoreFile
from bstkit.progress import Advance


class Summary:
    """The range of each output, kept while scoring.

    Attributes:
        columns: of the file.
    """

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self._rows = 0
        self._range: dict[str, tuple[float, float, float]] = {}

    def add(self, columns: tuple[str, ...], scores: dict[str, NDArray[np.float32]]) -> None:
        """Count some rows."""
        self.columns = columns
        self._rows += len(next(iter(scores.values())))
        for name, values in scores.items():
            low, total, high = self._range.get(name, (np.inf, 0.0, -np.inf))
            self._range[name] = (
                min(low, float(values.min())),
                total + float(values.sum(dtype=np.float64)),
                max(high, float(values.max())),
            )

    def outputs(self) -> dict[str, dict[str, float]]:
        """Output -> `min`, `mean`, `max`."""
        return {
            name: {"min": low, "mean": total / self._rows, "max": high}
            for name, (low, total, high) in self._range.items()
        }


def open_source(model: Model, data: Path, features: Features | None, advance: Advance) -> Source:
    """Open the rows to score.

    Raises:
        ConfigError: features were given that do not go with the model or the data.
        DataError: the log cannot be used.
    """
    if is_event_file(data):
        if features is not None:
            raise ConfigError("raw events need no features: their keys are the model's inputs", "leave out --features")
        return EventRows(data, RawEvents(model.inputs, model.tables))
    dataset, users = load_for_scoring(data, log_features(model, data, features), model.vocabularies, advance)
    return LogRows(dataset, users, model)


def log_features(model: Model, data: Path, features: Features | None) -> Features:
    """Say what a log's columns mean: a run knows, a bundle is told.

    Raises:
        ConfigError: features were given for a run, or do not go with the bundle's contract.
        DataError: nothing says what they mean.
    """
    if not isinstance(model, BundleScorer):
        if features is not None:
            raise ConfigError("a run has its own features.toml", "leave out --features")
        return model.features
    features = features or features_for(data)
    check_features(features, model.manifest.contract)
    return features


def write_scores(model: Model, source: Source, batch: int, file: ScoreFile, advance: Advance) -> Summary:
    """Score every row into a file."""
    summary = Summary()
    for rows in source.batches(batch):
        scores = model.run(rows.feeds)
        _check_names(rows, scores)
        file.append({**rows.columns, **scores}, rows.labels)
        summary.add((*rows.columns, *scores, *rows.labels), scores)
        advance(rows.done, f"{file.rows:,} rows")
    return summary


def _check_names(rows: Rows, scores: dict[str, NDArray[np.float32]]) -> None:
    taken = rows.columns.keys() & scores.keys()
    if taken:
        raise ConfigError(
            f"the output '{min(taken)}' has the name of a column that bstkit writes beside it",
            "name the task otherwise in features.toml, and train again",
        )
