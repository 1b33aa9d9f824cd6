"""Keras's config tells everything that the layer was made with."""

import json
from typing import Any, Literal, get_args, get_origin

import keras
import numpy as np

from bstkit.errors import ComponentError
from bstkit.signature import Parameter, parameters
from bstkit.testing.differences import largest_difference
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject, seen_as

_FORGOTTEN = "`get_config` must return {**super().get_config(), ...} with every parameter of the constructor"


def check(subject: Subject) -> None:
    """Look for each parameter in the config, with its default and with another value, and make the layer again."""
    cls = subject.component_class
    if ">" not in keras.saving.get_registered_name(cls):
        raise RuleBroken(
            f"{cls.__name__} is not registered with Keras",
            "decorate the class with @keras.saving.register_keras_serializable(package=...)",
        )
    with seen_as("`get_config` or `from_config` fails"):
        layer = subject.layer()
        for name, value in {**_defaults(subject), **subject.parameters}.items():
            _check_holds(subject.make(), name, value)
        for parameter in parameters(cls):
            for value in _others(parameter):
                _check_other(subject, parameter.name, value)
        again = keras.saving.deserialize_keras_object(
            json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
        )
        tensors = subject.tensors()
        expected = subject.results(tensors)
        subject.call(again, tensors)
        again.set_weights(layer.get_weights())
        returned = subject.call(again, tensors)
        named = returned if isinstance(returned, dict) else {subject.kind.writes: returned}
    difference = largest_difference(expected, {name: np.asarray(one) for name, one in named.items()}, subject.rows)
    if difference:
        raise RuleBroken(f"the layer of the config, with the same weights, differs: {difference}", _FORGOTTEN)


def _defaults(subject: Subject) -> dict[str, Any]:
    return {one.name: one.default for one in parameters(subject.component_class) if not one.required}


def _check_holds(layer: Any, name: str, value: Any) -> None:
    config = layer.get_config()
    if name not in config:
        raise RuleBroken(f"the config has no '{name}'", _FORGOTTEN)
    if _plain(config[name]) != _plain(value):
        raise RuleBroken(f"made with {name}={value!r}, the config says {config[name]!r}", _FORGOTTEN)


def _check_other(subject: Subject, name: str, value: Any) -> None:
    """The same with another value, where the constructor takes it."""
    try:
        layer = subject.make({name: value})
    except ComponentError:
        return
    _check_holds(layer, name, value)
    _check_holds(type(layer).from_config(layer.get_config()), name, value)


def _others(parameter: Parameter) -> list[Any]:
    """Values that differ from the default, of its type."""
    default = parameter.default
    if isinstance(default, bool):
        return [not default]
    if isinstance(default, int):
        return [2 * default + 2]
    if isinstance(default, float):
        return [default / 2 + 0.125]
    if get_origin(parameter.annotation) is Literal:
        return [one for one in get_args(parameter.annotation) if one != default]
    return []


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=repr))
