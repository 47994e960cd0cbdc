"""Files that cannot be read, odd file names, and the check of arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.api import ImageRejected, PluginError, check_rgb, read_image
from tests.imageio.image_files import jpeg, saved, smear


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    """The system's reason is passed on."""
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg())
    path.chmod(0)
    with pytest.raises(ImageRejected, match="Permission denied") as caught:
        read_image(path)
    assert caught.value.reason == "unreadable"


def test_folders_and_missing_files_are_unreadable(tmp_path: Path) -> None:
    """Whatever the system will not give is `unreadable`, named by its path."""
    for path in (tmp_path, tmp_path / "absent.jpg"):
        with pytest.raises(ImageRejected, match=str(path)) as caught:
            read_image(path)
        assert caught.value.reason == "unreadable"


ODD_NAMES = [
    b"a b.jpg",
    b"line\nbreak.jpg",
    b'it\'s "q".jpg',
    "細胞.jpg".encode(),
    b"100%s.jpg",
    b"-rf.jpg",
    b"<script>.jpg",
    b"bytes-\xff\xfe.jpg",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: repr(name))
def test_odd_names_are_read(tmp_path: Path, name: bytes) -> None:
    """No file name is too odd; bytes that are no text kill OpenCV's own reader."""
    folder = tmp_path / "[a]"
    folder.mkdir()
    path = folder / os.fsdecode(name)
    path.write_bytes(jpeg())
    assert read_image(path).shape == (40, 30, 3)


def test_read_image_warns_of_conversions(tmp_path: Path) -> None:
    """Notes become warnings that name the file; rejections name it as well."""
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(Image.fromarray(smear()), "PNG"))
    with pytest.warns(UserWarning, match=r"a\.jpg: a PNG file by its content"):
        read_image(path)
    path.write_bytes(b"")
    with pytest.raises(ImageRejected, match=r"a\.jpg: the file has 0 bytes"):
        read_image(path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 4, 3)), r"is float64 \(4, 4, 3\).*np.rint\(image \* 255\)"),
        (np.zeros((4, 4, 3), np.uint16), "camera's bit depth"),
        (np.zeros((4, 4, 3), np.int64), r"image.astype\(np.uint8\)"),
        (np.zeros((4, 4), np.uint8), "need color"),
        (np.zeros((4, 4, 1), np.uint8), "need color"),
        (np.zeros((4, 4, 4), np.uint8), "alpha"),
        (np.zeros((3, 4, 5), np.uint8), "np.moveaxis"),
        (np.zeros((2, 4, 4, 3), np.uint8), "one image.*OpenCV reads BGR"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        ([[1]], "is a list"),
    ],
)
def test_check_rgb_says_what_to_do(array: Any, said: str) -> None:
    """Arrays that are no image are refused with the way to make them one."""
    with pytest.raises(PluginError, match=f"^my array: .*{said}"):
        check_rgb(array, "my array")


def test_check_rgb_returns_the_array_itself() -> None:
    """Nothing is copied."""
    array = smear()
    assert check_rgb(array, "x") is array
