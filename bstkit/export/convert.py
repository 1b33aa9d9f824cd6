"""The only module that imports tf2onnx: a traced function becomes an ONNX graph, markers still in it.

tf2onnx is converted at opset 18; older opsets are made from that (`passes.opset_17`), because at 17 its own optimiser
hides patterns. Three of its habits are undone: it only logs what it cannot convert, so every operation is checked
afterwards; its optimiser copies the graph again and again; and two of its optimisers are wrong (`_OPTIMIZERS`).
"""

from __future__ import annotations

import logging
import os
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import onnx
import onnx_ir as ir

from bstkit.errors import ExportError
from bstkit.export.handlers import HANDLERS
from bstkit.export.marker import DOMAIN
from bstkit.export.passes.names import layer_of
from bstkit.export.trace import Trace

OPSET = 18
"""The newest ai.onnx opset that tf2onnx writes."""

_OPTIMIZERS = ("fold_constants", "loop_optimizer", "reshape_optimizer", "remove_identity", "einsum_optimizer")
"""tf2onnx's optimisers that are kept.

Left out: `optimize_transpose` and `remove_back_to_back`, which together turn `transpose(0, 2, 1)` after a zero bias
into a Reshape that copies the wrong dimension; `global_pool_optimizer`, which hides ReduceMean; `merge_duplication`,
which keeps another duplicate each time (`clean_up` merges them); and those for images and quantised models.
"""


def convert(traced: Trace) -> ir.Model:
    """Convert a traced function at opset 18.

    Returns:
        A model whose inputs and outputs have the trace's names. Markers are left in it as nodes of the domain
        `bstkit.marker`.

    Raises:
        ExportError: an operation has no ONNX form, or its conversion failed; names layer and operation.
    """
    with _captured_log() as log, _quiet_grappler():
        try:
            model = _run_tf2onnx(traced)
        except Exception as error:
            raise _failed([f"{type(error).__name__}: {error}", *log]) from error
    unknown = unknown_operations(model, traced.scopes)
    if unknown:
        raise _failed(unknown)
    return model


def unknown_operations(model: ir.Model, scopes: Mapping[str, str]) -> list[str]:
    """What in the model is no ai.onnx operation of its opset, as `layer: operation`; markers are known."""
    problems = []
    for node in model.graph.all_nodes():
        if node.domain == DOMAIN or (node.domain in ("", "ai.onnx") and onnx.defs.has(node.op_type, OPSET)):
            continue
        problems.append(f"{layer_of(node.name or '', scopes) or node.name}: {node.op_type}")
    return list(dict.fromkeys(problems))


def _run_tf2onnx(traced: Trace) -> ir.Model:
    # tf2onnx switches TensorFlow's log level for the whole process when it is imported.
    level = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    import tensorflow as tf
    from tf2onnx import optimizer
    from tf2onnx.tfonnx import process_tf_graph

    if level is None:
        os.environ.pop("TF_CPP_MIN_LOG_LEVEL", None)
    function = traced.function
    inputs = [tensor.name for tensor in function.inputs[: len(traced.inputs)]]
    outputs = [tensor.name for tensor in function.outputs]
    with tf.device("/cpu:0"):
        frozen = _graph_def(function, inputs, outputs)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(frozen, name="")
            converted = process_tf_graph(
                graph,
                opset=OPSET,
                custom_op_handlers=dict(HANDLERS),
                extra_opset=[onnx.helper.make_opsetid(DOMAIN, 1)],
                input_names=inputs,
                output_names=outputs,
                tensors_to_rename=dict(zip([*inputs, *outputs], [*traced.inputs, *traced.outputs], strict=True)),
            )
            kept = OrderedDict((name, optimizer._optimizers[name]) for name in _OPTIMIZERS)
            converted = optimizer.optimize_graph(converted, catch_errors=False, optimizers=kept)
            model: ir.Model = ir.from_proto(converted.make_model("bstkit"))
            return model


def _graph_def(function: Any, inputs: list[str], outputs: list[str]) -> Any:
    """The function's graph with its constants folded and its calls inlined.

    tf2onnx first freezes variables, which takes as long as all the rest. With weights as markers there are none, unless
    something that is not a variable of the model was captured. Loops and calls of functions need the freezing too: it
    inlines what stands in them.
    """
    import tensorflow as tf
    from tf2onnx import tf_loader

    graph_def = function.graph.as_graph_def(add_shapes=True)
    if function.captured_inputs or graph_def.library.function:
        return tf_loader.from_function(function, inputs, outputs)
    with tf.Graph().as_default():
        return tf_loader.tf_optimize(inputs, outputs, graph_def)


def _failed(reasons: list[str]) -> ExportError:
    lines = "\n  ".join(dict.fromkeys(reasons))
    return ExportError(
        f"the model could not be converted to ONNX:\n  {lines}",
        "give the layer a `to_onnx` (bstkit.export.lowerings says how), or write it with other operations",
    )


@contextmanager
def _quiet_grappler() -> Iterator[None]:
    """Keep TensorFlow's C++ notes about GPUs and sessions off stderr, unless they were switched off, or asked for,
    already.

    They are written to the file descriptor, past Python, and their level is read once, when TensorFlow is loaded.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _captured_log() -> Iterator[list[str]]:
    """Keep what tf2onnx and TensorFlow log, instead of showing it; the errors are in the list that this yields."""
    errors: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                errors.append(record.getMessage().splitlines()[0])

    keep, before = Keep(), []
    for name in ("tf2onnx", "tensorflow"):
        logger = logging.getLogger(name)
        before.append((logger, logger.handlers, logger.propagate))
        logger.handlers, logger.propagate = [keep], False
    try:
        yield errors
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
