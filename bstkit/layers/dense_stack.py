"""Dense layers one after the other."""

from collections.abc import Sequence
from typing import Any

import keras

from bstkit.layers.activation import activation_layer, check_activation
from bstkit.layers.dice import Dice


@keras.saving.register_keras_serializable(package="bstkit")
class DenseStack(keras.layers.Layer):
    """Apply dense layers, each followed by batch normalisation where asked for, its activation, and dropout.

    Args:
        units: widths of the layers; an empty list passes the inputs on. Defaults to `(128, 64)`.
        activation: `"dice"`, `"prelu"` or the name of a Keras activation. Defaults to `"relu"`.
        output_activation: of the last layer in place of `activation`. Defaults to `None`: the same.
        batch_normalization: bool, between each dense layer and its activation. Defaults to `False`.
        dropout: float in `[0, 1)`, after each activation. Defaults to `0.0`.

    Call arguments:
        inputs: float tensor `(batch, ..., dim)`.
        mask: optional bool tensor `(batch, ...)`. Where it is False, values do not count in the statistics of `"dice"`
            and of batch normalisation; they are transformed like the others.

    Returns:
        Float tensor `(batch, ..., units[-1])`.

    Raises:
        ValueError: a width is below 1, `dropout` is out of range, or an activation is unknown.

    Reference:
        DeepCTR `DNN`, whose layers all start from one seed; `"dice"` is Zhou et al., 2018, arXiv:1706.06978.
    """

    def __init__(
        self,
        units: Sequence[int] = (128, 64),
        activation: str = "relu",
        output_activation: str | None = None,
        batch_normalization: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if any(width < 1 for width in units):
            raise ValueError(f"`units` must be at least 1 each. Received: units={tuple(units)}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
        check_activation(activation)
        check_activation(output_activation or activation)
        self.units = tuple(units)
        self.activation = activation
        self.output_activation = output_activation
        self.batch_normalization = batch_normalization
        self.dropout = dropout

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        """Create the layers."""
        policy, rank = self.dtype_policy, len(inputs_shape)
        activations = [self.activation] * len(self.units)
        if self.units and self.output_activation:
            activations[-1] = self.output_activation
        self.dense = []
        self.normalizations = []
        self.activations = []
        self.dropouts = []
        for number, (width, activation) in enumerate(zip(self.units, activations, strict=True), start=1):
            self.dense.append(keras.layers.Dense(width, name=f"dense_{number}", dtype=policy))
            self.activations.append(activation_layer(activation, rank, name=f"activation_{number}", dtype=policy))
            self.dropouts.append(keras.layers.Dropout(self.dropout, name=f"dropout_{number}", dtype=policy))
            made = [self.dense[-1], self.activations[-1]]
            if self.batch_normalization:
                norm = keras.layers.BatchNormalization(name=f"normalization_{number}", dtype=policy)
                self.normalizations.append(norm)
                made.insert(1, norm)
            for layer in made:
                layer.build(inputs_shape)
                inputs_shape = (*inputs_shape[:-1], width)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Transform."""
        return self.resume(self.dense[0](inputs), mask, training) if self.dense else inputs

    def resume(self, hidden: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Go on from what the first dense layer returns; for callers that have computed it in another way."""
        for number, dense in enumerate(self.dense):
            if number:
                hidden = dense(hidden)
            if self.batch_normalization:
                hidden = self.normalizations[number](hidden, mask=mask, training=training)
            activation = self.activations[number]
            if isinstance(activation, Dice):
                hidden = activation(hidden, mask=mask, training=training)
            else:
                hidden = activation(hidden)
            hidden = self.dropouts[number](hidden, training=training)
        return hidden

    def compute_mask(self, *args: Any) -> None:
        """Attach no implicit mask to the result: `mask` is an argument like the others."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": list(self.units),
            "activation": self.activation,
            "output_activation": self.output_activation,
            "batch_normalization": self.batch_normalization,
            "dropout": self.dropout,
        }
