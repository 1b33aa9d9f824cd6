"""features.toml: id spaces, the log's columns, histories, target and context.

What preparation learns from a log (row counts, means, deviations) is filled into the same tables, so that the file in
a run folder alone tells how to build and feed its model.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from bstkit.config.model import Table

PAD_ID = 0
OOV_ID = 1
FIRST_ID = 2
"""Id of a vocabulary's first key."""


class Space(Table):
    """An id space: one vocabulary and one embedding table.

    `rows` counts the table's rows, padding and out-of-vocabulary included; None until a vocabulary is known.
    """

    dim: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=3)] | None = None


class LogColumns(Table):
    """Which columns of the log say who, when and what happened.

    `labels` maps a task to a column of zeros and ones, or to a condition such as `"rating >= 4"`.
    """

    user: str
    time: str
    labels: Annotated[dict[str, str], Field(min_length=1)]


class Derived(Table):
    """A column that is made from another while reading: `first_of` keeps the first word of a space-separated list."""

    first_of: str


class History(Table):
    """One sequence: a behaviour history of a user, oldest first, or a multi-valued column.

    Args:
        fields: column -> id space. The history's input for a column is named `<history>_<column>`.
        max_length: steps that the model keeps, the most recent ones.
        mask: the field whose non-zero ids are real steps, or `"all"`: every field non-zero.
        length: an input that holds the number of real steps; takes the place of `mask`.
        source: `"events"`: the steps are the user's earlier events. `"row"`: they stand in the row itself, several in
            each column, as a list or as text: a multi-valued column.
        separator: what stands between the steps of a text column; for `source = "row"`.
        events: `"all"` earlier events of the user, or only those that were `"positive"` in the first task.
        weight: the log's column with one number a step; its input is named `<history>_weight`.
        session_gap_s: seconds without an event that end a session, for recipes with a `session` slot.
        max_sessions: sessions that such a model keeps, the most recent ones.
        session_length: steps of each session that it keeps, the most recent ones.
        negatives: how training samples the steps that a user did not take, for `objective.*` components:
            `"uniform"` over the different steps of the training rows, or by their `"popularity"`.
    """

    fields: Annotated[dict[str, str], Field(min_length=1)]
    max_length: Annotated[int, Field(ge=1)]
    mask: str = "all"
    length: str | None = None
    source: Literal["events", "row"] = "events"
    separator: Annotated[str, Field(min_length=1)] = " "
    events: Literal["all", "positive"] = "all"
    weight: str | None = None
    session_gap_s: Annotated[float, Field(gt=0)] | None = None
    max_sessions: Annotated[int, Field(ge=1)] = 5
    session_length: Annotated[int, Field(ge=1)] = 10
    negatives: Literal["uniform", "popularity"] | None = None


class ContextId(Table):
    """A context column of ids."""

    space: str


class ContextNumeric(Table):
    """A numeric context column, transformed inside the graph.

    Args:
        numeric: `"standardise"` (subtract the mean, divide by the deviation) or `"bucket"` (embed the interval between
            `edges`).
        missing: the value that stands for a missing one. None: missing values in a log are an error; while serving they
            count as the mean, or as a bucket of their own.
        edges: rising bucket edges; bucket k holds `edges[k-1] <= x < edges[k]`.
        dim: width of a bucket's embedding.
        mean, std: learned from the training rows; None until then.
    """

    numeric: Literal["standardise", "bucket"]
    missing: float | None = None
    edges: Annotated[tuple[float, ...] | None, Field(strict=False)] = None  # TOML knows lists only
    dim: Annotated[int, Field(ge=1)] | None = None
    mean: float | None = None
    std: Annotated[float, Field(gt=0)] | None = None


def _context_form(value: Any) -> str:
    """Which form a context column takes, so that errors speak of that one only."""
    numeric = "numeric" in value if isinstance(value, dict) else isinstance(value, ContextNumeric)
    return "numeric" if numeric else "id"


ContextFeature = Annotated[
    Annotated[ContextId, Tag("id")] | Annotated[ContextNumeric, Tag("numeric")], Discriminator(_context_form)
]


class Split(Table):
    """Leave-last-k: of each user's events the last `leave_last` are the test, as many before them validation."""

    leave_last: Annotated[int, Field(ge=1)] = 10


class Features(Table):
    """A whole features.toml."""

    spaces: Annotated[dict[str, Space], Field(min_length=1)]
    log: LogColumns
    columns: dict[str, Derived] = Field(default_factory=dict)
    target: Annotated[dict[str, str], Field(min_length=1)]
    history: Annotated[dict[str, History], Field(min_length=1)]
    context: dict[str, ContextFeature] = Field(default_factory=dict)
    split: Split = Split()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in order; also the names of the outputs."""
        return tuple(self.log.labels)
