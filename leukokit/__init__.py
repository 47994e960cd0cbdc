"""Plugin-based toolkit for classifying leukemia blood smears. Research use only, not a medical device."""

from __future__ import annotations

from leukokit._version import __version__

__all__ = ["__version__"]
