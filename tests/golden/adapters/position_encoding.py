"""DeepCTR's PositionEncoding, played by ours."""

from typing import Any

import numpy as np

from tests.golden.adapters import assign, made


def make(config: dict[str, Any], style: str, training: bool) -> Any:
    """Our layer."""
    return made("PositionEncoding", config)


def call(layer: Any, inputs: dict[str, Any], case: Any) -> dict[str, Any]:
    """The only input."""
    if case.id.split("_")[-2] == "init" and not layer.built:  # untrained: the file holds DeepCTR's own sinusoids
        layer.build(inputs["x"].shape)
        np.testing.assert_allclose(layer.table, case.weights["lookup_table"], rtol=0, atol=1e-6)
    return {"y": layer(inputs["x"])}


def variables(layer: Any) -> dict[str, Any]:
    """Golden names -> ours; a table that is not trained is no variable here."""
    return {"lookup_table": layer.table} if layer.trainable else {}


def load(layer: Any, weights: dict[str, Any]) -> None:
    """Assign the golden table; where it is constant, it must be what ours is."""
    if layer.trainable:
        assign(variables(layer), weights)
    else:
        np.testing.assert_allclose(layer.table, weights["lookup_table"], rtol=0, atol=1e-6)
