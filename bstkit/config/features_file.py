"""features.toml: read, check as a whole, write."""

from pathlib import Path

import tomli_w
from pydantic import ValidationError

from bstkit.config.features import Features
from bstkit.config.features_checks import check_features
from bstkit.config.problems import raise_problems, validation_problems
from bstkit.config.toml_file import parse_toml, read_toml

HINT = "correct these, then run the command again"


def load_features(path: Path | str) -> Features:
    """Read a features.toml.

    Args:
        path: the file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or is wrong; the message lists every problem.
    """
    return _parse(read_toml(Path(path)), str(path))


def features_to_toml(features: Features) -> str:
    """Write features; `features_from_toml` and `load_features` read them back."""
    return tomli_w.dumps(features.model_dump(exclude_none=True, exclude_unset=True))


def features_from_toml(text: str, label: str = "features.toml") -> Features:
    """Read features from text.

    Args:
        text: the file's text.
        label: how errors name it.

    Raises:
        ConfigError: as `load_features`.
    """
    return _parse(parse_toml(text, label), label)


def _parse(values: dict[str, object], label: str) -> Features:
    try:
        features = Features.model_validate(values)
    except ValidationError as error:
        problems = [problem for _, problem in validation_problems(error, Features, lambda path: label)]
        raise_problems(problems, HINT)
        raise
    raise_problems(check_features(features, label), HINT)
    return features
