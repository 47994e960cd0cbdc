"""Files that users name: what is endless or huge is refused before a byte is read."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.input_file import TooLarge, UnusableFile, read_input


@given(content=st.binary(max_size=5000), spare=st.integers(0, 100))
def test_the_whole_content_comes_back(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, spare: int
) -> None:
    path = tmp_path_factory.mktemp("input") / "file"
    path.write_bytes(content)
    assert read_input(path, len(content) + spare) == content


def test_a_link_of_the_user_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_input(tmp_path / "link") == b"content"


def test_a_device_a_pipe_and_a_folder_are_refused(tmp_path: Path) -> None:
    """A pipe without a writer would be waited for without end, a device never ends."""
    os.mkfifo(tmp_path / "pipe")
    for path, kind in (
        ("/dev/zero", "a device"),
        (tmp_path / "pipe", "a named pipe"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(UnusableFile, match=f"is {kind}; expected a regular file"):
            read_input(path)


def test_a_sparse_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match=r"has 1,099,511\.6 MB; expected at most 512\.0 MB"):
        read_input(path)


def test_the_error_survives_the_way_from_a_worker() -> None:
    assert copy.copy(TooLarge("has 2 MB")).reason == "has 2 MB"
