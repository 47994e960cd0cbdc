"""Versions of distributions that may be absent or damaged."""

from __future__ import annotations

from importlib import metadata


def installed_version(name: str) -> str | None:
    """Version of a distribution; None where it is absent, or where its metadata cannot be read."""
    try:
        return metadata.version(name)
    except Exception:  # damaged metadata may raise anything
        return None
