"""Fits of each fold, and what is made of their predictions."""
