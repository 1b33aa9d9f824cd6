"""What a component costs in a served graph, beside one that everybody knows."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from bstkit.config.selection import Use
from bstkit.inputs import InputSpec
from bstkit.registry import load_registry
from bstkit.testing.exported import Exported, export_tiny_model
from bstkit.testing.outcome import Cost
from bstkit.testing.subject import Subject
from bstkit.testing.tensors import STEPS
from bstkit.testing.tiny_model import ROWS

REFERENCES = {
    "position": "position.learned",
    "encoder": "encoder.transformer",
    "score": "score.attention",
    "pooling": "pooling.mean",
    "head": "head.mlp",
}
"""Kind -> the built-in component that others are compared with."""

BATCH, REPEATS = 256, 15


def cost(subject: Subject) -> Cost:
    """Count nodes and compare times; both graphs run in turn, and the shortest time of each counts."""
    own = subject.exported
    reference = REFERENCES[subject.kind.name]
    found = Cost(own.report.nodes, own.own_operations.total())
    if subject.key == reference and not subject.parameters:
        return found
    other = _reference(reference)
    mine, theirs = _times(own, other)
    return Cost(found.nodes, found.own_nodes, reference, other.report.nodes, mine / theirs)


@cache
def _reference(key: str) -> Exported:
    return export_tiny_model(Use(key=key, path=key.partition(".")[0]), load_registry())


def _times(*exported: Exported) -> list[float]:
    """Shortest seconds of a call, one for each graph."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    sessions = [ort.InferenceSession(one.model, options, providers=["CPUExecutionProvider"]) for one in exported]
    feeds = [{spec.name: _values(spec) for spec in one.inputs} for one in exported]
    best = [float("inf")] * len(sessions)
    for _ in range(REPEATS):
        for place, (session, feed) in enumerate(zip(sessions, feeds, strict=True)):
            start = time.perf_counter()
            session.run(None, feed)
            best[place] = min(best[place], time.perf_counter() - start)
    return best


def _values(spec: InputSpec) -> Any:
    """Full histories of known ids."""
    rng = np.random.default_rng(0)
    shape = (BATCH, *(STEPS if index == len(spec.dims) - 2 else 2 for index in range(len(spec.dims) - 1)))
    values = rng.integers(2, ROWS, shape) if spec.dtype == "int32" else rng.normal(size=shape)
    return values.astype(spec.dtype)
