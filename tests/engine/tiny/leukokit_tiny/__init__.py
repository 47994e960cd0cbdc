"""A plugin with the smallest classifier of images that does all that a large one does."""
