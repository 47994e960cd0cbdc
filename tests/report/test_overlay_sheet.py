"""Overlay sheets: outlines where the labels are, statuses in words, same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from leukokit.api import Labels, Status
from leukokit.errors import LeukokitError
from leukokit.report.overlay_sheet import outlines, overlay_sheet
from leukokit.testing.images import disks, no_cells


def test_outlines_run_between_pixels() -> None:
    """A single pixel is outlined half a pixel around its center."""
    labels = np.zeros((5, 6), np.int32)
    labels[2, 3] = 1
    (line,) = outlines(labels)
    assert line[:, 0].min() == 2.5
    assert line[:, 0].max() == 3.5
    assert (line[:, 1].min(), line[:, 1].max()) == (1.5, 2.5)
    assert np.array_equal(line[0], line[-1])


def test_touching_objects_have_outlines_of_their_own() -> None:
    """Two ids side by side are two closed lines, a ring is two as well."""
    pair = np.zeros((6, 8), np.int32)
    pair[1:5, 1:4], pair[1:5, 4:7] = 1, 2
    assert len(outlines(pair)) == 2
    ring = np.zeros((9, 9), np.int32)
    ring[1:8, 1:8] = 5
    ring[3:6, 3:6] = 0
    assert len(outlines(ring)) == 2
    assert outlines(np.zeros((4, 4), np.int32)) == []


def test_a_sheet_is_the_same_every_time(tmp_path: Path) -> None:
    """Valid PNG, no date in it, equal bytes."""
    scenes = [disks(seed) for seed in range(3)]
    for name in ("a.png", "b.png"):
        overlay_sheet(
            [image for image, _ in scenes],
            [labels for _, labels in scenes],
            ["one", "two $x", "three \udcff\n"],
            tmp_path / name,
            stamp="SYNTHETIC SMEARS",
        )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert set(image.info) <= {"dpi"}


def test_a_sheet_says_statuses_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below each panel stand its caption, its status and its count; ids stand on the cells."""
    figures: list[Figure] = []
    original = Figure.savefig

    def savefig(self: Figure, *args: object, **kwargs: object) -> None:
        figures.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    image, labels = disks(0, cells=1)
    cut = Labels(no_cells(image).roles, Status.ALL_TOUCH_BORDER)
    overlay_sheet(
        [image] * 3, [labels, no_cells(image), cut], ["a", "b", "c"], tmp_path / "s.png", title="multi_otsu"
    )
    words = [text.get_text() for text in figures[0].findobj(Text) if isinstance(text, Text)]
    expected = {"ok, 1 cell", "no_cell, 0 cells", "all_touch_border, 0 cells", "multi_otsu", "a", "b", "c"}
    assert expected | {"1", "nucleus", "cell", "red cell", "Research use only"} <= set(words)


def test_colors_are_drawn_where_the_labels_are(tmp_path: Path) -> None:
    """A cell alone is outlined in its color; without labels the colors are in the legend only."""
    image = np.full((60, 60, 3), 255, np.uint8)
    cell = np.zeros((60, 60), np.int32)
    cell[20:40, 20:40] = 1
    pixels = {}
    for name, found in (("with", cell), ("without", cell * 0)):
        labels = Labels({"nucleus": cell * 0, "cell": found}, Status.OK)
        overlay_sheet([image], [labels], ["x"], tmp_path / f"{name}.png")
        with Image.open(tmp_path / f"{name}.png") as sheet:
            rgb = np.asarray(sheet.convert("RGB")).astype(int)
        pixels[name] = (abs(rgb - (0xD5, 0x5E, 0x00)).max(axis=2) < 12).sum()
    assert pixels["with"] > pixels["without"] + 300


def test_roles_of_plugins_are_drawn(tmp_path: Path) -> None:
    """A role that only a plugin knows gets a color and stands in the legend."""
    image, labels = disks(1)
    roles = {**labels.roles, "auer_rod": labels.nucleus}
    overlay_sheet([image], [Labels(roles, Status.OK)], ["x"], tmp_path / "s.png", columns=1)
    assert (tmp_path / "s.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("images", "count", "message"),
    [(0, 0, "there is no image to draw"), (2, 1, "there are 2 images, 1 labels and 1 captions")],
)
def test_a_sheet_refuses(tmp_path: Path, images: int, count: int, message: str) -> None:
    """Empty or unequal lists are named."""
    image, labels = disks(0)
    with pytest.raises(LeukokitError, match=message):
        overlay_sheet([image] * images, [labels] * count, ["x"] * count, tmp_path / "s.png")


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    """The message names caption, role and both shapes."""
    image, _ = disks(0, size=64)
    _, labels = disks(0, size=48)
    with pytest.raises(LeukokitError, match=r"x: the label image '\w+' is \(48, 48\), its image \(64, 64\)"):
        overlay_sheet([image], [labels], ["x"], tmp_path / "s.png")
