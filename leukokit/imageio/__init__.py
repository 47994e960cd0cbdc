"""Bytes to pixels: formats, damage, limits, addresses."""
