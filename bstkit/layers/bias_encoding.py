"""Tell sessions, positions and channels apart by learned biases."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="bstkit")
class BiasEncoding(keras.layers.Layer):
    """Add three biases to the sequences of several sessions: one a session, one a position, one a channel.

    Args:
        num_sessions: int >= 1, sessions that a call holds.
        max_steps: int >= 1, positions that have a bias. Defaults to `None`: as many as a session has when the layer is
            built.
        deepctr_exact: bool, reproduce DeepCTR's defect: of one session given as a bare tensor only the first row of the
            batch comes back, `(1, time, dim)`. Defaults to `False`.

    Call arguments:
        sessions: list of `num_sessions` float tensors `(batch, time, dim)`, or one float tensor
            `(batch, num_sessions, time, dim)`; where `num_sessions` is 1, also a bare `(batch, time, dim)`.

    Returns:
        What was given, in the same form and shape; masked steps are shifted like the others, masks stay what they were.

    Raises:
        ValueError: an argument is out of range, the number of sessions is another one, or `max_steps` is left out and
            the sessions have no known length.

    Reference:
        Feng et al., 2019, arXiv:1905.06482 (DSIN), equation 2; DeepCTR `BiasEncoding`, which refuses a list of one.
    """

    def __init__(
        self, num_sessions: int, max_steps: int | None = None, deepctr_exact: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if num_sessions < 1:
            raise ValueError(f"`num_sessions` must be at least 1. Received: num_sessions={num_sessions}")
        if max_steps is not None and max_steps < 1:
            raise ValueError(f"`max_steps` must be at least 1. Received: max_steps={max_steps}")
        self.num_sessions = num_sessions
        self.max_steps = max_steps
        self.deepctr_exact = deepctr_exact

    def build(self, sessions_shape: Any) -> None:
        """Create the biases."""
        shape = self._one_session(sessions_shape)
        rows = self.max_steps or shape[1]
        if rows is None:
            raise ValueError(f"`max_steps` must be given where the length is free. Received: shape={shape}")
        start = keras.initializers.TruncatedNormal(stddev=1e-4)  # DeepCTR's: nearly nothing, until it is learned
        self.session_bias = self.add_weight(name="session_bias", shape=(self.num_sessions, 1, 1), initializer=start)
        self.step_bias = self.add_weight(name="step_bias", shape=(1, rows, 1), initializer=start)
        self.channel_bias = self.add_weight(name="channel_bias", shape=(1, 1, shape[-1]), initializer=start)

    def call(self, sessions: Any) -> Any:
        """Add the biases."""
        if isinstance(sessions, list | tuple):
            shared = self._step_and_channel(sessions[0])
            return [session + shared + self.session_bias[i] for i, session in enumerate(sessions)]
        bias = self._step_and_channel(sessions) + self.session_bias  # (sessions, time, dim)
        if self.deepctr_exact and len(sessions.shape) == 3:
            return sessions[:1] + bias
        return sessions + bias

    def compute_output_shape(self, sessions_shape: Any) -> Any:
        """As given."""
        return sessions_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_sessions": self.num_sessions,
            "max_steps": self.max_steps,
            "deepctr_exact": self.deepctr_exact,
        }

    def _step_and_channel(self, tensor: Any) -> Any:
        return self.step_bias[:, : ops.shape(tensor)[-2]] + self.channel_bias

    def _one_session(self, given: Any) -> Sequence[int | None]:
        """The shape `(batch, time, dim)` of one session."""
        if given and isinstance(given[0], list | tuple):
            count, shape = len(given), given[0]
        elif len(given) == 4:
            count, shape = given[1], (given[0], *given[2:])
        else:
            count, shape = 1, given
        if count != self.num_sessions:
            raise ValueError(
                f"`sessions` must hold num_sessions={self.num_sessions} sessions. Received: {count} sessions"
            )
        return tuple(shape)
