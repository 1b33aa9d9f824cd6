"""Trace a Keras model into a small TensorFlow graph in which weights and lowered layers are markers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from bstkit.errors import BstkitError, ExportError
from bstkit.export.builder import GraphBuilder
from bstkit.export.call_outputs import call_outputs
from bstkit.export.lowered_call import LoweredCall, specs_of
from bstkit.export.lowerings import find_lowering
from bstkit.export.marker import marker
from bstkit.export.passes.names import layer_of
from bstkit.export.weights import Weights
from bstkit.inputs import InputSpec


@dataclass
class Trace:
    """A traced model.

    Args:
        inputs: names of the function's inputs, in order.
        variables: every variable of the model.
        outputs: names of the function's outputs, in order.
        function: the concrete function.
        weights: token of a marker -> the variable that it stands for.
        calls: token of a marker -> the lowered call that it stands for.
        taps: names of the tapped outputs, `tap:<layer's path>` and `#<n>` from a path's second one on, in the order of
            the calls.
        scopes: name scope of a layer's call, as node names begin -> the layer's path.
    """

    inputs: tuple[str, ...]
    variables: list[Any]
    outputs: tuple[str, ...] = ()
    function: Any = None
    weights: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, LoweredCall] = field(default_factory=dict)
    taps: tuple[str, ...] = ()
    scopes: dict[str, str] = field(default_factory=dict)


def trace(
    model: Any, inputs: Sequence[InputSpec], lower: bool = True, taps: bool = False, weights: bool = True
) -> Trace:
    """Trace a functional model in inference mode.

    Args:
        model: called with `{input name: tensor}`, returns `{output name: tensor}`.
        inputs: its inputs; a dimension that the model leaves open stays open.
        lower: whether layers are replaced by their lowerings.
        weights: whether variables are replaced by markers; False gives a function that TensorFlow can run, if `lower`
            is too.
        taps: whether the layers' float outputs become outputs too, named as in `taps` of the result, to find the first
            layer that differs.

    Raises:
        ExportError: a layer's own lowering failed.
    """
    traced = Trace(tuple(spec.name for spec in inputs), list(model.variables))
    failed: list[BstkitError] = []
    specs = [tf.TensorSpec(model.input[spec.name].shape, spec.dtype, spec.name) for spec in inputs]

    def serve(*tensors: Any) -> list[Any]:
        tracer = _Tracer(traced, lower, taps, failed)
        mapping = [(variable, tracer.weight(variable)) for variable in traced.variables if weights]
        with keras.StatelessScope(state_mapping=mapping), tracer.wrapped(model):
            outputs = model(dict(zip(traced.inputs, tensors, strict=True)), training=False)
        traced.taps = tuple(_distinct(tracer.tapped, outputs.values()))
        outputs = {**outputs, **{name: tracer.tapped[name] for name in traced.taps}}
        traced.outputs = tuple(outputs)
        # An output that is also an input, or another output, would lose its own name.
        return [tf.identity(tensor) for tensor in outputs.values()]

    try:
        traced.function = tf.function(serve, autograph=False).get_concrete_function(*specs)
    except Exception as error:
        # Keras rebuilds an exception that passes a layer, and loses ours.
        if failed:
            raise failed[0] from error
        raise ExportError(
            f"the model could not be traced with open dimensions: {error}",
            "a layer must work for any batch and history length",
        ) from error
    return traced


class _Tracer:
    """Leaves markers in the graph that is current when it is made, and notes in `traced` what they stand for."""

    def __init__(self, traced: Trace, lower: bool, taps: bool, failed: list[BstkitError]) -> None:
        self.tapped: dict[str, Any] = {}
        self._tap_counts: dict[str, int] = {}
        self._traced = traced
        self._lower = lower
        self._taps = taps
        self._failed = failed
        self._graph = tf.compat.v1.get_default_graph()
        self._scratch = False

    def weight(self, variable: Any) -> Any:
        """A marker in the place of a variable's value."""
        token = f"weight:{len(self._traced.weights)}"
        self._traced.weights[token] = variable
        with tf.name_scope("weights"):
            return marker([], token, [variable.dtype], [tuple(variable.shape)], "weight")[0]

    @contextmanager
    def wrapped(self, model: Any) -> Iterator[None]:
        """Wrap `call` on the instances of the model's layers, and take the wrappers off again."""
        wrapped = []
        try:
            for layer in model._flatten_layers(include_self=False):
                call = layer.call
                # A `call` that someone else has set on the instance is not what the lowering was written for.
                lowering = find_lowering(layer) if self._lower and "call" not in vars(layer) else None
                if lowering is not None:
                    call = self._lowered(layer, lowering)
                elif "call" in vars(layer):
                    continue
                # Past Keras's attribute tracking, and on this instance alone.
                object.__setattr__(layer, "call", self._noted(layer, call))
                wrapped.append(layer)
            yield
        finally:
            for layer in wrapped:
                object.__delattr__(layer, "call")

    def _lowered(self, layer: Any, lowering: Callable[..., Any]) -> Callable[..., Any]:
        """`call` that leaves a marker where the lowering takes its arguments, and else does what it always did."""
        original = layer.call
        signature = inspect.signature(original)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._scratch:
                return original(*args, **kwargs)
            given = _by_name(signature, args, kwargs)
            lowered = self._lowered_call(layer, lowering, original, given)
            if not self._builds(lowered):
                return original(*args, **kwargs)
            token = f"call:{len(self._traced.calls)}"
            self._traced.calls[token] = lowered
            tensors = [leaf for leaf in tf.nest.flatten(given) if isinstance(leaf, tf.Tensor)]
            dtypes = [spec.dtype for spec in lowered.outputs]
            shapes = [spec.shape for spec in lowered.outputs]
            return tf.nest.pack_sequence_as(lowered.structure, marker(tensors, token, dtypes, shapes, "lowered"))

        return call

    def _builds(self, lowered: LoweredCall) -> bool:
        """Build once on stand-ins, so that a lowering that declines or fails does so while its layer is known."""
        op = GraphBuilder(Weights(self._traced.variables), lowered.layer.path, {})
        try:
            return lowered.build(op, lowered.stand_ins()) is not None
        except BstkitError as error:
            self._failed.append(error)
            raise

    def _lowered_call(
        self, layer: Any, lowering: Any, original: Callable[..., Any], given: dict[str, Any]
    ) -> LoweredCall:
        """Learn what the original returns, aside; nothing of that reaches the real graph."""
        arguments = specs_of(given)
        self._scratch = True
        try:
            structure = call_outputs(layer, original, arguments)
        finally:
            self._scratch = False
        arguments.pop("training", None)
        return LoweredCall(layer, lowering, arguments, structure)

    def _noted(self, layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call` that also notes its name scope, and taps its float outputs.

        What a loop's body makes cannot leave it.
        """

        def noted(*args: Any, **kwargs: Any) -> Any:
            if self._scratch:
                return call(*args, **kwargs)
            path = self._enter(layer)
            outputs = call(*args, **kwargs)
            for tensor in tf.nest.flatten(outputs) if self._taps else ():
                if isinstance(tensor, tf.Tensor) and tensor.dtype.is_floating and tensor.graph is self._graph:
                    count = self._tap_counts[path] = self._tap_counts.get(path, 0) + 1
                    self.tapped[f"tap:{path}" + (f"#{count}" if count > 1 else "")] = tensor
            return outputs

        return noted

    def _enter(self, layer: Any) -> str:
        """Note the current name scope as that of a layer's call, and return the layer's path."""
        scope = tf.compat.v1.get_default_graph().get_name_scope()
        # Keras gives no path to layers without variables.
        parent = layer_of(scope, self._traced.scopes)
        path = layer.path or (f"{parent}/{layer.name}" if parent else layer.name)
        self._traced.scopes[scope] = path
        return str(path)


def _distinct(tapped: dict[str, Any], outputs: Iterable[Any]) -> Iterator[str]:
    """Names of the taps of tensors that no output, and no earlier tap, gives already: an ONNX value has one name."""
    seen = {id(tensor) for tensor in outputs}
    for name, tensor in tapped.items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            yield name


def _by_name(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The given arguments by the names of `call`; those that went into `**kwargs` beside the others."""
    given = dict(signature.bind(*args, **kwargs).arguments)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            given.update(given.pop(parameter.name, {}))
    return given
