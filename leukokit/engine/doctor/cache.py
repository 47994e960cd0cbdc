"""The cache: whether it can be written to, how large it is, and whether its files are whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from leukokit.cache_folder import write_problem
from leukokit.catalog.report_cache import read_report, report_files
from leukokit.engine.cache.store import Store
from leukokit.engine.doctor.finding import Finding, Level

_GIB = 2**30
_SECONDS = 20.0  # for reading the cache from end to end; the rest of a large one is left out
_LARGE = 50.0  # GiB


def examine_cache(cache: Path) -> Iterator[Finding]:
    """Examine the cache folder."""
    problem = write_problem(cache)
    if problem:
        hint = (
            "Set LEUKOKIT_CACHE to a folder that can be written to; until then nothing is kept between runs"
        )
        yield Finding("cache", Level.NOTE, f"{cache} cannot be written to ({problem})", hint)
    else:
        yield Finding("cache", Level.OK, f"{cache} can be written to")
    try:
        yield from _results(cache)
        yield from _reports(cache)
    except OSError as error:
        hint = "Correct its permissions, or set LEUKOKIT_CACHE to another folder"
        yield Finding(
            "cache", Level.FAIL, f"{error.filename or cache} cannot be read ({error.strerror})", hint
        )


def _results(cache: Path) -> Iterator[Finding]:
    store = Store(cache)
    entries = store.entries()
    total = sum(entry.bytes for entry in entries) / _GIB
    end = monotonic() + _SECONDS
    looked, damaged = 0, 0
    for entry in reversed(entries):  # those used last matter most
        if monotonic() > end:
            break
        looked += 1
        problem = store.problem(entry)
        if problem:
            damaged += 1
            hint = f"Nothing is lost: it is computed again. To remove it now: rm -r '{entry.path}'"
            yield Finding("cache", Level.FAIL, f"{entry.title} ({entry.path}): {problem}", hint)
    large = total > _LARGE
    text = f"{total:.1f} GiB in {len(entries)} entries"
    if looked < len(entries):
        text += f"; {looked} of them, used last, were read in {_SECONDS:g} s"
    if entries:
        text += f"; {damaged} damaged" if damaged else "; none is damaged"
    hint = "Make it smaller: leukokit cache prune --max-size 20G" if large else ""
    yield Finding("cache", Level.NOTE if large else Level.OK, text, hint)


def _reports(cache: Path) -> Iterator[Finding]:
    for path in report_files(cache):
        try:
            read_report(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            hint = "The plugins have been examined again; if this happens again, check the disk"
            yield Finding(
                "cache", Level.FAIL, f"what is known of plugins ({path}) is damaged: {reason}", hint
            )
