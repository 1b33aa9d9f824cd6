"""Describe a log: read it once, say what its columns are, measure it, propose a features.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from bstkit.config.features import Features
from bstkit.data.checked.log_values import texts_of
from bstkit.data.checked.needed_columns import needed_columns, row_histories
from bstkit.data.description import measures
from bstkit.data.description.columns import column_facts
from bstkit.data.description.database import described_table, one_row
from bstkit.data.description.draft import Draft
from bstkit.data.description.event_table import make_event_table
from bstkit.data.description.facts import ColumnFacts, Lengths, LogDescription
from bstkit.data.description.guess import guess_draft
from bstkit.data.description.proposal import proposal_toml
from bstkit.data.description.remarks import add_remarks, allow_bad_rows, find_warnings
from bstkit.data.description.split_choice import choose_split, possible_splits
from bstkit.data.feature_files import known_features
from bstkit.data.prepared.database import MEMORY_LIMIT
from bstkit.errors import DataError
from bstkit.progress import Advance
from bstkit.spelling import did_you_mean


def describe_log(
    path: Path | str | None,
    features: Features | None = None,
    seed: int = 0,
    *,
    memory_limit: str = MEMORY_LIMIT,
    advance: Advance | None = None,
) -> LogDescription:
    """Describe a log; memory stays bounded, whatever its size.

    Args:
        path: what `open_source` reads; None for the embedded log.
        features: what the columns mean. Defaults to the file that goes with the log, such as a features.toml beside it;
            where there is none, it is guessed.
        seed: of the embedded log.
        memory_limit: what DuckDB may hold before it spills to disk.
        advance: told how far the work is.

    Raises:
        DataError: the log is missing, unreadable, empty, lacks a column that `features` names, or the work does not fit
            into the memory limit.
        ConfigError: the features.toml beside the log is wrong.
    """
    tell = advance or (lambda done, note: None)
    path = None if path is None else Path(path)
    tell(0.0, "reading")
    with described_table(path, seed, memory_limit) as (connection, source, unreadable):
        tell(0.4, "looking at columns")
        columns = column_facts(connection)
        known = features or known_features(path)
        if known is None:
            roles, draft = "guessed from names, types and values", guess_draft(connection, columns)
        else:
            roles = "the features.toml that was given" if features else "the features.toml that goes with this log"
            _check_columns(known, [column.name for column in columns], source.origin)
            draft = Draft(known.model_dump(exclude_none=True, exclude_unset=True))
        tell(0.6, "measuring")
        description = _measure(connection, draft.features(), columns, source.origin, roles)
        description = replace(description, unreadable=unreadable)
        if known is None:
            choose_split(connection, draft, list(draft.features().log.labels))
            allow_bad_rows(draft, measures.bad_rows(connection, draft.features()) + unreadable, description.rows)
        add_remarks(draft, description)
        warnings = tuple(find_warnings(draft.features(), description))
        if known is not None:
            warnings = (*warnings, *_split_warnings(connection, known))
        heading = (f"features.toml for {source.origin}", f"What its columns mean: {roles}.")
        proposal = proposal_toml(draft, heading)
        tell(1.0, f"{description.rows:,} events")
        return replace(description, warnings=(*draft.missing, *warnings), proposal=proposal)


def _measure(
    connection: duckdb.DuckDBPyConnection,
    features: Features,
    columns: tuple[ColumnFacts, ...],
    origin: str,
    roles: str,
) -> LogDescription:
    """Everything but warnings and proposal."""
    names = {column.name for column in columns}
    make_event_table(connection, features, names)
    first, last, untimed = measures.time_span(connection)
    users = measures.lengths(connection, measures.USER_EVENTS)
    item = next(iter(features.target))
    found = features.log.user in names
    ids = measures.id_facts(connection, features)
    return LogDescription(
        origin=origin,
        rows=int(one_row(connection, "SELECT count(*) FROM event")[0]),
        unreadable=0,
        first=first,
        last=last,
        time_unit=features.log.time_unit,
        untimed=untimed,
        users=ids[0].keys if found else None,
        user_events=users,
        single_event_users=measures.share(connection, "n = 1", measures.USER_EVENTS),
        cold_users=measures.cold_users(connection) if first is not None else None,
        tied=measures.tied_share(connection),
        duplicates=measures.duplicate_rows(connection, item) if found and first is not None else None,
        labels=measures.label_facts(connection, features),
        ids=ids,
        row_lengths=_row_lengths(connection, features, columns),
        columns=columns,
        roles=roles,
        warnings=(),
        proposal="",
    )


def _split_warnings(connection: duckdb.DuckDBPyConnection, features: Features) -> Iterator[str]:
    """Say when the last events of users cannot be left out as the file says."""
    split = features.split
    if split.time or split.user or split.column:
        return
    possible = possible_splits(connection, list(features.log.labels), split.leave_last)
    if split.leave_last not in possible:
        instead = f"leave_last = {possible[0]} would do" if possible else "split by time or by user"
        yield f"[split] leave_last = {split.leave_last} leaves a part without rows or without labels: {instead}"


def _row_lengths(
    connection: duckdb.DuckDBPyConnection, features: Features, columns: Sequence[ColumnFacts]
) -> dict[str, Lengths]:
    """Steps per row of the histories that stand in the row."""
    lists = {column.name for column in columns if column.is_list}
    found = {}
    for name, history in row_histories(features).items():
        column = next(iter(history.fields))
        steps = texts_of(features, column, history.separator, column in lists)
        measured = measures.lengths(connection, f"SELECT len({steps}) AS n FROM source")
        if measured is not None:
            found[name] = measured
    return found


def _check_columns(features: Features, columns: Sequence[str], origin: str) -> None:
    """Refuse features that name columns the log does not have."""
    absent = [column for column in needed_columns(features) if column.name not in columns]
    if absent:
        lines = [
            f"{origin} has no column {one.name!r}, which features.toml asks for at {one.asked_by}" for one in absent
        ]
        hint = did_you_mean(absent[0].name, columns) or "correct features.toml:"
        raise DataError("\n".join(lines), f"{hint} the log has {', '.join(columns)}")
