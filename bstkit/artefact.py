"""The run folder: what training leaves, whole or not at all.

selection.toml     every resolved choice
features.toml      with row counts and statistics filled in
model.weights.h5   the served model's weights
vocab/<space>.txt  one key a line, the first line is id 2; none of a space with hash_buckets
composition.json   the composition drawn, line by line
history.csv        one line an epoch
metrics.json       test metrics and baselines, seconds by stage
heldout.npz        up to 1,024 test rows as the model's inputs, their labels and TensorFlow's scores
provenance.json    versions, providers of the components, data, seed; after which steps it went on from a checkpoint
bundle/            the export, once it has verified
report.html        all of it for people, with the export's report where there is one
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bstkit.config.features import Features
from bstkit.config.features_file import features_to_toml, load_features
from bstkit.config.selection import Selection
from bstkit.config.selection_file import selection_from_toml, selection_to_toml
from bstkit.data.vocabulary import VocabularyFolder, write_vocabulary
from bstkit.errors import RunError

if TYPE_CHECKING:
    import numpy as np

    from bstkit.compose import Composed
    from bstkit.registry import Registry

WEIGHTS = "model.weights.h5"
VOCABULARIES = "vocab"
BUNDLE = "bundle"

COMPOSITION = "composition.json"
HISTORY = "history.csv"

_LABEL, _SCORE = "label:", "score:"
"""Before a task, in heldout.npz; inputs are named by column, and have no colon of ours."""


@dataclass(frozen=True)
class Run:
    """A run folder, opened.

    Args:
        folder: where it lies.
        selection, features: as it was trained.
        metrics: the content of metrics.json.
        provenance: the content of provenance.json.
    """

    folder: Path
    selection: Selection
    features: Features
    metrics: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Any] = field(repr=False)

    @property
    def bundle(self) -> Path:
        """The folder that holds, or will hold, its export."""
        return self.folder / BUNDLE

    @property
    def model(self) -> Path:
        """The exported model's file.

        Raises:
            RunError: the run has not been exported.
        """
        path = self.bundle / "model.onnx"
        if not path.is_file():
            raise RunError(f"{self.folder} has no export", f"`bstkit export {self.folder}` makes one")
        return path

    @cached_property
    def vocabularies(self) -> VocabularyFolder:
        """Id space -> keys; a file is read when its space is asked for."""
        return VocabularyFolder(self.folder / VOCABULARIES)

    @cached_property
    def registry(self) -> Registry:
        """The plugins that supply its components now; compared at first use with those that did when it was trained.

        One warning names all components that come from elsewhere, see `bstkit.supply_check`.

        Raises:
            PluginError: components are missing; all are listed, with what to install.
        """
        from bstkit.supplier import recorded
        from bstkit.supply_check import registry_for

        return registry_for(self.folder, self.selection, recorded(self.provenance.get("components")))

    def check_components(self) -> None:
        """Say what is missing, or comes from elsewhere now, while nothing heavy is imported; see `registry`."""
        _ = self.registry

    @cached_property
    def composed(self) -> Composed:
        """The model with its trained weights; composed at first use.

        Raises:
            PluginError: components are missing; see `registry`.
            RunError: the weights cannot be read.
        """
        registry = self.registry  # before the slow import
        from bstkit.restore import restore

        return restore(self.selection, self.features, self.folder / WEIGHTS, registry)

    @cached_property
    def history(self) -> tuple[dict[str, float | None], ...]:
        """One dict an epoch, `epoch` first; None where a number is not defined. Empty for imported weights."""
        with (self.folder / HISTORY).open(newline="", encoding="utf-8") as file:
            rows = [{name: float(cell) if cell else None for name, cell in row.items()} for row in csv.DictReader(file)]
        return tuple(row for row in rows if any(value is not None for name, value in row.items() if name != "epoch"))

    @property
    def heldout(self) -> dict[str, np.ndarray[Any, Any]]:
        """Test rows by input name."""
        ours = {f"{before}{task}" for before in (_LABEL, _SCORE) for task in self.features.tasks}
        return {name: values for name, values in self._heldout.items() if name not in ours}

    @property
    def heldout_labels(self) -> dict[str, np.ndarray[Any, Any]]:
        """Task -> the labels of those rows, NaN where one is not known; empty for a run that kept none."""
        return self._of_tasks(_LABEL)

    @property
    def heldout_scores(self) -> dict[str, np.ndarray[Any, Any]]:
        """Task -> TensorFlow's probabilities of those rows; empty for a run that kept none."""
        return self._of_tasks(_SCORE)

    def _of_tasks(self, before: str) -> dict[str, np.ndarray[Any, Any]]:
        names = {task: f"{before}{task}" for task in self.features.tasks}
        return {task: self._heldout[name] for task, name in names.items() if name in self._heldout}

    @cached_property
    def _heldout(self) -> dict[str, np.ndarray[Any, Any]]:
        import numpy as np

        with np.load(self.folder / "heldout.npz") as arrays:
            return {name: arrays[name] for name in arrays.files}


def load_run(folder: Path | str) -> Run:
    """Open a run folder.

    Raises:
        RunError: it does not exist, or a file is missing or unreadable.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"no run folder at {folder}", "`bstkit train` or `bstkit build` makes one; --out names it")
    missing = [
        name
        for name in ("selection.toml", "features.toml", WEIGHTS, "metrics.json", "heldout.npz", "provenance.json")
        if not (folder / name).is_file()
    ]
    if missing:
        raise RunError(f"{folder} is not a whole run: {', '.join(missing)} missing", "train again into a new folder")
    try:
        selection = selection_from_toml((folder / "selection.toml").read_text(encoding="utf-8")).of_run()
        metrics, provenance = (json.loads((folder / name).read_bytes()) for name in ("metrics.json", "provenance.json"))
    except (OSError, ValueError) as error:
        raise RunError(f"{folder} cannot be read: {error}", "train again; a file of the run is damaged") from error
    return Run(folder, selection, load_features(folder / "features.toml"), metrics, provenance)


def write_run(
    folder: Path,
    composed: Composed,
    *,
    vocabularies: Mapping[str, Sequence[str]],
    history: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    heldout: Mapping[str, np.ndarray[Any, Any]],
    heldout_labels: Mapping[str, np.ndarray[Any, Any]] | None = None,
    heldout_scores: Mapping[str, np.ndarray[Any, Any]] | None = None,
    provenance: Mapping[str, Any],
) -> None:
    """Write every file of a run into a folder from `bstkit.staging.new_folder`."""
    import numpy as np

    from bstkit.drawing import draw

    (folder / "selection.toml").write_text(selection_to_toml(composed.selection), encoding="utf-8")
    (folder / "features.toml").write_text(features_to_toml(composed.features), encoding="utf-8")
    composed.serving.save_weights(folder / WEIGHTS)
    (folder / VOCABULARIES).mkdir()
    for space, keys in vocabularies.items():
        write_vocabulary(folder / VOCABULARIES / f"{space}.txt", keys)
    with (folder / HISTORY).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    arrays: dict[str, Any] = dict(heldout)
    for before, by_task in ((_LABEL, heldout_labels), (_SCORE, heldout_scores)):
        arrays |= {f"{before}{task}": one for task, one in (by_task or {}).items()}
    np.savez_compressed(folder / "heldout.npz", **arrays)
    drawing = [asdict(line) for line in draw(composed)]
    for name, content in (("metrics.json", metrics), ("provenance.json", provenance), (COMPOSITION, drawing)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
