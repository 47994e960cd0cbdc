"""What a comparison comes to, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukokit.compare.statistics.all_tests import ACCURACY, PairedTest
from leukokit.compare.statistics.paired import Difference

ALPHA = 0.05


def verdict(
    first: str,
    second: str,
    differences: Mapping[str, Difference],
    tests: Sequence[PairedTest],
    *,
    changed: int,
) -> str:
    """Say whether the runs differ by more than chance.

    Parameters
    ----------
    first, second : str
        Labels of the runs.
    differences : mapping of str to Difference
    tests : sequence of PairedTest
        Those to be read: of groups where there are any, adjusted.
    changed : int
        Images with another predicted class.
    """
    accuracy = differences[ACCURACY]
    (test,) = [each for each in tests if each.about == ACCURACY]
    p = 1.0 if test.p_holm is None else test.p_holm
    areas = [
        f"{each.about} {signed(each.difference)} (Holm p {p_text(each.p_holm)})"
        for each in tests
        if each.about != ACCURACY and each.p_holm is not None and each.p_holm < ALPHA
    ]
    points = 100 * (accuracy.difference or 0.0)
    interval = ""
    if accuracy.low is not None and accuracy.high is not None:
        interval = f", 95 % interval {100 * accuracy.low:+.2f} to {100 * accuracy.high:+.2f}"
    facts = f"accuracy {points:+.2f} points{interval}, Holm p {p_text(p)}"
    if p < ALPHA:
        better = (
            f"{second} is right more often than {first}"
            if points > 0
            else (f"{second} is right less often than {first}")
        )
        also = f" Beyond chance too: {', '.join(areas)}." if areas else ""
        return f"{better}: {facts}.{also}"
    if areas:
        return (
            f"The accuracies of {first} and {second} cannot be told apart from chance ({facts}), but how "
            f"they rank images can: {', '.join(areas)}."
        )
    if not changed and all(each.difference == 0 for each in tests):
        return f"{first} and {second} predict the same for every image ({facts})."
    return (
        f"No difference can be told apart from chance: {second} against {first}, {facts}. "
        "That does not show that they are equal."
    )


def signed(value: float) -> str:
    """Write a difference of shares with four decimals and its sign; what rounds to zero has none."""
    return f"{value:+.4f}" if abs(value) >= 0.00005 else "0.0000"


def p_text(p: float | None) -> str:
    """Write a p value as tables show it."""
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
