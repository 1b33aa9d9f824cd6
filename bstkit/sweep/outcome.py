"""One training of one selection with one seed: what is kept of it, and where."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import Field, ValidationError

from bstkit.config.features import Features
from bstkit.config.model import Table
from bstkit.config.selection import Selection
from bstkit.errors import RunError
from bstkit.progress import Progress
from bstkit.registry import Registry
from bstkit.staging import replaced_file
from bstkit.supplier import recorded, suppliers
from bstkit.supplier_changes import supplier_changes

METRICS = ("auc", "gauc", "log_loss")


class Outcome(Table):
    """What one training came to.

    Args:
        seed: of weights, shuffling, dropout and sampled negatives.
        parameters: numbers that the served model learns or keeps.
        epochs: that were trained.
        seconds: of the training stage, by the clock.
        cpu_seconds: that all threads worked, from reading the data to the last test score.
        validation: `auc`, `gauc` and `log_loss` of the epoch whose weights were kept, of several tasks their weighted
            means; None where one is not defined.
        test: task -> the same of the test rows.
        baselines: `"popularity"` and `"constant"` -> task -> the same.
        components: key of each component -> who supplied it, as text; empty where an earlier bstkit kept none.
    """

    seed: int
    parameters: int
    epochs: int
    seconds: float
    cpu_seconds: float
    validation: dict[str, float | None]
    test: dict[str, dict[str, float | None]]
    baselines: dict[str, dict[str, dict[str, float | None]]]
    components: dict[str, str] = Field(default_factory=dict)


def train_once(
    selection: Selection, seed: int, data: Path | None, features: Features | None, progress: Progress | None = None
) -> Outcome:
    """Train a selection with a seed; the run folder is not kept.

    Args:
        selection: from `load_selection`; its own seed is replaced.
        seed: of this training.
        data: a log or a dataset; None for the embedded log.
        features: what its columns mean. Defaults to the file that goes with `data`.
        progress: told about the stages.

    Raises:
        BstkitError: the selection does not fit the data, or training could not go on.
    """
    import keras

    from bstkit.training import train

    selection = selection.model_copy(update={"train": selection.train.model_copy(update={"seed": seed})})
    keras.backend.clear_session()  # the graphs of the training before
    progress = progress or Progress()
    started, cpu_started = dict(progress.seconds), time.process_time()
    with TemporaryDirectory(prefix="bstkit-") as folder:
        run = train(selection, Path(folder) / "run", data=data, features=features, progress=progress)
        best = _best(run.history)
    return Outcome(
        seed=seed,
        parameters=run.metrics["parameters"],
        epochs=run.metrics["epochs"],
        seconds=progress.seconds["train"] - started.get("train", 0.0),
        cpu_seconds=time.process_time() - cpu_started,
        validation={name: best[f"val_{name}"] for name in METRICS},
        test={task: _metrics(found) for task, found in run.metrics["test"].items()},
        baselines={
            name: {task: _metrics(found) for task, found in by_task.items()}
            for name, by_task in run.metrics["baselines"].items()
        },
        components=run.provenance["components"],
    )


def _best(history: Sequence[Mapping[str, float | None]]) -> Mapping[str, float | None]:
    """The epoch whose weights were kept."""
    return min(history, key=lambda epoch: math.inf if epoch["val_log_loss"] is None else epoch["val_log_loss"])


def _metrics(found: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: found[name] for name in METRICS}


class Outcomes:
    """Outcomes as files of a folder, one each, so that what was trained is not trained again.

    Args:
        folder: where they lie; made when the first one is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, selection: Selection, seed: int) -> Outcome | None:
        """Return what is there of a selection and a seed.

        Raises:
            RunError: its file is damaged.
        """
        file = self._file(selection, seed)
        return _read(file) if file.is_file() else None

    def check_suppliers(self, registry: Registry) -> None:
        """Refuse to add to trainings whose components came from elsewhere: one table would compare both.

        Args:
            registry: where components come from now; bstkit's own version is not compared.

        Raises:
            RunError: they did, or a file is damaged.
        """
        there = {one.component.key for one in registry.list()}
        for file in sorted(self.folder.glob("*.json")):
            then = recorded(_read(file).components)
            changes = supplier_changes(then, suppliers(registry, there & then.keys()))
            if changes.lines:
                lines = "\n  ".join([f"{file} was trained with other components:", *changes.lines])
                raise RunError(lines, f"{changes.hint}; or sweep into another folder with --out")

    def keep(self, selection: Selection, outcome: Outcome) -> None:
        """Write one, whole or not at all."""
        file = self._file(selection, outcome.seed)
        with replaced_file(file) as staging:
            (staging / file.name).write_text(outcome.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def _file(self, selection: Selection, seed: int) -> Path:
        return self.folder / f"{selection.recipe}-{selection_digest(selection)[:12]}-seed{seed}.json"


def _read(file: Path) -> Outcome:
    try:
        return Outcome.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise RunError(f"{file} is damaged", "remove it; its training is then done again") from error


def selection_digest(selection: Selection) -> str:
    """SHA-256 of what decides a training, the seed left out: neither where a value came from nor how it is exported.

    Settings at their default are left out, so that a new setting changes no digest.
    """
    said = selection.model_dump_json(
        exclude={"origins": True, "export": True, "train": {"seed"}}, exclude_defaults=True
    )
    return hashlib.sha256(said.encode()).hexdigest()
