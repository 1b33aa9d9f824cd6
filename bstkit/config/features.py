"""features.toml: id spaces, the log's columns, histories, target and context.

What preparation learns from a log (row counts, means, deviations) is filled into the same tables, so that the file in
a run folder alone tells how to build and feed its model.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from bstkit.config.model import Table

PAD_ID = 0
OOV_ID = 1
FIRST_ID = 2
"""Id of a vocabulary's first key."""


class Space(Table):
    """An id space: one vocabulary and one embedding table.

    Args:
        dim: width of the embedding.
        rows: rows of the table, padding and out-of-vocabulary included; None until a vocabulary is known. With
            `hash_buckets` it follows from them.
        min_count: keys that the training rows hold less often are out-of-vocabulary.
        max_size: the vocabulary keeps so many keys, the most frequent ones. None: all.
        hash_buckets: no vocabulary: a key's id follows from its hash, which `bstkit.data.hashing` states. For id spaces
            too large to list; keys may share an id.
    """

    dim: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=3)] | None = None
    min_count: Annotated[int, Field(ge=1)] = 1
    max_size: Annotated[int, Field(ge=1)] | None = None
    hash_buckets: Annotated[int, Field(ge=1, le=2**31 - 1 - FIRST_ID)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _hashed_rows(cls, values: Any) -> Any:
        """Fill the rows of a hashed space in: no log has to be read to know them."""
        buckets = values.get("hash_buckets") if isinstance(values, dict) else None
        if isinstance(buckets, int) and buckets > 0 and values.get("rows") is None:
            return {**values, "rows": buckets + FIRST_ID}
        return values


class LogColumns(Table):
    """Which columns of the log say who, when and what happened, and what becomes of rows that cannot be used.

    Args:
        user: the column of the user's key.
        time: the column of the event's time: a number in `time_unit` since 1970, or a date.
        time_unit: of times that are numbers.
        labels: task -> a column of zeros and ones, or a condition such as `"rating >= 4"`. May be empty with a table
            `[sampling]`: every event is then a positive of the task `ctr`.
        bad_rows: `"error"` refuses a log with a row that cannot be used; `"skip"` leaves such rows out.
        max_bad_share: with `"skip"`, the share of the rows above which the log is refused all the same.
    """

    user: str
    time: str
    time_unit: Literal["s", "ms", "us"] = "s"
    labels: dict[str, str] = Field(default_factory=dict)
    bad_rows: Literal["error", "skip"] = "error"
    max_bad_share: Annotated[float, Field(ge=0, le=1)] = 0.01


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
        max_age_s: steps that are more seconds older than the row are left out. None: all ages. Needs the time of
            steps: `source = "events"`, or `time`.
        separator: what stands between the steps of a text column; for `source = "row"`.
        padding: a key that stands for no step, for `source = "row"`: steps of it are left out, at whichever end.
        mask_column: a column with one 0 or 1 a step, for `source = "row"`: steps with 0 are left out.
        time: a column with the time of each step, for `source = "row"`, in the log's `time_unit`. A step that is not
            older than its row makes the row a bad one.
        newest_first: for `source = "row"`: the log's columns start with the most recent step.
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
    max_age_s: Annotated[float, Field(gt=0)] | None = None
    separator: Annotated[str, Field(min_length=1)] = " "
    padding: str | None = None
    mask_column: str | None = None
    time: str | None = None
    newest_first: bool = False
    events: Literal["all", "positive"] = "all"
    weight: str | None = None
    session_gap_s: Annotated[float, Field(gt=0)] | None = None
    max_sessions: Annotated[int, Field(ge=1)] = 5
    session_length: Annotated[int, Field(ge=1)] = 10
    negatives: Literal["uniform", "popularity"] | None = None

    @property
    def has_times(self) -> bool:
        """Whether it is known when each step happened."""
        return self.source == "events" or self.time is not None


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


Share = Annotated[float, Field(gt=0, lt=1)]


class Shares(Table):
    """Which share of the users is validation, and which is the test."""

    validation: Share
    test: Share


class TimeSplit(Table):
    """How large validation and test are, as shares of all events, or when they begin.

    Args:
        validation: below 1, a share: these events before the test. Otherwise seconds since 1970, or a date: the first
            moment of validation.
        test: likewise; the last events.
    """

    validation: float | datetime | date
    test: float | datetime | date


class Split(Table):
    """Which rows are for training, which for validation, which are the test. One of four ways.

    Args:
        leave_last: of each user's events the last so many are the test, as many before them validation.
        time: everything from one moment on is validation, from a later one on the test.
        user: shares of the users; all rows of a user fall into one part.
        column: a column of the log that holds `train`, `validation` or `test`.
    """

    leave_last: Annotated[int, Field(ge=1)] = 10
    time: TimeSplit | None = None
    user: Shares | None = None
    column: str | None = None


class Sampling(Table):
    """Candidates that a user was not seen with, drawn for logs that hold interactions only.

    Each becomes a row with label 0 beside its positive: `[target]` is the drawn candidate's, all else the positive's.
    So whatever tells candidates apart belongs in `[target]`; in `[context]` it would give the positive away. Which
    candidates may be drawn is stated in `bstkit.data.sampling.candidate_sampling`.

    Args:
        negatives_per_positive: candidates drawn beside each positive event of the first task; fewer where there are not
            as many.
        by: `"uniform"` over the candidates, or by their `"popularity"`; both of what happened before the event.
        seed: of the draws.
        rate: the share of the candidates that was drawn beside the positives among the training rows, all of them
            together; `bstkit.data.sampling.sampling_rate` corrects probabilities by it. Learned.
    """

    negatives_per_positive: Annotated[int, Field(ge=1)] = 4
    by: Literal["uniform", "popularity"] = "uniform"
    seed: Annotated[int, Field(ge=0)] = 0
    rate: float | None = None


class Features(Table):
    """A whole features.toml."""

    spaces: Annotated[dict[str, Space], Field(min_length=1)]
    log: LogColumns
    columns: dict[str, Derived] = Field(default_factory=dict)
    target: Annotated[dict[str, str], Field(min_length=1)]
    history: Annotated[dict[str, History], Field(min_length=1)]
    context: dict[str, ContextFeature] = Field(default_factory=dict)
    split: Split = Split()
    sampling: Sampling | None = None

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in order; also the names of the outputs."""
        return tuple(self.log.labels) or ("ctr",)
