"""Calibration, operating point and referral of the test part, in a few lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leukokit.cli._terminal import safe


def trust_lines(part: Mapping[str, Any]) -> list[str]:
    """Say how honest probabilities are and what thresholds come to; only what the part tells."""
    lines = []
    calibration = part.get("calibration")
    if calibration:
        lines.append(_calibration(calibration))
    point = part.get("operating_point")
    if point:
        healthy = safe(" or ".join(point["negative"]))
        chosen = "chosen on validation" if point["chosen_on"] == "validation" else "fixed"
        lines.append(
            f"{safe(', '.join(point['positive']))} against {healthy}: "
            f"sensitivity {_share(point['sensitivity'])}, specificity {_share(point['specificity'])} "
            f"at {point['threshold']:.3g} ({chosen})"
        )
    refer = (part.get("coverage") or {}).get("refer")
    if refer:
        errors = refer["errors_referred"] + refer["errors_kept"]
        lines.append(
            f"to keep errors below {refer['target_risk']:.3g}: {refer['referred']} of {part['n']} referred "
            f"to an expert, with {refer['errors_referred']} of {errors} errors; wrong among the rest: "
            f"{_share(refer['risk'])}"
        )
    return lines


def _calibration(found: Mapping[str, Any]) -> str:
    applied = found["applied"]
    methods = found["methods"]
    now = methods.get(applied) or methods["none"]
    text = f"calibration error {now['ece']:.3f} [{now['ece_low']:.3f}, {now['ece_high']:.3f}]"
    if applied != "none":
        return f"{text} after calibration ({applied}); {methods['none']['ece']:.3f} before"
    other = methods.get("temperature")
    return f"{text}; {other['ece']:.3f} with calibrate: temperature" if other else text


def _share(found: Mapping[str, Any] | None) -> str:
    return "-" if found is None else f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
