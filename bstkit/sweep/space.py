"""What a sweep varies: settings with a list of values, or an interval of numbers."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bstkit.config.overrides import parse_value
from bstkit.errors import ConfigError
from bstkit.spelling import did_you_mean

HINT = "--vary recipe=din,dien  --vary 'head.units=[[64],[128,64]]'  --vary 'train.learning_rate={low=1e-4,high=1e-2}'"
_KEYS = ("low", "high", "log")


@dataclass(frozen=True)
class Choice:
    """A setting that takes one of some values.

    Args:
        path: `"recipe"`, a slot, or whatever else `--set` takes.
        values: as TOML.
    """

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """A setting that takes any number of an interval.

    Args:
        path: whatever `--set` takes.
        low, high: its ends, which belong to it. Two whole numbers: the setting is one.
        log: whether factors count, not differences.
    """

    path: str
    low: float
    high: float
    log: bool

    @property
    def whole(self) -> bool:
        """Whether only whole numbers count."""
        return isinstance(self.low, int) and isinstance(self.high, int)


Varied = Choice | Interval


def parse_space(texts: Sequence[str]) -> tuple[Varied, ...]:
    """Read each `--vary`.

    Args:
        texts: `path=a,b`; `path=[a, b]` as TOML, where a value holds commas; or `path={low=..., high=..., log=true}`.

    Raises:
        ConfigError: one cannot be read, has no two values, or two have one path.
    """
    space: dict[str, Varied] = {}
    for text in texts:
        path, equals, said = (part.strip() for part in text.partition("="))
        if not (path and equals and said):
            raise ConfigError(f"--vary {text}: a setting has the form path=values", HINT)
        if path in space:
            raise ConfigError(f"--vary {path} stands there twice", "list all of its values in one --vary")
        if path == "train.seed":
            raise ConfigError("--vary train.seed: seeds are no choice between models", "say how many with --seeds")
        space[path] = _parse(path, said)
    if not space:
        raise ConfigError("nothing is varied", f"say what, for example:  {HINT}")
    return tuple(space.values())


def grid(space: Iterable[Varied]) -> Iterator[dict[str, Any]]:
    """Every combination, path -> value as TOML or number; an interval counts with its two ends."""
    axes = [
        [(one.path, value) for value in (one.values if isinstance(one, Choice) else (one.low, one.high))]
        for one in space
    ]
    return (dict(chosen) for chosen in itertools.product(*axes))


def is_finite(space: Iterable[Varied]) -> bool:
    """Whether the combinations can be listed."""
    return all(isinstance(one, Choice) for one in space)


def settings_of(chosen: dict[str, Any]) -> list[str]:
    """`path=value`, as `--set` takes it; a number of an interval with four digits, which are what is trained."""
    return [f"{path}={f'{value:.4g}' if isinstance(value, float) else value}" for path, value in chosen.items()]


def _parse(path: str, said: str) -> Varied:
    try:
        value = parse_value(said) if said[0] in "[{" else [parse_value(one.strip()) for one in said.split(",")]
    except ValueError as error:
        raise ConfigError(f"--vary {path}: {error}", HINT) from error
    if isinstance(value, dict):
        return _interval(path, value)
    texts = tuple(dict.fromkeys(_toml_text(one) for one in value))
    if len(texts) < 2:
        raise ConfigError(f"--vary {path} has one value", f"give several, or  --set {path}={''.join(texts)}")
    return Choice(path, texts)


def _interval(path: str, table: dict[str, Any]) -> Interval:
    wrong = [key for key in table if key not in _KEYS]
    if wrong:
        raise ConfigError(f"--vary {path}: no key named '{wrong[0]}'", did_you_mean(wrong[0], _KEYS) or HINT)
    low, high, log = table.get("low", math.nan), table.get("high", math.nan), table.get("log", False)
    if not (_is_number(low) and _is_number(high) and low < high and isinstance(log, bool) and (low > 0 or not log)):
        rule = "`low` is a number below `high`, and above 0 with `log`"
        raise ConfigError(f"--vary {path}: {rule}; low is {low}, high {high}", HINT)
    return Interval(path, low, high, log)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _toml_text(value: Any) -> str:
    """One value as TOML on one line; a string that needs no quotes as `--set` takes it."""
    if isinstance(value, str) and value and _is_bare(value):
        return value
    return _inline(value)


def _is_bare(text: str) -> bool:
    """Whether a bare string is read back as itself."""
    try:
        return bool(parse_value(text) == text)
    except ValueError:
        return False


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return json.dumps(value)
