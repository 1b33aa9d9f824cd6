"""Score several tasks with experts that they share and gates of their own."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.joined import joined, joined_shape
from bstkit.layers.mixture_of_experts import MixtureOfExperts


@keras.saving.register_keras_serializable(package="bstkit")
class MmoeHead(keras.layers.Layer):
    """Let each task mix shared experts with its own gate, and score the mixture with its own tower.

    Args:
        tasks: names of the tasks; compose gives them. One task works too: experts, one gate, one tower.
        num_experts: int >= 1. Defaults to `4`.
        expert_units: widths of each expert's dense layers. Defaults to `(128,)`.
        tower_units: widths of each task's dense layers; an empty list: the mixture gives the logit. Defaults to
            `(64,)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation, of experts and towers. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each dense layer of experts and towers. Defaults to `0.0`.

    Call arguments:
        pooled: float tensor `(batch, dim)`, all branches.
        context: optional float tensor `(batch, ctx)`.
        target: optional float tensor `(batch, dim)`, the candidate where it is not part of the sequence.

    Returns:
        Dict from task to float tensor `(batch, 1)`, log odds. Inputs are joined in the order pooled, target, context.

    Raises:
        ValueError: an argument is out of range or unknown, or `expert_units` is empty.

    Reference:
        Ma et al., 2018, KDD, "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts".
    """

    def __init__(
        self,
        tasks: Sequence[str],
        num_experts: int = 4,
        expert_units: Sequence[int] = (128,),
        tower_units: Sequence[int] = (64,),
        activation: str = "relu",
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not expert_units:
            raise ValueError(f"`expert_units` must hold one width or more. Received: expert_units={expert_units}")
        for name, units in (("expert_units", expert_units), ("tower_units", tower_units)):
            if any(width < 1 for width in units):
                raise ValueError(f"`{name}` must be at least 1 each. Received: {name}={units}")
        policy = self.dtype_policy
        self.tasks = tuple(tasks)
        self.tower_units = tuple(tower_units)
        self.mixture = MixtureOfExperts(
            len(self.tasks), num_experts, expert_units, activation, dropout, name="mixture", dtype=policy
        )
        self.towers = [
            DenseStack(tower_units, activation, dropout=dropout, name=f"{task}_tower", dtype=policy)
            for task in self.tasks
        ]
        self.logits = [keras.layers.Dense(1, name=f"{task}_logit", dtype=policy) for task in self.tasks]

    def build(
        self,
        pooled_shape: tuple[int | None, ...],
        context_shape: tuple[int | None, ...] | None = None,
        target_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create experts, gates and towers."""
        shape = joined_shape(pooled_shape, target_shape, context_shape)
        self.mixture.build(shape)
        mixed = self.mixture.experts[0].units[-1]
        for tower, logit in zip(self.towers, self.logits, strict=True):
            tower.build((*shape[:-1], mixed))
            logit.build((*shape[:-1], (mixed, *tower.units)[-1]))

    def call(
        self, pooled: Any, context: Any = None, target: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Score."""
        mixtures = self.mixture(joined(pooled, target, context), training=training)
        parts = zip(self.tasks, mixtures, self.towers, self.logits, strict=True)
        return {task: logit(tower(mixture, training=training)) for task, mixture, tower, logit in parts}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        mixture = self.mixture.get_config()
        return {
            **super().get_config(),
            "tasks": list(self.tasks),
            "num_experts": mixture["num_experts"],
            "expert_units": mixture["units"],
            "tower_units": list(self.tower_units),
            "activation": mixture["activation"],
            "dropout": mixture["dropout"],
        }
