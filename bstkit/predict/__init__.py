"""Score a log or a file of raw events with a run or a bundle."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bstkit.errors import ConfigError
from bstkit.progress import Progress

if TYPE_CHECKING:
    from bstkit.config.features import Features

__all__ = ["Predicted", "predict"]

BATCH = 256
"""Rows that are scored together."""


@dataclass(frozen=True)
class Predicted:
    """What `predict` wrote.

    Args:
        out: the file.
        rows: scored.
        columns: of the file, in order.
        outputs: output -> `min`, `mean` and `max` of its scores.
        engine: what computed them.
        seconds: stage -> seconds, in order.
        rows_per_second: while scoring, writing included.
    """

    out: Path
    rows: int
    columns: tuple[str, ...]
    outputs: dict[str, dict[str, float]]
    engine: str
    seconds: dict[str, float]
    rows_per_second: float

    def to_json(self) -> dict[str, Any]:
        """Everything, in types that `json` can write."""
        return {**asdict(self), "out": str(self.out)}


def predict(
    model: Path | str,
    data: Path | str,
    out: Path | str,
    *,
    features: Features | None = None,
    batch: int = BATCH,
    provider: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Predicted:
    """Score every row of a log, or every line of a file of raw events.

    Keys become ids by the model's own vocabularies and hashes. A row of a log has the history that the log gives it:
    strictly earlier events. Memory holds the prepared log and some batches.

    Args:
        model: a run folder, scored in TensorFlow, or a bundle, scored in ONNX Runtime.
        data: a log, or a file of raw events that ends in `.jsonl` or `.jsonl.gz`.
        out: the file to make, `.csv` or `.parquet`; it must not exist.
        features: what the log's columns mean, for a bundle. Defaults to the file that goes with the log; a run has its
            own.
        batch: rows that are scored together.
        provider: of ONNX Runtime, for a bundle: `"cpu"` (default), `"cuda"` or `"tensorrt"`.
        threads: that ONNX Runtime uses, for a bundle. Defaults to its choice.
        progress: told about the stages.

    Raises:
        RunError: the folder is no run, or the file exists or cannot be written.
        BundleError: the bundle cannot be read.
        VerificationError: a file of the bundle was changed.
        ConfigError: an option does not go with the model, or the features not with the contract.
        DataError: the log or an event cannot be used; nothing is left behind.
    """
    from bstkit.predict.job import open_source, write_scores
    from bstkit.predict.model import open_model
    from bstkit.predict.places import check_places
    from bstkit.predict.score_file import new_score_file

    data, out = Path(data), Path(out)
    check_places(data, out)
    for option, value in (("--batch", batch), ("--threads", threads)):
        if value is not None and value < 1:
            raise ConfigError(f"{option} is {value}", "give a number from 1 on")
    progress = progress or Progress()
    with new_score_file(out) as file:
        with progress.stage("open model"):
            opened = open_model(Path(model), provider, threads)
        with progress.stage("prepare data") as advance:
            source = open_source(opened, data, features, advance)
        start = time.perf_counter()
        with progress.stage("score") as advance:
            summary = write_scores(opened, source, batch, file, advance)
        seconds = time.perf_counter() - start
    return Predicted(
        out=out,
        rows=file.rows,
        columns=summary.columns,
        outputs=summary.outputs(),
        engine=opened.engine,
        seconds=dict(progress.seconds),
        rows_per_second=file.rows / seconds,
    )
