"""Pairs of images that show the same cells: find candidates, verify them, cache the result."""
