"""Predictions of a fitted pipeline: what is given, in which pieces, and the rows that come out."""
