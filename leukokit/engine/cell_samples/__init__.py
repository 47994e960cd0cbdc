"""Cells as samples: where they are in an image, and what is the matter of the whole image."""
