"""What a plugin's hooks may yield: each fault is an error that says what to correct."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from bstkit import contracts, deprecations
from bstkit.component import Component, GraphPass
from bstkit.contracts import KINDS, REQUIREMENTS
from bstkit.errors import PluginError
from bstkit.plugin import ContractMismatch, Remark
from bstkit.spelling import did_you_mean

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TARGET = re.compile(r"[\w.]+:\w+")
_COMPONENTS = "correct the plugin's bstkit_components"
_PASSES = "correct the plugin's bstkit_export_passes"


def checked_component(record: Any, earlier: Sequence[Component]) -> Component:
    """Return a record in today's form; refuse one that the registry could not honour.

    Args:
        record: what `bstkit_components` yielded.
        earlier: the plugin's records before it.

    Raises:
        ContractMismatch: it was written for a contract that this bstkit does not honour.
        PluginError: it is wrong.
    """
    if not isinstance(record, Component):
        raise PluginError(f"bstkit_components yielded {record!r}, which is no Component", _COMPONENTS)
    for name in ("kind", "name", "target", "summary", "reference"):
        if not isinstance(getattr(record, name), str):
            raise PluginError(f"{name} of a Component must be text; received {getattr(record, name)!r}", _COMPONENTS)
    if not isinstance(record.contract, int) or record.contract < 1:
        raise PluginError(f"{record.key}: contract must be 1 or more; received {record.contract!r}", _COMPONENTS)
    if not isinstance(record.requires, (set, frozenset)):
        raise PluginError(f"{record.key}: requires must be a frozenset; received {record.requires!r}", _COMPONENTS)
    _check_contract(record)
    if record.kind not in KINDS:
        raise PluginError(f"unknown kind {record.kind!r}, {did_you_mean(record.kind, KINDS)}".rstrip(", "), _COMPONENTS)
    if not _NAME.fullmatch(record.name):
        raise PluginError(f"the name {record.name!r} is not snake_case", _COMPONENTS)
    if not _TARGET.fullmatch(record.target):
        raise PluginError(f"{record.key}: the target must be 'module:Class'; received {record.target!r}", _COMPONENTS)
    unknown = sorted(set(record.requires) - set(REQUIREMENTS), key=str)
    if unknown:
        guess = did_you_mean(str(unknown[0]), REQUIREMENTS) or f"known: {', '.join(REQUIREMENTS)}"
        raise PluginError(f"{record.key} requires {unknown[0]!r}, {guess}", _COMPONENTS)
    if any(other.key == record.key for other in earlier):
        raise PluginError(f"{record.key} is provided twice", _COMPONENTS)
    return _current(record)


def checked_pass(record: Any) -> GraphPass:
    """Return what `bstkit_export_passes` yielded.

    Raises:
        PluginError: it is no pass, or its target cannot be one.
    """
    if not isinstance(record, GraphPass):
        raise PluginError(f"bstkit_export_passes yielded {record!r}, which is no GraphPass", _PASSES)
    if not isinstance(record.target, str) or not _TARGET.fullmatch(record.target):
        raise PluginError(f"{record.name}: the target must be 'module:function'; received {record.target!r}", _PASSES)
    return record


def old_fields(record: Component) -> list[deprecations.Deprecation]:
    """The rows of the deprecated fields that a record fills."""
    rows = (deprecations.find("field", one.name) for one in fields(record) if getattr(record, one.name) != one.default)
    return [row for row in rows if row is not None and not row.is_removed]


def contract_remarks(record: Component) -> list[Remark]:
    """Remarks on what a record's contract has and a later one replaced, as far as its class need not be imported."""
    given = KINDS[record.kind].call
    rows = [
        row
        for row in deprecations.DEPRECATIONS
        if row.what == "tensor" and not row.is_removed and record.contract < row.since and row.replacement in given
    ]
    return [
        *(Remark("deprecated", f"{record.key}: {row.text}") for row in old_fields(record)),
        *(Remark("deprecated", f"{record.key} is written for contract {record.contract}: {row.text}") for row in rows),
    ]


def _check_contract(record: Component) -> None:
    written = f"{record.key} is written for contract {record.contract}; this bstkit knows"
    known = contracts.honoured_contracts()
    if record.contract > contracts.CONTRACT_VERSION:
        raise ContractMismatch("newer contract", f"{written} {known}: upgrade bstkit", "upgrade bstkit")
    if record.contract < contracts.OLDEST_CONTRACT:
        gone = [row.text for row in deprecations.DEPRECATIONS if row.is_removed and record.contract < row.since]
        message = "; ".join((f"{written} {known}: upgrade the plugin", *gone))
        raise ContractMismatch("older contract", message, "upgrade the plugin")


def _current(record: Component) -> Component:
    """The record with what its deprecated fields say in those that took their place."""
    for row in old_fields(record):
        if getattr(record, row.replacement):
            continue
        record = replace(record, **{row.replacement: getattr(record, row.name)})
    return record
