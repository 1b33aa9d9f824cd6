"""Convert hand-made Keras models, with the exporter and with plain tf2onnx, and run them."""

from collections import Counter
from typing import Any

import keras
import numpy as np
import onnx_ir as ir
import onnxruntime
import tensorflow as tf

from bstkit.compose import Composed
from bstkit.config.selection import ExportSettings, Selection, Use
from bstkit.export.attach import attach
from bstkit.export.contract import state_contract
from bstkit.export.convert import convert as from_trace
from bstkit.export.passes import run_passes
from bstkit.export.trace import trace
from bstkit.inputs import InputSpec
from tests.export.recipes import features


def as_composed(model: keras.Model, opset: int = 18) -> Composed:
    """A model with inputs of any name and rank, as the exporter takes it."""
    selection = Selection(
        recipe="test",
        candidate="apart",
        position=None,
        encoder=(),
        pooling=(),
        head=Use(key="head.test", path="head"),
        export=ExportSettings(opset=opset),
    )
    inputs = tuple(
        InputSpec(
            tensor.name,
            tensor.dtype,
            ("batch", *(f"{tensor.name}_{i}" for i in range(len(tensor.shape) - 1))),
            "age",
            "",
        )
        for tensor in model.inputs
    )
    return Composed(selection, features(), inputs, inputs, model, model)


def functional(call: Any, **inputs: tuple[str, tuple[int | None, ...]]) -> keras.Model:
    """A model of `call(**tensors)`; inputs are name -> (dtype, shape without the batch)."""
    tensors = {name: keras.Input(shape, dtype=dtype, name=name) for name, (dtype, shape) in inputs.items()}
    return keras.Model(tensors, {"score": call(**tensors)})


def convert(model: keras.Model, opset: int = 18, lower: bool = True) -> ir.Model:
    """The finished ONNX model, in memory; unlike an exported one, it may hold a Loop and outputs of any shape."""
    inputs = as_composed(model).inputs
    traced = trace(model, inputs, lower=lower)
    converted = from_trace(traced)
    attach(converted, traced)
    state_contract(converted, inputs, (), {})
    run_passes(converted, traced.scopes, opset)
    return converted


def operations(model: ir.Model) -> Counter[str]:
    """Operation -> number of nodes."""
    return Counter(node.op_type for node in model.graph.all_nodes())


def run(model: ir.Model, output: str = "score", **feeds: Any) -> Any:
    """Run in ONNX Runtime, without its optimiser."""
    proto = ir.to_proto(model).SerializeToString()
    return _session(proto).run([output], feeds)[0]


def plain(model: keras.Model, opset: int = 18, **options: Any) -> Any:
    """What tf2onnx makes of a model with its own handlers and optimisers, weights captured."""
    import tf2onnx

    specs = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype, tensor.name) for tensor in model.inputs]
    names = [spec.name for spec in specs]

    def serve(*tensors: Any) -> Any:
        return model(dict(zip(names, tensors, strict=True)), training=False)

    return tf2onnx.convert.from_function(tf.function(serve), specs, opset=opset, **options)[0]


def run_plain(proto: Any, output: str = "score", **feeds: Any) -> Any:
    """Run what `plain` made."""
    return _session(proto.SerializeToString()).run([output], feeds)[0]


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def keras_scores(model: keras.Model, **feeds: Any) -> Any:
    """What Keras gives."""
    return np.asarray(model({name: tf.constant(values) for name, values in feeds.items()}, training=False)["score"])
