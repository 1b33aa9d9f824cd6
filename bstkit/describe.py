"""Draw a composed model as rows: layer, output shape, parameters, what it is connected to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from bstkit.compose import Composed, compose, with_rows
from bstkit.config.features import Features
from bstkit.config.resolve import checked_selection
from bstkit.config.selection import Selection
from bstkit.progress import Progress
from bstkit.registry import load_registry


def preview(selection: Selection, features: Features, data: Path | None, progress: Progress) -> Composed:
    """Compose without training, with the recipe's own row counts, or with those of a log.

    Args:
        selection, features: as for `compose`; parameters are checked here.
        data: a log whose vocabularies count the rows; None: the recipe's counts, else the embedded log's.
            Where every id space is hashed no log is needed.
        progress: told about the stages.
    """
    registry = load_registry(selection)
    selection = checked_selection(selection, registry)
    hashed = all(space.hash_buckets is not None for space in features.spaces.values())
    if data is None and (selection.rows or hashed):
        features = with_rows(features, selection.rows)
    else:
        from bstkit.data.dataset import load_dataset

        with progress.stage("prepare data") as advance:
            features = load_dataset(data, features, advance=advance).features
    with progress.stage("compose"):
        return compose(selection, features, registry)


@dataclass(frozen=True)
class LayerRow:
    """One layer of a composed model.

    Args:
        name: the layer's path; sublayers of a component follow it, indented by `depth`.
        type: class name.
        output_shape: None where a dimension is free. A layer with several outputs or calls shows the first.
        parameters: weights that this layer owns, sublayers included.
        depth: 0 for a layer of the model, 1 and more for sublayers.
        connected_to: the layers that its inputs come from; empty for sublayers.
    """

    name: str
    type: str
    output_shape: tuple[int | None, ...]
    parameters: int
    depth: int
    connected_to: tuple[str, ...]


def layer_rows(composed: Composed) -> tuple[LayerRow, ...]:
    """List the served model's layers in order, each component's sublayers below it."""
    model = composed.serving
    rows: list[LayerRow] = []
    with _recorded_shapes(model) as shapes:
        inputs = {tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs}
        tf.function(model).get_concrete_function(inputs)
    for layer in model.layers:
        rows.append(_row(layer, _first_shape(layer.output), 0, _sources(layer)))
        rows.extend(_nested_rows(layer, shapes, 1))
    return tuple(rows)


def summary(composed: Composed) -> dict[str, Any]:
    """The same as plain data: `parameters`, `layers`, `inputs`, `outputs`."""
    model = composed.serving
    return {
        "parameters": model.count_params(),
        "trainable_parameters": sum(int(weight.value.shape.num_elements()) for weight in model.trainable_weights),
        "layers": [asdict(row) for row in layer_rows(composed)],
        "inputs": [{"name": spec.name, "dtype": spec.dtype, "dims": list(spec.dims)} for spec in composed.inputs],
        "outputs": [{"name": name, "dtype": "float32", "dims": ["batch", 1]} for name in model.output],
    }


def _row(layer: Any, shape: tuple[int | None, ...], depth: int, sources: tuple[str, ...]) -> LayerRow:
    return LayerRow(layer.name, type(layer).__name__, shape, layer.count_params(), depth, sources)


def _nested_rows(layer: Any, shapes: dict[int, tuple[int | None, ...]], depth: int) -> Iterator[LayerRow]:
    for sublayer in _sublayers(layer):
        if id(sublayer) in shapes:
            yield _row(sublayer, shapes[id(sublayer)], depth, ())
            yield from _nested_rows(sublayer, shapes, depth + 1)


def _sublayers(layer: Any) -> list[Any]:
    return list(layer._flatten_layers(include_self=False, recursive=False))


@contextmanager
def _recorded_shapes(model: keras.Model) -> Iterator[dict[int, tuple[int | None, ...]]]:
    """Note what every sublayer returns while the model is traced: Keras keeps shapes of top-level layers only."""
    shapes: dict[int, tuple[int | None, ...]] = {}
    wrapped = [sublayer for layer in model.layers for sublayer in layer._flatten_layers(include_self=False)]

    def recorder(sublayer: Any, call: Any) -> Any:
        def record(*args: Any, **kwargs: Any) -> Any:
            returned = call(*args, **kwargs)
            shapes.setdefault(id(sublayer), _first_shape(returned))
            return returned

        return record

    for sublayer in wrapped:
        object.__setattr__(sublayer, "call", recorder(sublayer, sublayer.call))
    try:
        yield shapes
    finally:
        for sublayer in wrapped:
            object.__delattr__(sublayer, "call")


def _first_shape(tensors: Any) -> tuple[int | None, ...]:
    return tuple(keras.tree.flatten(tensors)[0].shape)


def _sources(layer: Any) -> tuple[str, ...]:
    if isinstance(layer, keras.layers.InputLayer):
        return ()
    names = [tensor._keras_history.operation.name for node in layer._inbound_nodes for tensor in node.input_tensors]
    return tuple(dict.fromkeys(names))
