"""Measures of the objects of a label image, one by one."""
