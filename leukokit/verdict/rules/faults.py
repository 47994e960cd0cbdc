"""Whether the audit, the leak check, other protocols or rejected images speak against the score."""

from __future__ import annotations

from collections.abc import Iterator

from leukokit.number_text import counted, joined, percent
from leukokit.record.audit import AuditFinding
from leukokit.record.verdict import VerdictReason
from leukokit.verdict.evidence import Evidence, accuracy_of
from leukokit.verdict.levels import CANNOT_TELL, DO_NOT_TRUST, DOUBT, TRUST

NEEDED_CHECKS = ("label_conflicts", "exact_duplicates", "near_duplicates", "across_parts")
"""Without them one picture may be in two parts, and no other number would show it."""

LARGE_DROP = 0.10
SOME_DROP = 0.03
"""Drops of accuracy under another protocol, in shares."""

MANY_REJECTED = 0.10
SOME_REJECTED = 0.01
"""Shares of rejected images; the same limits as those of the audit's ``rejected_images``."""

_OFTEN_SKIPPED = ("camera_and_software", "label_noise")
"""Most files name no camera; labels of classes that features do not tell apart cannot be judged."""

_LEAKS = "leaks"
_GROUPS = "groups_across_parts"
_AUDIT = "Run again with 'audit.enabled: true'."
_ONE_COPY = "Keep one image of each picture and run again."
_OUTLINES = "Look at the outlines in the report; docs/segmentation.md says what to change."
_ACTIONS = {
    "label_conflicts": "Find out the right class of these pictures, keep one of each, and run again.",
    "exact_duplicates": _ONE_COPY,
    "near_duplicates": _ONE_COPY,
    "across_parts": "Keep views of the same cells together: 'leukokit audit RECIPE --groups FILE', then "
    "'data.groups: FILE'.",
    _GROUPS: "Keep each group in one part: 'split: {method: kfold, folds: 5, by: group}'.",
    "neighbors_alike": "See how much neighbors help: 'evaluate: [random, blocked]'.",
    "class_balance": "Add images of the small classes, or 'split.balance'.",
    "stain_spread": "Bring the stain of all images together, for example with 'preprocess: reinhard'.",
    "scale_spread": "Bring all images to one scale with 'preprocess: rescale', or measure in um.",
    "scale_mismatch": "Correct 'data.scale': it does not fit the red cells in the images.",
    "scale_unknown": "State the scale: 'data.scale: {pixel_size_um: NUMBER}'.",
    "burned_in_marks": "Hide scale bars and labels with 'preprocess: hide_scale_bar', or crop them away.",
    "file_properties": "Export all images in the same way from the originals, at one size and quality.",
    "empty_foreground": "Leave out the images that are black all over.",
    "segmentation_failures": _OUTLINES,
    "implausible_segmentation": _OUTLINES,
    "sharpness_spread": "Take and export all images with the same focus and at the same size.",
    "exposure_spread": "Export all images with the same light and white balance.",
    "picture_quality": "Look at the listed images; take them again, or leave them out.",
    "camera_and_software": "Take images of every class with each camera, and export them with one program.",
    "file_names": "Nothing to do if classes were read from the names; else rename the files.",
    "label_noise": "Let an expert look at the listed images without their labels.",
    "site_unlike": "Report the score of each site by itself.",
    "rejected_images": "Replace the files that cannot be read: see rejected.csv.",
}


