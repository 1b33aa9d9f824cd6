"""What registry.toml might say by mistake is refused, with the parameter's name."""

from typing import Any

from bstkit.errors import ComponentError
from bstkit.signature import Parameter, check_parameters, parameters
from bstkit.testing.rule import RuleBroken
from bstkit.testing.subject import Subject

SENSELESS: tuple[Any, ...] = (-1, float("nan"), "no_such_value", [-1], [float("nan")], ["no_such_value"])
"""Values that no parameter means; those whose type the annotation refuses never reach the constructor. A parameter that
takes fractions may mean -1."""

UNKNOWN = "no_such_parameter"


def check(subject: Subject) -> None:
    """Try an unknown parameter, and every senseless value that the type of a parameter allows."""
    try:
        subject.make({UNKNOWN: 1})
    except ComponentError:
        pass
    else:
        raise RuleBroken(
            f"the constructor takes a parameter '{UNKNOWN}'",
            "it swallows **kwargs; hand them on to super().__init__(**kwargs), which refuses what it does not know",
        )
    for parameter in parameters(subject.component_class):
        if parameter.annotation is Any:
            raise RuleBroken(
                f"parameter '{parameter.name}' has no type",
                "annotate the constructor: its signature is the schema against which registry.toml is checked",
            )
        for value in _allowed(subject, parameter):
            _check_refused(subject, parameter.name, value)


def _allowed(subject: Subject, parameter: Parameter) -> list[Any]:
    """The senseless values that pass for the parameter's type."""
    owner, name = subject.component_class, parameter.name
    complete = {**{one.name: one.default for one in parameters(owner) if one.required}, **subject.parameters}

    def passes(value: Any) -> bool:
        return not check_parameters(owner, {**complete, name: value}, "")

    fractions = passes(0.5) or passes([0.5])
    return [value for value in SENSELESS if passes(value) and not (fractions and value in (-1, [-1]))]


def _check_refused(subject: Subject, name: str, value: Any) -> None:
    """Make the layer, and build it: some mistakes show only beside a tensor."""
    received = f"{name}={value!r}"
    try:
        subject.call(subject.make({name: value}), subject.tensors())
    except (ComponentError, ValueError, TypeError) as error:
        if name not in str(error).replace(subject.key, ""):
            raise RuleBroken(
                f"{received} is refused without naming the parameter: {' '.join(str(error).split())}",
                f'check it in the constructor: raise ValueError(f"`{name}` must be ... Received: {name}={{{name}}}")',
            ) from error
    except Exception as error:
        raise RuleBroken(
            f"{received} ends in {type(error).__name__}: {' '.join(str(error).split())[:200]}",
            f"the constructor does not look at `{name}`; raise ValueError there",
        ) from error
    else:
        raise RuleBroken(
            f"{received} is accepted",
            f'the constructor does not look at `{name}`; raise ValueError(f"`{name}` must be ... Received: '
            f'{name}={{{name}}}")',
        )
