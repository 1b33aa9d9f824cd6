"""Encode a behaviour sequence with a GRU, or with one of DIEN's attentional forms of it."""

from typing import Any

import keras

from bstkit.layers.dynamic_gru import Cell, DynamicGRU


@keras.saving.register_keras_serializable(package="bstkit")
class GRUEncoder(keras.layers.Layer):
    """Walk over the behaviours from the oldest on, and say at each what has been seen so far.

    Args:
        units: int >= 1, width of the state; None: the width of the sequence. Defaults to `None`.
        cell: which recurrence. `"gru"` does not read `weight`; the others need it, so a `score.*` component before
            them or a weight in the log. `"aigru"` is a GRU on the sequence times `weight` (DIEN multiplies outside
            its layer; here it is part of the cell); in `"agru"` the weight replaces the update gate; in `"augru"` it
            scales it. Defaults to `"gru"`.
        return_sequences: True, the only form that is an encoder. Defaults to `True`.

    Call arguments:
        sequence: float tensor `(batch, time, dim)`; what stands at masked steps is ignored.
        mask: bool tensor `(batch, time)`, True at real steps. A masked step leaves the state as it is.
        weight: float tensor `(batch, time)`; for the cells that weigh.

    Returns:
        Float tensor `(batch, time, units)`, zeros at masked steps.

    Raises:
        ValueError: an argument is out of range, `return_sequences` is False, or the cell needs `weight`.

    Reference:
        Zhou et al., 2019, arXiv:1809.03672 (DIEN); DeepCTR `DynamicGRU`, whose AGRU and AUGRU are never trained.
    """

    def __init__(
        self, units: int | None = None, cell: Cell = "gru", return_sequences: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not return_sequences:
            raise ValueError(
                "`return_sequences` must be True: an encoder returns every step; the last state alone is what "
                f"pooling.last makes of them. Received: return_sequences={return_sequences}"
            )
        self.gru = DynamicGRU(units, cell, name="gru", dtype=self.dtype_policy)
        self.units = units
        self.cell = cell
        self.return_sequences = return_sequences

    @property
    def ignored_tensors(self) -> tuple[str, ...]:
        """What `call` names and this cell does not read."""
        return ("weight",) if self.cell == "gru" else ()

    def build(self, sequence_shape: tuple[int | None, ...]) -> None:
        """Create the recurrence."""
        self.gru.build(sequence_shape)

    def call(self, sequence: Any, mask: Any, weight: Any = None) -> Any:
        """Encode."""
        if self.cell == "gru":
            return self.gru(sequence, mask)
        if weight is None:
            raise ValueError(
                f"`weight` must be given: cell {self.cell!r} needs a score.* component before it. Received: weight=None"
            )
        return self.gru(sequence, mask, weight)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "cell": self.cell,
            "return_sequences": self.return_sequences,
        }
