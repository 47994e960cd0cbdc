"""The group: light start, one place for errors, exit codes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from leukokit._version import __version__
from leukokit.cli import COMMANDS, main
from leukokit.cli._group import LazyGroup
from leukokit.errors import Problem, RecipeError, RunFailed

HEAVY = {
    "numpy",
    "pandas",
    "cv2",
    "sklearn",
    "scipy",
    "skimage",
    "pydantic",
    "ruamel.yaml",
    "pyarrow",
    "matplotlib",
}

MODULES = """
import json, sys
from leukokit.cli import main
try:
    main({arguments}, prog_name="leukokit")
except SystemExit as done:
    code = done.code
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(*arguments: str) -> tuple[int, set[str]]:
    """Run a command in a fresh interpreter; return its exit code and what it imported."""
    done = subprocess.run(
        [sys.executable, "-c", MODULES.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    ("arguments", "most"),
    [(["--help"], 260), (["--version"], 260), (["list"], 320), (["list", "--json"], 320)],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_light_commands_import_nothing_heavy(arguments, most):
    """Start-up cost is bounded by a count: ``--help`` needs click, ``list`` pluggy and the plugins' names."""
    code, modules = modules_after(*arguments)
    assert code == 0
    assert not HEAVY & modules
    assert not {
        module for module in modules if module.startswith("leukokit.plugins.") and module.count(".") > 2
    }
    assert len(modules) < most


def test_help_imports_no_command():
    """The table is enough."""
    _, modules = modules_after("--help")
    assert not {f"leukokit.cli.{name}" for name in COMMANDS} & modules


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name):
    """Each summary is the first line of the command's own help, and its name is its own."""
    command = importlib.import_module(f"leukokit.cli.{name}").command
    assert command.name == name
    assert command.help.splitlines()[0] == COMMANDS[name]


def test_help_lists_every_command():
    """In the order of the table, each with its summary."""
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    positions = [done.output.index(f"  {name} ") for name in COMMANDS]
    assert positions == sorted(positions)


def test_version_is_that_of_the_package():
    """One line on stdout."""
    done = CliRunner().invoke(main, ["--version"])
    assert done.output == f"leukokit {__version__}\n"


def test_python_m_leukokit_works():
    """And calls itself leukokit."""
    done = subprocess.run(
        [sys.executable, "-m", "leukokit", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("Usage: leukokit [OPTIONS]")


def test_a_misspelt_command_gets_the_nearest_one():
    """Exit code 2, nothing on stdout."""
    done = CliRunner().invoke(main, ["chek"])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "there is no command 'chek' (did you mean 'check'?)" in done.stderr


def print_nothing(debug: bool) -> None:
    """Stand in for the body of the group."""


def group_of(function) -> LazyGroup:
    """Make a group like ours around one function, so that any error can be raised in it."""

    class Group(LazyGroup):
        def get_command(self, ctx, cmd_name):
            return click.Command("go", callback=function)

    group = Group(
        "leukokit",
        table={"go": "Go."},
        params=[click.Option(["--debug"], is_flag=True, envvar="LEUKOKIT_DEBUG")],
    )
    group.callback = print_nothing
    return group


def raising(error: BaseException) -> LazyGroup:
    """Make a group whose command raises."""

    def function() -> None:
        raise error

    return group_of(function)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            RunFailed("disk full", where="/x", hint="Free some space"),
            1,
            "error: /x: disk full. Free some space",
        ),
        (
            RecipeError([Problem("a.b", "bad", "r.yaml", 3, 5)]),
            2,
            "error: the recipe has 1 mistake\nr.yaml:3:5: a.b: bad",
        ),
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (ValueError("odd"), 1, "error: unexpected ValueError: odd\nPlease report this as a bug"),
        (SystemExit(3), 3, ""),
        (click.UsageError("no"), 2, "no"),
    ],
)
def test_every_error_ends_in_a_message_and_its_exit_code(error, code, words):
    """On stderr, and without a traceback."""
    done = CliRunner().invoke(raising(error), ["go"])
    assert done.exit_code == code
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "how", [{"args": ["--debug", "go"]}, {"args": ["go"], "env": {"LEUKOKIT_DEBUG": "1"}}]
)
@pytest.mark.parametrize("error", [ValueError("odd"), RunFailed("disk full")])
def test_debug_shows_the_traceback(error, how):
    """By option or by environment."""
    done = CliRunner().invoke(raising(error), **how)
    assert "Traceback (most recent call last)" in done.stderr


def test_an_unexpected_error_leaves_its_traceback_in_a_file(tmp_path, monkeypatch):
    """What failed after an hour need not be asked to fail again."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    CliRunner().invoke(raising(ValueError("odd")), ["go"])
    (file,) = tmp_path.iterdir()
    assert "ValueError: odd" in file.read_text()


def test_hostile_text_reaches_the_terminal_harmless():
    """No escape sequence, no markup, no reversed text; a name that is not UTF-8 is shown by its bytes."""
    hostile = "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold] \u202eevil \udcff \x9b2J \x07\r"
    done = CliRunner().invoke(raising(RunFailed(hostile)), ["go"])
    assert not set("\x1b\x07\x9b\r\u202e") & set(done.stderr)
    assert "red [bold]x[/bold] \\u202eevil \\udcff \\x9b2J" in done.stderr


def test_a_closed_pipe_ends_quietly():
    """``leukokit list | head -1`` prints no traceback; here the reader is gone before a line is written."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m leukokit list | true"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("variable", [{}, {"NO_COLOR": "1"}])
def test_no_color_off_a_terminal_and_where_it_is_not_wanted(variable):
    """Errors and data are plain text."""
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    for arguments in (["list"], ["show", "median"], ["check", "nowhere.yaml"]):
        done = subprocess.run(
            [sys.executable, "-m", "leukokit", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**environment, **variable},
        )
        assert "\x1b" not in done.stdout + done.stderr
