"""A network small enough to train in a test, and a listener that remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from leukokit.api import Examples, Workspace
from leukokit.testing.networks import TinyCnn
from leukokit.testing.tables import examples

SIDE = 64


@dataclass
class Listener:
    """Remembers what a fit told."""

    stages: list[tuple[str, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    steps: int = 0

    def stage(self, name: str, total: int) -> None:
        """Remember a stage."""
        self.stages.append((name, total))

    def advance(self, count: int = 1) -> None:
        """Count."""
        self.steps += count

    def say(self, text: str) -> None:
        """Remember a line."""
        self.said.append(text)


@pytest.fixture(scope="session")
def small_cnn() -> Callable[..., TinyCnn]:
    """Build the smallest network, with parameters of one's own."""
    return lambda **params: TinyCnn.create(**{"side": SIDE, **params})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two empty folders and a listener."""
    for name in ("checkpoints", "artifacts"):
        (tmp_path / name).mkdir()
    return Workspace(tmp_path / "checkpoints", tmp_path / "artifacts", Listener())


@pytest.fixture(scope="session")
def train() -> Examples:
    """Twenty-four images of three classes: none, two and four cells."""
    return examples(0, n=24, images=True, image_size=SIDE)


@pytest.fixture(scope="session")
def validation() -> Examples:
    """Twelve others."""
    return examples(2, n=12, images=True, image_size=SIDE)
