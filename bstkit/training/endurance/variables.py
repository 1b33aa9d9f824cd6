"""Everything that a training changes, as named arrays, and back into the variables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bstkit.compose import Composed
from bstkit.training.endurance.array_file import Array, open_arrays, write_arrays


def state_variables(composed: Composed) -> dict[str, list[Any]]:
    """Group -> the variables of a training that has made its first step.

    `model`: weights, statistics and the seeds of dropout; `optimizer`: its slots and the count of steps, those of
    wrappers included; `metrics`: the loss of the epoch so far.
    """
    models = {id(one): one for model in (composed.training, composed.serving) for one in model.variables}
    return {
        "model": list(models.values()),
        "optimizer": list(composed.training.optimizer.variables),
        "metrics": list(composed.training.metrics_variables),
    }


def make_state(composed: Composed) -> None:
    """Make the variables that Keras makes in its first step: the optimizer's, and the losses of several tasks."""
    model = composed.training
    with model.distribute_strategy.scope():
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        if not model._compile_loss.built:  # among several workers it is
            nothing = {task: keras.ops.zeros((1, 1)) for task in composed.features.tasks}
            model.compute_loss(y=nothing, y_pred=nothing)
    model.reset_metrics()


def write_variables(file: Path, groups: dict[str, list[Any]]) -> None:
    """Write the values of variables."""
    write_arrays(file, ((name, own_value(variable)) for name, variable in _named(groups)))


def read_variables(file: Path, groups: dict[str, list[Any]]) -> None:
    """Put what `write_variables` wrote into the same variables of the same model, composed anew.

    Groups of the file that are not asked for stay unread.

    Raises:
        ValueError: the file holds other variables, or other shapes or types.
        OSError, KeyError, zipfile.BadZipFile: it is damaged.
    """
    wanted = _named(groups)
    with open_arrays(file) as arrays:
        found = [name for name in arrays.names if name.partition("/")[0] in groups]
        if [_unnumbered(name) for name in found] != [_unnumbered(name) for name, _ in wanted]:
            ours = {_unnumbered(name): name for name, _ in wanted}
            theirs = {_unnumbered(name): name for name in found}
            odd = [theirs[key] for key in theirs.keys() - ours.keys()] + [ours[key] for key in ours.keys() - theirs]
            raise ValueError(f"it holds other variables: {', '.join(sorted(odd)[:3]) or 'their order differs'}")
        for name, (_, variable) in zip(found, wanted, strict=True):
            array = arrays.read(name, variable.dtype)
            if array.shape != tuple(variable.shape):
                raise ValueError(f"{name} has the shape {array.shape}, not {tuple(variable.shape)}")
            assign_own(variable, array)


def write_weights(file: Path, weights: Sequence[Array]) -> None:
    """Write the list that `get_weights` gave."""
    write_arrays(file, ((f"{place:05d}", array) for place, array in enumerate(weights)))


def read_weights(file: Path, model: keras.Model) -> list[Array]:
    """Read the list that `set_weights` takes.

    Raises:
        ValueError, OSError, KeyError, zipfile.BadZipFile: the file is damaged, or of another model.
    """
    with open_arrays(file) as arrays:
        if len(arrays.names) != len(model.weights):
            raise ValueError(f"it holds {len(arrays.names)} weights, not {len(model.weights)}")
        return [arrays.read(name, one.dtype) for name, one in zip(sorted(arrays.names), model.weights, strict=True)]


def _named(groups: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    """Each variable with its name in a file. The place makes it unique: paths may repeat."""
    every = ((group, place, one) for group, variables in groups.items() for place, one in enumerate(variables))
    return [(f"{group}/{place:05d}/{one.path}", one) for group, place, one in every]


def _unnumbered(name: str) -> str:
    """A name without the numbers that Keras appends: they count the layers of the process, not of the model."""
    group, place, path = name.split("/", 2)
    return f"{group}/{place}/{re.sub(r'_[0-9]+(?![0-9])', '', path)}"


def own_value(variable: Any) -> Array:
    """A variable's value in this process, on a CPU without a copy; `variable.numpy()` would make one."""
    return np.asarray(_own(variable)[0].read_value())


def assign_own(variable: Any, array: Array) -> None:
    """Assign to a variable in this process."""
    for one in _own(variable):
        one.assign(array)


def _own(variable: Any) -> list[Any]:
    """TensorFlow's variable; of several workers what this one has of it: to use the whole is to ask all the others."""
    return list(getattr(variable.value, "values", [variable.value]))
