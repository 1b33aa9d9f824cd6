"""Add biases of session, position and channel to a sequence."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class SessionBiasPosition(keras.layers.Layer):
    """Add three learned biases to each step: one of its session, one of its position, one of each channel.

    Requires sessions: each step has the number of its session.

    Args:
        max_steps: int >= 1, positions that have a bias; compose gives it.
        num_sessions: int >= 1, sessions that have a bias. Defaults to `5`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`.
        mask: bool tensor `(batch, time)`; not read, masked steps are shifted like the others.
        step: int32 tensor `(time,)`, the position of each step, below `max_steps`.
        session: int32 tensor `(batch, time)`; below 0 counts as 0, past `num_sessions - 1` as that.

    Returns:
        Float tensor `(batch, time, dim)`.

    Raises:
        ValueError: an argument is below 1.

    Reference:
        Feng et al., 2019, arXiv:1905.06482 (DSIN), equation 2; DeepCTR `BiasEncoding`, which takes a list of sessions:
        `bstkit.layers.bias_encoding` is that form.
    """

    def __init__(self, max_steps: int, num_sessions: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_steps < 1:
            raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}")
        if num_sessions < 1:
            raise ValueError(f"`num_sessions` must be at least 1. Received: num_sessions={num_sessions}")
        self.max_steps = max_steps
        self.num_sessions = num_sessions

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the biases."""
        start = keras.initializers.TruncatedNormal(stddev=1e-4)
        self.session_bias = self.add_weight(name="session_bias", shape=(self.num_sessions, 1), initializer=start)
        self.step_bias = self.add_weight(name="step_bias", shape=(self.max_steps, 1), initializer=start)
        self.channel_bias = self.add_weight(name="channel_bias", shape=(sequence_shape[-1],), initializer=start)

    def call(self, sequence: Any, mask: Any, step: Any, session: Any) -> Any:
        """Add the biases."""
        session = ops.clip(session, 0, self.num_sessions - 1)
        bias = ops.take(self.session_bias, session, axis=0) + ops.take(self.step_bias, step, axis=0)
        return sequence + bias + self.channel_bias

    def to_onnx(self, op: Any, sequence: Any, mask: Any, step: Any, session: Any) -> Any:
        """Two gathers."""
        session = op.Clip(session, np.int32(0), np.int32(self.num_sessions - 1))
        bias = op.Add(op.Gather(op.weight(self.session_bias), session), op.Gather(op.weight(self.step_bias), step))
        return op.Add(op.Add(sequence, bias), op.weight(self.channel_bias))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "max_steps": self.max_steps, "num_sessions": self.num_sessions}
