"""Which plugins are left out, and who says so: registry.toml, the environment, a flag.

All three name a distribution, or one entry point of it as `distribution:name`. What any of them names is left out. The
flag works through the environment variable, so that it holds for every process that the command starts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

VARIABLE = "BSTKIT_DISABLE_PLUGINS"
FLAG = "--disable-plugins"
BY_RUN = "the run's selection.toml"
"""Where a run was trained without a plugin, which need not be installed any more."""

_by_flag: list[str] = []


def names_in(text: str) -> list[str]:
    """The names of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def disabled_plugins(listed: Mapping[str, str], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Every name that is disabled, and by what.

    Args:
        listed: name -> the file that lists it.
        environ: the environment. Defaults to the process's.

    Returns:
        Name -> a file, the flag, or `"environment BSTKIT_DISABLE_PLUGINS"`; who comes last in that order is named.
    """
    environ = os.environ if environ is None else environ
    given = dict.fromkeys(names_in(environ.get(VARIABLE, "")), f"environment {VARIABLE}")
    flagged = {name: FLAG for name in given if name in _by_flag}
    return {**listed, **given, **flagged}


@contextmanager
def disabled_by_flag(names: Iterable[str]) -> Iterator[None]:
    """Disable plugins for what happens inside, sub-processes included."""
    names, before = list(names), os.environ.get(VARIABLE)
    _by_flag.extend(names)
    if names:
        os.environ[VARIABLE] = ",".join((*names_in(before or ""), *names))
    try:
        yield
    finally:
        del _by_flag[len(_by_flag) - len(names) :]
        if before is not None:
            os.environ[VARIABLE] = before
        elif names:
            os.environ.pop(VARIABLE, None)
