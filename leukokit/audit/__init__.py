"""Carry out the audit of a data set: read its images, compare them, and gather what was found."""
