"""Encode a behaviour sequence with hierarchical sequential transduction units."""

from typing import Any, Literal

import keras
from keras import ops

from bstkit_industry.arguments import check_bool, check_choice, check_int, check_share
from bstkit_industry.hstu_block import HstuBlock

DIVISORS = ("max_steps", "steps")


@keras.saving.register_keras_serializable(package="bstkit_industry")
class HstuEncoder(keras.layers.Layer):
    """Let each behaviour gather from the others as much as it finds, unit after unit.

    SiLU takes the place of softmax: what is gathered grows with the number of fitting steps. A gate then picks from it.

    Args:
        num_blocks: int >= 1. Defaults to `2`.
        num_heads: int >= 1. Defaults to `2`.
        key_dim: int >= 1, width of queries and keys, each head. Defaults to `None`: the width of the sequence, divided
            among the heads.
        value_dim: int >= 1, width of values and gates, each head. Defaults to `None`, likewise.
        causal: bool, attend to earlier steps and oneself alone, as in the paper. Defaults to `True`.
        divisor: of what a step gathers: `"max_steps"`, the paper's, keeps how much it is; `"steps"`, the number of the
            row's real steps, makes it a mean. Defaults to `"max_steps"`.
        dropout: float in `[0, 1)`, before each unit's last projection. Defaults to `0.0`.
        max_steps: int >= 1, the most steps of a sequence; compose gives it. Defaults to `None`: as many as the sequence
            has when the layer is built.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps; holes are allowed.
        step: optional int32 tensor `(time,)`, the number of each step, below `max_steps`: an appended candidate keeps
            its distance whatever the padding. Defaults to 0, 1, 2, ..., where `time` may be at most `max_steps`.

    Returns:
        Float tensor `(batch, time, dim)`; masked steps hold finite values without meaning.

    Raises:
        ValueError: an argument is out of range or of another type; `dim` cannot be divided among the heads; or
            `max_steps` is left out and the sequence has no known length.

    Reference:
        Zhai et al., 2024, arXiv:2402.17152, "Actions Speak Louder than Words". Ours has positions in the attention
        bias, not time: an encoder is not given ages (put position.time_gap before it). Actions are no items of the
        sequence. The first layer normalisation is that of the authors' code, not of the equations.
    """

    def __init__(
        self,
        num_blocks: int = 2,
        num_heads: int = 2,
        key_dim: int | None = None,
        value_dim: int | None = None,
        causal: bool = True,
        divisor: Literal["max_steps", "steps"] = "max_steps",
        dropout: float = 0.0,
        max_steps: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_int("num_blocks", num_blocks)
        check_int("num_heads", num_heads)
        for name, value in (("key_dim", key_dim), ("value_dim", value_dim), ("max_steps", max_steps)):
            if value is not None:
                check_int(name, value)
        check_bool("causal", causal)
        check_choice("divisor", divisor, DIVISORS)
        check_share("dropout", dropout)
        self.num_blocks = num_blocks
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.causal = causal
        self.divisor = divisor
        self.dropout = dropout
        self.max_steps = max_steps

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the units."""
        _, time, dim = sequence_shape
        self.steps = self.max_steps or time
        if self.steps is None:
            raise ValueError(f"`max_steps` must be given where the length is free. Received: shape={sequence_shape}")
        if dim is None or (dim % self.num_heads and None in (self.key_dim, self.value_dim)):
            raise ValueError(
                f"`num_heads` must divide the sequence's width, {dim}, unless `key_dim` and `value_dim` are given. "
                f"Received: num_heads={self.num_heads}"
            )
        self.blocks = []
        for number in range(1, self.num_blocks + 1):
            block = HstuBlock(
                self.steps,
                self.num_heads,
                self.key_dim or dim // self.num_heads,
                self.value_dim or dim // self.num_heads,
                self.causal,
                self.dropout,
                name=f"block_{number}",
                dtype=self.dtype_policy,
            )
            block.build(sequence_shape)
            self.blocks.append(block)

    def call(self, sequence: Any, mask: Any, step: Any = None, training: bool | None = None) -> Any:
        """Encode."""
        if step is None:
            step = ops.arange(ops.shape(sequence)[1], dtype="int32")
        is_real = ops.expand_dims(mask, -1)
        sequence = ops.where(is_real, sequence, ops.cast(0.0, sequence.dtype))
        share = self._share(ops.cast(is_real, sequence.dtype))
        for block in self.blocks:
            sequence = block(sequence, share, step, training=training)
        return sequence

    def _share(self, real: Any) -> Any:
        """How much of each step's value counts, `(batch, time, 1)`."""
        if self.divisor == "max_steps":
            return real / self.steps
        return real / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("num_blocks", "num_heads", "key_dim", "value_dim", "causal", "divisor", "dropout", "max_steps")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
