"""Run one golden file through our layer and compare: outputs, gradients, moving statistics.

A value agrees within `absolute + relative * |DeepCTR's value|`. Where large terms cancel, DeepCTR's own float32 number
is further off than that: the same formulas in float64 miss one or two values in each of 12 of the 94 Transformer files.
Which values miss changes with the processor. So a value that misses is told from a wrong one by lying within `relative`
times the file's typical size (the root mean square of its largest output, or gradient), and is counted: the tests allow
it in Transformer files alone, and `python -m tests.golden` only with `--allow-rounding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

from tests.golden.adapters import adapter
from tests.golden.cases import Arrays, Case

OUTPUT_TOLERANCE = (1e-6, 1e-5)
"""Absolute, and relative to DeepCTR's value: as far apart as the reference's own graphs are."""
GRADIENT_TOLERANCE = (1e-5, 1e-4)

LARGEST_TYPICAL = 100.0
"""Limit of a file's typical size: a maximum of -1e9 must not excuse everything beside it."""


@dataclass(frozen=True)
class Result:
    """How one file fared.

    Args:
        id: the file's name without its ending.
        layer: the DeepCTR layer.
        reason: why it failed; empty where it passed.
        max_diff: largest |ours - DeepCTR's| over the finite output values; None where nothing was computed.
        max_gradient_diff: the same over gradients; None where the file holds none or nothing was computed.
        rounded: how many values agree only in proportion to the file's typical size.
    """

    id: str
    layer: str
    reason: str = ""
    max_diff: float | None = None
    max_gradient_diff: float | None = None
    rounded: int = 0

    @property
    def passed(self) -> bool:
        """Whether every value is within its tolerance."""
        return not self.reason


def replay(case: Case) -> Result:
    """Replay one case; whatever our layer raises is the reason of its failure."""
    module = adapter(case.layer)
    if module is None:
        return Result(case.id, case.layer, f"no layer of ours plays {case.layer} yet")
    try:
        layer, ours, gradient = _run(module, case)
        variables = module.variables(layer)
        outputs = list(_output_differences(ours, variables, case))
        gradients = list(_gradient_differences(variables, gradient, case))
    except Exception as error:  # noqa: BLE001  whatever goes wrong in a layer is this file's failure, not the run's
        return Result(case.id, case.layer, f"{type(error).__name__}: {error}")
    every = (*outputs, *gradients)
    problems = "; ".join(difference.problem for difference in every if difference.problem)
    rounded = sum(difference.rounded for difference in every)
    return Result(case.id, case.layer, problems, _largest(outputs), _largest(gradients), rounded)


@dataclass(frozen=True)
class _Difference:
    size: float
    problem: str = ""
    rounded: int = 0


@dataclass(frozen=True)
class _Tolerance:
    absolute: float
    relative: float
    typical: float

    @classmethod
    def of(cls, absolute: float, relative: float, arrays: Arrays) -> _Tolerance:
        """The tolerance of arrays that stand in one file."""
        finite = [array[np.isfinite(array)].astype(np.float64) for array in arrays.values()]
        sizes = [float(np.sqrt(np.mean(array**2))) for array in finite if array.size]
        return cls(absolute, relative, min(max(sizes, default=0.0), LARGEST_TYPICAL))


def _run(module: ModuleType, case: Case) -> tuple[Any, dict[str, Any], Any]:
    """The layer with the file's weights, its outputs, and a function from a tensor or variable to its gradient."""
    inputs = {name: tf.constant(array) for name, array in case.inputs.items()}
    layer = module.make(case.config, case.style, case.training)
    module.call(layer, inputs, case)  # builds it
    module.load(layer, case.weights)
    watched = {name: tensor for name, tensor in inputs.items() if tensor.dtype.is_floating}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(list(watched.values()))
        ours = module.call(layer, inputs, case)
        score = tf.add_n([tf.reduce_sum(ours[name] * value) for name, value in case.cotangents.items()] or [0.0])

    def gradient(source: Any) -> np.ndarray:
        if isinstance(source, str):
            source = watched[source]
        found = tape.gradient(score, getattr(source, "value", source), unconnected_gradients="zero")
        return np.asarray(found)

    return layer, ours, gradient


def _output_differences(ours: dict[str, Any], variables: dict[str, Any], case: Case) -> Iterable[_Difference]:
    tolerance = _Tolerance.of(*OUTPUT_TOLERANCE, case.outputs)
    for name, expected in case.outputs.items():
        yield _difference(f"output {name}", ours.get(name), expected, tolerance)
    for name, expected in case.weights_after.items():
        yield _difference(f"{name} after training", variables[name], expected, tolerance)


def _gradient_differences(variables: dict[str, Any], gradient: Any, case: Case) -> Iterable[_Difference]:
    tolerance = _Tolerance.of(*GRADIENT_TOLERANCE, {**case.input_gradients, **case.weight_gradients})
    for name, expected in case.input_gradients.items():
        yield _difference(f"gradient of input {name}", gradient(name), expected, tolerance)
    for name, expected in case.weight_gradients.items():
        source = variables[name]
        found = gradient(source) if hasattr(source, "assign") else source(gradient)
        yield _difference(f"gradient of {name}", found, expected, tolerance)


def _difference(what: str, ours: Any, expected: np.ndarray, tolerance: _Tolerance) -> _Difference:
    """Compare; NaN and infinities must stand at the same places."""
    if ours is None:
        return _Difference(0.0, f"{what} is missing")
    actual = np.asarray(ours)
    if actual.shape != expected.shape:
        return _Difference(0.0, f"{what} has shape {actual.shape}, not {expected.shape}")
    finite = np.isfinite(expected)
    if not np.array_equal(np.where(finite, 0.0, expected), np.where(np.isfinite(actual), 0.0, actual), equal_nan=True):
        return _Difference(0.0, f"{what} is NaN or infinite at other places")
    values = np.abs(expected[finite].astype(np.float64))
    apart = np.abs(actual[finite].astype(np.float64) - expected[finite])
    size = float(apart.max(initial=0.0))
    missed = apart > tolerance.absolute + tolerance.relative * values
    failed = missed & (apart > tolerance.relative * tolerance.typical)
    if failed.any():
        return _Difference(size, f"{what} differs by up to {size:.2e} ({failed.sum()} of {apart.size} values)")
    return _Difference(size, rounded=int(missed.sum()))


def _largest(differences: list[_Difference]) -> float | None:
    return max((d.size for d in differences), default=None)
