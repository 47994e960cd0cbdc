"""The section on scale: absent without a table, plain words with one, a warning where the audit has one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html import render_run
from leukokit.report.html.scale import ScaleOfRun, scale_of

MakeRun = Callable[..., Path]
HEAD = "id,red_cell_px,um_per_px,confidence,source,measured_px,measured_confidence\n"


def told(run: Path, rows: Sequence[str]) -> ScaleOfRun:
    """Section of a run with these rows of ``scale.csv``."""
    (run / "scale.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    found = scale_of(FinishedRun(run), [])
    assert found is not None
    return found


def test_no_table_no_section(make_run: MakeRun) -> None:
    """Runs that ask for no scale, and older ones, do not mention it."""
    html = render_run(FinishedRun(make_run(scaled=False)))
    assert 'id="scale"' not in html
    assert 'href="#scale"' not in html


def test_medians_sources_and_classes_are_told(full_run: Path) -> None:
    """Pixel width, share unknown and guessed, one row a class; the class that differs is seen to differ."""
    found = scale_of(FinishedRun(full_run), [])
    assert found is not None
    assert re.fullmatch(
        r"A pixel is 0\.\d+ µm wide: a red cell, 7\.5 µm, measures 2\d\.\d px \(medians\)\.",
        found.sentences[0],
    )
    assert re.match(r"The scale is not known for \d+ of 480 images \(\d+\.\d%\)", found.sentences[1])
    assert "estimated from the size of the nuclei" in found.sentences[2]
    medians = {row[0].text: float(row[5].text) for row in found.by_class.rows}
    assert medians["Benign"] == pytest.approx(30, abs=0.5)
    assert medians["Pro"] == pytest.approx(25, abs=0.5)
    assert found.sources.rows[0][0].text == "measured on red cells"
    assert found.plot is not None
    assert found.warnings == []


def test_one_given_scale_is_one_sentence(make_run: MakeRun) -> None:
    """Nothing was measured, all is known: no share unknown."""
    found = told(make_run(), ["a,25.0,0.3,1.0,given,,", "b,25.0,0.3,1.0,given,,"])
    assert found.sentences == [
        "A pixel is 0.300 µm wide: a red cell, 7.5 µm, measures 25.0 px (medians).",
        "The scale of all 2 images is known.",
    ]
    assert [row[0].text for row in found.by_class.rows] == ["all images"]


def test_nothing_known_is_said(make_run: MakeRun) -> None:
    """No plot, no number, and a dash in the table."""
    found = told(make_run(), ["a,,,0.0,unknown,,", "b,31.0,,0.1,nucleus,,"])
    assert found.plot is None
    assert found.sentences[0].startswith("The scale is not known for 2 of 2 images (100.0%)")
    assert [cell.text for cell in found.by_class.rows[0][3:]] == ["\N{EN DASH}"] * 3


def test_a_warning_of_the_audit_is_repeated_and_leads_to_its_finding(full_run: Path, tmp_path: Path) -> None:
    """Where class tells scale apart; a check that passes is not repeated."""
    run = shutil.copytree(full_run, tmp_path / "run")
    audit = json.loads((full_run / "audit.json").read_text())
    title = "80% of the variance of scale lies between the classes"
    for level, there in (("fail", True), ("warn", True), ("ok", False)):
        finding = {"check": "scale_spread", "level": level, "title": title, "text": "", "value": 0.8}
        (run / "audit.json").write_text(json.dumps(audit | {"findings": [*audit["findings"], finding]}))
        html = render_run(FinishedRun(run))
        start = html.index('<section id="scale"')
        section = html[start : html.index("<section id=", start + 1)]
        assert (title in section) == there
        if there:
            (target,) = re.findall(r'href="#(finding-\d+)"', section)
            assert title in html[html.index(f'id="{target}"') :][:600]
