"""Stain normalization for leukokit."""
