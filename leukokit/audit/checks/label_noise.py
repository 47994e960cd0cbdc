"""Check of single labels: images that a model which has not seen them puts into another class, and is sure.

Method: confident learning (Northcutt, Jiang and Chuang 2021, doi 10.1613/jair.1.12125, section 3): an image
counts for another class where its probability of that class is at least the mean probability of the images
that have this label. Hard classes are no wrong labels, so the model must also be far more sure of the other
class than of the label; images are not listed where it errs on most of their patient or slide; and there
is an alarm only if the model errs nearly as often where it is sure as elsewhere: errors on hard images fade
with certainty, wrong labels do not. (What its probabilities let expect is no measure: they are too sure.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import AuditLevel, CheckFinding, CheckTable, Limit, TableCell, skipped

CHECK = "label_noise"

_LEAST_GAIN = 0.5
"""Gain of the cross-validated accuracy over chance below which the features do not tell the classes."""
_LISTED = 0.8
"""Probability of the other class less that of the label, from which an image is listed."""
_SIGNIFICANCE = 0.01
"""Probability that the true number of contradicted labels lies below its lower bound."""
_SURE_SHARE, _FADED = 0.01, 0.4
"""Share of contradicted labels in the surer half of the images, at least (lower bound), and its least ratio
to the share of errors in all images. Set on simulated data (of its test, seeds 200 to 319), where the ratio
of clean sets is .33 at most in 95 of 100."""
_LEAST_GROUP = 3  # images; in smaller groups, one wrong label is most of them


def likely_wrong(
    probabilities: FloatArray, codes: NDArray[np.intp], groups: NDArray[np.str_], margin: float = _LISTED
) -> NDArray[np.intp]:
    """Find the images whose label is likely wrong.

    Parameters
    ----------
    probabilities : float64 array (n, classes)
        By a model that has not seen the image or its group.
    codes : intp array (n,)
        Column of the label of each image.
    groups : str array (n,)
    margin : float
        Smallest difference of the probabilities of the other class and of the label.

    Returns
    -------
    intp array (n,)
        Column of the class that is likely right; -1 where the label may be right.
    """
    rows = np.arange(len(codes))
    usual = np.array([probabilities[codes == code, code].mean() for code in range(probabilities.shape[1])])
    confident = np.where(probabilities >= usual, probabilities, -1.0)
    other = confident.argmax(axis=1)
    gap = probabilities[rows, other] - probabilities[rows, codes]
    wrong = (confident.max(axis=1) > 0) & (other != codes) & (gap >= margin)
    _, numbers = np.unique(groups, return_inverse=True)
    size = np.bincount(numbers)
    missed = np.bincount(numbers, probabilities.argmax(axis=1) != codes) / size
    wrong &= ~((size >= _LEAST_GROUP) & (missed > 0.5))[numbers]
    return np.where(wrong, other, -1).astype(np.intp)


def _errors_do_not_fade(probabilities: FloatArray, codes: NDArray[np.intp], groups: NDArray[np.str_]) -> bool:
    """Whether labels are contradicted where the model is sure, nearly as often as anywhere."""
    from scipy.special import chdtri

    top = probabilities.max(axis=1)
    sure = top >= np.median(top)
    found = int(np.count_nonzero(likely_wrong(probabilities, codes, groups, 0.5)[sure] >= 0))
    if not found:
        return False
    number = int(np.count_nonzero(sure))
    # Lower bound of a count after Garwood 1936, doi 10.2307/2333958.
    lowest = float(chdtri(2 * found, 1 - _SIGNIFICANCE)) / 2
    errors = float(np.mean(probabilities.argmax(axis=1) != codes))
    return lowest > _SURE_SHARE * number and found / number > _FADED * errors


def label_noise(
    probabilities: FloatArray | None,
    labels: NDArray[np.str_],
    groups: NDArray[np.str_],
    ids: Sequence[str],
    limit: Limit,
) -> CheckFinding:
    """List the images whose label is likely wrong, most likely first.

    Parameters
    ----------
    probabilities : float64 array (n, classes) or None
        As ``out_of_fold_probabilities`` gives them.
    labels, groups : str array (n,)
    ids : sequence of str (n,)
    limit : Limit
        Limit of the share in the class that has the largest.
    """
    if probabilities is None:
        text = "Each class needs two patients, slides or images at least."
        return skipped(CHECK, "labels cannot be compared with predictions", text)
    kinds, codes = np.unique(labels, return_inverse=True)
    chance = float(np.bincount(codes).max() / len(codes))
    accuracy = float(np.mean(probabilities.argmax(axis=1) == codes))
    gain = (accuracy - chance) / max(1 - chance, 1e-12)
    if gain < _LEAST_GAIN:
        return skipped(
            CHECK,
            f"the features do not tell the classes well enough to judge labels (accuracy {accuracy:.0%})",
            "Audit a recipe whose features do.",
        )
    right = likely_wrong(probabilities, codes, groups)
    wrong = right >= 0
    shares = {str(kind): float(wrong[codes == code].mean()) for code, kind in enumerate(kinds)}
    worst = max(shares, key=shares.__getitem__)
    if not wrong.any():
        title = "no label is likely wrong"
        return CheckFinding(CHECK, limit.level(0), title, "Nothing to do.", 0.0, "share", limit)
    rows: list[tuple[TableCell, ...]] = []
    for code, kind in enumerate(kinds):
        own = codes == code
        likely = np.bincount(right[wrong & own], minlength=len(kinds))
        rows.append((str(kind), int(own.sum()), *likely.tolist()))
    alarm = _errors_do_not_fade(probabilities, codes, groups)
    order = np.flatnonzero(wrong)[np.argsort(probabilities[wrong, codes[wrong]], kind="stable")]
    return CheckFinding(
        CHECK,
        limit.level(shares[worst]) if alarm else AuditLevel.OK,
        f"{int(wrong.sum())} labels are likely wrong, {shares[worst]:.1%} of {worst}"
        if alarm
        else f"{int(wrong.sum())} labels are doubtful, as many as a model of this accuracy gets wrong",
        "A model that has not seen these images is sure of another class. Let an expert look at them without "
        "the label; correct what is wrong in all parts, by one rule, and never only in the test part."
        if alarm
        else "The listed images are hard, or their labels wrong: look at them.",
        shares[worst],
        "share",
        limit,
        images=tuple(np.asarray(ids)[order].tolist()),
        table=CheckTable(("label", "images", *(f"likely {kind}" for kind in kinds)), tuple(rows)),
    )
