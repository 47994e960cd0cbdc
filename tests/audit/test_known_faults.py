"""An audit names each known fault and is silent on clean smears.

``benchmarks/audit_detection.py`` does the same over 20 data sets a fault; its table is in ``docs/audit.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leukokit.audit.findings import AuditLevel
from leukokit.audit.run import Audit, AuditOptions, audit_data
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.recipe import load_recipe_text
from leukokit.testing.known_faults import KNOWN_FAULTS, KnownFault


def audited(fault: KnownFault, folder: Path, seed: int) -> Audit:
    """Audit a data set with a known fault in this process."""
    catalog = discover()
    recipe = load_recipe_text(fault.recipe(folder, seed=seed), catalog)
    return audit_data(recipe, AuditOptions(None, InlineExecutor()))


def raised(audit: Audit) -> set[str]:
    """Name the checks and probes that warn or fail."""
    levels = {finding.check: finding.level for finding in audit.findings}
    levels |= {probe.name: probe.level for probe in audit.probes}
    return {name for name, level in levels.items() if level.rank >= AuditLevel.WARN.rank}


QUICK = {"conflict", "bars", "stain", "patients"}
"""Faults that are looked for with every change; the others have the same way and other checks."""


def known(fault: KnownFault) -> Any:
    """Parameter for one fault."""
    return pytest.param(fault, id=fault.name, marks=() if fault.name in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "fault", [fault for fault in KNOWN_FAULTS if not fault.expected], ids=lambda fault: fault.name
)
def test_clean_smears_raise_nothing(fault, seed, tmp_path):
    """Biology and the stain of patients are no fault."""
    audit = audited(fault, tmp_path, seed)
    assert raised(audit) == set()
    assert audit.level is AuditLevel.OK


@pytest.mark.parametrize("fault", [known(fault) for fault in KNOWN_FAULTS if fault.expected])
def test_a_known_fault_is_named_by_its_check(fault, tmp_path):
    """And only by checks that have to do with it."""
    alarms = raised(audited(fault, tmp_path, 1))
    assert alarms & fault.expected
    assert alarms <= fault.expected | fault.implied
