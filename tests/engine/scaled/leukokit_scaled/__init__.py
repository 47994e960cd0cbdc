"""A plugin whose components use the scale of the image, or change the size of it."""
