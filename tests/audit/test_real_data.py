"""What an audit finds by itself in the paper's data."""

from __future__ import annotations

import json

import pytest

from leukokit.audit.findings import AuditLevel
from leukokit.audit.run import Audit, AuditOptions, audit_data
from leukokit.catalog import discover
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.recipe import load_recipe_text

pytestmark = [pytest.mark.real_data, pytest.mark.slow, pytest.mark.timeout(900)]


def audited(root, **params) -> Audit:
    catalog = discover()
    data = {"use": "all_pbs", "params": {"root": str(root), **params}}
    recipe = load_recipe_text(json.dumps({"leukokit": 1, "name": "x", "data": data}), catalog)
    return audit_data(recipe, AuditOptions(None, ProcessExecutor(2)))


def finding(audit: Audit, check: str):
    (match,) = [finding for finding in audit.findings if finding.check == check]
    return match


@pytest.fixture(scope="module")
def original(data_root) -> Audit:
    """Audit the photographs under paper_602020."""
    return audited(data_root / "all-pbs")


@pytest.fixture(scope="module")
def segmented(data_root) -> Audit:
    """Audit the collectors' own segmentation."""
    return audited(data_root / "all-pbs-segmented", variant="segmented", split="paper_602020_segmented")


def test_the_stain_confound(original):
    """Six color numbers reach about .87, and the background differs, too."""
    probes = {probe.name: probe for probe in original.probes}
    assert probes["color"].accuracy == pytest.approx(0.88, abs=0.03)
    assert probes["color"].level is AuditLevel.FAIL
    assert finding(original, "stain_spread").level.rank >= AuditLevel.WARN.rank


def test_the_scale_bars(original):
    """Large black bars are in Benign and Early alone, and the corner that holds them tells the class."""
    result = finding(original, "burned_in_marks")
    assert result.level is AuditLevel.FAIL
    assert "bottom right" in result.title
    large = {row[0]: row[3] for row in result.table.rows}
    assert large["Benign"] > 0.3
    assert large["Early"] > 0.3
    assert max(large["Pre"], large["Pro"]) < 0.01
    (corner,) = [probe for probe in original.probes if probe.name == "corner"]
    assert corner.accuracy == pytest.approx(0.68, abs=0.03)
    assert corner.what.endswith("bottom right")


def test_the_forty_exact_pairs(original):
    """All of them neighbors in Pro."""
    result = finding(original, "exact_duplicates")
    assert len(result.pairs) == 40
    assert {pair.label_a for pair in result.pairs} == {pair.label_b for pair in result.pairs} == {"Pro"}


def test_neighbors_overlap(original):
    """Above all in Pre and Pro, one file apart."""
    result = finding(original, "neighbors_alike")
    assert result.level is AuditLevel.FAIL
    shares = {(row[0], row[1]): row[4] for row in result.table.rows}
    assert shares["Pre", 1] > 0.15
    assert shares["Pro", 1] > 0.1


def test_the_empty_masks_of_pro(segmented):
    """39 % of Pro are nearly black, and hardly any image of another class."""
    result = finding(segmented, "empty_foreground")
    assert result.level is AuditLevel.FAIL
    assert result.value == pytest.approx(0.39, abs=0.03)
    assert "of Pro" in result.title
    assert max(row[3] for row in result.table.rows if row[0] != "Pro") < 0.01
