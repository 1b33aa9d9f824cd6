"""Encode a behaviour sequence with a stack of post-norm transformer blocks."""

from typing import Any

import keras

from bstkit.layers.masking import zero_masked
from bstkit.layers.transformer_block import TransformerBlock


@keras.saving.register_keras_serializable(package="bstkit")
class TransformerEncoder(keras.layers.Layer):
    """Let each behaviour attend to the others, block after block.

    Args:
        num_blocks: int >= 1. Defaults to `1`, as in the BST paper.
        num_heads: int >= 1, divides the width of the sequence. Defaults to `8`.
        ffn_dim: int >= 1, hidden width of the feed-forward networks. Defaults to `256`.
        dropout: float in `[0, 1)`. Defaults to `0.0`.
        activation: name of a Keras activation, of the feed-forward networks. Defaults to `"relu"`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range, or `num_heads` does not divide `dim`.

    Reference:
        Chen et al., 2019, arXiv:1905.06874 (BST); the seed model's `Encoder`. The paper's LeakyReLU is
        `activation="leaky_relu"` here.
    """

    def __init__(
        self,
        num_blocks: int = 1,
        num_heads: int = 8,
        ffn_dim: int = 256,
        dropout: float = 0.0,
        activation: str = "relu",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_blocks < 1:
            raise ValueError(f"`num_blocks` must be at least 1. Received: num_blocks={num_blocks}")
        if num_heads < 1:
            raise ValueError(f"`num_heads` must be at least 1. Received: num_heads={num_heads}")
        if ffn_dim < 1:
            raise ValueError(f"`ffn_dim` must be at least 1. Received: ffn_dim={ffn_dim}")
        if not 0 <= dropout < 1:
            raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
        keras.activations.get(activation)  # an unknown name is refused here, not while building
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.ffn_dim = ffn_dim
        self.dropout = dropout
        self.activation = activation

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the blocks."""
        self.blocks = []
        for number in range(1, self.num_blocks + 1):
            block = TransformerBlock(
                self.num_heads,
                self.ffn_dim,
                self.dropout,
                self.activation,
                name=f"block_{number}",
                dtype=self.dtype_policy,
            )
            block.build(sequence_shape)
            self.blocks.append(block)

    def call(self, sequence: Any, mask: Any, training: bool | None = None) -> Any:
        """Encode."""
        sequence = zero_masked(sequence, mask)
        for block in self.blocks:
            sequence = block(sequence, mask, training=training)
        return sequence

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_blocks": self.num_blocks,
            "num_heads": self.num_heads,
            "ffn_dim": self.ffn_dim,
            "dropout": self.dropout,
            "activation": self.activation,
        }
