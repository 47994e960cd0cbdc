"""Pairs of images that show the same cells: candidates, verified, and kept."""
