"""The likeliest mistakes of a first hour: each message says what is wrong and what to do, word for word."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from leukokit.cli import main

_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
"""Name of a run's folder."""
GOLDEN = Path(__file__).with_name("first_hour.txt")


def told(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make each mistake, and give what the commands say."""
    mistakes = load_mistakes()
    mistakes.make_workspace(root)
    monkeypatch.chdir(root)
    said = []
    for mistake in mistakes.MISTAKES:
        environment = {
            "LEUKOKIT_CACHE": str(root / "cache"),
            "LEUKOKIT_PLUGINS": "none",
            "LEUKOKIT_DATA": None,
            "XDG_DATA_HOME": str(root / "home"),
            "COLUMNS": "100",
            **mistake.environment,
        }
        done = CliRunner().invoke(
            main, shlex.split(mistake.command), env=environment, prog_name="leukokit", terminal_width=100
        )
        told = f"{mistake.what}: {done.exit_code}: {done.output} {done.exception!r}"
        assert done.exit_code == mistake.code, told
        lines = _TIME.sub("TIME", done.stderr.replace(str(root), "WORK")).splitlines()
        errors = "".join(f"{line.rstrip()}\n" for line in lines)
        said.append(f"# {mistake.what}\n$ leukokit {mistake.command}\n{errors}")
    return "\n".join(said)


def load_mistakes() -> ModuleType:
    """Import the module beside this file; tests are no package here."""
    path = Path(__file__).with_name("first_hour.py")
    spec = importlib.util.spec_from_file_location("first_hour", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_each_mistake_is_answered_as_agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code, and the words of the golden file; write it anew with what the assertion shows."""
    now = told(tmp_path.resolve(), monkeypatch)
    tmp_path.with_name("first_hour_now.txt").write_text(now, "utf-8")
    assert now.splitlines() == GOLDEN.read_text("utf-8").splitlines()


def test_no_message_is_an_internal_one() -> None:
    """No traceback, no name of an exception, no number of the system."""
    text = GOLDEN.read_text("utf-8")
    for word in ("Traceback", "Errno", "unexpected", "report this as a bug", "None"):
        assert word not in text
