"""Let a loss ride on a tensor."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="bstkit")
class AddedLoss(keras.layers.Layer):
    """Return a tensor as it is, and add losses to the model that this layer is part of.

    Call arguments:
        inputs: any tensor.
        losses: list of scalars.

    Returns:
        `inputs`.
    """

    def call(self, inputs: Any, losses: list[Any]) -> Any:
        """Add."""
        for loss in losses:
            self.add_loss(loss)
        return inputs
