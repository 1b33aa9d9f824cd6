"""A saved model is whole: another process gives the same numbers."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from bstkit.testing.differences import largest_difference
from bstkit.testing.processes import reloaded
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as
from bstkit.testing.symbolic import symbolic_inputs
from bstkit.testing.tensors import STEPS

_CAUSE = (
    "something that the result depends on is neither in the config nor a weight: a number drawn in the constructor, a "
    "plain TensorFlow variable, a table that is set after building; use add_weight and get_config"
)


def check(subject: Subject) -> None:
    """Save a Keras model that holds the layer alone, and let a process that never made it score the same rows."""
    layer, tensors = subject.layer(), subject.tensors()
    time = STEPS if subject.requires("fixed_length") else None
    with seen_as(_CAUSE), tempfile.TemporaryDirectory(prefix="bstkit-check-") as folder:
        inputs = symbolic_inputs(subject.names(layer), time)
        model = keras.Model(inputs, _named(subject, subject.call(layer, inputs)))
        model.save(Path(folder) / "model.keras")
        returned = model({name: keras.ops.convert_to_tensor(values) for name, values in tensors.items()})
        expected = {name: np.asarray(one) for name, one in returned.items()}
        found = reloaded(Path(folder) / "model.keras", subject.provided.component.target, tensors)
    difference = largest_difference(expected, found, subject.rows)
    if difference:
        raise RuleBroken(f"in the new process {difference}", _CAUSE)


def _named(subject: Subject, returned: object) -> dict[str, object]:
    return returned if isinstance(returned, dict) else {subject.kind.writes: returned}
