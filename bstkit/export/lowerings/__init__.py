"""How Keras's own layers are written as ONNX nodes, and how a layer says so for itself.

A layer lowers itself by defining `to_onnx`. Its arguments after `op` are named as in `call`, and take what `call` was
given:

    def to_onnx(self, op, sequence, mask):
        minutes = op.Log(op.Add(sequence, 1.0))
        bucket = op.ReduceSum(op.Cast(op.GreaterOrEqual(minutes, self.edges), to="int32"), [2], keepdims=0)
        return op.Add(sequence, op.Gather(op.weight(self.table), bucket))

While the model is traced, such a layer's `call` is not converted: what `to_onnx` builds stands in its place, and
verification compares it with `call`.

* A tensor argument is an `onnx_ir.Value` with `.shape` (unknown dimensions are symbolic) and `.dtype`; lists of tensors
  stay lists. Other arguments (None, numbers) are passed as they are. `training` is never passed. An argument that
  `call` was not
  given is not passed: repeat the default. `to_onnx` need not name an argument that is None.
* `op.<OpType>(*inputs, **attributes)` adds one standard `ai.onnx` node of opset 18 and returns its output value;
  `_outputs=n` returns a tuple of n values. Optional inputs that are left out are None. There is no broadcasting or
  casting beyond ONNX's own: both sides of `Add` must have one dtype.
* An input may be a NumPy array or scalar (kept in its dtype), a Python float (float32), int (int64), bool, or a list of
  one of these: each becomes a constant, equal constants are shared.
* Attributes are ints, floats, strings, lists of these, NumPy arrays, or an `onnx_ir.Graph` (the body of a Scan, which
  may use values of the outer graph). `to` of Cast takes a dtype's name too: `op.Cast(x, to="float32")`.
* `op.weight(variable)` is the variable as a shared initializer, read only when the file is written. With `fn` it is
  `fn(array, ...)` of one or more variables: `op.weight(kernel, fn=np.transpose)`. An array that is computed from
  variables any other way is frozen and copied.
* `op.scan(step, state, sequences)` is a Scan over axis 0; `step(op, state, *slices)` builds its body and returns the
  next state and what to keep of each step.
* `op.layer(sublayer, *args, **kwargs)` adds what the sublayer's own lowering builds. Sublayers are not traced on their
  own inside a layer that lowers itself.
* Return one value for each tensor that `call` returns, in the same structure (a value, a tuple or list, or a dict).
  Shapes and dtypes are taken from `call`.
* Return `NotImplemented` to decline: tf2onnx then converts what `call` does.
* A subclass that overrides `call` but not `to_onnx` is not lowered.

Built-in lowerings are functions `lower(layer, op, **arguments)` with the same rules, found by the exact `call` of the
layer, so that a subclass with its own `call` never inherits one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from bstkit.export.lowerings import batch_normalization, dense, embedding, layer_normalization, recurrent
from bstkit.features.tables import Embedding

LOWERINGS: dict[Any, Callable[..., Any]] = {
    keras.layers.BatchNormalization.call: batch_normalization.lower,
    keras.layers.Dense.call: dense.lower,
    keras.layers.Embedding.call: embedding.lower,
    Embedding.call: embedding.lower,
    keras.layers.LayerNormalization.call: layer_normalization.lower,
    keras.layers.LSTM.call: recurrent.lower,
    keras.layers.GRU.call: recurrent.lower,
}
"""The `call` of a layer -> its lowering."""


def find_lowering(layer: Any) -> Callable[..., Any] | None:
    """The lowering of a layer as `function(op, **arguments)`: its own `to_onnx`, else the built-in one for its exact
    `call`.
    """
    if _overrides(type(layer), "to_onnx", "call"):
        return layer.to_onnx  # type: ignore[no-any-return]  # third-party code, untyped
    lower = LOWERINGS.get(type(layer).call)
    return None if lower is None else partial(lower, layer)


def _overrides(cls: type, method: str, other: str) -> bool:
    """Whether `method` is defined by the same class as `other`, or by one that derives from it."""
    for ancestor in cls.__mro__:
        if method in vars(ancestor):
            return True
        if other in vars(ancestor):
            return False
    return False
