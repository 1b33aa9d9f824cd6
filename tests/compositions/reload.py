"""Score the runs of a folder in a process of its own: `python -m tests.compositions.reload FOLDER`.

Each run folder gets a `reloaded.npz` with the served scores of its held-out rows, or a `reloaded.txt` with the error.
"""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path

import numpy as np


def reload(folder: Path) -> None:
    """Open and score every run in a folder."""
    import keras

    from bstkit.artefact import load_run

    gc.disable()  # the collector would go through all of TensorFlow, again and again
    for number, path in enumerate(sorted(path.parent for path in folder.glob("*/selection.toml")), start=1):
        try:
            run = load_run(path)
            scores = run.composed.serving(run.heldout)
            np.savez(path / "reloaded.npz", **{name: tensor.numpy() for name, tensor in scores.items()})
        except Exception:  # noqa: BLE001  # the parent process reports it
            (path / "reloaded.txt").write_text(traceback.format_exc())
        if number % 10 == 0:
            keras.backend.clear_session()


if __name__ == "__main__":
    reload(Path(sys.argv[1]))
