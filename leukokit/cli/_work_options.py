"""Options of all commands that work on images: who does the work, and where results are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def workers_option(what: str = "result") -> Callable[[F], F]:
    """Give ``--workers``; ``what`` never depends on it."""
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        help=f"Processes; default: one a core. Never changes a {what}.",
    )


def cache_dir_option(
    text: str = "Cache folder; default: $LEUKOKIT_CACHE or the user's cache folder.",
) -> Callable[[F], F]:
    """Give ``--cache-dir``."""
    return click.option("--cache-dir", type=click.Path(path_type=Path), help=text)


no_cache_option = click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")


def executor_options(command: F) -> F:
    """Add ``--workers``, ``--executor``, ``--scheduler``, ``--timeout`` and ``--worker-memory``."""
    for option in reversed(_EXECUTOR):
        command = option(command)
    return command


def _of_dask(context: click.Context, parameter: click.Parameter, address: str | None) -> str | None:  # noqa: ARG001 - click's signature
    """Refuse a scheduler without dask; ``--executor`` is eager, so that it is known here."""
    if address is not None and context.params["executor"] != "dask":
        raise click.UsageError("--scheduler is for --executor dask; give both, or neither.")
    return address


_EXECUTOR = (
    workers_option(),
    click.option(
        "--executor",
        type=click.Choice(["auto", "inline", "processes", "dask"]),
        default="auto",
        show_default=True,
        is_eager=True,
        help="Where images are worked on. Never changes a result.",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        callback=_of_dask,
        help="Scheduler for --executor dask, such as tcp://10.0.0.1:8786; default: one of this machine.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=120.0,
        show_default=True,
        help="Seconds after which one image is given up.",
    ),
    click.option(
        "--worker-memory",
        type=click.FloatRange(min=0.1),
        metavar="GIB",
        help="GiB that a worker may use; default: all may use 90 % of the memory. "
        "An image that takes more is rejected.",
    ),
)
