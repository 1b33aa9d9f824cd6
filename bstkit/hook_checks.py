"""A plugin's module as pluggy sees it: which hooks it implements, which of them nobody would call."""

from __future__ import annotations

import re
from typing import Any

import pluggy

from bstkit import deprecations, hookspecs
from bstkit.errors import PluginError
from bstkit.plugin import ContractMismatch
from bstkit.spelling import did_you_mean


def checked_hooks(manager: pluggy.PluginManager, module: Any, identity: str) -> tuple[str, ...]:
    """Register a plugin's module and return the names of its hooks.

    Raises:
        ContractMismatch: it implements a hook, or names an argument, that an earlier contract had.
        PluginError: a hook does not exist, is not marked, or takes other arguments; or there is none.
    """
    known = tuple(hookspecs.hooks())
    other = manager.get_name(module)
    if other is not None:
        raise PluginError(f"its module is loaded already, by {other}", "take one of the two entry points out")
    try:
        manager.register(module, identity)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        _raise_removed(error)
        unknown = [name for name in _implemented(manager, module) if name not in known]
        if not unknown:
            raise
        raise PluginError(
            "; ".join(f"unknown hook {name!r}, {did_you_mean(name, known)}".rstrip(", ") for name in unknown),
            f"the hooks are {', '.join(known)}",
        ) from error
    hooks = tuple(name for name in _implemented(manager, module) if name in known)
    unmarked = [name for name in known if name not in hooks and callable(getattr(module, name, None))]
    if unmarked or not hooks:
        raise PluginError(
            f"{unmarked[0]} is not marked with @hookimpl" if unmarked else "it implements no hook",
            "mark each hook with @bstkit.hookimpl",
        )
    return hooks


def hook_remarks(
    manager: pluggy.PluginManager, identity: str, hook: str | None = None
) -> list[deprecations.Deprecation]:
    """The rows of the deprecated hooks and arguments that a plugin implements.

    Args:
        manager: where it is registered.
        identity: its name there.
        hook: look at this one and at the names that it had. Defaults to all.
    """
    wanted = None if hook is None else (hook, *deprecations.old_names("hook", hook))
    rows = []
    for caller in manager.get_hookcallers(manager.get_plugin(identity)) or ():
        if wanted is not None and caller.name not in wanted:
            continue
        [implementation] = [one for one in caller.get_hookimpls() if one.plugin_name == identity]
        rows.append(deprecations.find("hook", caller.name))
        rows += [deprecations.find("argument", f"{caller.name}.{name}") for name in implementation.argnames]
    return [row for row in rows if row is not None]


def field_mismatch(error: BaseException) -> ContractMismatch | None:
    """The error for a record with a field that Component no longer has; None for any other error."""
    if not isinstance(error, TypeError):
        return None
    found = re.search(r"Component\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error))
    row = deprecations.find("field", found[1]) if found else None
    return _older(row) if row is not None and row.is_removed else None


def _implemented(manager: pluggy.PluginManager, module: Any) -> list[str]:
    return [caller.name for caller in manager.get_hookcallers(module) or ()]


def _raise_removed(error: pluggy.PluginValidationError) -> None:
    """Raise what is right where pluggy complains of a hook or an argument that was removed."""
    for row in deprecations.DEPRECATIONS:
        hook, _, argument = row.name.partition(".")
        quoted = re.search(rf"\b{hook}\b", str(error)) and (not argument or re.search(rf"'{argument}'", str(error)))
        if row.what in ("hook", "argument") and row.is_removed and quoted:
            raise _older(row) from error


def _older(row: deprecations.Deprecation) -> ContractMismatch:
    return ContractMismatch("older contract", f"{row.text}; upgrade the plugin", "upgrade the plugin")
