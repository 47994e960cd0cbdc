"""Segmentations on the page: pictures of the sheet with their words as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from leukokit.api import Labels, Status
from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html import render_run
from leukokit.report.html.overlay import overlay_of
from leukokit.report.overlay_panel import OverlayPanel
from leukokit.report.overlay_sheet import overlay_sheet
from leukokit.testing.images import disks, no_cells

MakeRun = Callable[..., Path]


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Two classes: two images and one that failed, with a name that looks like HTML."""
    scenes = [disks(seed) for seed in range(3)]
    path = tmp_path / "sheet.png"
    implausible = Labels(scenes[1][1].roles, Status.IMPLAUSIBLE)
    overlay_sheet(
        [
            OverlayPanel(*scenes[0], "a.png", "A: typical"),
            OverlayPanel(scenes[1][0], implausible, "<b>.png", "A: 2 of 9 end like this"),
            OverlayPanel(scenes[2][0], no_cells(scenes[2][0]), "c.png", "B: typical"),
        ],
        path,
        row_lengths=[2, 1],
    )
    return path


def test_pictures_words_and_rows_are_those_of_the_sheet(sheet: Path) -> None:
    """With a legend that says its roles."""
    found = overlay_of(sheet)
    assert found is not None
    assert [[card.caption for card in row] for row in found.rows] == [["a.png", "<b>.png"], ["c.png"]]
    assert [card.failed for row in found.rows for card in row] == [False, True, True]
    assert found.rows[0][1].found.startswith("implausible: what is outlined")
    assert found.roles == ["red cell", "white cell", "nucleus"]
    assert found.legend is not None
    assert 100 < found.legend.width < 400
    assert 3000 < found.bytes < 200_000


def test_small_budgets_give_smaller_pictures_or_none(sheet: Path) -> None:
    """The page stays within its size."""
    whole = overlay_of(sheet)
    assert whole is not None
    small = overlay_of(sheet, whole.bytes - 1)
    assert small is not None
    assert small.bytes < whole.bytes
    assert overlay_of(sheet, 100) is None


def test_the_page_shows_them_as_text_and_pictures(make_run: MakeRun, sheet: Path) -> None:
    """Escaped, with failures marked; the sheet itself is not shown again."""
    run = make_run()
    (run / "figures" / "segmentation.png").write_bytes(sheet.read_bytes())
    html = render_run(FinishedRun(run))
    section = html[html.index(">Segmentation</h3>") :]
    assert "&lt;b&gt;.png" in section
    assert "<b>.png" not in section
    assert section.count('<li class="failed">') == 2
    assert "implausible: what is outlined is not stained like nuclei" in section
    assert 'class="sheet"' not in section


def test_a_sheet_of_an_older_version_is_shown_whole(make_run: MakeRun, sheet: Path) -> None:
    """Without places in it, or damaged."""
    run = make_run()
    path = run / "figures" / "segmentation.png"
    with Image.open(sheet) as opened:
        opened.convert("RGB").resize((500, 600)).save(path)
    assert overlay_of(path) is None
    html = render_run(FinishedRun(run))
    assert 'class="sheet"' in html[html.index(">Segmentation</h3>") :]
    path.write_bytes(sheet.read_bytes()[:5000])
    assert overlay_of(path) is None
    assert "did not fit" in render_run(FinishedRun(run))


def test_places_outside_of_the_sheet_are_refused(sheet: Path, tmp_path: Path) -> None:
    """A file from anywhere cannot ask for more than it has."""
    with Image.open(sheet) as opened:
        info = opened.info
        cut = opened.crop((0, 0, 300, 300))
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("leukokit-panels", info["leukokit-panels"])
    cut.save(tmp_path / "cut.png", pnginfo=notes)
    assert overlay_of(tmp_path / "cut.png") is None
