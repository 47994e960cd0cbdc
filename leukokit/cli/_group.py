"""A click group that imports its commands when they are asked for, and the one place that handles errors."""

from __future__ import annotations

import errno
import importlib
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from leukokit.errors import EXIT_FAILED, EXIT_INTERRUPTED, LeukokitError, RecipeError
from leukokit.process import stop


class LazyGroup(click.Group):
    """Commands by name from a static table.

    Parameters
    ----------
    table : mapping of str to str
        Name of each command to its summary, in the order of ``--help``. The command is the object ``command``
        of the module of that name in this package.
    """

    def __init__(self, *args: Any, table: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of that name."""
        if cmd_name not in self._table:
            return None
        command = importlib.import_module(f"leukokit.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a name that is none of ours gets the nearest one proposed."""
        name = args[0]
        if name not in self._table and not name.startswith("-") and not ctx.resilient_parsing:
            from leukokit.cli._terminal import safe
            from leukokit.near_names import did_you_mean

            raise click.UsageError(
                f"there is no command {safe(name)!r}{did_you_mean(name, self._table)}.", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it raises becomes a message on stderr and an exit code."""
        debug = bool(ctx.params.get("debug"))
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, so that a closed pipe is handled below
        except LeukokitError as error:
            stop.check(error)
            _fail(_message(error), error.exit_code, debug)
        except stop.Stopped:
            if debug:
                traceback.print_exc()
            raise  # the process ends with the code of the signal
        except KeyboardInterrupt:
            _fail("interrupted", EXIT_INTERRUPTED, debug)
        except click.UsageError as error:
            raise _with_advice(error) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # the reader of our output has gone; click ends quietly
            stop.check(error)
            _fail(_unexpected(error, debug), EXIT_FAILED, debug)
        else:
            return result


def _with_advice(error: click.UsageError) -> click.UsageError:
    """Say how to quote a value of ``--set`` where a shell has cut one into several arguments."""
    extra = re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", error.message)
    if extra is None or not set(extra[1]) & set("{}[]="):
        return error
    from leukokit.recipe.overrides import QUOTING

    text = f"too many arguments: {extra[1]}. Where they belong to a value of --set: {QUOTING}."
    return click.UsageError(text, error.ctx)


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    from leukokit.cli._terminal import print_error

    if debug:
        print_error(traceback.format_exc(), label="")
    print_error(message)
    raise click.exceptions.Exit(code)


def _message(error: LeukokitError) -> str:
    if isinstance(error, RecipeError) and error.problems:
        count = len(error.problems)
        lines = [str(problem) for problem in error.problems]
        return "\n".join([f"the recipe has {count} mistake{'s' if count > 1 else ''}", *lines])
    return str(error)


def _unexpected(error: Exception, debug: bool) -> str:
    text = f"unexpected {type(error).__name__}: {error}"
    if debug:
        return f"{text}\nPlease report this as a bug, with the traceback above."
    return f"{text}\nPlease report this as a bug, with {_traceback_file()}."


def _traceback_file() -> str:
    """Keep the traceback: what failed after an hour cannot be asked to fail again."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="leukokit-traceback-", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file:
            file.write(traceback.format_exc())
    except OSError:
        return "the traceback that 'leukokit --debug' prints"
    return f"the traceback in {file.name}"
