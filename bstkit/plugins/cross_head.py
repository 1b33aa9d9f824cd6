"""Score pooled behaviours and context by explicit feature crosses beside, or below, dense layers."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from bstkit.layers.cross_network import CrossNetwork
from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.joined import joined, joined_shape


@keras.saving.register_keras_serializable(package="bstkit")
class CrossHead(keras.layers.Layer):
    """Cross all features with each other explicitly, let dense layers do the rest, end in one logit a task.

    Args:
        tasks: names of the tasks; compose gives them.
        num_layers: int >= 1, cross layers. Defaults to `2`.
        rank: int >= 1, low-rank cross layers, for wide inputs. Defaults to `None`: full ones, of as many parameters
            as the square of the inputs' width.
        units: widths of the dense layers; an empty list: the cross layers alone. Defaults to `(128, 64)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation, of the dense layers. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each dense layer. Defaults to `0.0`.
        structure: `"parallel"`: the dense layers read the inputs, and the logits read both results side by side, the
            crosses first; `"stacked"`: the dense layers read the crosses. Defaults to `"parallel"`.

    Call arguments:
        pooled: float tensor `(batch, dim)`, all branches.
        context: optional float tensor `(batch, ctx)`.
        target: optional float tensor `(batch, dim)`, the candidate where it is not part of the sequence.

    Returns:
        Dict from task to float tensor `(batch, 1)`, log odds. Inputs are joined in the order pooled, target, context.

    Raises:
        ValueError: an argument is out of range or unknown.

    Reference:
        Wang et al., 2020, arXiv:2008.13535 (DCN-v2), figure 1.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        num_layers: int = 2,
        rank: int | None = None,
        units: Sequence[int] = (128, 64),
        activation: str = "relu",
        dropout: float = 0.0,
        structure: Literal["parallel", "stacked"] = "parallel",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if structure not in ("parallel", "stacked"):
            raise ValueError(f"`structure` must be 'parallel' or 'stacked'. Received: structure={structure!r}")
        policy = self.dtype_policy
        self.tasks = tuple(tasks)
        self.structure = structure
        self.cross = CrossNetwork(num_layers, rank, name="cross", dtype=policy)
        self.hidden = DenseStack(units, activation, dropout=dropout, name="hidden", dtype=policy)

    def build(
        self,
        pooled_shape: tuple[int | None, ...],
        context_shape: tuple[int | None, ...] | None = None,
        target_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create the cross and dense layers."""
        shape = joined_shape(pooled_shape, target_shape, context_shape)
        self.cross.build(shape)
        self.hidden.build(shape)
        width = (shape[-1], *self.hidden.units)[-1]
        if self.hidden.units and self.structure == "parallel":
            width = (width or 0) + (shape[-1] or 0)
        self.logits = [keras.layers.Dense(1, name=f"{task}_logit", dtype=self.dtype_policy) for task in self.tasks]
        for layer in self.logits:
            layer.build((*shape[:-1], width))

    def call(
        self, pooled: Any, context: Any = None, target: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Score."""
        inputs = joined(pooled, target, context)
        result = self.cross(inputs)
        if self.hidden.units and self.structure == "parallel":
            result = ops.concatenate([result, self.hidden(inputs, training=training)], axis=-1)
        elif self.hidden.units:
            result = self.hidden(result, training=training)
        return {task: layer(result) for task, layer in zip(self.tasks, self.logits, strict=True)}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        cross, hidden = self.cross.get_config(), self.hidden.get_config()
        return {
            **super().get_config(),
            "tasks": list(self.tasks),
            **{name: cross[name] for name in ("num_layers", "rank")},
            **{name: hidden[name] for name in ("units", "activation", "dropout")},
            "structure": self.structure,
        }
