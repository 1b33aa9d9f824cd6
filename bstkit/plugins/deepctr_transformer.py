"""Encode a behaviour sequence with a stack of DeepCTR's transformers."""

from typing import Any, Literal

import keras

from bstkit.layers.deepctr_transformer import DeepctrTransformer


@keras.saving.register_keras_serializable(package="bstkit")
class DeepctrTransformerEncoder(keras.layers.Layer):
    """Let each behaviour attend to the others as DeepCTR's `Transformer` does: no biases, four kinds of scores.

    Args:
        num_blocks: int >= 1. Defaults to `1`.
        num_heads: int >= 1, divides the width of the sequence. Defaults to `8`.
        dropout: float in `[0, 1)`. Defaults to `0.0`.
        use_residual: bool. Defaults to `True`.
        use_feed_forward: bool, two dense layers, the hidden one four times as wide. Defaults to `True`.
        use_layer_norm: bool. Defaults to `False`.
        blinding: bool, no step attends to itself. Defaults to `True`.
        attention_type: `"scaled_dot_product"`, `"cos"`, `"ln"` or `"additive"`. Defaults to `"scaled_dot_product"`.
        use_positional_encoding: bool, must be False: steps are numbered for the position slot alone, and a number
            counted here would move an appended candidate with the padding.
        output_type: must be None: a pooled sequence is no sequence. Poolings do that.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range, or `num_heads` does not divide `dim`.

    Reference:
        DeepCTR `Transformer(output_type=None)`, its queries and keys being the same sequence. A step without any step
        to attend to keeps its residual, where DeepCTR adds the mean of all values, padding included: no component may
        read padding. `bstkit.layers.deepctr_transformer` has every form, DeepCTR's own numbers too.
    """

    def __init__(
        self,
        num_blocks: int = 1,
        num_heads: int = 8,
        dropout: float = 0.0,
        use_residual: bool = True,
        use_feed_forward: bool = True,
        use_layer_norm: bool = False,
        blinding: bool = True,
        attention_type: Literal["scaled_dot_product", "cos", "ln", "additive"] = "scaled_dot_product",
        use_positional_encoding: bool = False,
        output_type: Literal["mean", "sum"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_blocks < 1:
            raise ValueError(f"`num_blocks` must be at least 1. Received: num_blocks={num_blocks}")
        if use_positional_encoding:
            raise ValueError(
                "`use_positional_encoding` must be False in an encoder: put a position.* component before it. "
                f"Received: use_positional_encoding={use_positional_encoding}"
            )
        if output_type is not None:
            raise ValueError(
                "`output_type` must be None in an encoder, whose result is a sequence: put a pooling.* component "
                f"behind it. Received: output_type={output_type!r}"
            )
        self.num_blocks = num_blocks
        self.settings: dict[str, Any] = {
            "num_heads": num_heads,
            "dropout": dropout,
            "use_residual": use_residual,
            "use_feed_forward": use_feed_forward,
            "use_layer_norm": use_layer_norm,
            "blinding": blinding,
            "attention_type": attention_type,
        }
        self.blocks = [
            DeepctrTransformer(
                **self.settings,
                use_positional_encoding=False,
                output_type=None,
                name=f"block_{number}",
                dtype=self.dtype_policy,
            )
            for number in range(1, num_blocks + 1)
        ]

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Build the blocks."""
        for block in self.blocks:
            block.build(sequence_shape)

    def call(self, sequence: Any, mask: Any, training: bool | None = None) -> Any:
        """Encode."""
        for block in self.blocks:
            sequence = block(sequence, mask, training=training)
        return sequence

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_blocks": self.num_blocks, **self.settings}
