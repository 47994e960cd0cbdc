"""Conclusion of a comparison in one or two sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukokit.compare.statistics.all_tests import ACCURACY, PairedTest
from leukokit.compare.statistics.paired import PairedDifference

ALPHA = 0.05


def verdict(
    first: str,
    second: str,
    differences: Mapping[str, PairedDifference],
    tests: Sequence[PairedTest],
    *,
    changed: int,
) -> str:
    """Return a text that says whether the runs differ by more than chance.

    Parameters
    ----------
    first, second : str
        Labels of the runs.
    differences : mapping of str to PairedDifference
    tests : sequence of PairedTest
        The reported tests, with adjusted p values; over groups where there are any.
    changed : int
        Number of images with different predicted classes.
    """
    accuracy = differences[ACCURACY]
    (accuracy_test,) = [test for test in tests if test.about == ACCURACY]
    p = 1.0 if accuracy_test.p_holm is None else accuracy_test.p_holm
    auc_texts = [
        f"{test.about} {signed(test.difference)} (Holm p {p_text(test.p_holm)})"
        for test in tests
        if test.about != ACCURACY and test.p_holm is not None and test.p_holm < ALPHA
    ]
    points = 100 * (accuracy.difference or 0.0)
    interval = ""
    if accuracy.low is not None and accuracy.high is not None:
        interval = f", 95 % interval {100 * accuracy.low:+.2f} to {100 * accuracy.high:+.2f}"
    if accuracy.unknown:
        interval = f", 95 % interval: {accuracy.unknown}"
    facts = f"accuracy {points:+.2f} points{interval}, Holm p {p_text(p)}"
    if p < ALPHA:
        better = (
            f"{second} is right more often than {first}"
            if points > 0
            else (f"{second} is right less often than {first}")
        )
        also = f" Beyond chance too: {', '.join(auc_texts)}." if auc_texts else ""
        return f"{better}: {facts}.{also}"
    if auc_texts:
        return (
            f"The accuracies of {first} and {second} cannot be told apart from chance ({facts}), but how "
            f"they rank images can: {', '.join(auc_texts)}."
        )
    if not changed and all(test.difference == 0 for test in tests):
        return f"{first} and {second} predict the same for every image ({facts})."
    return (
        f"No difference can be told apart from chance: {second} against {first}, {facts}. "
        "That does not show that they are equal."
    )


def signed(value: float) -> str:
    """Format a difference of shares with sign and four decimals; ``0.0000`` without sign."""
    return f"{value:+.4f}" if abs(value) >= 0.00005 else "0.0000"


def p_text(p: float | None) -> str:
    """Format a p value as in tables."""
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
