"""Small pictures of a run directory as data of the page, within a budget of bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from markupsafe import Markup

from leukokit.engine.io.pictures import FOLDER, INDEX
from leukokit.ids import written_id
from leukokit.report.html.environment import data_uri


class Pictures:
    """Pictures by the id of their image; once the budget is spent there are no more.

    Parameters
    ----------
    read : callable
        Content of the picture of an id; None where there is none.
    budget : int
        Bytes of all pictures that are given out.
    """

    def __init__(self, read: Callable[[str], bytes | None], budget: int) -> None:
        self._read = read
        self._left = budget
        self.left_out = 0

    @classmethod
    def of_run(cls, path: Path, budget: int) -> Pictures:
        """Read those of a run directory when they are asked for."""
        index = picture_index(path) or {}
        root = (path / FOLDER).resolve()

        def read(name: str) -> bytes | None:
            file = index.get(name)
            found = (root / file).resolve() if file else None
            # The index may come from anywhere: nothing outside the folder is shown.
            if found is None or found.parent != root:
                return None
            try:
                return found.read_bytes()
            except OSError:
                return None

        return cls(read, budget)

    @classmethod
    def given(cls, pictures: Mapping[str, bytes], budget: int) -> Pictures:
        """Take pictures that are in memory."""
        found = {written_id(name): content for name, content in pictures.items()}
        return cls(found.get, budget)

    def address(self, name: str) -> Markup | None:
        """Give the ``data:`` address of an image's picture; None where there is none, or no room."""
        name = written_id(name)
        content = self._read(name)
        if content is None:
            return None
        if len(content) > self._left:
            self.left_out += 1
            return None
        self._left -= len(content)
        return data_uri(content)


def picture_index(path: Path) -> Mapping[str, str] | None:
    """Id to file name; None where the run keeps no pictures (older runs)."""
    try:
        found = json.loads((path / FOLDER / INDEX).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return {str(name): str(file) for name, file in found.items()} if isinstance(found, dict) else None
