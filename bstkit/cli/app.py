"""The `bstkit` program: its global options, its commands, its exit codes.

Every module of commands is imported here, so none of them imports anything but Typer at its top.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from bstkit.cli import check, data, diff, discover, evaluate, export, init, new, plugins, predict, report, sweep, train
from bstkit.cli.console import configure_logging, is_verbose, report_error, report_note, report_traceback
from bstkit.cli.stopping import Stopped
from bstkit.disabling import FLAG, VARIABLE, disabled_by_flag, names_in
from bstkit.errors import BstkitError, WorkerFinished

app = typer.Typer(
    name="bstkit",
    help="Compose, train and export Behavior Sequence Transformer click-through-rate models.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for commands in (init, data, train, sweep, export, predict, evaluate, diff, report, discover, plugins, new, check):
    commands.add_commands(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit: 0 done, 1 the answer is no, 2 could not run, 130 or 143 stopped by a signal.

    Args:
        arguments: the command line without the program's name. Defaults to the process's.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(args=arguments or ["--help"], prog_name="bstkit", standalone_mode=False)
    except typer.Abort:
        report_error("stopped", "run the command again")
        sys.exit(130)
    except WorkerFinished as done:
        report_note(str(done))
        sys.exit(0)
    except Stopped as stopped:
        report_error(stopped.cause.message, f"go on with  {stopped.command(arguments)}")
        sys.exit(stopped.cause.exit_code)
    except BstkitError as error:
        report_error(error.message, error.hint)
        report_traceback(error)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - no traceback may reach a user who did not ask for it
        sys.exit(_report_unexpected(error, arguments))
    if code == 130:  # Typer's for Ctrl-C
        report_error("stopped", "run the command again")
    sys.exit(code if isinstance(code, int) else 0)


def _report_unexpected(error: Exception, arguments: Sequence[str]) -> int:
    """Report a usage error, which is Typer's own, or a defect; return the exit code."""
    if hasattr(error, "format_message"):  # its class is public only in later releases of Typer
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "bstkit"
        report_error(error.format_message(), f"`{command} --help` lists commands and options")
        return 2
    cause = " ".join(f"{type(error).__name__}: {error}".split())
    hint = "the traceback above is worth a bug report" if is_verbose() else "for the traceback run"
    report_error(cause, hint if is_verbose() else f"{hint}  bstkit -v {' '.join(arguments)}")
    report_traceback(error)
    return 2


def _print_version(wanted: bool) -> None:
    if wanted:
        from bstkit.version import __version__

        typer.echo(f"bstkit {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only: no notes, warnings or progress.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks.")] = False,
    disable_plugins: Annotated[
        list[str] | None,
        typer.Option(
            FLAG,
            metavar="NAMES",
            help=f"Leave these plugins out: distributions, with commas; repeatable. So does the variable {VARIABLE}.",
        ),
    ] = None,
) -> None:
    configure_logging(quiet, verbose)
    names = [name for text in disable_plugins or () for name in names_in(text)]
    context.with_resource(disabled_by_flag(names))
