"""What must fit together in a [history] table."""

from collections.abc import Iterator

from bstkit.config.features import Features, History
from bstkit.config.problems import Finding
from bstkit.spelling import did_you_mean

_ROW_KEYS = ("separator", "padding", "mask_column", "time", "newest_first")
_EVENTS_KEYS = ("events", "negatives")
"""Keys of a history that only the other source reads."""
_TIMED_KEYS = ("max_age_s", "session_gap_s", "max_sessions", "session_length")
"""Keys that need the time of steps."""


def history_findings(features: Features) -> Iterator[Finding]:
    """List what does not fit together in each history."""
    for name, history in features.history.items():
        yield from _mask(name, history)
        yield from _source(name, history)
        if history.source == "row":
            yield from _derived(features, name, history)


def log_columns_of(history: History) -> dict[str, str]:
    """Map each place in a history's table that names a column of the log to that column."""
    named = {f"fields.{column}": column for column in history.fields}
    others = {"weight": history.weight, "mask_column": history.mask_column, "time": history.time}
    return named | {key: column for key, column in others.items() if column is not None}


def _mask(name: str, history: History) -> Iterator[Finding]:
    if history.length is not None and "mask" in history.model_fields_set:
        yield f"history.{name}.mask", "length takes the place of mask", "keep one of the two"
    elif history.mask != "all" and history.mask not in history.fields:
        hint = did_you_mean(history.mask, (*history.fields, "all")) or "name one of its fields, or 'all'"
        yield f"history.{name}.mask", f"the history has no field '{history.mask}'", hint


def _source(name: str, history: History) -> Iterator[Finding]:
    """Each source has keys of its own; where steps have no time, nothing can be said about it."""
    written = {key for key in history.model_fields_set if getattr(history, key) is not None}
    other, foreign = ("row", _ROW_KEYS) if history.source == "events" else ("events", _EVENTS_KEYS)
    for key in foreign:
        if key in written:
            message = f"belongs to source = '{other}', and this history's is '{history.source}'"
            yield f"history.{name}.{key}", message, f'take it out, or set source = "{other}"'
    if history.source == "row" and history.time is None:
        for key in _TIMED_KEYS:
            if key in written:
                message = "needs the time of steps, and those of this history stand in the row without"
                yield f"history.{name}.{key}", message, 'name the column of their times:  time = "..."'
    elif history.session_gap_s is None:
        for key in sorted({"max_sessions", "session_length"} & written):
            hint = "session_gap_s = 1800, or take it out"
            yield f"history.{name}.{key}", "belongs to session_gap_s, which says what a session is", hint


def _derived(features: Features, name: str, history: History) -> Iterator[Finding]:
    """What stands in a row comes from the log as it is: a column made from another holds one value only."""
    for key, column in log_columns_of(history).items():
        if column in features.columns:
            origin = features.columns[column].first_of
            message = f"column '{column}' keeps the first word of '{origin}' only"
            yield f"history.{name}.{key}", message, f"name '{origin}' itself"
