"""`metadata_props`: the facts of manifest.json inside the model itself, so that a caller needs no side file.

Under `bstkit.`: `version`, `recipe`, `target`, `ids`, `opset`, `lowest_onnxruntime`, `seed` as they are;
`contract.version`, `contract.sha256`; and as JSON `contract` (its canonical text), `versions`, `components`, `passes`
(of plugins), `data`, `vocabularies` and `tolerances`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import onnx_ir as ir

from bstkit.bundle.contract import Contract
from bstkit.bundle.manifest import Identity, Tolerance, VocabularyFact
from bstkit.export.plugin_passes import PassRun

PREFIX = "bstkit."


def state_facts(
    model: ir.Model,
    contract: Contract,
    identity: Identity,
    vocabularies: dict[str, VocabularyFact],
    tolerances: dict[str, Tolerance],
    passes: Sequence[PassRun] = (),
) -> None:
    """Write the facts that do not depend on the finished file, in place."""
    plain = {"version": identity.bstkit, "recipe": identity.recipe, "ids": contract.ids, "seed": str(identity.seed)}
    stated = {
        **plain,
        "contract": contract.canonical(),
        "contract.version": str(contract.version),
        "contract.sha256": contract.sha256,
        "versions": _json(identity.versions),
        "components": _json(identity.components),
        "passes": _json([asdict(one) for one in passes]),
        "data": _json(None if identity.data is None else identity.data.model_dump()),
        "vocabularies": _json({space: fact.model_dump() for space, fact in vocabularies.items()}),
        "tolerances": _json({output: fact.model_dump() for output, fact in tolerances.items()}),
    }
    model.metadata_props.update({f"{PREFIX}{key}": text for key, text in stated.items()})


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
