"""Trees of published layouts, with pictures of 16 x 16 px."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Tree = Callable[[str, dict[str, "str | np.ndarray | None"]], Path]
"""From the name of a folder and its files to its path."""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files below a folder: pictures of noise, masks of given pixels, or text."""

    def fill(folder: str, files: dict[str, str | np.ndarray | None]) -> Path:
        rng = np.random.default_rng(5)
        for name, content in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8")
                continue
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8) if content is None else content
            path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
        return tmp_path / folder

    return fill
