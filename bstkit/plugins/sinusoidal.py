"""Add sine and cosine position vectors to a sequence."""

from typing import Any, Literal

import keras

from bstkit.layers.position_encoding import PositionEncoding


@keras.saving.register_keras_serializable(package="bstkit")
class SinusoidalPosition(PositionEncoding):
    """Add to each step the sinusoid of its position, counted from the oldest step.

    Args:
        max_steps: int >= 1, positions that the table holds; compose gives it.
        trainable: bool, learn the table, starting from the sinusoids. Defaults to `False`: a constant, no parameters.
        scale: `"sequence"` multiplies the sequence by `sqrt(dim)` (the transformer paper), `"encoding"` multiplies the
            table (DeepCTR), `"none"` neither. Defaults to `"none"`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; not read, masked steps are shifted like the others.
        step: int32 tensor `(time,)`, the position of each step, below `max_steps`.

    Returns:
        Float tensor `(batch, time, dim)`.

    Reference:
        Vaswani et al., 2017, arXiv:1706.03762; DeepCTR `PositionEncoding`, which trains the table by default. The
        sinusoids of both are the same.
    """

    def __init__(
        self,
        max_steps: int,
        trainable: bool = False,
        scale: Literal["none", "encoding", "sequence"] = "none",
        **kwargs: Any,
    ) -> None:
        super().__init__(max_steps, trainable, scale=scale, **kwargs)

    def call(self, sequence: Any, mask: Any, step: Any) -> Any:  # type: ignore[override]  # what a component is given
        """Add the positions."""
        return super().call(sequence, step)
