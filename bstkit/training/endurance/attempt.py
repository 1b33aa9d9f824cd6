"""One attempt at a training: does it begin, go on from a checkpoint, or is the run there already?"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bstkit.artefact import Run, load_run
from bstkit.compose import Composed
from bstkit.config.selection import Selection
from bstkit.data.dataset import Dataset
from bstkit.errors import RunError
from bstkit.provenance import fingerprint, packages
from bstkit.supplier import Supplier
from bstkit.supplier_changes import supplier_changes
from bstkit.training.endurance.checkpoint import Checkpoint
from bstkit.training.endurance.checkpoint_folder import CheckpointFolder, beside
from bstkit.training.endurance.made_from import MadeFrom, data_changes, package_changes, selection_changes
from bstkit.training.endurance.resume import open_newest
from bstkit.version import __version__

_log = logging.getLogger(__name__)


def first_look(
    checkpoints: CheckpointFolder, selection: Selection, suppliers: Mapping[str, Supplier], resume: bool
) -> Checkpoint | None:
    """Find the checkpoint to go on from, before any data is read; None: from the beginning.

    Components of another version, distribution or file are another training: nobody but their authors knows what they
    compute now, and the run would claim to be that of one version alone. Another bstkit is told by `second_look`.

    Args:
        checkpoints: where it may lie.
        selection: what is to be trained.
        suppliers: key -> who supplies the component now.
        resume: whether to go on.

    Raises:
        RunError: there is one and nobody asked to go on from it; or it is damaged, of another selection, or its
            components came from elsewhere.
    """
    if checkpoints.newest is None:
        if resume:
            _log.info(f"no checkpoint in {checkpoints.folder}: training begins")
        return None
    if not resume:
        raise RunError(
            f"{checkpoints.folder} holds the checkpoint of a training that was not finished",
            f"--resume goes on from it; to train from the beginning remove {checkpoints.folder}",
        )
    found = open_newest(checkpoints)
    if found is not None:
        _refuse(found.folder, selection_changes(found.made_from.selection, selection))
        others = supplier_changes(found.made_from.suppliers, suppliers)
        _refuse(found.folder, [*others.lines], f"{others.hint}; or remove {found.folder.parent} to begin anew")
        _log.info(f"going on from {found.folder}: {found.state.step:,} steps are done")
    return found


def second_look(start: Checkpoint | None, now: MadeFrom) -> None:
    """Compare features and data, once they are read.

    Raises:
        RunError: they are not those of the checkpoint.
    """
    if start is None:
        return
    _refuse(start.folder, data_changes(start.made_from, now))
    for line in package_changes(start.made_from, now):
        _log.warning(f"the weights may differ from those of one uninterrupted training in the last bits: {line}")


def made_from(composed: Composed, dataset: Dataset, started: Mapping[str, Any]) -> MadeFrom:
    """What this training is made from.

    Args:
        composed, dataset: that are trained.
        started: `init_from`, what `bstkit.training.starting.warm_start.start_from` returned; empty for a start from
            nothing.
    """
    versions = {"bstkit": __version__, **packages()}
    weights = started["init_from"]["weights_sha256"] if started else ""
    data = fingerprint(dataset)
    return MadeFrom(composed.selection, composed.features, data, versions, weights, composed.suppliers)


def finished_run(folder: Path, selection: Selection) -> Run:
    """Open the run that an earlier attempt finished; its data are not looked at again.

    Raises:
        RunError: the folder is no whole run, or was trained with another selection.
    """
    run = load_run(folder)
    _refuse(folder, selection_changes(run.selection, selection), "choose another place with --out, or move it away")
    _log.info(f"{folder} is finished already")
    beside(folder).remove()
    return run


def _refuse(folder: Path, changes: list[str], hint: str = "") -> None:
    if changes:
        lines = "\n  ".join([f"{folder} is of another training:", *changes])
        raise RunError(lines, hint or f"go on with what it was made from, or remove {folder.parent} to begin anew")
