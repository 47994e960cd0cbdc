"""The audit as a whole: what it takes from a run or a recipe, and that it never costs a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import leukokit
from leukokit.audit import run as module
from leukokit.audit.findings import AuditLevel
from leukokit.audit.run import Audit, AuditOptions, audit_data, audit_pictures
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.recipe import load_recipe, load_recipe_text

INLINE = InlineExecutor()
SMEARS = {"use": "smears", "params": {"per_class": 6, "patients": 12, "size": 96}}


def audited(sections: dict[str, object], *, cache: Path | None = None, executor: Executor = INLINE) -> Audit:
    """Audit what the sections of a recipe say."""
    catalog = discover()
    text = json.dumps({"leukokit": 1, "name": "x", **sections})
    return audit_data(load_recipe_text(text, catalog), AuditOptions(cache, executor))


def finding(audit: Audit, check: str):
    (match,) = [finding for finding in audit.findings if finding.check == check]
    return match


def test_an_audit_is_plain_json():
    """No NaN, no numpy, and the notice."""
    content = audited({"data": SMEARS}).record().plain()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["notice"] == "Research use only. Not a medical device."
    assert content["images"] == 24
    assert content["synthetic"] is True
    assert {probe["name"] for probe in content["probes"]} == {
        "color",
        "frame",
        "corner",
        "red_cells",
        "glass",
        "sharpness",
        "file",
    }
    assert set(content["settings"]) == set(leukokit.recipe.models.AuditSpec.model_fields)


def test_executor_and_cache_change_nothing(tmp_path: Path):
    """The same bytes inline, in processes, and from the cache."""
    first = json.dumps(audited({"data": SMEARS}).record().plain())
    processes = ProcessExecutor(2, always=True)
    assert json.dumps(audited({"data": SMEARS}, cache=tmp_path, executor=processes).record().plain()) == first
    assert json.dumps(audited({"data": SMEARS}, cache=tmp_path).record().plain()) == first


def test_findings_are_sorted_by_severity():
    """The worst first; limits come from the recipe."""
    audit = audited({"data": SMEARS, "audit": {"class_balance": {"warn": 1, "fail": 1}}})
    assert audit.findings[0].check == "class_balance"
    assert audit.level is AuditLevel.FAIL
    ranks = [finding.level.rank for finding in audit.findings]
    assert ranks == sorted(ranks, reverse=True)


def test_a_conflict_is_a_finding_and_its_images_are_one_group(copied: Path):
    """A run refuses such data; an audit says where it is."""
    shutil.copyfile(copied / "few" / "00.png", copied / "many" / "99.png")
    audit = audited({"data": {"use": "folder", "params": {"root": str(copied)}}})
    conflict = finding(audit, "label_conflicts")
    assert conflict.level is AuditLevel.FAIL
    assert {conflict.pairs[0].a, conflict.pairs[0].b} == {"few/00.png", "many/99.png"}
    assert audit.groups["few/00.png"] == audit.groups["many/99.png"]
    assert set(audit_pictures(audit)) >= {"few/00.png", "many/99.png"}


def test_a_damaged_file_is_told_and_left_out(copied: Path):
    """It is in no group and no probe."""
    (copied / "few" / "00.png").write_bytes(b"no picture")
    audit = audited({"data": {"use": "folder", "params": {"root": str(copied)}}})
    assert finding(audit, "rejected_images").images == ("few/00.png",)
    assert audit.images == 40
    assert len(audit.groups) == 39


def test_a_class_that_cannot_be_split_costs_the_probes_alone(copied: Path):
    """Every other check is made."""
    for path in sorted((copied / "few").iterdir())[1:]:
        path.unlink()
    audit = audited({"data": {"use": "folder", "params": {"root": str(copied)}}})
    assert audit.probes == ()
    assert finding(audit, "probes").level is AuditLevel.SKIPPED
    assert finding(audit, "class_balance").level is AuditLevel.FAIL


def test_one_class_alone_can_be_audited():
    """Duplicates are found, and nothing is compared between classes."""
    data = {"use": "smears", "params": {**SMEARS["params"], "classes": ["Pro"]}}
    audit = audited({"data": data})
    assert audit.probes == ()
    assert finding(audit, "class_balance").level is AuditLevel.SKIPPED


def test_cross_validation_pools_the_folds():
    """Each image is asked about once; the parts of pairs are folds."""
    split = {"method": "kfold", "folds": 3, "by": "group"}
    audit = audited({"data": SMEARS, "split": split})
    assert audit.split is not None
    assert audit.split.name == "3 folds"
    assert audit.probes[0].chance == 0.25


def test_a_recipe_that_segments_has_a_probe_of_missing_features(recipe: Path, tmp_path: Path):
    """And shows its model once a run has left it in the cache; the audit itself fits none."""
    catalog = discover()
    cache = tmp_path / "cache"
    loaded = load_recipe(recipe, catalog)
    before = audit_data(loaded, AuditOptions(cache, INLINE))
    assert before.model is None
    assert "missing" in {probe.name for probe in before.probes}
    assert finding(before, "segmentation_failures").level is AuditLevel.OK
    assert finding(before, "implausible_segmentation").level is AuditLevel.OK
    run = leukokit.run(recipe, out=tmp_path / "runs", cache=cache, executor="inline", report=False)
    after = audit_data(loaded, AuditOptions(cache, INLINE))
    assert after.model is not None
    assert after.model.accuracy == run.metrics["test"]["accuracy"]
    assert after.model.name == "svm"


def test_a_run_writes_the_audit_that_the_command_makes(recipe: Path, tmp_path: Path):
    """The same checks and probes, with the run's own model."""
    run = leukokit.run(
        recipe, out=tmp_path / "runs", cache=tmp_path / "cache", executor="inline", report=False
    )
    written = json.loads((run.path / "audit.json").read_text())
    catalog = discover()
    alone = (
        audit_data(load_recipe(recipe, catalog), AuditOptions(tmp_path / "cache", INLINE)).record().plain()
    )
    assert written["model"]["accuracy"] == alone["model"]["accuracy"] == run.metrics["test"]["accuracy"]
    for key in ("findings", "probes", "split", "images", "settings"):
        assert written[key] == alone[key], key


def test_a_run_without_audit_writes_none(recipe: Path, tmp_path: Path):
    """``audit.enabled: false``."""
    run = leukokit.run(
        recipe, {"audit.enabled": False}, out=tmp_path / "runs", cache=None, executor="inline", report=False
    )
    assert not (run.path / "audit.json").exists()


def test_a_failing_audit_does_not_cost_the_run(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is a skipped finding, and the journal has the traceback."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("pixels ran out")

    monkeypatch.setattr(module, "find_pairs", broken)
    run = leukokit.run(recipe, out=tmp_path / "runs", cache=None, executor="inline", report=False)
    assert (run.path / "status.json").exists()
    written = json.loads((run.path / "audit.json").read_text())
    assert written["level"] == "skipped"
    assert [finding["level"] for finding in written["findings"]] == ["skipped"]
    assert "pixels ran out" in written["findings"][0]["title"]
    assert "audit_failed" in (run.path / "journal.jsonl").read_text()
