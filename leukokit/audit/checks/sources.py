"""Checks of where files come from: camera and software in their metadata, and patterns of their names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from leukokit.audit.checks.association import category_gain
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped

DEVICES = "camera_and_software"
NAMES = "file_names"

_DIGITS = re.compile(r"[0-9]+")


def camera_and_software(
    devices: Sequence[str], labels: Sequence[str], groups: Sequence[str], limit: Limit, *, seed: int
) -> CheckFinding:
    """Check whether the camera or software that files name depends on the class.

    Parameters
    ----------
    devices : sequence of str (n,)
        Make, model and software of each file; empty where it names none.
    labels, groups : sequence of str (n,)
    limit : Limit
        Limit of the gain over chance when the class is guessed from them, as a share of the possible gain.
    """
    if not any(devices):
        text = "Most exports remove the metadata of the camera; nothing to do."
        return skipped(DEVICES, "no file names a camera or software", text)
    shown = [device or "none named" for device in devices]
    words = "camera and software that files name"
    text = (
        "Classes were photographed with different cameras or exported by different software, so everything "
        "that these do to an image can tell the class. Test on images of one camera."
    )
    return _judged(DEVICES, shown, labels, groups, limit, words, text, seed)


def file_names(
    names: Sequence[str], labels: Sequence[str], groups: Sequence[str], limit: Limit, *, seed: int
) -> CheckFinding:
    """Check whether the pattern of file and folder names depends on the class.

    Parameters
    ----------
    names : sequence of str (n,)
        Path of each image without the folder of its class.
    labels, groups : sequence of str (n,)
    limit : Limit
        Limit of the gain over chance when the class is guessed from the pattern, as a share of the possible
        gain.
    """
    if len(set(labels)) < 2:
        return skipped(NAMES, "the data set has one class only", "Names are compared between classes.")
    patterns = [name_pattern(name, label) for name, label in zip(names, labels, strict=True)]
    text = (
        "No model sees a name. But if cameras or laboratories gave these names, the classes come from "
        "different sources, and whatever these do to an image can tell the class: find out who named the "
        "files. Names that were made from the classes do no harm."
    )
    return _judged(NAMES, patterns, labels, groups, limit, "pattern of file names", text, seed)


def name_pattern(name: str, label: str) -> str:
    """Name of a file with its numbers as ``#`` and the name of its class as ``*``."""
    whole_word = rf"(?<![^\W_]){re.escape(label)}(?![^\W_])"  # not the letter A inside of other words
    without = re.sub(whole_word, "*", name, flags=re.IGNORECASE) if label else name
    return _DIGITS.sub("#", without)


def _judged(
    check: str,
    categories: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    limit: Limit,
    words: str,
    advice: str,
    seed: int,
) -> CheckFinding:
    association = category_gain(categories, labels, groups, seed=seed)
    level = association.level(limit)
    names, kinds = np.asarray(labels), np.asarray(categories)
    rows: list[tuple[TableCell, ...]] = []
    for name in np.unique(names):
        own, counts = np.unique(kinds[names == name], return_counts=True)
        share = round(float(counts.max() / counts.sum()), 4)
        rows.append((str(name), int(counts.sum()), len(own), str(own[counts.argmax()])[:40], share))
    if level.rank > 1:
        title = (
            f"the {words} predicts the class with {association.effect:.0%} of the possible gain over chance"
        )
    else:
        title = f"the {words} does not tell the classes apart"
    return CheckFinding(
        check,
        level,
        title,
        advice if level.rank > 1 else "Nothing to do.",
        association.effect,
        "share",
        limit,
        table=CheckTable(("class", "images", "kinds", "most are", "share"), tuple(rows)),
    )
