"""Files for people who cite or change leukokit: one truth, told once."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from leukokit import __version__

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_citation_is_of_this_version() -> None:
    """Name, version and license are those of the package."""
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["cff-version"] == "1.2.0"
    assert (citation["title"], citation["version"]) == (project["name"], __version__)
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == ["The leukokit developers"]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("target", "marker"), [("setup", "install-for-tests"), ("test", "test")])
def test_make_runs_what_the_readme_says(target: str, marker: str) -> None:
    """The command is taken from the marked block, and is not written a second time."""
    (command,) = re.findall(rf"<!-- ci: {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    shown = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    (inner,) = re.findall(r'"\$\((.*)\)"', shown.stdout)
    done = subprocess.run(inner, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == command
    assert command not in (ROOT / "Makefile").read_text()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_lint_runs_what_ci_runs() -> None:
    """Lint, layers and types of ``.ci/run``, in its order."""
    shown = subprocess.run(["make", "-n", "lint"], cwd=ROOT, capture_output=True, text=True, check=True)
    (inner,) = re.findall(r'"\$\((.*)\)"', shown.stdout)
    done = subprocess.run(inner, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    commands = done.stdout.split("\n")[:-1]
    assert commands == ["ruff check .", "ruff format --check .", "lint-imports", "mypy"]
