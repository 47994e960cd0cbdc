"""Check whether images of one patient (or slide, or view) are held out and learned from."""

from __future__ import annotations

from collections.abc import Mapping

from leukokit.api import GroupKind, Part
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped
from leukokit.evaluation.divided_groups import DividedGroups
from leukokit.number_text import counted, percent

CHECK = "groups_across_parts"

_MOST_ROWS = 20
_PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)


def groups_across_parts(
    divided: DividedGroups | None, labels: Mapping[str, str], kind: GroupKind | None, limit: Limit
) -> CheckFinding:
    """Compute the share of held-out images whose patient the model has learned from.

    Parameters
    ----------
    divided : DividedGroups or None
        None where there is no split.
    labels : mapping of group to str
        Class, or classes, of the images of each group.
    kind : GroupKind or None
        What a group is; None where nobody said.
    limit : Limit
        Of the share, 0..1.

    Returns
    -------
    CheckFinding
        Skipped where nothing is held out, or no held-out image has a group. The table counts the images of
        each such group by part.
    """
    word = "group" if kind is None else kind.value
    if divided is None or not divided.held_out:
        text = "Give the recipe a split to see whether it keeps patients together."
        return skipped(CHECK, "no image is held out", text)
    if not divided.known:
        return skipped(
            CHECK,
            "no patients are known, so they cannot be looked for in several parts",
            "Name the patient (or slide) of each image: 'data.groups', a CSV with the columns id and group.",
        )
    table = _table(divided, labels, word) if divided.parts else None
    return CheckFinding(
        check=CHECK,
        level=limit.level(divided.share),
        title=_title(divided, word),
        text=_text(divided, word),
        value=divided.share,
        unit="share",
        limit=limit,
        images=divided.leaked,
        table=table,
    )


def _title(divided: DividedGroups, word: str) -> str:
    if not divided.parts:
        return f"no {word} is in several parts of the split"
    many = counted(len(divided.parts), word)
    verb = "is" if len(divided.parts) == 1 else "are"
    shown = f"{percent(divided.share)} of held-out images"
    return f"{many} {verb} in several parts: the model has learned from other images of theirs ({shown})"


def _text(divided: DividedGroups, word: str) -> str:
    unknown = divided.held_out - divided.known
    rest = f" Of {counted(unknown, 'held-out image')} the {word} is not known." if unknown else ""
    if not divided.parts:
        return f"Each {word} has its images in one part only.{rest}"
    more = len(divided.parts) - _MOST_ROWS
    cut = f" The table lists the first {_MOST_ROWS}." if more > 0 else ""
    return (
        f"{counted(len(divided.leaked), 'image')} of {divided.held_out:,} held out have images of the same "
        f"{word} in training (or, for test images, in validation). Their scores do not apply to new "
        f"{word}s. Keep each {word} in one part: 'split: {{method: kfold, folds: 5, by: group}}'.{cut}{rest}"
    )


def _table(divided: DividedGroups, labels: Mapping[str, str], word: str) -> CheckTable:
    """List the groups with most held-out images first."""

    def most_held_out(group: str) -> tuple[int, str]:
        counts = divided.parts[group]
        return -sum(counts.get(part, 0) for part in _PARTS[1:]), group

    rows: list[tuple[TableCell, ...]] = []
    for group in sorted(divided.parts, key=most_held_out)[:_MOST_ROWS]:
        counts = divided.parts[group]
        rows.append((group, labels.get(group, ""), *(counts.get(part, 0) for part in _PARTS)))
    return CheckTable((word, "class", *(part.value for part in _PARTS)), tuple(rows))
