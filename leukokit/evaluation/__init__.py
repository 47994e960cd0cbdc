"""Scores, intervals and model choice: pure functions on tables."""
