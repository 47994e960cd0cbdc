"""What a fit yields, as one object: from image files to predictions, saved and loaded as a whole."""
