"""The pluggy marker and the version of the plugin API."""

from __future__ import annotations

import pluggy

API_VERSION = 1
"""Increased when plugins for the previous version would break. A plugin may set ``LEUKOKIT_API = 1``."""

hookimpl = pluggy.HookimplMarker("leukokit")
