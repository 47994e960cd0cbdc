"""Whole slides for leukokit."""
