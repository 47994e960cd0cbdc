"""Docs that can drift are run."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from leukokit.catalog import discover
from leukokit.recipe import load_recipe, load_recipe_text

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "plugins_contrib").glob("*/README.md")),
]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SLOW = 'classifier.load(run.path / "model")'
"""Line of the block that trains a network in a run; the block before it trains and saves one."""
BLOCKS = [
    pytest.param(
        language,
        code,
        id=f"{page.parent.name}-{page.stem}-{i}-{language}",
        marks=pytest.mark.slow if SLOW in code else (),
    )
    for page in PAGES
    for i, (language, code) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")

# Runs take minutes or need the network; the recipes that they name are checked instead. Others need runs,
# a new recipe needs images.
NOT_RUN = ("pip", "data get", "compare RUN", "predict RUN", "report RUN", "new recipe", "audit my_images")


def commands(code: str) -> list[list[str]]:
    """Every leukokit command of a shell block, without comments and settings in front."""
    lines = [part.strip() for line in code.splitlines() for part in line.split("#")[0].split("&&")]
    words = [shlex.split(line) for line in lines if line]
    words = [[word for i, word in enumerate(each) if i or "=" not in word] for each in words]
    return [each[each.index("leukokit") + 1 :] for each in words if "leukokit" in each[:2]]


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_a_code_block_works(language: str, code: str, tmp_path: Path) -> None:
    """Python runs, recipes check, sections parse, and commands exist and succeed."""
    environment = {**os.environ, "LEUKOKIT_CACHE": str(tmp_path / "cache")}
    if language == "python":
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    elif language == "yaml":
        value = YAML(typ="safe").load(code)
        text = code if "leukokit" in value else f"leukokit: 1\nname: x\ndata: smears\n{code}"
        load_recipe_text(text, discover())
    elif language == "toml":
        assert tomllib.loads(code)
    elif language == "sh":
        for words in commands(code):
            if any(" ".join(words).startswith(each) for each in NOT_RUN):
                continue
            if words[0] == "run":
                settings = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
                load_recipe(ROOT / words[1], discover(), overrides=settings)
                continue
            command = [sys.executable, "-m", "leukokit", *words]
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            if words[:2] == ["data", "verify"]:  # the images need not be on this machine
                assert done.returncode in (0, 1, 2), done.stderr
                continue
            assert done.returncode == 0, done.stderr
    else:
        assert language == "text"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_component_reference_is_current() -> None:
    """docs/components.md is what the code says; `python docs/generate_components.py` writes it anew."""
    spec = importlib.util.spec_from_file_location(
        "generate_components", ROOT / "docs" / "generate_components.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(discover())


def test_the_readme_names_every_recipe() -> None:
    """The table of recipes is complete."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "recipes").glob("*.yaml"):
        assert f"`{path.name}`" in readme


def test_the_readme_has_the_commands_that_ci_runs() -> None:
    """Both marked blocks are there, each one command."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("install-for-tests", "test"):
        (block,) = re.findall(rf"<!-- ci: {name} -->\n```sh\n(.*?)```", readme, re.DOTALL)
        assert len(block.strip().splitlines()) == 1
