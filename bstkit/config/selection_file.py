"""selection.toml of a run folder: a resolved selection, written and read back."""

from typing import Any

import tomli_w
from pydantic import ValidationError
from pydantic_core import to_json

from bstkit.config.problems import raise_problems, validation_problems
from bstkit.config.selection import Selection
from bstkit.config.toml_file import parse_toml


def selection_to_toml(selection: Selection) -> str:
    """Write a selection; `selection_from_toml` reads it back."""
    values: dict[str, Any] = {"schema": 1, **selection.model_dump(exclude_none=True)}
    return tomli_w.dumps(values)


def selection_from_toml(text: str, label: str = "selection.toml") -> Selection:
    """Read a selection that `selection_to_toml` wrote.

    Args:
        text: the file's text.
        label: how errors name it.

    Raises:
        ConfigError: it is not TOML, or not a selection.
    """
    values = parse_toml(text, label)
    values.pop("schema", None)
    try:
        return Selection.model_validate_json(to_json(values, inf_nan_mode="constants"))
    except ValidationError as error:
        problems = [problem for _, problem in validation_problems(error, Selection, lambda path: label)]
        raise_problems(problems, "the file was written by `bstkit train`; train again rather than edit it")
        raise
