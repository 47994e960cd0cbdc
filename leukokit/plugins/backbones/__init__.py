"""Backbones that built-in components share."""
