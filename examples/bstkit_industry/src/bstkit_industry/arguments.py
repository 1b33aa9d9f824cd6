"""Refuse wrong constructor arguments, in Keras's words."""

from typing import Any

import keras


def check_int(name: str, value: Any, least: int = 1) -> None:
    """Raise a ValueError unless `value` is an int that is at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")


def check_bool(name: str, value: Any) -> None:
    """Raise a ValueError unless `value` is a bool."""
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}")


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise a ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {choices}. Received: {name}={value!r}")


def check_share(name: str, value: Any) -> None:
    """Raise a ValueError unless `value` is a number in `[0, 1)`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"`{name}` must be a number in [0, 1). Received: {name}={value!r}")


def check_widths(name: str, value: Any, least: int = 0) -> None:
    """Raise a ValueError unless `value` is a list or tuple of `least` or more ints above 0."""
    listed = isinstance(value, list | tuple) and len(value) >= least
    if not listed or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in value):
        raise ValueError(f"`{name}` must list {least} or more integers of at least 1. Received: {name}={value!r}")


def check_activation(name: str, value: Any) -> None:
    """Raise a ValueError unless `value` is the name of a Keras activation."""
    try:
        known = isinstance(value, str) and keras.activations.get(value) is not None
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"`{name}` must be the name of a Keras activation. Received: {name}={value!r}")
