"""The exported folder: made beside its place, verified there, and renamed when it is whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bstkit.component import GraphPass
from bstkit.compose import Composed
from bstkit.errors import RunError
from bstkit.export.assemble import assemble
from bstkit.export.providers import check_names
from bstkit.export.report import Report
from bstkit.export.verification import Verifier
from bstkit.export.write import partial_folder, write_model

MODEL = "model.onnx"
REPORT = "report.json"


def export_folder(
    composed: Composed,
    folder: Path,
    providers: Sequence[str],
    samples: Mapping[str, Any] | None,
    passes: Sequence[GraphPass],
) -> Report:
    """Export into a new folder; see `bstkit.export.export`."""
    check_free(folder)
    check_names(providers)
    verifier = Verifier(composed, samples)
    with partial_folder(folder) as partial:
        start = time.perf_counter()
        model, _ = assemble(composed, passes, verifier.check)
        converted = time.perf_counter()
        write_model(model, partial / MODEL)
        written = time.perf_counter()
        report = verifier.verify(partial / MODEL, providers)
        report = replace(report, seconds={"convert": converted - start, "write": written - converted, **report.seconds})
        (partial / REPORT).write_text(json.dumps(report.to_json(), indent=2) + "\n")
        check_free(folder)  # an empty folder made meanwhile would be replaced silently
        partial.rename(folder)
    return report


def check_free(folder: Path) -> None:
    """Check that a folder can be made.

    Raises:
        RunError: it exists, or the folder that it would stand in does not or may not be written.
    """
    if folder.exists() or folder.is_symlink():
        raise RunError(f"{folder} exists already", "give a new folder, or remove that one")
    if not folder.parent.is_dir():
        raise RunError(f"{folder.parent} is no folder", f"`mkdir -p {folder.parent}`")
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise RunError(f"{folder.parent} may not be written", "choose another folder, or change its permissions")
