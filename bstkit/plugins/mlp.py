"""Score pooled behaviours and context with a multi-layer perceptron."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.joined import joined, joined_shape


@keras.saving.register_keras_serializable(package="bstkit")
class MlpHead(keras.layers.Layer):
    """Concatenate everything, pass it through dense layers, end in one logit a task.

    Args:
        tasks: names of the tasks; compose gives them.
        units: widths of the hidden layers; an empty list: the logits are linear. Defaults to `(128, 64)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each hidden layer. Defaults to `0.0`.
        batch_normalization: bool, between each dense layer and its activation. Defaults to `False`.

    Call arguments:
        pooled: float tensor `(batch, dim)`, all branches.
        context: optional float tensor `(batch, ctx)`.
        target: optional float tensor `(batch, dim)`, the candidate where it is not part of the sequence.

    Returns:
        Dict from task to float tensor `(batch, 1)`, log odds. Inputs are joined in the order pooled, target, context.

    Raises:
        ValueError: a width is below 1, `dropout` is out of range, or the activation is unknown.

    Reference:
        Chen et al., 2019, arXiv:1905.06874; FC_1 to FC_3 and the sigmoid layer of the seed model; DeepCTR `DNN`.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        units: Sequence[int] = (128, 64),
        activation: str = "relu",
        dropout: float = 0.0,
        batch_normalization: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = tuple(tasks)
        self.hidden = DenseStack(
            units,
            activation,
            batch_normalization=batch_normalization,
            dropout=dropout,
            name="hidden",
            dtype=self.dtype_policy,
        )

    def build(
        self,
        pooled_shape: tuple[int | None, ...],
        context_shape: tuple[int | None, ...] | None = None,
        target_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create the dense layers."""
        shape = joined_shape(pooled_shape, target_shape, context_shape)
        self.hidden.build(shape)
        self.logits = [keras.layers.Dense(1, name=f"{task}_logit", dtype=self.dtype_policy) for task in self.tasks]
        for layer in self.logits:
            layer.build((*shape[:-1], (shape[-1], *self.hidden.units)[-1]))

    def call(
        self, pooled: Any, context: Any = None, target: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Score."""
        hidden = self.hidden(joined(pooled, target, context), training=training)
        return {task: layer(hidden) for task, layer in zip(self.tasks, self.logits, strict=True)}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        hidden = self.hidden.get_config()
        names = ("units", "activation", "dropout", "batch_normalization")
        return {**super().get_config(), "tasks": list(self.tasks), **{name: hidden[name] for name in names}}
