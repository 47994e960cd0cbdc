"""Overlay sheets: outlines where the labels are, statuses in words, same bytes every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from leukokit.api import CELL, NUCLEUS, Labels, Scale, Status
from leukokit.errors import LeukokitError
from leukokit.report.outlines import drawn_outlines, outlines
from leukokit.report.overlay_panel import PANEL, OverlayPanel, panel_size, reduced
from leukokit.report.overlay_sheet import overlay_sheet
from leukokit.report.sheet_panels import KEY, SheetPanels
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
    for file in ("a.png", "b.png"):
        names = ("one", "two $x", "three \udcff\n")
        overlay_sheet(
            [OverlayPanel(*scene, name) for scene, name in zip(scenes, names, strict=True)],
            tmp_path / file,
            stamp="SYNTHETIC SMEARS",
        )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert set(image.info) <= {"dpi", KEY}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures that were saved."""
    saved: list[Figure] = []
    original = Figure.savefig

    def savefig(self: Figure, *args: object, **kwargs: object) -> None:
        saved.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    return saved


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def test_a_sheet_says_what_was_found_in_words(tmp_path: Path, figures: list[Figure]) -> None:
    """No codes, but how many white cells, and how a segmentation failed; the legend names what is drawn."""
    image, labels = disks(0, cells=3)
    cut = Labels(no_cells(image).roles, Status.ALL_TOUCH_BORDER)
    wrong = Labels(labels.roles, Status.IMPLAUSIBLE)
    overlay_sheet(
        [
            OverlayPanel(image, labels, "a", "typical", "class median 2"),
            OverlayPanel(image, no_cells(image), "b"),
            OverlayPanel(image, cut, "c"),
            OverlayPanel(image, wrong, "d", "lowest Dice"),
        ],
        tmp_path / "s.png",
        title="multi_otsu",
        note="a note",
    )
    words = words_of(figures[0])
    together = " ".join(words)
    for expected in (
        f"{labels.count} white cells; class median 2",
        "no white cell found",
        "all cells touch the border: none measured",
        "implausible: what is outlined is not stained like nuclei",
        "scale unknown",
    ):
        assert expected in together, expected
    assert {"multi_otsu", "a note", "a", "b", "c", "d", "typical", "lowest Dice"} <= set(words)
    assert {"1", "nucleus", "white cell", "red cell", "Research use only"} <= set(words)
    assert not [word for word in words if word in {status.value for status in Status}]


def test_failures_have_a_red_frame(tmp_path: Path, figures: list[Figure]) -> None:
    """The others a gray hairline."""
    image, labels = disks(0)
    panels = [OverlayPanel(image, labels, "a"), OverlayPanel(image, no_cells(image), "b")]
    overlay_sheet(panels, tmp_path / "s.png")
    good, bad = (axes.spines["left"] for axes in figures[0].axes)
    assert good.get_linewidth() < 1 < bad.get_linewidth()
    red, green, blue, _ = bad.get_edgecolor()
    assert red > 0.6
    assert max(green, blue) < 0.2


def test_a_bar_tells_the_scale(tmp_path: Path, figures: list[Figure]) -> None:
    """In um where the scale of the image is known, and only there."""
    image, labels = disks(0)
    known = OverlayPanel(image, labels, "a", scale=Scale.of_pixel_size(0.3))
    overlay_sheet([known, OverlayPanel(image, labels, "b")], tmp_path / "s.png")
    words = words_of(figures[0])
    assert sum(word.endswith("\N{MICRO SIGN}m") for word in words) == 1
    assert words.count("scale unknown") == 1


