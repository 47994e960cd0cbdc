"""What this installation and machine have, and what is missing for what."""

from __future__ import annotations

from leukokit.engine.doctor.examination import examine
from leukokit.engine.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
