"""A constructor's signature is the schema of its parameters."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest

from bstkit.signature import check_parameters, parameters


class Layer:
    """Stands for a layer.

    Args:
        units: widths of the layers,
            one each. Defaults to `(80, 40)`.
        scale: factor.
        mode: how.

    Returns:
        units: not a parameter's meaning.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        units: Sequence[int] = (80, 40),
        scale: float = 1.0,
        count: int | None = None,
        learned: bool = False,
        mode: Literal["add", "mul"] = "add",
        pair: tuple[int, int] = (1, 2),
        anything=None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        pass


class Derived(Layer):
    """Derived, with the constructor of its base."""


class Needy:
    def __init__(self, width: int) -> None:
        pass


def test_parameters_leaves_out_what_compose_gives_and_keras_owns():
    names = [parameter.name for parameter in parameters(Layer)]
    assert names == ["units", "scale", "count", "learned", "mode", "pair", "anything"]


def test_parameters_holds_type_default_and_meaning():
    units, scale, count, _, mode, *_ = parameters(Layer)
    assert (units.default, units.required, units.type) == ((80, 40), False, "Sequence[int]")
    assert units.meaning == "widths of the layers, one each. Defaults to `(80, 40)`."
    assert (scale.meaning, mode.meaning) == ("factor.", "how.")
    assert (count.type, mode.type) == ("int | None", "Literal['add', 'mul']")


def test_parameters_of_a_derived_class_are_its_bases():
    assert parameters(Derived) == parameters(Layer)


def test_parameters_without_a_constructor_are_none():
    assert parameters(type("Plain", (), {})) == ()


def test_parameters_of_a_layer_without_its_own_constructor_are_none():
    from bstkit.plugins.last_pooling import LastPooling

    assert parameters(LastPooling) == ()


GOOD = {
    "list_for_sequence": {"units": [64, 16]},
    "tuple_for_sequence": {"units": (64,)},
    "empty_list": {"units": []},
    "int_for_float": {"scale": 2},
    "none": {"count": None},
    "int_or_none": {"count": 3},
    "bool": {"learned": True},
    "literal": {"mode": "mul"},
    "list_for_pair": {"pair": [1, 2]},
    "no_annotation": {"anything": {"a": [1]}},
}

BAD = {
    "text_for_sequence": ({"units": "64"}, "must be a list"),
    "text_inside": ({"units": [64, "16"]}, "must be a valid integer"),
    "bool_for_float": ({"scale": True}, "must be a valid number"),
    "text_for_float": ({"scale": "2"}, "must be a valid number"),
    "float_for_int": ({"count": 2.0}, "must be a valid integer"),
    "bool_for_int": ({"count": True}, "must be a valid integer"),
    "int_for_bool": ({"learned": 1}, "must be a valid boolean"),
    "unknown_literal": ({"mode": "sub"}, "must be 'add' or 'mul'"),
    "short_pair": ({"pair": [1]}, "Field required"),
    "unknown": ({"unit": [1]}, "Layer has no parameter 'unit'"),
    "reserved": ({"tasks": ["ctr"]}, "Layer has no parameter 'tasks'"),
}


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD)
def test_check_parameters_takes_what_fits(values):
    assert check_parameters(Layer, values, "head") == []


@pytest.mark.parametrize(("values", "message"), BAD.values(), ids=BAD)
def test_check_parameters_refuses_what_does_not_fit(values, message):
    (problem,) = check_parameters(Layer, values, "head")
    assert problem.message.startswith(message)
    assert problem.path == f"head.{next(iter(values))}"


def test_check_parameters_finds_every_problem_with_its_source():
    values = {"unit": [1], "scale": "x", "mode": "add"}
    problems = check_parameters(Layer, values, "encoder.1", {"encoder.1.scale": "--set"})
    assert [(problem.source, problem.path) for problem in problems] == [
        ("", "encoder.1.unit"),
        ("--set", "encoder.1.scale"),
    ]
    assert problems[0].hint == "did you mean 'units'?"


def test_check_parameters_asks_for_a_required_one():
    (problem,) = check_parameters(Needy, {}, "head")
    assert (problem.path, problem.hint) == ("head.width", "--set head.width=...")
