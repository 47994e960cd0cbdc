"""The page on architecture names what exists: files, rooms, modules, classes and functions."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w.-]+(/[\w.-]*)+")  # with a slash; `leukokit/engine/` is a folder
NAME = re.compile(r"leukokit(\.\w+)+")
OUTSIDE = {"model/", "otsu/otsu"}  # of a run directory, and the name of a component


def spans(pattern: re.Pattern[str]) -> list[str]:
    """Code spans of both pages that match, blocks of code apart."""
    texts = [FENCE.sub("", page.read_text(encoding="utf-8")) for page in PAGES]
    found = {span for text in texts for span in CODE.findall(text) if pattern.fullmatch(span)}
    return sorted(found - OUTSIDE)


def drawn() -> list[str]:
    """Paths of the drawn layout, from their indentation."""
    block = re.search(r"```text\n(leukokit/\n.*?)```", PAGES[0].read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    paths: list[str] = []
    parents: list[str] = []
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        words = line.split()
        names = [word for word in words if word.endswith("/")] if len(words) > 2 else words[:1]
        names = names if all(word.endswith("/") for word in words) else words[:1]
        parents[depth:] = [names[0]]
        paths += ["".join(parents[:depth]) + name for name in names]
    return paths


@pytest.mark.parametrize("path", spans(FILE))
def test_a_named_file_exists(path: str) -> None:
    """Paths are written from the root of the repository."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", spans(NAME))
def test_a_dotted_name_exists(name: str) -> None:
    """Each is a module, or what is found in one by attributes."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[count:]:
            found = getattr(found, attribute)
        return
    pytest.fail(f"there is no module {name}")


def test_the_drawn_layout_exists() -> None:
    """Every folder and file of the drawing is there, and drawn once."""
    assert sorted(drawn()) == sorted(set(drawn()))
    assert [path for path in drawn() if not (ROOT / path).exists()] == []


def test_every_room_is_drawn() -> None:
    """A new folder of the package, or of a room that is drawn with its folders, has its line."""
    shown = set(drawn())
    split = {path.rsplit("/", 2)[0] + "/" for path in shown if path.endswith("/") and path.count("/") > 2}
    folders = [path.parent for path in (ROOT / "leukokit").rglob("__init__.py")]
    rooms = {f"{path.relative_to(ROOT).as_posix()}/" for path in folders}
    expected = {room for room in rooms if room.count("/") == 2 or room.rsplit("/", 2)[0] + "/" in split}
    assert sorted(room for room in expected if room.count("/") <= 3 and room not in shown) == []


def test_the_floors_are_those_that_are_checked() -> None:
    """The table lists the layers of ``pyproject.toml``, in their order."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    checked = [[name.strip().replace(".", "/") for name in layer.split("|")] for layer in layers]
    section = PAGES[0].read_text(encoding="utf-8").split("## What may import what")[1].split("## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    table = [[path.rstrip("/").removesuffix(".py") for path in CODE.findall(row)] for row in rows]
    assert table == checked


def test_the_glossary_is_in_order() -> None:
    """One row a term, sorted, one sentence each."""
    section = PAGES[0].read_text(encoding="utf-8").split("## Glossary")[1]
    rows = [row.strip("| ").split(" | ") for row in section.splitlines() if row.startswith("| ")][2:]
    terms = [term.casefold() for term, _ in rows]
    assert terms == sorted(set(terms))
    assert [text for _, text in rows if not text.endswith(".")] == []
