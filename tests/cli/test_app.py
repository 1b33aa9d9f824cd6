"""Exit codes, error layout, global options."""

import pytest
import typer

from bstkit.cli import discover
from bstkit.errors import VerificationError
from bstkit.version import __version__


def test_version_prints_the_version(run):
    assert run("--version").out == f"bstkit {__version__}\n"


def test_no_arguments_show_the_help(run):
    ran = run()
    assert ran.code == 0
    assert "Usage: bstkit" in ran.out


@pytest.mark.parametrize(
    ("arguments", "guess"), [(("lst",), "'list'"), (("list", "--jsn"), "--json"), (("--verbos", "list"), "--verbose")]
)
def test_usage_errors_guess_and_exit_2(run, arguments, guess):
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    first, second = ran.err.splitlines()
    assert first.startswith("error: ")
    assert guess in first
    assert second.startswith("hint:  `bstkit ")


@pytest.fixture
def failing(monkeypatch):
    """Let `plugins` and `list` raise this error."""

    def fail(error):
        def raise_it(*arguments):
            raise error

        monkeypatch.setattr(discover, "open_registry", raise_it)

    return fail


def test_an_error_of_ours_exits_with_its_own_code(run, failing):
    failing(VerificationError("they differ\nat row 4", "look at row 4"))
    ran = run("list")
    assert ran.code == 1
    assert ran.err == "error: they differ\n       at row 4\nhint:  look at row 4\n"


def test_an_unexpected_error_is_one_line_and_names_the_way_to_its_traceback(run, failing):
    failing(RuntimeError("two\nlines"))
    ran = run("list", "encoder")
    assert ran.code == 2
    assert ran.err == "error: RuntimeError: two lines\nhint:  for the traceback run  bstkit -v list encoder\n"


def test_verbose_shows_the_traceback(run, failing):
    failing(RuntimeError("broken"))
    ran = run("-v", "list")
    assert ran.code == 2
    assert "Traceback (most recent call last)" in ran.err


def test_ctrl_c_stops_without_a_traceback(run, failing):
    failing(KeyboardInterrupt())
    ran = run("list")
    assert ran.code == 130
    assert "Traceback" not in ran.err


def test_no_color_and_pipes_get_no_escape_codes(run, monkeypatch):
    assert "\x1b" not in run("list", "encodr").err
    monkeypatch.setenv("NO_COLOR", "1")
    from bstkit.cli.console import use_colour

    assert use_colour() is False


def test_grouped_options_give_a_command_one_object(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from bstkit.cli.options import SelectionOptions, grouped_options

    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    seen = []

    @app.command()
    @grouped_options
    def build(name: str, options: SelectionOptions, dry_run: bool = False) -> None:
        """Build."""
        seen.append((name, options, dry_run))

    arguments = "--recipe bst a --encoder identity --set train.epochs=3 --set head.units=[4] --dry-run"
    result = CliRunner().invoke(app, arguments.split())
    assert result.exit_code == 0, result.output
    ((name, options, dry_run),) = seen
    assert (name, dry_run) == ("a", True)
    selection = options.selection()
    assert (selection.recipe, selection.encoder[0].name, selection.train.epochs) == ("bst", "identity", 3)
    assert selection.head.parameters == {"units": [4]}
    assert selection.origins["encoder"] == "--encoder"
