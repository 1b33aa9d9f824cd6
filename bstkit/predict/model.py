"""What scores: a run in TensorFlow, or a bundle in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from bstkit.bundle.manifest import is_bundle
from bstkit.bundle.scorer import BundleScorer
from bstkit.errors import ConfigError

if TYPE_CHECKING:
    from bstkit.predict.run_model import RunModel

Model: TypeAlias = Union[BundleScorer, "RunModel"]
"""Both have `inputs`, `outputs`, `engine`, `vocabularies`, `tables` and `run`."""


def open_model(folder: Path, provider: str | None, threads: int | None) -> Model:
    """Open a run or a bundle; TensorFlow is imported for a run only.

    Raises:
        RunError, BundleError, VerificationError: it cannot be read.
        ConfigError: an option of ONNX Runtime was given for a run.
    """
    if is_bundle(folder):
        return BundleScorer(folder, provider or "cpu", threads)
    from bstkit.artefact import load_run

    run = load_run(folder)
    for option, value in (("--provider", provider), ("--threads", threads)):
        if value is not None:
            raise ConfigError(
                f"{option} is for bundles, which ONNX Runtime scores, and {folder} is a run",
                f"leave it out, or give the run's bundle: {run.bundle}",
            )
    from bstkit.predict.run_model import RunModel

    return RunModel(run)
