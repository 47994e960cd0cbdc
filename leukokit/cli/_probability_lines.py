"""Calibration, operating point and referral of the test part, in a few lines for the terminal."""

from __future__ import annotations

from leukokit.cli._terminal import safe
from leukokit.record.scores import Calibration, Measured, OperatingPoint, PartScores, Reliability


def probability_lines(part: PartScores | None) -> list[str]:
    """Say how honest probabilities are and what thresholds come to; only what the part tells."""
    if part is None:
        return []
    lines = []
    if part.calibration is not None:
        lines.append(_calibration(part.calibration))
    if part.operating_point is not None:
        lines.append(operating_point_line(part.operating_point))
    refer = part.coverage.refer if part.coverage is not None else None
    if refer is not None:
        referred = refer.errors_referred or 0
        lines.append(
            f"to keep errors below {_digits(refer.target_risk)}: {refer.referred} of {part.n} referred "
            f"to an expert, with {referred} of {referred + (refer.errors_kept or 0)} errors; wrong among "
            f"the rest: {_share(refer.risk)}"
        )
    return lines


def operating_point_line(point: OperatingPoint) -> str:
    """Say sensitivity and specificity at the threshold."""
    chosen = "chosen on validation" if point.chosen_on == "validation" else "fixed"
    return (
        f"{safe(', '.join(point.positive))} against {safe(' or '.join(point.negative))}: "
        f"sensitivity {_share(point.sensitivity)}, specificity {_share(point.specificity)} "
        f"at {_digits(point.threshold)} ({chosen})"
    )


def _calibration(calibration: Calibration) -> str:
    methods = calibration.methods
    plain = methods.get("none", Reliability())
    now = methods.get(calibration.applied, plain)
    text = f"calibration error {_three(now.ece)} [{_three(now.ece_low)}, {_three(now.ece_high)}]"
    if calibration.applied != "none":
        return f"{text} after calibration ({calibration.applied}); {_three(plain.ece)} before"
    other = methods.get("temperature")
    return f"{text}; {_three(other.ece)} with calibrate: temperature" if other else text


def _share(measured: Measured | None) -> str:
    if measured is None:
        return "-"
    if measured.reason is not None:
        return f"{_three(measured.value)} [cannot tell]"
    return f"{_three(measured.value)} [{_three(measured.low)}, {_three(measured.high)}]"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
