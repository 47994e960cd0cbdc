"""A plugin that breaks every promise, one at a time, on images whose first pixel is pure red."""
