"""The pluggy marker and the version of the plugin API."""

from __future__ import annotations

import pluggy

API_VERSION = 1
"""Raised when plugins written for the version before would break. A plugin may state ``LEUKOKIT_API = 1``."""

hookimpl = pluggy.HookimplMarker("leukokit")
