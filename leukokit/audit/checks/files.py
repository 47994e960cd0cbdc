"""Checks of image files: dimensions, compression, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.checks.association import category_gain
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped

CHECK = "file_properties"
REJECTED = "rejected_images"


def file_properties(
    kinds: Sequence[str],
    bits: FloatArray,
    labels: Sequence[str],
    groups: Sequence[str],
    limit: Limit,
    *,
    seed: int,
) -> CheckFinding:
    """Check whether the way in which images were saved depends on the class.

    Parameters
    ----------
    kinds : sequence of str (n,)
        Dimensions, format and compression of each image, as one text.
    bits : float64 array (n,)
        Bits per pixel on disk; NaN for images without a file. Shown only: it also depends on the content.
    labels, groups : sequence of str (n,)
    limit : Limit
        Limit of the gain over chance when the class is guessed from the kind, as a share of the possible
        gain.
    """
    names = np.asarray(labels)
    if len(np.unique(names)) < 2:
        return skipped(CHECK, "the data set has one class only", "Files are compared between classes.")
    association = category_gain(kinds, labels, groups, seed=seed)
    level = association.level(limit)
    rows: list[tuple[TableCell, ...]] = []
    for name in np.unique(names):
        own = names == name
        own_kinds, counts = np.unique(np.asarray(kinds)[own], return_counts=True)
        usual, share = str(own_kinds[counts.argmax()]), round(float(counts.max() / own.sum()), 4)
        density = float(np.median(bits[own]))
        rows.append(
            (str(name), int(own.sum()), usual, share, None if np.isnan(density) else round(density, 2))
        )
    if level.rank > 1:
        gain = f"{association.effect:.0%} of the possible gain over chance"
        title = f"the kind of file predicts the class with {gain}"
        text = (
            "Classes were saved or exported differently, and a network can learn size and compression. "
            "Export all images in the same way from the originals, at one size and quality."
        )
    else:
        count = len(set(kinds))
        kind = (
            f"files are of {count} kinds, which do" if count > 1 else f"every image is {kinds[0]}, which does"
        )
        title, text = f"{kind} not tell the classes apart", "Nothing to do."
    columns = ("class", "images", "most are", "share", "bits a pixel")
    return CheckFinding(
        CHECK,
        level,
        title,
        text,
        association.effect,
        "share",
        limit,
        table=CheckTable(columns, tuple(rows)),
    )


def rejected_images(
    rejected: Sequence[tuple[str, str, str]], labels: Sequence[str], limit: Limit
) -> CheckFinding:
    """Count the images that cannot be read.

    Parameters
    ----------
    rejected : sequence of (id, label, reason)
    labels : sequence of str
        Class of every image, readable or not.
    limit : Limit
        Limit of the share in the class that has the largest.
    """
    if not rejected:
        return CheckFinding(
            REJECTED, limit.level(0), "every image can be read", "Nothing to do.", 0.0, "share", limit
        )
    names = np.asarray(labels)
    lost = np.array([label for _, label, _ in rejected])
    shares = {
        str(name): float(np.count_nonzero(lost == name) / np.count_nonzero(names == name))
        for name in np.unique(names)
    }
    worst = max(shares, key=lambda name: shares[name])
    reasons = sorted({reason for *_, reason in rejected})
    columns = ("class", "images", "rejected", "share")
    rows = tuple(
        (name, int(np.count_nonzero(names == name)), int(np.count_nonzero(lost == name)), round(share, 4))
        for name, share in shares.items()
    )
    return CheckFinding(
        REJECTED,
        limit.level(shares[worst]),
        f"{len(rejected)} images cannot be read ({', '.join(reasons)}), {shares[worst]:.1%} of {worst}",
        "They are left out of every part, which changes the class sizes. Replace these files: a class that "
        "loses many images is represented by a selection of them.",
        shares[worst],
        "share",
        limit,
        images=tuple(id_ for id_, *_ in rejected),
        table=CheckTable(columns, rows),
    )
