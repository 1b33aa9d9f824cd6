"""The run that `--init-from` names, opened before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

from bstkit.artefact import WEIGHTS, Run, load_run
from bstkit.bundle.manifest import is_bundle
from bstkit.errors import RunError


def open_init_run(init_from: Run | Path | str) -> Run:
    """Open the run whose weights a new model starts with.

    Raises:
        RunError: there is no whole run. A bundle is none: its graph keeps no weights by their names in training.
        PluginError: its components are not installed.
    """
    run = init_from if isinstance(init_from, Run) else _opened(Path(init_from))
    run.check_components()
    return run


def _opened(folder: Path) -> Run:
    if is_bundle(folder):
        run = f": {folder.parent}" if (folder.parent / WEIGHTS).is_file() else ""
        raise RunError(
            f"{folder} is a bundle; training starts from a run alone", f"name the run that it was exported from{run}"
        )
    return load_run(folder)
