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
        use_positional_encoding: bool, learned positions in every block, one table for queries and one for keys, as
            DeepCTR's BST has them. Defaults to `False`: put a position.* component before it.
        output_type: must be None: a pooled sequence is no sequence. Poolings do that.
        max_steps: int >= 1, positions that can be encoded; compose gives it.
        deepctr_exact: bool, DeepCTR's own numbers, which read padding: a step without any step to attend to adds the
            mean of all values, masked ones included, so that the result changes with the padding; without
            `use_residual` the feed-forward network counts for nothing; positions are multiplied by `sqrt(dim)`; NaN at
            a masked step spreads. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored, but see `deepctr_exact`.
        mask: bool tensor `(batch, time)`, True at real steps.
        step: optional int32 tensor `(time,)`, the position of each step, below `max_steps`; needed for
            `use_positional_encoding`.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range, `num_heads` does not divide `dim`, or `use_positional_encoding` is
            True and `max_steps` or, when called, `step` is missing.

    Reference:
        DeepCTR `Transformer(output_type=None)`, its queries and keys being the same sequence. Unless `deepctr_exact`, a
        step without any step to attend to keeps its residual alone. `bstkit.layers.deepctr_transformer` has every form.
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
        max_steps: int | None = None,
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_blocks < 1:
            raise ValueError(f"`num_blocks` must be at least 1. Received: num_blocks={num_blocks}")
        if use_positional_encoding and max_steps is None:
            raise ValueError("`max_steps` must be given with `use_positional_encoding`. Received: max_steps=None")
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
            "use_positional_encoding": use_positional_encoding,
            "max_steps": max_steps,
            "deepctr_exact": deepctr_exact,
            "output_type": output_type,
        }
        self.blocks = [
            DeepctrTransformer(**self.settings, name=f"block_{number}", dtype=self.dtype_policy)
            for number in range(1, num_blocks + 1)
        ]

    @property
    def ignored_tensors(self) -> tuple[str, ...]:
        """What `call` names and this form does not read."""
        return () if self.settings["use_positional_encoding"] else ("step",)

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Build the blocks."""
        for block in self.blocks:
            block.build(sequence_shape)

    def call(self, sequence: Any, mask: Any, step: Any = None, training: bool | None = None) -> Any:
        """Encode."""
        if self.settings["use_positional_encoding"]:
            if step is None:  # counting here would move an appended candidate with the padding
                raise ValueError("`step` must be given with `use_positional_encoding`. Received: step=None")
        else:
            step = None
        for block in self.blocks:
            sequence = block(sequence, mask, step=step, training=training)
        return sequence

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_blocks": self.num_blocks, **self.settings}
