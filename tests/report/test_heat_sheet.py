"""Heat sheets and the figure of alignment: what they say, how they mark it, and the same bytes every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from leukokit.api import Explanation
from leukokit.errors import LeukokitError
from leukokit.evaluation.alignment import SUMMARY_COLUMNS, alignment_table, summarize_alignment
from leukokit.report.alignment_figure import alignment_figure
from leukokit.report.heat_sheet import MAX_ROWS, HeatRow, blend, heat_sheet
from leukokit.testing.images import disks


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Collect figures as they are written."""
    drawn: list[Figure] = []
    original = Figure.savefig

    def savefig(self: Figure, *args: object, **kwargs: object) -> None:
        drawn.append(self)
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Figure, "savefig", savefig)
    return drawn


def words(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)}


def row(number: int, *, predicted: str = "early", size: int | tuple[int, int] = 64) -> HeatRow:
    image, labels = disks(number, size=size)
    heat = (labels.nucleus > 0) * 1.0
    return HeatRow(f"Early/cell-{number:03d}.jpg", image, heat, "early", predicted, predicted, 0.75)


def summary(explainers: int = 2, n: int = 6) -> pd.DataFrame:
    scenes = {f"s{number}": disks(number)[1] for number in range(n)}
    classes = dict.fromkeys(scenes, "early")
    explanations = {
        f"explainer_{index}": Explanation(
            heat_maps={name: (labels.nucleus > 0) + 0.1 * index for name, labels in scenes.items()},
            targets=classes,
        )
        for index in range(explainers)
    }
    return summarize_alignment(
        alignment_table(explanations, scenes.__getitem__, true=classes, predicted=classes)
    )


def test_a_sheet_is_the_same_every_time(tmp_path: Path) -> None:
    """Valid PNG, no date in it, equal bytes; names of any origin are drawable."""
    odd = replace(row(1), id="two $x\udcff\n", true="a$b$", target="\x00")
    for name in ("a.png", "b.png"):
        heat_sheet([row(0), odd], tmp_path / name, title="grad_cam: early", stamp="SYNTHETIC SMEARS")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert set(image.info) <= {"dpi"}


def test_a_sheet_says_what_was_predicted_and_what_is_explained(tmp_path: Path, figures: list[Figure]) -> None:
    """Ids, classes, probability, title, note, columns and color bar stand in words; wrong ones say so."""
    heat_sheet(
        [row(0), row(1, predicted="late")], tmp_path / "s.png", title="grad_cam: early", note="layer top_conv"
    )
    said = words(figures[0])
    assert said >= {
        "grad_cam: early",
        "layer top_conv",
        "2 images, 1 predicted wrongly",
        "image",
        "heat",
        "heat over image",
        "Early/cell-000.jpg",
        "true: early",
        "predicted: early",
        "predicted: late",
        "\N{BALLOT X} wrong",
        "heat for: late",
        "its probability: 0.75",
        "heat, hottest pixel of each image at 1",
        "Research use only",
    }


def test_wrong_predictions_are_marked_by_more_than_color(tmp_path: Path, figures: list[Figure]) -> None:
    """A dashed frame and a cross; neither where all is right."""
    heat_sheet([row(0), row(1)], tmp_path / "right.png", title="t")
    heat_sheet([row(0), row(1, predicted="late")], tmp_path / "wrong.png", title="t")
    frames = [
        [patch for axes in figure.axes for patch in axes.patches if patch.get_linestyle() != "solid"]
        for figure in figures
    ]
    assert [len(each) for each in frames] == [0, 1]
    assert "\N{BALLOT X} wrong" not in words(figures[0])
    assert "2 images, all predicted correctly" in words(figures[0])