def test_nothing_is_cut_off_and_nothing_overlaps(tmp_path: Path, figures: list[Figure]) -> None:
    """Long names and words stay inside their column, whatever the shapes of the pictures."""
    image, labels = disks(0, size=64)
    tall = (np.vstack([image] * 3), Labels({k: np.vstack([v] * 3) for k, v in labels.roles.items()}))
    wide = (np.hstack([image] * 3), Labels({k: np.hstack([v] * 3) for k, v in labels.roles.items()}))
    wrong = Labels(labels.roles, Status.IMPLAUSIBLE)
    long = "folder with a long name/" * 5 + "1.jpg"
    overlay_sheet(
        [
            OverlayPanel(image, wrong, long, long),
            OverlayPanel(*tall, "W" * 200, long),
            OverlayPanel(*wide, "b", long),
            OverlayPanel(image, labels, long, long),
        ],
        tmp_path / "s.png",
        title=long,
        note=long * 2,
        columns=2,
    )
    figure = figures[0]
    boxes = [
        text.get_window_extent()
        for text in figure.texts
        if text.get_text() and text.get_text() != "Research use only"
    ]
    width, height = figure.bbox.size
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
    # Neighbors in a row: no line of the left column reaches into the right one.
    right = min(box.x0 for box in boxes if box.x0 > width / 2)
    left = [box for box in boxes[2:] if box.x0 < width / 2]
    assert max(box.x1 for box in left) < right


def test_the_file_tells_where_its_pictures_are(tmp_path: Path) -> None:
    """Cut out by what the file says, a picture is the image; words are whole, whatever the sheet left out."""
    image, labels = disks(0)
    blue = np.full((50, 80, 3), (20, 40, 200), np.uint8)
    empty = no_cells(blue)
    long = "folder/" * 30 + "1.jpg"
    overlay_sheet(
        [OverlayPanel(image, labels, "a", "A: typical"), OverlayPanel(blue, empty, long, "B: typical")],
        tmp_path / "s.png",
        row_lengths=[1, 1],
    )
    with Image.open(tmp_path / "s.png") as sheet:
        told = SheetPanels.of_text(sheet.info[KEY])
        assert told is not None
        second = np.asarray(sheet.convert("RGB").crop(told.panels[1].box)).astype(int)
    assert (np.abs(second - (20, 40, 200)).max(axis=2) < 4).mean() > 0.85
    assert second.shape[1] / second.shape[0] == pytest.approx(80 / 50, abs=0.02)
    assert [(each.row, each.failed) for each in told.panels] == [(0, False), (1, True)]
    assert (told.panels[1].caption, told.panels[1].found) == (long, "no white cell found")
    assert told.roles == ["red cell", "white cell", "nucleus"]
    assert told.legend is not None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"panels": [{"box": [1]}], "legend": null, "roles": []}'])
def test_other_text_tells_nothing(text: str) -> None:
    """Files of other versions and other programs are no error."""
    assert SheetPanels.of_text(text) is None


def test_true_outlines_lie_below_the_others(tmp_path: Path, figures: list[Figure]) -> None:
    """Dotted, drawn first, and named in the legend where there are any."""
    image, labels = disks(0)
    scored, plain = OverlayPanel(image, labels, "a", truth=labels), OverlayPanel(image, labels, "b")
    overlay_sheet([scored, plain], tmp_path / "s.png")
    with_truth, without = (len(axes.collections) for axes in figures[0].axes)
    assert with_truth == without + 2
    assert (
        figures[0].axes[0].collections[0].get_linestyle() != figures[0].axes[1].collections[0].get_linestyle()
    )
    assert "true outline" in words_of(figures[0])
    overlay_sheet([plain], tmp_path / "s.png")
    assert "true outline" not in words_of(figures[1])


def test_wide_fields_get_wide_panels(tmp_path: Path, figures: list[Figure]) -> None:
    """Half as many in a row, so that the sheet is as wide as others."""
    widths = []
    for size in (300, 2000):
        image, cell = np.full((size, size, 3), 230, np.uint8), np.zeros((size, size), np.int32)
        cell[20:100, 20:100] = 1
        labels = Labels({NUCLEUS: cell, CELL: cell})
        overlay_sheet([OverlayPanel(image, labels, name) for name in "abcd"], tmp_path / "s.png")
        boxes = [axes.get_window_extent() for axes in figures[-1].axes]
        widths.append((round(boxes[0].width), len({round(box.y0) for box in boxes})))
    assert widths == [(375, 1), (750, 2)]


