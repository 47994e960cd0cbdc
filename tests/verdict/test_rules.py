"""Each rule of the verdict on evidence written by hand: its code, its level, its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from leukokit.recipe.audit import AuditSpec
from leukokit.record.audit import AuditFinding, AuditRecord
from leukokit.record.metrics import Metrics
from leukokit.record.scores import PartScores, ScoreIntervals
from leukokit.record.verdict import VerdictReason
from leukokit.verdict.conclude import NEEDED, conclude
from leukokit.verdict.evidence import Evidence, Separation
from tests.verdict.evidence_builder import (
    CHECKS,
    CLASSES,
    audit,
    metrics,
    part_scores,
    probe,
    protocol,
    square,
    trusted,
)


def reason(evidence: Evidence, code: str) -> VerdictReason:
    """Give the reason of that code; fails where the verdict has none."""
    found = [each for each in conclude(evidence).reasons if each.code == code]
    assert found, (code, [each.code for each in conclude(evidence).reasons])
    return found[0]


def test_trust_needs_every_good_reason() -> None:
    """All of them are there, and nothing speaks against the score."""
    verdict = conclude(trusted())
    assert verdict.level == "trust"
    assert {each.level for each in verdict.reasons} == {"trust"}
    assert {each.code for each in verdict.reasons} >= NEEDED
    assert verdict.trust == (
        "The score can be trusted for new patients of the same laboratory: the score is of images that the "
        "model has not learned from."
    )


KEPT = Separation(kind="patient", groups=60, by_class=dict.fromkeys(CLASSES, 15))
FAULTS = (AuditFinding(check="across_parts", level="fail", title="5% of images show the same cells"),)
AT_CHANCE = tuple(probe(name, 0.25) for name in ("color", "corner", "file", "frame"))
LEVELS: dict[str, tuple[Evidence, str]] = {
    "nothing_scored": (trusted(metrics=Metrics()), "cannot tell"),
    "no_test_part": (
        trusted(metrics=Metrics(validation=part_scores(square(92, 8)), leaks=())),
        "cannot tell",
    ),
    "no_interval": (
        trusted(metrics=metrics(test=PartScores(n=400, accuracy=0.9, intervals=ScoreIntervals()))),
        "cannot tell",
    ),
    "too_few_images": (
        trusted(metrics=metrics(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0,) * 4))),
        "cannot tell",
    ),
    "class_not_tested": (trusted(metrics=metrics((*square(92, 8)[:3], (0, 0, 0, 0)))), "doubt"),
    "few_images_of_class": (trusted(metrics=metrics((*square(92, 8)[:3], (2, 0, 0, 3)))), "doubt"),
    "patients_unknown": (trusted(separation=Separation()), "cannot tell"),
    "blocks_apart": (trusted(separation=Separation(blocks=True)), "doubt"),
    "groups_unnamed": (trusted(separation=replace(KEPT, kind=None)), "cannot tell"),
    "patients_shared": (trusted(separation=replace(KEPT, shared=12)), "do not trust"),
    "too_few_patients": (trusted(separation=replace(KEPT, groups=9)), "cannot tell"),
    "few_patients": (trusted(separation=replace(KEPT, groups=19)), "doubt"),
    "class_of_few_patients": (
        trusted(separation=replace(KEPT, by_class=KEPT.by_class | {"Pro": 2})),
        "cannot tell",
    ),
    "patients_partly_known": (trusted(separation=replace(KEPT, ungrouped=3)), "doubt"),
    "slides_apart": (trusted(separation=replace(KEPT, kind="slide")), "doubt"),
    "no_better_than_chance": (
        trusted(metrics=metrics(square(27, 73)), audit=audit(probes=AT_CHANCE)),
        "cannot tell",
    ),
    "probe_as_good": (trusted(audit=audit(probes=(probe("frame", 0.93),))), "do not trust"),
    "probe_tells_classes": (trusted(audit=audit(probes=(probe("frame", 0.85, "fail"),))), "do not trust"),
    "not_better_than_probe": (trusted(audit=audit(probes=(probe("color", 0.89, n=100),))), "cannot tell"),
    "probe_tells_some": (trusted(audit=audit(probes=(probe("color", 0.7, "warn"),))), "doubt"),
    "no_probe": (
        trusted(audit=AuditRecord(level="ok", findings=audit().findings, probes=())),
        "cannot tell",
    ),
    "not_audited": (trusted(audit=None), "cannot tell"),
    "audit_fails": (trusted(audit=audit(*FAULTS, level="fail")), "do not trust"),
    "audit_warns": (
        trusted(audit=audit(AuditFinding(check="stain_spread", level="warn"), level="warn")),
        "doubt",
    ),
    "check_not_made": (
        trusted(audit=audit(AuditFinding(check="near_duplicates", level="skipped"))),
        "cannot tell",
    ),
    "checks_skipped": (trusted(audit=audit(AuditFinding(check="stain_spread", level="skipped"))), "doubt"),
    "leaks_unchecked": (trusted(metrics=Metrics(test=part_scores(square(92, 8)))), "cannot tell"),
    "leak": (trusted(metrics=metrics(leaks=("a selector remembers rows",))), "do not trust"),
    "large_drop": (
        trusted(metrics=metrics(protocols=(protocol("random", 0.92, None), protocol("grouped", 0.72, 0.2)))),
        "do not trust",
    ),
    "some_drop": (
        trusted(metrics=metrics(protocols=(protocol("random", 0.92, None), protocol("grouped", 0.87, 0.05)))),
        "doubt",
    ),
    "protocol_failed": (
        trusted(metrics=metrics(protocols=(protocol("random", 0.92, None), protocol("grouped", None, None)))),
        "doubt",
    ),
    "many_rejected": (trusted(rejected=120), "do not trust"),
    "some_rejected": (trusted(rejected=12), "doubt"),
    "synthetic": (trusted(synthetic=True), "cannot tell"),
    "origin_unknown": (trusted(synthetic=None), "cannot tell"),
}  # fmt: skip


@pytest.mark.parametrize("code", LEVELS)
def test_one_fault_decides_the_level(code: str) -> None:
    """The rule names the fault with its level, and the verdict has no better one."""
    evidence, level = LEVELS[code]
    found = reason(evidence, code)
    assert found.level == level
    assert found.next, "every reason against a score says what to do"
    others = {"nothing_scored", "no_test_part", "no_interval", "too_few_images"}
    if code not in others:
        assert conclude(evidence).level == level
    assert conclude(evidence).next


DIVIDED = AuditFinding(check="groups_across_parts", level="fail", title="12 groups are in several parts")


def test_groups_in_several_parts_are_told_once() -> None:
    """By the rule of patients where groups are patients, else by the finding of the audit."""
    views = trusted(separation=replace(KEPT, kind="view", shared=12), audit=audit(DIVIDED, level="fail"))
    assert reason(views, "audit_fails").text == "12 groups are in several parts"
    assert conclude(views).level == "do not trust"
    patients = trusted(separation=replace(KEPT, shared=12), audit=audit(DIVIDED, level="fail"))
    assert [each.code for each in conclude(patients).reasons if each.level == "do not trust"] == [
        "patients_shared"
    ]
    unknown = trusted(audit=audit(DIVIDED.model_copy(update={"level": "skipped"})))
    assert "checks_skipped" not in {each.code for each in conclude(unknown).reasons}


def test_every_code_is_documented() -> None:
    """docs/verdict.md has a row for each code that a rule can give."""
    text = (Path(__file__).parents[2] / "docs" / "verdict.md").read_text("utf-8")
    assert not [code for code in (*LEVELS, *NEEDED, "holds_elsewhere") if f"`{code}`" not in text]


def test_three_images_say_how_many_are_needed() -> None:
    """Three of three right is no proof, and 17 would give an interval of use."""
    few = reason(LEVELS["too_few_images"][0], "too_few_images")
    assert few.text == "with 3 test images the true accuracy can be anything from 29.2 to 100.0%"
    assert few.next.startswith("Test on at least 17 images: ")


def test_groups_are_asked_for_where_the_interval_is_over_groups() -> None:
    """An interval over 12 patients that is twice too wide needs four times as many."""
    wide = ScoreIntervals(groups=12, accuracy={"low": 0.55, "high": 0.95})  # type: ignore[arg-type]
    scores = part_scores(square(20, 5)).model_copy(update={"intervals": wide})
    few = reason(trusted(metrics=Metrics(test=scores, leaks=())), "too_few_images")
    assert few.text.startswith("with 100 test images of 12 groups ")
    assert few.next.startswith("Test on at least 48 patients: ")


def test_a_model_below_its_own_frame_probe_is_not_trusted() -> None:
    """The probe and both numbers are named."""
    evidence = trusted(metrics=metrics(square(61, 39)), audit=audit(probes=(probe("frame", 0.91, "fail"),)))
    verdict = conclude(evidence)
    assert verdict.level == "do not trust"
    assert verdict.trust == (
        "Do not trust the score: six numbers of the outer 8 pixels alone reach 91.0%, the model 61.0%: no "
        "cell is needed for that."
    )


def test_a_probe_that_finds_nothing_is_no_fault() -> None:
    """A probe at chance above a model at chance: the model is told to be at chance, not the probe."""
    evidence = trusted(
        metrics=metrics(square(25, 75)), audit=audit(probes=(probe("color", 0.26), *AT_CHANCE[1:]))
    )
    codes = {each.code for each in conclude(evidence).reasons}
    assert "probe_as_good" not in codes
    assert {"not_better_than_probe", "no_better_than_chance"} <= codes


def test_probes_that_see_the_same_everywhere_are_evidence() -> None:
    """Files all of one size leave the probe nothing to learn from; that is not a probe that is missing."""
    probes = tuple(probe(name, None, "skipped") for name in ("color", "corner", "file", "frame"))
    assert reason(trusted(audit=audit(probes=probes)), "better_than_probes").level == "trust"


def test_a_leak_is_told_once() -> None:
    """The audit repeats what the leak check found; the verdict does not."""
    finding = AuditFinding(check="leaks", level="fail", title="the model has a leak")
    verdict = conclude(trusted(metrics=metrics(leaks=("it peeks",)), audit=audit(finding, level="fail")))
    assert [each.code for each in verdict.reasons if each.level == "do not trust"] == ["leak"]


def test_an_audit_that_failed_is_no_audit() -> None:
    """Its reason is told."""
    broken = AuditRecord(
        level="skipped",
        findings=(AuditFinding(check="audit", level="skipped", title="the audit failed: disk full"),),
    )
    assert "the audit failed: disk full" in reason(trusted(audit=broken), "not_audited").text


def test_known_faults_are_told_before_open_questions() -> None:
    """Three images and one picture in two parts: do not trust, then cannot tell."""
    evidence = trusted(metrics=LEVELS["too_few_images"][0].metrics, audit=audit(*FAULTS, level="fail"))
    verdict = conclude(evidence)
    levels = [each.level for each in verdict.reasons]
    assert verdict.level == "do not trust"
    assert levels == sorted(levels, key=["do not trust", "cannot tell", "doubt", "trust"].index)
    assert verdict.trust == "Do not trust the score: 5% of images show the same cells."


def test_the_recipe_may_allow_few_rejections() -> None:
    """More than max_rejected is a fault, however few they are."""
    found = reason(trusted(rejected=2, too_many_rejected=True), "many_rejected")
    assert found.text.endswith(", more than the recipe allows")


def test_the_checks_here_are_those_of_the_audit() -> None:
    """Needed checks exist under these names."""
    assert set(CHECKS) <= set(AuditSpec.model_fields)


def test_every_check_of_the_audit_has_a_next_step_of_its_own() -> None:
    """But leaks, which have a rule; a check of a plugin is read about in the report."""
    checks = {name for name in AuditSpec.model_fields if not name.startswith("probe_")}
    for check in checks - {"enabled", "lags", "leaks"}:
        found = conclude(trusted(audit=audit(AuditFinding(check=check, level="warn"), level="warn")))
        assert not found.next[0].startswith("Read the finding"), check


def test_what_most_data_sets_lack_is_no_doubt() -> None:
    """Files that name no camera, and a probe that counts and measures the very cells."""
    skipped = AuditFinding(check="camera_and_software", level="skipped")
    cells = probe("segmentation", accuracy=0.99)
    found = conclude(trusted(audit=audit(skipped, probes=(cells,))))
    assert {one.code for one in found.reasons} == {one.code for one in conclude(trusted()).reasons}


def test_cells_need_no_probe_of_files() -> None:
    """The size of a crop is that of its cell; for images the probe is missed."""
    audited = audit()
    without = audited.model_copy(
        update={"probes": tuple(one for one in audited.probes if one.name != "file")}
    )
    codes = {
        sample: {one.code for one in conclude(trusted(audit=without, sample=sample)).reasons}
        for sample in ("image", "cell")
    }
    assert "no_probe" in codes["image"]
    assert "better_than_probes" in codes["cell"]
