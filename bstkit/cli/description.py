"""Render the description of a log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bstkit.cli.render import print_pairs, print_table

if TYPE_CHECKING:
    from bstkit.data.description.facts import Lengths, LogDescription

_log = logging.getLogger("bstkit")
_UNITS = {"s": "", "ms": ", the log's numbers in milliseconds", "us": ", the log's numbers in microseconds"}


def print_description(log: LogDescription, written: Path | None) -> None:
    """Facts as tables, warnings on standard error, the proposal at the end.

    Args:
        log: what was found.
        written: the file that holds the proposal, which is then not printed.
    """
    print_pairs(_pairs(log))
    _print_lengths(log)
    if log.labels:
        typer.echo()
        rows = [(one.task, one.condition, _share(one.rate), f"{one.missing:,}") for one in log.labels]
        print_table(("task", "label", "positive", "missing"), rows)
    typer.echo()
    print_table(
        ("id", "keys", "once", "missing", "most frequent", "its share", "new in last 10 %", "new in last of user"),
        [
            (
                one.column,
                f"{one.keys:,}",
                f"{one.once:,}",
                f"{one.missing:,}",
                one.top_key[:24],
                _share(one.top_share),
                _share(one.unseen.last_tenth),
                _share(one.unseen.last_of_user),
            )
            for one in log.ids
        ],
    )
    typer.echo(
        "new in last 10 %: of the last 10 % of the events by time, the share whose key none of the first 90 % has\n"
        "new in last of user: of the last events of users with several, the share whose key no event but such ones has"
    )
    typer.echo()
    exact = {one.column: one.keys for one in log.ids}
    print_table(
        ("column", "type", "missing", "different", "first value"),
        [
            (
                one.name,
                one.type,
                f"{one.missing:,}",
                f"{exact[one.name]:,}" if one.name in exact else f"about {one.distinct:,}",
                repr(one.example),
            )
            for one in log.columns
        ],
    )
    report_warnings(log)
    typer.echo()
    if written is not None:
        print_pairs((("written", written),))
    else:
        typer.echo(log.proposal, nl=False)


def report_warnings(log: LogDescription) -> None:
    """Say on standard error what a person should look at."""
    for warning in log.warnings:
        _log.warning(warning)


def _pairs(log: LogDescription) -> Iterator[tuple[str, object]]:
    yield "log", log.origin
    yield "rows", f"{log.rows:,}"
    yield "unreadable lines", f"{log.unreadable:,}" if log.unreadable else ""
    if log.first is not None:
        yield "time span", f"{log.first} to {log.last} UTC{_UNITS[log.time_unit]}"
    yield "rows without a time", f"{log.untimed:,}" if log.untimed else ""
    if log.users is not None:
        yield "users", f"{log.users:,}"
        yield "with one event", _share(log.single_event_users)
        yield "cold", f"{_share(log.cold_users)} of the users of the last 10 % of the events have no earlier one"
    yield "same second", f"{_share(log.tied)} of the events share it with another one of the same user"
    if log.duplicates is not None:
        yield "duplicates", f"{log.duplicates:,} rows repeat user, candidate and time of another one"
    yield "columns' meaning", log.roles


def _print_lengths(log: LogDescription) -> None:
    counts = {"events per user": log.user_events} if log.user_events else {}
    counts |= {f"steps per row, history '{name}'": lengths for name, lengths in log.row_lengths.items()}
    if counts:
        typer.echo()
        print_table(
            ("", "least", "median", "mean", "90 %", "99 %", "most"),
            [(name, *_row(one)) for name, one in counts.items()],
        )


def _row(one: Lengths) -> tuple[str, ...]:
    figures = (one.least, one.median, one.mean, one.p90, one.p99, one.most)
    return tuple(f"{n:,.1f}" if isinstance(n, float) else f"{n:,}" for n in figures)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
