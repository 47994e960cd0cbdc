"""Compare two classifiers on the same images: tests, intervals, and the images that changed."""
