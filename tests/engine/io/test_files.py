"""Nothing half-written bears a final name."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from leukokit.engine.io.files import draft, write_bytes, write_json


def test_a_failing_writer_leaves_what_was_there(tmp_path: Path) -> None:
    """An exception in the middle keeps the old content and no draft."""
    path = tmp_path / "metrics.json"
    write_bytes(path, b"old")

    def fail() -> None:
        with draft(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["metrics.json"]


def test_json_is_the_same_bytes_for_the_same_value(tmp_path: Path) -> None:
    """Key order of the mapping does not show; NaN, which is not JSON, is refused."""
    write_json(tmp_path / "a", {"x": 1, "y": "é"})
    write_json(tmp_path / "b", {"y": "é", "x": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads((tmp_path / "a").read_text()) == {"x": 1, "y": "é"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "c", {"x": float("nan")})


def test_a_full_disk_is_told_with_its_path(tmp_path: Path) -> None:
    """A writer that hits the limit ends with `disk full`, and the earlier file is whole."""
    script = (
        "import signal, sys, pathlib, resource\n"
        "from leukokit.engine.io.files import write_bytes\n"
        "from leukokit.errors import RunFailed\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (4096, {resource.RLIM_INFINITY}))\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "write_bytes(path, b'whole')\n"
        "try:\n"
        "    write_bytes(path, b'x' * 100_000)\n"
        "except RunFailed as error:\n"
        "    assert str(path) in str(error) and 'disk full' in str(error), error\n"
        "    assert error.exit_code == 1\n"
        "    assert path.read_bytes() == b'whole'\n"
        "else:\n"
        "    raise SystemExit('the write should have failed')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "out.bin")], check=True)
    assert [each.name for each in tmp_path.iterdir()] == ["out.bin"]
