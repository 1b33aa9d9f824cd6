"""Whether the components of what `resume` goes on with are installed; asked before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

from bstkit.artefact import load_run
from bstkit.supplier import recorded
from bstkit.supply_check import check_supplied
from bstkit.training.endurance.checkpoint import read_checkpoint
from bstkit.training.endurance.checkpoint_folder import beside


def check_resumable(run: Path) -> None:
    """Look at the run folder, or at its checkpoint where it is not finished; nothing where there is neither.

    Raises:
        PluginError: components are missing; all are listed, with what to install.
        RunError: the run or the checkpoint is damaged.
    """
    newest = beside(run).newest
    if run.is_dir():
        found = load_run(run)
        check_supplied(run, found.selection, recorded(found.provenance.get("components")))
    elif newest is not None:
        made_from = read_checkpoint(newest).made_from
        check_supplied(newest, made_from.selection, made_from.suppliers)
