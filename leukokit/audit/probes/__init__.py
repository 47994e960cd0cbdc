"""Probes: how well the class can be told from what has nothing to do with cells."""
