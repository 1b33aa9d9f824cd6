"""Everything that goes to standard error: errors, warnings, notes."""

from __future__ import annotations

import logging
import os
import sys
import textwrap
import traceback

import typer

_log = logging.getLogger("bstkit")


class _StderrHandler(logging.Handler):
    """Write each message once, as `warning: ...` or `note:  ...`, to whatever standard error is now."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        text = record.getMessage()
        if text not in self._seen:
            self._seen.add(text)
            name = "warning" if record.levelno >= logging.WARNING else "note"
            _write(f"{name}: ", "yellow" if name == "warning" else "cyan", text)


def configure_logging(quiet: bool, verbose: bool) -> None:
    """Send bstkit's log to standard error.

    Args:
        quiet: `-q`, errors only.
        verbose: `-v`, everything; wins over `quiet`.
    """
    _log.handlers = [_StderrHandler()]
    _log.propagate = False
    _log.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.INFO)


def is_verbose() -> bool:
    """Whether `-v` was given."""
    return _log.level == logging.DEBUG


def is_quiet() -> bool:
    """Whether `-q` was given: progress stays hidden too."""
    return _log.level == logging.ERROR


def report_error(message: str, hint: str) -> None:
    """Write an error and its hint, further lines indented below the first."""
    _write("error: ", "red", message)
    _write("hint:  ", "green", hint)


def report_note(text: str) -> None:
    """Write a note, unless `-q` was given."""
    if not is_quiet():
        _write("note:  ", "cyan", text)


def report_traceback(error: BaseException) -> None:
    """Write an error's traceback, when `-v` was given."""
    if is_verbose():
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)


def use_colour() -> bool | None:
    """False when NO_COLOR is set, else None: let the terminal decide."""
    return False if os.environ.get("NO_COLOR") else None


def _write(label: str, colour: str, text: str) -> None:
    body = textwrap.indent(text, " " * len(label)).lstrip()
    typer.echo(typer.style(label, fg=colour, bold=True) + body, err=True, color=use_colour())
    sys.stderr.flush()
