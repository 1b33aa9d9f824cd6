"""Settings that name one of several forms, as slots do: a name, or `{ use = name, parameter = value }`."""

from __future__ import annotations

from typing import Any

from pydantic import BeforeValidator

from bstkit.config.model import Table
from bstkit.spelling import did_you_mean


def by_name(what: str, *forms: type[Table]) -> BeforeValidator:
    """Turn a name into a table with `use`, and refuse a name that no form has.

    Args:
        what: how errors call the setting.
        forms: the tables; each has its name as the default of its field `use`.
    """
    names = [form.model_fields["use"].default for form in forms]

    def named(value: Any) -> Any:
        if isinstance(value, forms):
            return value
        table = {"use": value} if isinstance(value, str) else value
        if not isinstance(table, dict) or not isinstance(table.get("use"), str):
            raise ValueError(f"must be a name, or {{ use = name, ... }}; received {value!r}")
        name = table["use"]
        if name not in names:
            hint = did_you_mean(name, names) or f"there is {', '.join(names)}"
            raise ValueError(f"no {what} named '{name}', {hint}")
        return table

    return BeforeValidator(named)


def used(value: Any) -> str:
    """The name in a table that `by_name` let pass: which form it takes, so that errors speak of that one only."""
    return str(value["use"] if isinstance(value, dict) else value.use)
