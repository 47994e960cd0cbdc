"""The command line: one file a command, imported when it is asked for.

``leukokit --help`` and shell completion read the table below and import no command, so they stay fast
whatever the commands import.
"""

from __future__ import annotations

import click

from leukokit._version import __version__
from leukokit.cli._group import LazyGroup

COMMANDS = {
    "run": "Run a recipe and leave a run directory.",
    "check": "Check a recipe and its data without running it.",
    "predict": "Predict images with the model of a finished run.",
    "audit": "Audit a data set: duplicates, stain, scale bars, files.",
    "compare": "Compare finished runs on the same test images.",
    "report": "Make the report of a finished run again.",
    "new": "Write a new recipe for your images.",
    "runs": "List run directories, and remove those of runs that did not end.",
    "list": "List the installed components.",
    "show": "Show a component: what it does and its parameters.",
    "schema": "Print the JSON Schema of recipes or of run directories.",
    "data": "Look at data sets, verify and fetch them.",
    "cache": "Look at the cache, trim or clear it.",
    "doctor": "Examine this installation and machine.",
}
"""Name and summary; the command is ``command`` in the module of that name. A test keeps summaries true."""


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="leukokit", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, envvar="LEUKOKIT_DEBUG", help="Show the traceback of an error.")
@click.option(
    "--no-plugins",
    is_flag=True,
    help="Use built-in components only. LEUKOKIT_PLUGINS=none does the same; LEUKOKIT_PLUGINS=a,b uses the "
    "plugins of these installed packages only.",
)
@click.pass_context
def main(ctx: click.Context, debug: bool, no_plugins: bool) -> None:
    """Classify leukemia blood smears with recipes made of plugins. Research use only."""
    del debug  # LazyGroup.invoke reads it
    if no_plugins:
        from leukokit.catalog.choice import no_plugins as switched_off

        # By the environment, so that processes which the command starts see the same components.
        ctx.with_resource(switched_off())


__all__ = ["COMMANDS", "main"]
