"""Several small networks over the same inputs, mixed by gates that look at the inputs too."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from bstkit.layers.dense_stack import DenseStack
from bstkit.layers.masking import softmax, weighted_sum


@keras.saving.register_keras_serializable(package="bstkit")
class MixtureOfExperts(keras.layers.Layer):
    """Average the outputs of experts, once for each gate; a gate's weights are a softmax of a linear map of the inputs.

    Args:
        num_gates: int >= 1, mixtures to return.
        num_experts: int >= 1; a single expert has no gates, and all mixtures are what it says. Defaults to `4`.
        units: widths of each expert's dense layers. Defaults to `(128,)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation, of the experts. Defaults to `"relu"`.
        dropout: float in `[0, 1)`, after each dense layer. Defaults to `0.0`.

    Call arguments:
        inputs: float tensor `(batch, dim)`.

    Returns:
        List of `num_gates` float tensors `(batch, units[-1])`.

    Raises:
        ValueError: an argument is out of range or unknown, or `units` is empty: all experts would be one.

    Reference:
        Ma et al., 2018, KDD, "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
        section 4.2, whose gates have no biases either.
    """

    def __init__(
        self,
        num_gates: int,
        num_experts: int = 4,
        units: Sequence[int] = (128,),
        activation: str = "relu",
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("num_gates", num_gates), ("num_experts", num_experts)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        if not units:
            raise ValueError(f"`units` must hold one width or more. Received: units={tuple(units)}")
        policy = self.dtype_policy
        self.num_gates = num_gates
        self.num_experts = num_experts
        self.experts = [
            DenseStack(units, activation, dropout=dropout, name=f"expert_{number}", dtype=policy)
            for number in range(1, num_experts + 1)
        ]
        self.gates = [
            keras.layers.Dense(num_experts, use_bias=False, name=f"gate_{number}", dtype=policy)
            for number in range(1, num_gates + 1)
            if num_experts > 1
        ]

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the experts and the gates."""
        for layer in (*self.experts, *self.gates):
            layer.build(inputs_shape)

    def call(self, inputs: Any, training: bool | None = None) -> list[Any]:
        """Mix."""
        said = [expert(inputs, training=training) for expert in self.experts]
        if self.num_experts == 1:
            return said * self.num_gates
        stacked = ops.stack(said, axis=1)  # (batch, experts, units)
        return [weighted_sum(stacked, softmax(gate(inputs))) for gate in self.gates]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        expert = self.experts[0].get_config()
        return {
            **super().get_config(),
            "num_gates": self.num_gates,
            "num_experts": self.num_experts,
            **{name: expert[name] for name in ("units", "activation", "dropout")},
        }
