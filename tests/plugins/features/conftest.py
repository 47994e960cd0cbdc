"""Images and labels that the tests of features share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from leukokit.api import LabelImage, Labels, RGBImage, Status, read_image


def disks(centers: list[tuple[int, int, int]], shape: tuple[int, int] = (120, 120)) -> LabelImage:
    """Draw disks (x, y, radius) with ids 1, 2, ... in the order given."""
    rows, columns = np.indices(shape)
    labels = np.zeros(shape, dtype=np.int32)
    for number, (x, y, radius) in enumerate(centers, start=1):
        labels[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = number
    return labels


@pytest.fixture(scope="session")
def draw_disks() -> Callable[..., LabelImage]:
    """Give tests the function that draws disks."""
    return disks


@pytest.fixture(scope="session")
def cells() -> Labels:
    """Two white cells with their nuclei, and two red cells."""
    return Labels(
        {
            "nucleus": disks([(35, 40, 12), (80, 75, 8)]),
            "cell": disks([(35, 40, 20), (80, 75, 16)]),
            "red_cell": disks([(90, 25, 10), (30, 95, 11)]),
        }
    )


@pytest.fixture(scope="session")
def no_cells() -> Labels:
    """Declare a failure over label images that are not empty: features must go by the status."""
    roles = {"nucleus": disks([(35, 40, 12)]), "cell": disks([(35, 40, 20)]), "red_cell": disks([])}
    return Labels(roles, status=Status.NO_CELL)


@pytest.fixture(scope="session")
def smear(cells: Labels) -> RGBImage:
    """Paint the two cells on a noisy background, read-only."""
    image = np.random.default_rng(5).integers(225, 245, (*cells.cell.shape, 3)).astype(np.uint8)
    image[cells.cell > 0] = (200, 160, 210)
    image[cells.nucleus > 0] = (110, 60, 150)
    image.setflags(write=False)
    return image


@pytest.fixture(scope="session")
def real_images(data_root: Path) -> list[RGBImage]:
    """Eight smears, two a class."""
    paths = [
        path for folder in sorted((data_root / "all-pbs").iterdir()) for path in sorted(folder.iterdir())
    ]
    return [read_image(path) for path in paths[:: len(paths) // 8][:8]]


@pytest.fixture(scope="session")
def real_masks(data_root: Path) -> list[LabelImage]:
    """Forty hand-outlined masks as label images: 1 for the cell's body, 2 for its nucleus."""
    paths = sorted((data_root / "wbc-masks" / "masks").iterdir())[:40]
    decoded = [
        cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), cv2.IMREAD_GRAYSCALE) for path in paths
    ]
    return [mask.astype(np.int32) for mask in decoded]
