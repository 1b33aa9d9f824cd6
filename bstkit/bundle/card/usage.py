"""How to serve a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bstkit.bundle.card.markdown import code, listed, section
from bstkit.bundle.manifest import MODEL, Manifest
from bstkit.inputs import BATCH


def usage_section(manifest: Manifest, report: Mapping[str, Any]) -> str:
    """Check, load, warm up, share, batch."""
    return section(
        "How to use it",
        listed(
            f"**Check.** `bstkit verify BUNDLE` compares every file with its digest and replays the "
            f"{len(manifest.vectors)} golden vectors, without TensorFlow. Any tool that runs ONNX's test data "
            "(`test_data_set_<k>/`) can do so, too.",
            f"**Refuse another contract.** At load, compare `bstkit.contract.sha256` of the metadata of {code(MODEL)} "
            f"with the digest that your program was built for, {code(manifest.contract_sha256)}. Where they differ, "
            "names, dtypes, ids or rules may differ: do not serve.",
            "**Warm up.** Score one golden vector before traffic, and compare the scores: the first call allocates "
            "memory and is slower than the others.",
            "**Threads.** One ONNX Runtime session may be shared: `Run` may be called from several threads at once. "
            "Open one session, not one a thread.",
            _batch(manifest),
            f"**Any input is answered.** {_handled(manifest)} are handled inside the graph, and score finite numbers.",
            "**Precision.** Set other engines to float32: some compute in bfloat16 or float16 where the processor has "
            "it, and then miss these tolerances.",
        ),
    )


def _handled(manifest: Manifest) -> str:
    if _takes_any_batch(manifest):
        return "Ids outside their table, over-long and empty histories"
    return "The caller cuts over-long histories. Ids outside their table and empty histories"


def _batch(manifest: Manifest) -> str:
    if _takes_any_batch(manifest):
        most = max(vector.rows for vector in manifest.vectors)
        return (
            f"**Batches.** Any number of rows from 1; verified up to {most:,}. Memory grows with rows times steps, so "
            "bound both."
        )
    rows = manifest.contract.inputs[0].dims[0]
    return f"**Batches.** Exactly {rows} rows, histories of exactly the stated steps; fill both up with padding."


def _takes_any_batch(manifest: Manifest) -> bool:
    return all(one.dims[0] == BATCH for one in manifest.contract.inputs)
