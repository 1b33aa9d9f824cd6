"""Make a component from its selection, and call it by its contract."""

from __future__ import annotations

import inspect
import re
from typing import Any

from bstkit.config.selection import Use
from bstkit.contracts import GIVEN_PARAMETERS, KINDS, TENSORS
from bstkit.deprecations import current_tensors
from bstkit.errors import ComponentError


def called_with(layer: Any) -> dict[str, inspect.Parameter]:
    """The tensors that a component's `call` names, in order, without those that its settings make it ignore.

    Of a deprecated tensor the key is today's name, and the parameter has the name that `call` gives it.

    Args:
        layer: the component, whose `ignored_tensors` are left out, where its class has such a property; or the class.
    """
    owner = layer if isinstance(layer, type) else type(layer)
    parameters = dict(inspect.signature(owner.call).parameters)  # type: ignore[attr-defined]  # Keras layers have it; `type` is all that mypy knows
    # Asked of the class first: `getattr` with a default would hide an error inside a property.
    known = owner is not layer and hasattr(owner, "ignored_tensors")
    for name in ("self", "training", *(layer.ignored_tensors if known else ())):
        parameters.pop(name, None)
    current = current_tensors(parameters)
    return {current[name]: p for name, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def make(use: Use, component_class: type, given: dict[str, Any], prefix: str = "") -> Any:
    """Construct the Keras layer of one slot.

    Args:
        use: the selected component and its parameters.
        component_class: its class.
        given: values of `bstkit.contracts.GIVEN_PARAMETERS`, passed where the constructor names them.
        prefix: of the layer's name.

    Raises:
        ComponentError: the constructor refuses its arguments.
    """
    named = inspect.signature(component_class).parameters
    extra = {name: value for name, value in given.items() if name in named and use.kind in GIVEN_PARAMETERS[name]}
    try:
        return component_class(**use.parameters, **extra, name=f"{prefix}{layer_name(use)}")
    except (ValueError, TypeError) as error:
        raise ComponentError(
            f"{use.path}: {use.key} refuses its parameters: {error}", f"`bstkit show {use.key}`"
        ) from error


def layer_name(use: Use) -> str:
    """The Keras name of a slot's layer, which is also the prefix of its weights and ONNX nodes."""
    slot = [step for step in use.path.split(".") if not step.isdigit()][-1]
    path = use.path.replace(".", "_")
    return f"{path}_{use.name}" if slot == use.kind else f"{path}_{use.kind}_{use.name}"


def read(use: Use, layer: Any, tensors: dict[str, Any]) -> tuple[str, ...]:
    """The names of the tensors that a component is called with, in the order of its `call`.

    Args:
        use: where it stands.
        layer: the component.
        tensors: every tensor made so far, by contract name; None counts as not made.

    Raises:
        ComponentError: it names a tensor that its kind is not given or nothing has made.
    """
    names = []
    for name, parameter in called_with(layer).items():
        if name in KINDS[use.kind].call and tensors.get(name) is not None:
            names.append(name)
        elif parameter.default is parameter.empty:
            raise _missing(use, name)
    return tuple(names)


def arguments(layer: Any, use: Use, tensors: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """What a component is called with, by position and by name.

    Args:
        layer: the component.
        use: where it stands.
        tensors: every tensor made so far, by contract name.

    Raises:
        ComponentError: as `read`.
    """
    parameters = called_with(layer)
    positional, named = [], {}
    for name in read(use, layer, tensors):
        if parameters[name].default is inspect.Parameter.empty:  # by position: a `mask` by name is Keras's implicit one
            positional.append(tensors[name])
        else:
            named[parameters[name].name] = tensors[name]
    return positional, named


def call(layer: Any, use: Use, tensors: dict[str, Any]) -> Any:
    """Call a component with the tensors that it names and check what it returns.

    Args:
        layer: the component.
        use: where it stands.
        tensors: every tensor made so far, by contract name.

    Raises:
        ComponentError: as `read`, or it breaks its contract.
    """
    positional, named = arguments(layer, use, tensors)
    try:
        returned = layer(*positional, **named)
    except (ValueError, TypeError) as error:
        reason = _plain_reason(error)
        raise ComponentError(
            f"{use.path}: {use.key} cannot be built here: {reason}", f"`bstkit show {use.key}`"
        ) from error
    for tensor in _returned_tensors(use, returned, tensors):
        _check_shape(use, tensor, tensors)
    return returned


def _plain_reason(error: Exception) -> str:
    """What a layer said, without the frames that Keras puts around errors raised in `call`."""
    text = str(error)
    emphasised = re.search(r"\x1b\[1m(.*?)\x1b\[0m", text, re.DOTALL)
    reason = emphasised.group(1) if emphasised else text
    return reason.rpartition("Error encountered:")[2].strip()  # whole where Keras did not say that


def _missing(use: Use, name: str) -> ComponentError:
    kind = KINDS[use.kind]
    if name not in kind.call:
        return ComponentError(
            f"{use.path}: {use.key} asks for `{name}`, which {kind.name} components are not given",
            f"a {kind.name} component's call may name: {', '.join(kind.call)}",
        )
    meaning = TENSORS[name].meaning
    makers = [other.name for other in KINDS.values() if other.writes == name and other.name != kind.name]
    hint = f"put a {makers[0]}.* component before it" if makers else "choose another component, or other features"
    return ComponentError(f"{use.path}: {use.key} needs `{name}` ({meaning}), which nothing has made", hint)


def _returned_tensors(use: Use, returned: Any, tensors: dict[str, Any]) -> list[Any]:
    if use.kind != "head":
        if not hasattr(returned, "shape"):
            raise _broken(use, f"returns a {type(returned).__name__}, not one tensor")
        return [returned]
    if not isinstance(returned, dict) or set(returned) != set(tensors["tasks"]):
        raise _broken(use, f"returns {returned!r}, not a dict with the tasks {list(tensors['tasks'])}")
    return list(returned.values())


def _check_shape(use: Use, tensor: Any, tensors: dict[str, Any]) -> None:
    """Compare the returned shape with the contract; a primed dimension is the component's own choice."""
    expected = KINDS[use.kind].shape
    sequence = tensors.get("sequence")
    known = dict(zip(("batch", "time", "dim"), sequence.shape, strict=True)) if sequence is not None else {}
    actual = tuple(tensor.shape)
    fits = len(actual) == len(expected)
    for size, dim in zip(actual, expected, strict=False):
        want = dim if isinstance(dim, int) else known.get(dim)
        fits = fits and (want is None or size is None or size == want)
    if not fits:
        raise _broken(use, f"returns shape {actual}, not ({', '.join(map(str, expected))})")


def _broken(use: Use, what: str) -> ComponentError:
    kind = KINDS[use.kind]
    return ComponentError(
        f"{use.path}: {use.key} leaves the contract of {kind.name} components: it {what}",
        f"a {kind.name} component returns one `{kind.writes}` of shape ({', '.join(map(str, kind.shape))})",
    )