def test_lines_get_thinner_where_cells_are_small(tmp_path: Path, figures: list[Figure]) -> None:
    """A crop of one cell and a wide field are read alike."""
    widths = []
    for size in (120, 2592):
        image = np.full((size, size, 3), 230, np.uint8)
        cell = np.zeros((size, size), np.int32)
        cell[20:100, 20:100] = 1
        overlay_sheet([OverlayPanel(image, Labels({NUCLEUS: cell, CELL: cell}), "x")], tmp_path / "s.png")
        widths.append(figures[-1].axes[0].collections[-1].get_linewidths()[0])
    assert widths == [1.0, 0.5]


def test_outlines_of_large_images_are_thinned_but_stay_in_place() -> None:
    """Within two px of the panel's pixels."""
    labels = np.zeros((2000, 3000), np.int32)
    labels[400:1200, 600:2100] = 1
    (line,) = drawn_outlines(labels, 375)
    assert len(line) < 3000
    assert line.min(axis=0) == pytest.approx((599.5, 399.5), abs=4)
    assert line.max(axis=0) == pytest.approx((2099.5, 1199.5), abs=4)


def test_colors_are_drawn_where_the_labels_are(tmp_path: Path) -> None:
    """A cell alone is outlined in its color; without labels the colors are in the legend only."""
    image = np.full((60, 60, 3), 255, np.uint8)
    cell = np.zeros((60, 60), np.int32)
    cell[20:40, 20:40] = 1
    pixels = {}
    for name, found in (("with", cell), ("without", cell * 0)):
        labels = Labels({"nucleus": cell * 0, "cell": found}, Status.OK)
        overlay_sheet([OverlayPanel(image, labels, "x")], tmp_path / f"{name}.png")
        with Image.open(tmp_path / f"{name}.png") as sheet:
            rgb = np.asarray(sheet.convert("RGB")).astype(int)
        pixels[name] = (abs(rgb - (0x00, 0x59, 0x1C)).max(axis=2) < 12).sum()
    assert pixels["with"] > pixels["without"] + 300
    assert pixels["without"] == 0


def test_roles_of_plugins_are_drawn(tmp_path: Path) -> None:
    """A role that only a plugin knows gets a color and stands in the legend."""
    image, labels = disks(1)
    roles = {**labels.roles, "auer_rod": labels.nucleus}
    overlay_sheet([OverlayPanel(image, Labels(roles, Status.OK), "x")], tmp_path / "s.png", columns=1)
    assert (tmp_path / "s.png").stat().st_size > 0


def test_a_sheet_of_nothing_is_refused(tmp_path: Path) -> None:
    """An image without labels or caption cannot be given: a panel has all three."""
    with pytest.raises(LeukokitError, match="there is no image to draw"):
        overlay_sheet([], tmp_path / "s.png")


def test_a_reduced_picture_draws_the_same(tmp_path: Path) -> None:
    """A run keeps the pixels of the panel; outlines, numbers and scale bar are those of the image."""
    image, labels = disks(3, size=900, cells=2)
    whole = OverlayPanel(image, labels, "a", scale=Scale.of_pixel_size(0.1))
    small = reduced(image, panel_size(whole, PANEL))
    assert small.shape == (375, 375, 3)
    overlay_sheet([whole], tmp_path / "whole.png")
    overlay_sheet([replace(whole, picture=small, shape=(900, 900))], tmp_path / "small.png")
    assert (tmp_path / "whole.png").read_bytes() == (tmp_path / "small.png").read_bytes()


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    """The message names caption, role and both shapes."""
    image, _ = disks(0, size=64)
    _, labels = disks(0, size=48)
    with pytest.raises(LeukokitError, match=r"x: the label image '\w+' is \(48, 48\), its image \(64, 64\)"):
        overlay_sheet([OverlayPanel(image, labels, "x")], tmp_path / "s.png")
