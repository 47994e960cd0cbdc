"""Probes: how well the class can be predicted from properties that have nothing to do with cells."""
