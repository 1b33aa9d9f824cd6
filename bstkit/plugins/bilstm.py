"""Encode a behaviour sequence with LSTMs that read it in both directions."""

from typing import Any

import keras

from bstkit.layers.bilstm import BiLSTM, Merge


@keras.saving.register_keras_serializable(package="bstkit")
class BiLSTMEncoder(keras.layers.Layer):
    """Say at each behaviour what came before it and what comes after.

    Args:
        units: int >= 1, width of each LSTM; None: the width of the sequence. Defaults to `None`.
        num_layers: int >= 1, LSTMs in each direction. Defaults to `2`.
        num_residual_layers: int in `[0, num_layers]`: the last so many layers add their input. Defaults to `0`.
        dropout: float in `[0, 1)`, on the input of each LSTM. Defaults to `0.0`.
        merge_mode: `"fw"`, `"bw"`, `"sum"`, `"mul"`, `"ave"`, all `units` wide, or `"concat"`, twice as wide. Defaults
            to `"ave"`.
        deepctr_exact: bool, run without the mask, as DeepCTR's DSIN does: masked steps are read like real ones, so
            that the result changes with the padding, and keep their outputs. Defaults to `False`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored, but see `deepctr_exact`.
        mask: bool tensor `(batch, time)`, True at real steps. A masked step leaves the states as they are.

    Returns:
        Float tensor `(batch, time, units)` or `(batch, time, 2 * units)`, zeros at masked steps, but see
        `deepctr_exact`.

    Raises:
        ValueError: an argument is out of range, or `merge_mode` is None: a list of two is no sequence.

    Reference:
        DeepCTR `BiLSTM`, as DSIN uses it; see `bstkit.layers.bilstm.BiLSTM`.
    """

    def __init__(
        self,
        units: int | None = None,
        num_layers: int = 2,
        num_residual_layers: int = 0,
        dropout: float = 0.0,
        merge_mode: Merge | None = "ave",
        deepctr_exact: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if merge_mode is None:
            raise ValueError(
                "`merge_mode` must not be None: an encoder returns one sequence, and this makes a list of two. "
                "Received: merge_mode=None"
            )
        self.units = units
        self.deepctr_exact = deepctr_exact
        self.options: dict[str, Any] = {
            "num_layers": num_layers,
            "num_residual_layers": num_residual_layers,
            "dropout": dropout,
            "merge_mode": merge_mode,
        }
        self._made(1 if units is None else units)  # out of range is refused here, not while building

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create both stacks."""
        self.bilstm = self._made(int(sequence_shape[-1] or 0) if self.units is None else self.units)
        self.bilstm.build(sequence_shape)

    def call(self, sequence: Any, mask: Any, training: bool | None = None) -> Any:
        """Encode."""
        given = (sequence,) if self.deepctr_exact else (sequence, mask)
        return self.bilstm(*given, training=training)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "units": self.units, **self.options, "deepctr_exact": self.deepctr_exact}

    def _made(self, units: int) -> BiLSTM:
        return BiLSTM(units, **self.options, name="bilstm", dtype=self.dtype_policy)
