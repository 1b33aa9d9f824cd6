"""The exported folder: made beside its place, verified there, and renamed when it is whole."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bstkit.component import GraphPass
from bstkit.compose import Composed
from bstkit.export.assemble import assemble
from bstkit.export.blame import broken_step_named
from bstkit.export.finite import check_finite
from bstkit.export.providers import check_names
from bstkit.export.report import Report
from bstkit.export.verification import Verifier
from bstkit.export.write import write_model
from bstkit.staging import new_folder

MODEL = "model.onnx"
REPORT = "report.json"


def export_folder(
    composed: Composed,
    folder: Path,
    providers: Sequence[str],
    samples: Mapping[str, Any] | None,
    passes: Sequence[GraphPass],
    vocabularies: Mapping[str, Sequence[str]] | None = None,
) -> Report:
    """Export into a new folder, as the model's `[export]` settings say; see `bstkit.export.export`."""
    check_names(providers)
    with new_folder(folder) as partial:
        check_finite(composed.serving.variables)
        verifier = Verifier(composed, samples, vocabularies)
        keys = verifier.keys if composed.selection.export.ids == "raw" else None
        assembled = functools.partial(assemble, composed, passes, keys=keys)
        check = functools.partial(verifier.check, providers=providers)
        with broken_step_named(lambda: assembled(check=check, check_each=True)):
            start = time.perf_counter()
            model, _ = assembled(check=verifier.check)
            converted = time.perf_counter()
            write_model(model, partial / MODEL)
            written = time.perf_counter()
            report = verifier.verify(partial / MODEL, providers)
        report = replace(report, seconds={"convert": converted - start, "write": written - converted, **report.seconds})
        (partial / REPORT).write_text(json.dumps(report.to_json(), indent=2) + "\n")
    return report