def test_heat_hides_the_image_only_where_it_is_hot() -> None:
    """Cold pixels are the gray image; the hottest one is near the end of the color map."""
    image = np.full((2, 2, 3), (200, 100, 50), np.uint8)
    heat = np.array([[0.0, 0.0], [0.0, 1.0]])
    blended = blend(image, heat)
    assert np.ptp(blended[0, 0]) < 1e-9
    assert blended[0, 0, 0] == pytest.approx((0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255)
    assert blended[1, 1].min() > blended[0, 0, 0]


def test_maps_without_heat_say_so(tmp_path: Path, figures: list[Figure]) -> None:
    """A black panel could be a fault; the words tell that it is none."""
    heat_sheet([replace(row(0), heat=np.zeros((64, 64)))], tmp_path / "s.png", title="t")
    assert "no heat" in words(figures[0])


def test_long_names_are_broken_and_shortened(tmp_path: Path, figures: list[Figure]) -> None:
    """An id takes two lines, broken after its folder; both ends of anything longer stay readable."""
    long = replace(row(0), id="Benign/WBC-Benign-hematogone-001.jpg", predicted="a class with a long name: 2")
    heat_sheet([long, replace(long, id="x" * 80 + ".png")], tmp_path / "s.png", title="t")
    said = words(figures[0])
    assert {"Benign/WBC-Benign-", "hematogone-001.jpg"} <= said
    assert any(each.startswith("predicted: a class") and each.endswith("name: 2") for each in said)
    assert any(each.endswith("xx.png") and len(each) <= 24 for each in said)


def test_only_so_many_rows_are_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    """A sheet of a whole class stays a sheet, takes rows from all of it, and says how many."""
    rows = [row(number % 5, size=32) for number in range(MAX_ROWS + 6)]
    named = [replace(each, id=f"row-{number}") for number, each in enumerate(rows)]
    heat_sheet(named, tmp_path / "s.png", title="t")
    said = words(figures[0])
    assert f"{MAX_ROWS} of {MAX_ROWS + 6} images, all predicted correctly" in said
    assert {"row-0", f"row-{MAX_ROWS + 5}"} <= said


def test_images_of_other_shapes_are_drawn(tmp_path: Path) -> None:
    """Flat and tall images stand side by side."""
    heat_sheet([row(0, size=(40, 90)), row(1, size=(90, 40))], tmp_path / "s.png", title="t")
    assert (tmp_path / "s.png").stat().st_size > 0


def test_a_sheet_refuses(tmp_path: Path) -> None:
    """No rows, and heat of another shape than its image."""
    with pytest.raises(LeukokitError, match="there is no heat map to draw"):
        heat_sheet([], tmp_path / "s.png", title="t")
    with pytest.raises(
        LeukokitError, match=r"Early/cell-000.jpg: the heat map is \(5, 5\), its image \(64, 64\)"
    ):
        heat_sheet([replace(row(0), heat=np.ones((5, 5)))], tmp_path / "s.png", title="t")


def test_alignment_is_drawn_by_region_and_explainer(tmp_path: Path, figures: list[Figure]) -> None:
    """Regions, explainers, chance and the line at 1; equal bytes every time."""
    table = summary()
    for name in ("a.png", "b.png"):
        alignment_figure(table, tmp_path / name, title="Heat", stamp="SYNTHETIC SMEARS")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    said = words(figures[0])
    assert said >= {
        "Heat",
        "explainer_0",
        "explainer_1",
        "by chance",
        "nucleus",
        "cytoplasm",
        "red cell",
        "background",
        "1\N{MULTIPLICATION SIGN}",
        "6 images for each explainer",
    }
    left = figures[0].axes[0]
    assert left.get_xscale() == "log"
    low, high = left.get_xlim()
    assert low < 1 < high


def test_a_ratio_of_zero_is_shown_at_the_edge(tmp_path: Path, figures: list[Figure]) -> None:
    """The first explainer gives no heat outside nuclei, which a logarithm cannot place."""
    alignment_figure(summary(1), tmp_path / "a.png")
    assert " 0" in words(figures[0])


@pytest.mark.parametrize("count", [1, 9])
def test_any_number_of_explainers_is_drawn(count: int, tmp_path: Path) -> None:
    """One alone, and more than there are colors."""
    alignment_figure(summary(count, n=2), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_alignment_without_intervals_is_drawn(tmp_path: Path) -> None:
    """One image has ratios and no interval."""
    alignment_figure(summary(n=1), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_alignment_refuses(tmp_path: Path) -> None:
    """Other tables, and nothing to draw."""
    with pytest.raises(LeukokitError, match="a summary of alignment lacks pointing_rate"):
        alignment_figure(summary().drop(columns="pointing_rate"), tmp_path / "a.png")
    with pytest.raises(LeukokitError, match="no region with heat to draw"):
        alignment_figure(pd.DataFrame(columns=list(SUMMARY_COLUMNS)), tmp_path / "a.png")
