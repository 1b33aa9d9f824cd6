"""The nearest right name for a wrong one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant, None when nothing is close."""
    matches = get_close_matches(name, list(names), n=1)
    return matches[0] if matches else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `did you mean 'x'?`, an empty string when nothing is close."""
    match = nearest(name, names)
    return f"did you mean {match!r}?" if match else ""
