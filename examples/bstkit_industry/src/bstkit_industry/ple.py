"""Score several tasks with experts of their own and shared ones, level by level."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from bstkit_industry.arguments import check_activation, check_int, check_share, check_widths
from bstkit_industry.dense_stack import DenseStack
from bstkit_industry.extraction import Extraction


@keras.saving.register_keras_serializable(package="bstkit_industry")
class PleHead(keras.layers.Layer):
    """Part what a task needs for itself from what it shares, more with each level, and score with a tower a task.

    Args:
        tasks: names of the tasks; compose gives them. One task works too.
        num_levels: int >= 1; with 1 it is CGC. Defaults to `2`.
        num_task_experts: int >= 1, experts of each task at each level. Defaults to `2`.
        num_shared_experts: int >= 1, at each level. Defaults to `2`.
        expert_units: widths of each expert's dense layers. Defaults to `(64,)`.
        tower_units: widths of each task's dense layers; an empty list: what is extracted gives the logit. Defaults to
            `(32,)`.
        activation: name of a Keras activation, of experts and towers. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each dense layer of experts and towers. Defaults to `0.0`.

    Call arguments:
        pooled: float tensor `(batch, dim)`, all branches.
        context: optional float tensor `(batch, ctx)`.
        target: optional float tensor `(batch, dim)`, the candidate where it is not part of the sequence.

    Returns:
        Dict from task to float tensor `(batch, 1)`, log odds. Inputs are joined in the order pooled, target, context.

    Raises:
        ValueError: an argument is out of range or of another type, or `expert_units` is empty.

    Reference:
        Tang et al., 2020, RecSys, "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning (MTL) Model for
        Personalized Recommendations", sections 4.1 and 4.2. Gates have no biases, as there. The paper's loss, with a
        sample space a task, is bstkit's: empty labels do not count.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        num_levels: int = 2,
        num_task_experts: int = 2,
        num_shared_experts: int = 2,
        expert_units: Sequence[int] = (64,),
        tower_units: Sequence[int] = (32,),
        activation: str = "relu",
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        counts = (("num_levels", num_levels), ("num_task_experts", num_task_experts))
        for name, value in (*counts, ("num_shared_experts", num_shared_experts)):
            check_int(name, value)
        check_widths("expert_units", expert_units, least=1)
        check_widths("tower_units", tower_units)
        check_activation("activation", activation)
        check_share("dropout", dropout)
        self.tasks = tuple(tasks)
        self.num_levels = num_levels
        self.num_task_experts = num_task_experts
        self.num_shared_experts = num_shared_experts
        self.expert_units = tuple(expert_units)
        self.tower_units = tuple(tower_units)
        self.activation = activation
        self.dropout = dropout

    def build(
        self,
        pooled_shape: tuple[int | None, ...],
        context_shape: tuple[int | None, ...] | None = None,
        target_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create levels and towers."""
        policy = self.dtype_policy
        given = [shape for shape in (pooled_shape, target_shape, context_shape) if shape is not None]
        shape = (*pooled_shape[:-1], sum(one[-1] for one in given))
        self.levels = []
        for number in range(1, self.num_levels + 1):
            level = Extraction(
                len(self.tasks),
                self.num_task_experts,
                self.num_shared_experts,
                self.expert_units,
                self.activation,
                self.dropout,
                shared_output=number < self.num_levels,
                name=f"level_{number}",
                dtype=policy,
            )
            level.build([shape] * (len(self.tasks) + 1))
            self.levels.append(level)
            shape = (*shape[:-1], self.expert_units[-1])
        self.towers = []
        self.logits = []
        for task in self.tasks:
            tower = DenseStack(self.tower_units, self.activation, self.dropout, name=f"{task}_tower", dtype=policy)
            logit = keras.layers.Dense(1, name=f"{task}_logit", dtype=policy)
            tower.build(shape)
            logit.build((*shape[:-1], (*self.expert_units, *self.tower_units)[-1]))
            self.towers.append(tower)
            self.logits.append(logit)

    def call(
        self, pooled: Any, context: Any = None, target: Any = None, training: bool | None = None
    ) -> dict[str, Any]:
        """Score."""
        parts = [part for part in (pooled, target, context) if part is not None]
        joined = ops.concatenate(parts, axis=-1) if len(parts) > 1 else pooled
        extracted = [joined] * (len(self.tasks) + 1)
        for level in self.levels:
            extracted = level(extracted, training=training)
        return {
            task: logit(tower(own, training=training))
            for task, own, tower, logit in zip(self.tasks, extracted, self.towers, self.logits, strict=True)
        }

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("num_levels", "num_task_experts", "num_shared_experts", "activation", "dropout")
        return {
            **super().get_config(),
            "tasks": list(self.tasks),
            **{name: getattr(self, name) for name in names},
            "expert_units": list(self.expert_units),
            "tower_units": list(self.tower_units),
        }
