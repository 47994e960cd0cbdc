"""An audit names each planted fault and is silent on clean smears.

``benchmarks/audit_detection.py`` does the same over 20 data sets a fault; its table is in ``docs/audit.md``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from leukokit.audit.findings import Level
from leukokit.audit.run import Audit, AuditOptions, audit_data
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.recipe import load_recipe_text
from leukokit.testing.planted import PLANTED, Planted


def audited(fault: Planted, folder: Path, seed: int) -> Audit:
    """Audit a planted data set in this process."""
    catalog = discover()
    recipe = load_recipe_text(fault.recipe(folder, seed=seed), catalog)
    return audit_data(recipe, catalog, AuditOptions(None, InlineExecutor()))


def raised(audit: Audit) -> set[str]:
    """Name the checks and probes that warn or fail."""
    levels = {each.check: each.level for each in audit.findings}
    levels |= {each.name: each.level for each in audit.probes}
    return {name for name, level in levels.items() if level.rank >= Level.WARN.rank}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fault", [each for each in PLANTED if not each.expected], ids=lambda each: each.name)
def test_clean_smears_raise_nothing(fault, seed, tmp_path):
    """Biology and the stain of patients are no fault."""
    audit = audited(fault, tmp_path, seed)
    assert raised(audit) == set()
    assert audit.level is Level.OK


@pytest.mark.parametrize("fault", [each for each in PLANTED if each.expected], ids=lambda each: each.name)
def test_a_planted_fault_is_named_by_its_check(fault, tmp_path):
    """And only by checks that have to do with it."""
    found = raised(audited(fault, tmp_path, 1))
    assert found & fault.expected
    assert found <= fault.expected | fault.implied
