"""Small pictures of a run directory as data of the page, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePath

from markupsafe import Markup

from leukokit.engine.io.pictures import FOLDER
from leukokit.ids import written_id
from leukokit.record.files import PICTURES
from leukokit.record.folder import MEGABYTE, has_file, read_bytes
from leukokit.report.html.environment import data_uri

_LARGEST = MEGABYTE
"""Bytes of one picture; leukokit writes some thousand."""


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

        def read(name: str) -> bytes | None:
            file = index.get(name, "")
            # The index may come from anywhere: nothing but a file of the folder itself is shown.
            if not file or file != PurePath(file).name or not has_file(path, f"{FOLDER}/{file}"):
                return None
            return read_bytes(path, f"{FOLDER}/{file}", _LARGEST)

        return cls(read, budget)

    @classmethod
    def given(cls, pictures: Mapping[str, bytes], budget: int) -> Pictures:
        """Take pictures that are in memory."""
        contents = {written_id(name): content for name, content in pictures.items()}
        return cls(contents.get, budget)

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
    index = PICTURES.find(path)
    return None if index is None else index.root
