"""Score pooled behaviours and context with a multi-layer perceptron."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class MlpHead(keras.layers.Layer):
    """Concatenate everything, pass it through dense layers, end in one logit a task.

    Args:
        tasks: names of the tasks; compose gives them.
        units: widths of the hidden layers. Defaults to `(128, 64)`.
        activation: name of a Keras activation. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each hidden layer. Defaults to `0.0`.

    Call arguments:
        pooled: float tensor `(batch, dim)`, all branches.
        context: optional float tensor `(batch, ctx)`.
        target: optional float tensor `(batch, dim)`, the candidate where it is not part of the sequence.

    Returns:
        Dict from task to float tensor `(batch, 1)`, log odds. Inputs are joined in the order pooled, target, context.

    Raises:
        ValueError: a width is below 1, or `dropout` is out of range.

    Reference:
        Chen et al., 2019, arXiv:1905.06874; FC_1 to FC_3 and the sigmoid layer of the seed model.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        units: Sequence[int] = (128, 64),
        activation: str = "relu",
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if any(width < 1 for width in units):
            raise ValueError(f"`units` must be at least 1 each. Received: units={tuple(units)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
        keras.activations.get(activation)  # an unknown name is refused here, not while building
        self.tasks = tuple(tasks)
        self.units = tuple(units)
        self.activation = activation
        self.dropout = dropout

    def build(
        self,
        pooled_shape: tuple[int | None, ...],
        context_shape: tuple[int | None, ...] | None = None,
        target_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create the dense layers."""
        shapes = (pooled_shape, context_shape, target_shape)
        width = sum(shape[-1] or 0 for shape in shapes if shape is not None)
        policy = self.dtype_policy
        self.hidden = []
        self.dropouts = []
        for number, units in enumerate(self.units, start=1):
            dense = keras.layers.Dense(units, activation=self.activation, name=f"fc_{number}", dtype=policy)
            dense.build((None, width))
            self.hidden.append(dense)
            self.dropouts.append(keras.layers.Dropout(self.dropout, name=f"dropout_{number}", dtype=policy))
            width = units
        self.logits = [keras.layers.Dense(1, name=f"{task}_logit", dtype=policy) for task in self.tasks]
        for layer in self.logits:
            layer.build((None, width))

    def call(
        self, pooled: Any, context: Any = None, target: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Score."""
        parts = [part for part in (pooled, target, context) if part is not None]
        hidden = ops.concatenate(parts, axis=-1) if len(parts) > 1 else pooled
        for dense, dropout in zip(self.hidden, self.dropouts, strict=True):
            hidden = dropout(dense(hidden), training=training)
        return {task: layer(hidden) for task, layer in zip(self.tasks, self.logits, strict=True)}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "tasks": list(self.tasks),
            "units": list(self.units),
            "activation": self.activation,
            "dropout": self.dropout,
        }
