"""Dense layers one after the other."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit_industry.arguments import check_activation, check_share, check_widths


@keras.saving.register_keras_serializable(package="bstkit_industry")
class DenseStack(keras.layers.Layer):
    """Apply dense layers, each followed by its activation and dropout.

    Args:
        units: widths of the layers; an empty list passes the inputs on.
        activation: name of a Keras activation. Defaults to `"relu"`.
        dropout: float in `[0, 1)`. Defaults to `0.0`.

    Call arguments:
        inputs: float tensor `(batch, dim)`.

    Returns:
        Float tensor `(batch, units[-1])`.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, units: Sequence[int], activation: str = "relu", dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_widths("units", units)
        check_activation("activation", activation)
        check_share("dropout", dropout)
        self.units = tuple(units)
        self.activation = activation
        self.dropout = dropout

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the layers."""
        policy = self.dtype_policy
        self.dense = []
        self.dropouts = []
        for number, width in enumerate(self.units, start=1):
            dense = keras.layers.Dense(width, activation=self.activation, name=f"dense_{number}", dtype=policy)
            dense.build(inputs_shape)
            self.dense.append(dense)
            self.dropouts.append(keras.layers.Dropout(self.dropout, name=f"dropout_{number}", dtype=policy))
            inputs_shape = (*inputs_shape[:-1], width)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Transform."""
        for dense, dropout in zip(self.dense, self.dropouts, strict=True):
            inputs = dropout(dense(inputs), training=training)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"units": list(self.units), "activation": self.activation, "dropout": self.dropout}
        return {**super().get_config(), **own}
