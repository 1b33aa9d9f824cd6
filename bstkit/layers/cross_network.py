"""Explicit crosses of features: each layer multiplies what came before with the inputs once more."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="bstkit")
class CrossNetwork(keras.layers.Layer):
    """Apply `x_next = x_0 * (W x + b) + x` layer after layer, `x_0` being the inputs; all products are elementwise.

    After `n` layers the outputs hold products of up to `n + 1` features.

    Args:
        num_layers: int >= 1. Defaults to `2`.
        rank: int >= 1: `W` is the product of two narrow matrices, `(dim, rank)` and `(rank, dim)`, which saves
            parameters below half the width. Defaults to `None`: `W` is one `(dim, dim)` matrix.

    Call arguments:
        inputs: float tensor `(batch, ..., dim)`.

    Returns:
        Float tensor with the shape of `inputs`.

    Raises:
        ValueError: `num_layers` or `rank` is below 1.

    Reference:
        Wang et al., 2020, arXiv:2008.13535 (DCN-v2), equations 1 and 2; without its mixture of low-rank experts.
    """

    def __init__(self, num_layers: int = 2, rank: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if num_layers < 1:
            raise ValueError(f"`num_layers` must be at least 1. Received: num_layers={num_layers}")
        if rank is not None and rank < 1:
            raise ValueError(f"`rank` must be at least 1. Received: rank={rank}")
        self.num_layers = num_layers
        self.rank = rank

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the dense layers."""
        policy, width = self.dtype_policy, inputs_shape[-1]
        self.narrow = []
        self.crosses = []
        for number in range(1, self.num_layers + 1):
            shape = inputs_shape
            if self.rank is not None:
                self.narrow.append(keras.layers.Dense(self.rank, use_bias=False, name=f"narrow_{number}", dtype=policy))
                self.narrow[-1].build(shape)
                shape = (*shape[:-1], self.rank)
            self.crosses.append(keras.layers.Dense(width, name=f"cross_{number}", dtype=policy))
            self.crosses[-1].build(shape)

    def call(self, inputs: Any) -> Any:
        """Cross."""
        crossed = inputs
        for number, cross in enumerate(self.crosses):
            reduced = crossed if self.rank is None else self.narrow[number](crossed)
            crossed = inputs * cross(reduced) + crossed
        return crossed

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_layers": self.num_layers, "rank": self.rank}
