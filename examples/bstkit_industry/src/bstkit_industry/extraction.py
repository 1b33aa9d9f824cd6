"""One level of progressive layered extraction."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import keras
from keras import ops

from bstkit_industry.arguments import check_activation, check_bool, check_int, check_share, check_widths
from bstkit_industry.dense_stack import DenseStack


@keras.saving.register_keras_serializable(package="bstkit_industry")
class Extraction(keras.layers.Layer):
    """Let experts of each task and shared ones transform their inputs, and let gates mix what each task may see.

    A task's gate mixes its own experts and the shared ones; the shared gate, where there is one, mixes all of them.
    A gate's weights are a softmax of a linear map of the inputs that its experts have.

    Args:
        num_tasks: int >= 1.
        num_task_experts: int >= 1, experts of each task.
        num_shared_experts: int >= 1.
        units: widths of each expert's dense layers.
        activation: name of a Keras activation, of the experts. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each dense layer. Defaults to `0.0`.
        shared_output: bool, whether there is a shared gate; the last level has none. Defaults to `True`.

    Call arguments:
        inputs: list of `num_tasks + 1` float tensors `(batch, dim)`: of each task, then the shared one.

    Returns:
        List of float tensors `(batch, units[-1])`: of each task, then the shared one where `shared_output`.

    Raises:
        ValueError: an argument is out of range.

    Reference:
        Tang et al., 2020, RecSys, "Progressive Layered Extraction (PLE)", equations 1 to 5: one level is CGC.
    """

    def __init__(
        self,
        num_tasks: int,
        num_task_experts: int,
        num_shared_experts: int,
        units: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
        shared_output: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        counts = {
            "num_tasks": num_tasks,
            "num_task_experts": num_task_experts,
            "num_shared_experts": num_shared_experts,
        }
        for name, value in counts.items():
            check_int(name, value)
        check_widths("units", units, least=1)
        check_activation("activation", activation)
        check_share("dropout", dropout)
        check_bool("shared_output", shared_output)
        self.num_tasks = num_tasks
        self.num_task_experts = num_task_experts
        self.num_shared_experts = num_shared_experts
        self.units = tuple(units)
        self.activation = activation
        self.dropout = dropout
        self.shared_output = shared_output

    def build(self, inputs_shape: list[tuple[int | None, ...]]) -> None:
        """Create the experts, group by group, and the gates."""
        policy = self.dtype_policy
        groups = [f"task_{number}" for number in range(1, self.num_tasks + 1)] + ["shared"]
        self.experts: list[list[Any]] = []
        self.gates = []
        for group, shape in zip(groups, inputs_shape, strict=True):
            is_shared = group == "shared"
            experts = []
            for number in range(1, (self.num_shared_experts if is_shared else self.num_task_experts) + 1):
                name = f"{group}_expert_{number}"
                expert = DenseStack(self.units, self.activation, self.dropout, name=name, dtype=policy)
                expert.build(shape)
                experts.append(expert)
            self.experts.append(experts)
            if self.shared_output or not is_shared:
                gate = keras.layers.Dense(self._mixed(is_shared), use_bias=False, name=f"{group}_gate", dtype=policy)
                gate.build(shape)
                self.gates.append(gate)

    def _mixed(self, is_shared: bool) -> int:
        """How many experts a gate mixes."""
        return self.num_task_experts * (self.num_tasks if is_shared else 1) + self.num_shared_experts

    def call(self, inputs: list[Any], training: bool | None = None) -> list[Any]:
        """Extract."""
        said = [
            [expert(tensor, training=training) for expert in experts]
            for experts, tensor in zip(self.experts, inputs, strict=True)
        ]
        seen = [own + said[-1] for own in said[:-1]] + [list(chain(*said))]
        return [
            _mixture(parts, ops.softmax(gate(tensor), axis=-1))
            for parts, gate, tensor in zip(seen, self.gates, inputs, strict=False)  # the last level has a gate less
        ]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("num_tasks", "num_task_experts", "num_shared_experts", "activation", "dropout", "shared_output")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}, "units": list(self.units)}


def _mixture(parts: list[Any], weights: Any) -> Any:
    """Sum `(batch, units)` tensors, each times its column of `weights` `(batch, parts)`."""
    stacked = ops.reshape(ops.concatenate(parts, axis=-1), (-1, len(parts), parts[0].shape[-1]))
    return ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), stacked), 1)