def audited(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask for an audit without failures, without warnings, and with every check made."""
    audit = evidence.audit
    if audit is None or audit.level == "skipped":
        why = "" if audit is None or not audit.findings else f" ({audit.findings[0].title})"
        yield VerdictReason(
            code="not_audited",
            level=CANNOT_TELL,
            text=f"nobody looked for what can make the score too good: there is no audit{why}",
            next=_AUDIT,
        )
        return
    findings = [each for each in audit.findings if not _told_by_another_rule(each, evidence)]
    raised = [each for each in findings if each.level in ("fail", "warn")]
    yield from (_raised(each) for each in sorted(raised, key=lambda each: each.level))
    made = {each.check for each in audit.findings if each.level != "skipped"}
    missing = [name for name in NEEDED_CHECKS if name not in made]
    known = (*NEEDED_CHECKS, *_OFTEN_SKIPPED)
    skipped = [each for each in findings if each.level == "skipped" and each.check not in known]
    if missing:
        yield VerdictReason(
            code="check_not_made",
            level=CANNOT_TELL,
            text=f"the audit did not check {joined((_words(name) for name in missing), 'and')}",
            next="Run 'leukokit audit' on the recipe to see why.",
        )
    if skipped:
        yield VerdictReason(
            code="checks_skipped",
            level=DOUBT,
            text=f"the audit could not check {joined((_words(each.check) for each in skipped), 'and')}",
            next="The report says why: see the skipped findings of the audit.",
        )
    if not raised and not missing and not skipped:
        yield VerdictReason(
            code="audit_passed", level=TRUST, text=f"all {len(findings)} checks of the audit pass"
        )


def _told_by_another_rule(finding: AuditFinding, evidence: Evidence) -> bool:
    """Whether the rule of leaks or that of patients already gives a reason for what a check found."""
    if finding.check == _GROUPS:
        kept = evidence.separation
        return finding.level == "skipped" or (kept.kind in ("patient", "slide") and kept.shared > 0)
    return finding.check == _LEAKS and bool(evidence.metrics.leaks)


def _words(check: str) -> str:
    return check.replace("_", " ")


def _raised(finding: AuditFinding) -> VerdictReason:
    fails = finding.level == "fail"
    return VerdictReason(
        code="audit_fails" if fails else "audit_warns",
        level=DO_NOT_TRUST if fails else DOUBT,
        text=finding.title or _words(finding.check),
        next=_ACTIONS.get(finding.check, f"Read the finding '{_words(finding.check)}' in the report."),
        check=finding.check,
    )


def leaks(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the model knows of the images that it is tested on."""
    if accuracy_of(evidence) is None:
        return
    found = evidence.metrics.leaks
    if found is None:
        yield VerdictReason(
            code="leaks_unchecked",
            level=CANNOT_TELL,
            text="nobody checked whether the model knows of its test images",
            next="Run the recipe again with this version of leukokit.",
        )
    elif found:
        yield VerdictReason(
            code="leak",
            level=DO_NOT_TRUST,
            text=f"the model has a leak: {found[0]}",
            next="Repair the component that leaks and run again.",
        )
    else:
        yield VerdictReason(code="no_leak", level=TRUST, text="the model has no leak that the check knows")


def other_protocols(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the score stays where the images are parted in another way."""
    protocols = evidence.metrics.protocols or ()
    if len(protocols) < 2 or accuracy_of(evidence) is None:
        return
    for protocol in protocols[1:]:
        if protocol.test is None:
            yield VerdictReason(
                code="protocol_failed",
                level=DOUBT,
                text=f"the protocol {protocol.name} could not be evaluated: "
                f"{protocol.error or 'it has no test part'}",
                next=f"Change the protocol {protocol.name}, or leave it out.",
            )
    drops = [
        (protocol.drop.accuracy, protocol)
        for protocol in protocols[1:]
        if protocol.test is not None and protocol.drop is not None and protocol.drop.accuracy is not None
    ]
    if not drops:
        return
    drop, worst = max(drops, key=lambda each: each[0])
    assert worst.test is not None
    if drop < SOME_DROP:
        yield VerdictReason(
            code="holds_elsewhere",
            level=TRUST,
            text=f"under {counted(len(drops), 'other protocol')} the accuracy falls by less than "
            f"{100 * SOME_DROP:.0f} points",
        )
        return
    large = drop >= LARGE_DROP
    yield VerdictReason(
        code="large_drop" if large else "some_drop",
        level=DO_NOT_TRUST if large else DOUBT,
        text=f"under the protocol {worst.name} the accuracy falls by {100 * drop:.1f} points to "
        f"{percent(worst.test.accuracy)}",
        next=f"Report the score of the protocol {worst.name}.",
    )


def rejected(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the tested images are still a fair choice of all."""
    if not evidence.images:
        return
    share = evidence.rejected / evidence.images
    said = f"{evidence.rejected:,} of {counted(evidence.images, 'image')} were rejected"
    what = "See rejected.csv for the reasons, replace these files, and run again."
    if share >= MANY_REJECTED or evidence.too_many_rejected:
        allowed = "" if share >= MANY_REJECTED else ", more than the recipe allows"
        yield VerdictReason(
            code="many_rejected", level=DO_NOT_TRUST, text=f"{said} ({percent(share)}){allowed}", next=what
        )
    elif share >= SOME_REJECTED:
        yield VerdictReason(code="some_rejected", level=DOUBT, text=f"{said} ({percent(share)})", next=what)
    else:
        yield VerdictReason(
            code="few_rejected", level=TRUST, text=said if evidence.rejected else "no image was rejected"
        )


def real_images(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the images are photographs."""
    if evidence.synthetic is None:
        yield VerdictReason(
            code="origin_unknown",
            level=CANNOT_TELL,
            text="the run does not say whether its images are photographs",
            next="Run the recipe again with this version of leukokit.",
        )
    elif evidence.synthetic:
        yield VerdictReason(
            code="synthetic",
            level=CANNOT_TELL,
            text="the images are rendered, so the score says that the tool works and nothing of real blood",
            next="Run on photographs: see docs/data.md for your own images.",
        )
    else:
        yield VerdictReason(code="real_images", level=TRUST, text="the images are photographs")
