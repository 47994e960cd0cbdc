"""A killed process leaves its temporary folders; the next one removes them, and none of a living one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leukokit.process.scratch import scratch_folder, sweep


@pytest.fixture
def temporary(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of temporary files, here and in processes started from here."""
    monkeypatch.setattr("tempfile.tempdir", str(short_folder))
    monkeypatch.setenv("TMPDIR", str(short_folder))
    return short_folder


HOLDS = """
import multiprocessing.util, sys, time
from pathlib import Path
from leukokit.process.scratch import lock_folder, scratch_folder
lock_folder(Path(multiprocessing.util.get_temp_dir()))
with scratch_folder() as folder:
    (folder / "large").write_text("x")
    print("ready", flush=True)
    time.sleep(60)
"""


def holder() -> subprocess.Popen[str]:
    """Start a process that holds a folder of ours and one of Python's multiprocessing."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_what_a_killed_process_left_is_swept_and_a_living_one_keeps_its_own(temporary: Path) -> None:
    """Both kinds of folder, once their process is dead."""
    with holder() as process, scratch_folder() as mine:
        (mine / "file").write_text("mine")
        assert len(list(temporary.iterdir())) == 3
        assert sweep() == []
        process.kill()
        process.wait()
        swept = sweep()
        assert sorted(path.name.split("-")[0] for path in swept) == ["leukokit", "pymp"]
        assert (mine / "file").read_text() == "mine"
        assert list(temporary.iterdir()) == [mine.parent]
    assert list(temporary.iterdir()) == []


def test_folders_of_others_and_links_are_left_alone(temporary: Path, tmp_path: Path) -> None:
    """No mark, no sweep; and a link never leads out of the folder."""
    (temporary / "pymp-foreign").mkdir()
    (temporary / "leukokit-foreign").mkdir()
    (temporary / "leukokit-traceback-1.txt").write_text("kept for a report")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".leukokit-lock").touch()
    (outside / "precious").touch()
    (temporary / "leukokit-link").symlink_to(outside)
    (temporary / "leukokit-lock-link").mkdir()
    (temporary / "leukokit-lock-link" / ".leukokit-lock").symlink_to(outside / "precious")
    before = sorted(temporary.rglob("*"))
    assert sweep() == []
    assert sorted(temporary.rglob("*")) == before
    assert (outside / "precious").exists()


def test_a_folder_goes_with_its_block(temporary: Path) -> None:
    """Also where the block ends in an error."""

    def fail() -> None:
        with scratch_folder("leukokit-fit-") as folder:
            assert list(folder.iterdir()) == []
            assert folder.parent.name.startswith("leukokit-fit-")
            raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        fail()
    assert list(temporary.iterdir()) == []
