"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder with the real data sets; its absence skips only the tests that need them."""
    root = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (root / "all-pbs").is_dir():
        pytest.skip(f"real data not found under {root}; set LEUKOKIT_DATA")
    return root.resolve()
