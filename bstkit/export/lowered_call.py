"""One call of a layer that is written by its lowering: what `call` was given, what it returns, and how to build its
nodes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
import tensorflow as tf

from bstkit.errors import BstkitError, ExportError
from bstkit.export.builder import GraphBuilder


@dataclass(frozen=True)
class LoweredCall:
    """One call of a layer that is written by its lowering.

    Args:
        layer: the layer.
        lowering: `function(op, **arguments)`.
        arguments: what `call` was given, by name; a tensor is a `TensorSpec`.
        structure: what `call` returns, with a `TensorSpec` for each tensor.
    """

    layer: Any
    lowering: Callable[..., Any]
    arguments: dict[str, Any]
    structure: Any

    @property
    def inputs(self) -> list[Any]:
        """Specs of the tensors among the arguments, in the order in which `build` takes their values."""
        return [leaf for leaf in tf.nest.flatten(self.arguments) if isinstance(leaf, tf.TensorSpec)]

    @property
    def outputs(self) -> list[Any]:
        """Specs of the tensors that `call` returns, flat."""
        return list(tf.nest.flatten(self.structure))

    def build(self, op: GraphBuilder, inputs: Sequence[ir.Value]) -> list[ir.Value] | None:
        """Build the layer's nodes on these input values.

        Returns:
            The flat output values; None when the lowering declines.

        Raises:
            ExportError: the lowering raised, or returned something else than `call`.
        """
        where = f"{type(self.layer).__name__} {self.layer.path!r}"
        hint = "see bstkit.export.lowerings for the rules of `to_onnx`"
        arguments = _named(self.lowering, fill(self.arguments, inputs))
        try:
            result = self.lowering(op, **arguments)
        except BstkitError:
            raise
        except Exception as error:
            raise ExportError(f"the ONNX lowering of {where} failed: {type(error).__name__}: {error}", hint) from error
        if result is NotImplemented:
            return None
        flat: list[ir.Value] = tf.nest.flatten(result)
        if len(flat) != len(self.outputs) or not all(isinstance(value, ir.Value) for value in flat):
            raise ExportError(f"the ONNX lowering of {where} returned {result!r} for {len(self.outputs)} tensors", hint)
        return flat

    def stand_ins(self) -> list[ir.Value]:
        """Values with the inputs' shapes and dtypes, to build on before the graph exists."""
        return [ir.Value(shape=shape_of(spec), type=type_of(spec)) for spec in self.inputs]


def specs_of(structure: Any) -> Any:
    """The structure with a `TensorSpec` for each tensor."""
    return tf.nest.map_structure(
        lambda leaf: tf.TensorSpec(leaf.shape, leaf.dtype) if isinstance(leaf, tf.Tensor) else leaf, structure
    )


def fill(structure: Any, values: Sequence[Any]) -> Any:
    """The structure with each `TensorSpec` replaced by the next value."""
    upcoming = iter(values)
    return tf.nest.map_structure(lambda leaf: next(upcoming) if isinstance(leaf, tf.TensorSpec) else leaf, structure)


def shape_of(spec: Any) -> ir.Shape | None:
    """ONNX shape of a TensorFlow spec; None where not even the rank is known."""
    return None if spec.shape.rank is None else ir.Shape(spec.shape.as_list())


def type_of(spec: Any) -> ir.TensorType:
    """ONNX type of a TensorFlow spec."""
    return ir.TensorType(ir.DataType.from_numpy(np.dtype(spec.dtype.as_numpy_dtype)))


def _named(lowering: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the lowering does not name, as long as it is None."""
    parameters = inspect.signature(lowering).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return arguments
    return {key: value for key, value in arguments.items() if value is not None or key in parameters}
