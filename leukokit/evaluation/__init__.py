"""Scores, intervals, splits and model selection: pure functions on arrays and tables."""
