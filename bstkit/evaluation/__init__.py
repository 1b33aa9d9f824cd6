"""`evaluate`: how good a run or a bundle is on a log with labels, as a whole and slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bstkit.errors import ConfigError
from bstkit.progress import Progress

if TYPE_CHECKING:
    from bstkit.config.features import Features
    from bstkit.evaluation.results import Evaluation

__all__ = ["evaluate"]

BATCH = 256
"""Rows that are scored together."""


def evaluate(
    model: Path | str,
    data: Path | str,
    *,
    features: Features | None = None,
    split: str | None = None,
    slices: Sequence[str] | None = None,
    batch: int = BATCH,
    provider: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Score a log's rows as `predict` does, and compare the scores with the log's labels.

    Of a log every row with a label counts, so that a log that the model was trained on flatters it; a prepared dataset
    knows which rows are the test. Memory holds the prepared log and its scores.

    Args:
        model: a run folder, scored in TensorFlow, or a bundle, scored in ONNX Runtime.
        data: a log; or a dataset that was prepared with the model's features and vocabularies.
        features: what the log's columns mean, for a bundle. Defaults to the file that goes with the log; a run has its
            own.
        split: of a dataset: `"train"`, `"validation"`, `"test"` (default) or `"all"`.
        slices: of `bstkit.evaluation.slices.SLICES`. Defaults to all that the features allow.
        batch: rows that are scored together.
        provider: of ONNX Runtime, for a bundle: `"cpu"` (default), `"cuda"` or `"tensorrt"`.
        threads: that ONNX Runtime uses, for a bundle. Defaults to its choice.
        progress: told about the stages.

    Returns:
        Every metric of every task, with its margin, beside those of constants.

    Raises:
        RunError: the folder is no run.
        BundleError: the bundle cannot be read.
        VerificationError: a file of the bundle was changed.
        ConfigError: an option does not go with the model or the data, there is no such slice, or the features do not
            go with the contract.
        DataError: the log cannot be used, has no labels or one class only, or a dataset has other ids than the model.
    """
    from bstkit.evaluation.job import evaluate_rows
    from bstkit.evaluation.opening import open_data
    from bstkit.evaluation.slices import check_slices
    from bstkit.evaluation.splits import check_data, check_split
    from bstkit.predict.model import open_model

    model, data = Path(model), Path(data)
    check_slices(slices)
    check_data(data)
    check_split(data, split)
    for option, value in (("--batch", batch), ("--threads", threads)):
        if value is not None and value < 1:
            raise ConfigError(f"{option} is {value}", "give a number from 1 on")
    progress = progress or Progress()
    with progress.stage("open model"):
        opened = open_model(model, provider, threads)
    with progress.stage("prepare data") as advance:
        rows = open_data(opened, data, features, split, advance)
    return evaluate_rows(model, opened, rows, slices, batch, progress)
