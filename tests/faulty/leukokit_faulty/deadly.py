"""A module that ends the process that imports it, as if all were well."""

from __future__ import annotations

import os

from leukokit.api import FeatureExtractor

os._exit(0)


class Deadly(FeatureExtractor):
    """Never there."""
