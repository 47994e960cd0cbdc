"""The rules by which segmenters are scored on pictures of several labs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from leukokit.api import CELL, NUCLEUS, Labels

BENCHMARKS = str(Path(__file__).parents[2] / "benchmarks")


@pytest.fixture(scope="module")
def labs() -> Iterator[ModuleType]:
    """Import the package that stands beside the benchmark's command."""
    sys.path.insert(0, BENCHMARKS)
    import labs.boxes
    import labs.changes
    import labs.empty
    import labs.purple

    yield labs
    sys.path.remove(BENCHMARKS)


def cells(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    """Draw rectangles: left, top, right, bottom."""
    labels = np.zeros((100, 200), np.int32)
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        labels[top:bottom, left:right] = number
    return labels


BOX = np.array([[50.0, 30.0, 90.0, 70.0]])


def test_a_cell_in_the_box_is_right(labs: ModuleType) -> None:
    """One cell, one box."""
    score = labs.boxes.score(cells((52, 28, 88, 72)), BOX, 1600.0)
    assert score == {"boxes": 1, "cells": 1, "matched": 1, "exact": 1.0}


def test_the_pieces_of_a_cell_are_false_but_one(labs: ModuleType) -> None:
    """Lobes called cells do not count as found thrice."""
    pieces = cells((52, 32, 62, 48), (66, 32, 76, 48), (60, 52, 80, 68))
    assert labs.boxes.score(pieces, BOX, 1600.0) == {"boxes": 1, "cells": 3, "matched": 1, "exact": 0.0}


def test_a_missed_box_and_a_cell_elsewhere_are_told_apart(labs: ModuleType) -> None:
    """As many cells as boxes is exact in number, and still wrong in recall and precision."""
    score = labs.boxes.score(cells((140, 30, 180, 70)), BOX, 1600.0)
    assert score == {"boxes": 1, "cells": 1, "matched": 0, "exact": 1.0}


def test_slivers_at_the_border_count_neither_way(labs: ModuleType) -> None:
    """A cell cut to less than a third may be boxed or not, found or not."""
    sliver = (0, 40, 8, 70)
    assert labs.boxes.score(cells((52, 28, 88, 72), sliver), BOX, 1600.0)["exact"] == 1.0
    boxed = np.vstack([BOX, np.array([sliver], float)])
    for found in (cells((52, 28, 88, 72), sliver), cells((52, 28, 88, 72))):
        score = labs.boxes.score(found, boxed, 1600.0)
        assert score == {"boxes": 1, "cells": 1, "matched": 1, "exact": 1.0}


def smear() -> np.ndarray:
    """Gray red cells and one purple nucleus of a quarter of their number."""
    image = np.full((120, 120, 3), (235, 232, 240), np.uint8)
    for row in range(3):
        for column in range(3):
            image[10 + 38 * row : 30 + 38 * row, 10 + 38 * column : 30 + 38 * column] = (170, 175, 185)
    image[48:68, 48:68] = (140, 80, 190)
    return image


def test_purple_is_what_is_purple_beside_red_cells(labs: ModuleType) -> None:
    """The blob is found from pixels alone; labels on red cells miss it and are not purple."""
    image = smear()
    assert labs.purple.blobs(image).max() == 1
    nucleus = np.zeros((120, 120), np.int32)
    nucleus[48:68, 48:68] = 1
    right = labs.purple.score(Labels({NUCLEUS: nucleus, CELL: nucleus}), image)
    assert right == {"blobs": 1, "missed": 0, "objects": 1, "not_purple": 0}
    red = np.roll(nucleus, 38, axis=1)
    wrong = labs.purple.score(Labels({NUCLEUS: red, CELL: red}), image)
    assert wrong == {"blobs": 1, "missed": 1, "objects": 1, "not_purple": 1}


def test_recolored_glass_stays_near_white(labs: ModuleType) -> None:
    """Stain changes, glass does not."""
    picture = labs.changes.AnnotatedImage("drawn", smear())
    for name in labs.changes.RECOLORINGS:
        image = labs.changes.recolored(picture, name).image
        assert image[:8].min() > 215
        assert not np.array_equal(image[48:68, 48:68], picture.image[48:68, 48:68])


def test_bare_glass_holds_neither_box_nor_ink(labs: ModuleType) -> None:
    """The largest square beside them is cut out."""
    image = np.full((200, 300, 3), 230, np.uint8)
    image[20:60, 20:60] = (150, 120, 180)
    picture = labs.empty.AnnotatedImage("drawn", image, boxes=np.array([[200.0, 0.0, 300.0, 200.0]]))
    (piece,) = labs.empty.bare_glass([picture])
    assert piece.image.shape[0] >= 64
    assert (piece.image == 230).all()
