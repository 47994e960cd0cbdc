"""A full disk, at whichever writer it is met: the message says where, and no file is half written."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]

ROOM = [(1_000, 20_000), pytest.param((50, 1_000, 4_000, 20_000, 60_000), marks=pytest.mark.slow)]
"""Bytes that no file may exceed, ever more, so that the run comes ever further."""
OF_ITS_OWN = ("journal.jsonl", "provenance.json", ".lock")  # hold times


def limit_of(size: int) -> Callable[[], None]:
    """Give a function that lets no file of its process grow beyond a size, as on a disk that is full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOM, ids=len)
def test_a_full_disk_is_told_with_its_place_and_leaves_whole_files(
    room: tuple[int, ...], recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Whatever the writer: journal, tables, model, temporary files, figures, report."""
    whole, full = tmp_path / "whole", tmp_path / "full"
    arguments = ("run", recipe, "--no-cache", "--workers", "1", "--run-dir")
    assert cli(*arguments, "whole", report=True).returncode == 0
    largest = max(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    places = set()
    for size in (*room, largest - 1):
        done = cli(*arguments, "full", report=True, preexec_fn=limit_of(size))
        assert done.returncode == 1, done.stderr
        told = re.search(r"^error: (.+): disk full\. Free space and run again$", done.stderr, re.MULTILINE)
        assert told, done.stderr
        places.add(told[1])
        assert not (full / "status.json").exists()
        for path in full.rglob("*"):
            if path.is_file() and path.name not in OF_ITS_OWN:
                assert path.read_bytes() == (whole / path.relative_to(full)).read_bytes(), path
        shutil.rmtree(full)
    assert len(places) > len(room) // 2 + 1, places


def test_a_run_goes_on_where_the_disk_was_full(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """The same directory, once there is room; what was finished is found in the cache."""
    arguments = ("run", recipe, "--workers", "1", "--run-dir", "out")
    assert cli(*arguments, preexec_fn=limit_of(40_000)).returncode == 1
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "status.json").exists()
